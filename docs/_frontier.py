"""Draw accuracy against cost from recorded figures, as an SVG: `python docs/_frontier.py > x.svg`.

The figures are those of `benchmarks/bench_few_labels.py defaults`. Colours and fonts come from
`_static/site.css`, for light and dark pages.
"""

import math
import re
from pathlib import Path

RECORDED = Path(__file__).parents[1] / "benchmarks/recorded"
FILES = "few_defaults.txt", "few_defaults_more.txt"
ROW = re.compile(
    r"(\d+) labels +(\S.*?) +accuracy ([\d.]+) ± ([\d.]+) .* ([\d.]+) s$", re.MULTILINE
)
SHOWN = {100: "100 labels", 400: "400", 1000: "1,000", 4000: "4,000 labels"}
FAMILIES = "TF-IDF", "frozen embeddings", "fine-tuning"
SECONDS = {0.1: "0.1 s", 1: "1 s", 10: "10 s", 100: "100 s"}
LEFT, RIGHT, TOP, BOTTOM = 44, 404, 34, 270  # of the axes, of a drawing of 420 × 310
FROM, TO = math.log10(0.06), math.log10(400)
LOWEST, HIGHEST = 0.66, 0.93


def read_figures():
    """Return lists of (seconds, accuracy, half-width of the interval, family), by labels."""
    found = {n_labels: [] for n_labels in SHOWN}
    for name in FILES:
        for labels, family, accuracy, half, seconds in ROW.findall((RECORDED / name).read_text()):
            if int(labels) in found:
                # Recorded with one decimal.
                point = max(float(seconds), 0.1), float(accuracy), float(half), family
                found[int(labels)].append(point)
    return found


def frontier(points):
    """Return the points than which no other is both cheaper and more accurate, by cost."""
    best, kept = 0, []
    for point in sorted(points):
        if point[1] > best:
            best = point[1]
            kept.append(point)
    return kept


def x_of(seconds):
    """Return the horizontal position of a cost, on a logarithmic axis."""
    return LEFT + (math.log10(seconds) - FROM) / (TO - FROM) * (RIGHT - LEFT)


def y_of(accuracy):
    """Return the vertical position of an accuracy."""
    return BOTTOM - (accuracy - LOWEST) / (HIGHEST - LOWEST) * (BOTTOM - TOP)


def marker(kind, x, y):
    """Return the marker of a family: circle, square or triangle."""
    shapes = (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5"',
        f'<rect x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8"',
        f'<path d="M{x:.1f} {y - 5.5:.1f} l5.5 9.5 h-11 z"',
    )
    return f'{shapes[kind]} class="family-{kind}"/>'


def axes():
    """Return grid, ticks, names of the axes and legend."""
    parts = [f'<text x="4" y="{TOP + 2}">accuracy</text>']
    for percent in range(70, 95, 5):
        y = y_of(percent / 100)
        parts.append(f'<path class="grid" d="M{LEFT} {y:.1f} H{RIGHT}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{percent} %</text>')
    for seconds, label in SECONDS.items():
        x = x_of(seconds)
        parts.append(f'<text x="{x:.1f}" y="{BOTTOM + 17}" text-anchor="middle">{label}</text>')
    parts.append(f'<path class="axis" d="M{LEFT} {BOTTOM} H{RIGHT}"/>')
    parts.append(
        f'<text x="{RIGHT}" y="{BOTTOM + 34}" text-anchor="end">processor time of fit</text>'
    )
    for kind, (family, x) in enumerate(zip(FAMILIES, (LEFT + 6, LEFT + 90, LEFT + 240))):
        parts += [marker(kind, x, 12), f'<text x="{x + 10}" y="16">{family}</text>']
    return parts


def draw():
    """Return the drawing as the text of an SVG element."""
    parts = axes()
    for n_labels, points in read_figures().items():
        line = [f"{x_of(s):.1f} {y_of(accuracy):.1f}" for s, accuracy, *_ in frontier(points)]
        parts.append(f'<path class="frontier" d="M{" L".join(line)}"/>')
        for seconds, accuracy, half, family in points:
            x, kind = x_of(seconds), FAMILIES.index(family)
            ends = f"M{x:.1f} {y_of(accuracy - half):.1f} V{y_of(accuracy + half):.1f}"
            parts.append(f'<path class="interval family-{kind}" d="{ends}"/>')
            parts.append(marker(kind, x, y_of(accuracy)))
        seconds, accuracy, *_ = min(points)
        x, y = x_of(seconds) + 9, y_of(accuracy) + 14
        parts.append(f'<text class="strong" x="{x:.1f}" y="{y:.1f}">{SHOWN[n_labels]}</text>')
    title = "Accuracy against the time of fit, for TF-IDF, frozen embeddings and fine-tuning"
    inside = "\n".join(parts)
    return (
        f'<svg class="drawing" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 420 310" role="img"'
        f' aria-label="{title}">\n{inside}\n</svg>'
    )


if __name__ == "__main__":
    print(draw())
