"""A comparison at a glance: the table of its `repr`, and the page that notebooks show."""

from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from agnews_sk._core.formats import megabytes, number, percent, seconds
from agnews_sk._core.html_page import html_fragment
from agnews_sk.evaluation._wording import (
    abstention_note,
    confidence_percent,
    main_score,
    rows_of,
    verdict,
)

if TYPE_CHECKING:
    from agnews_sk.evaluation._result import ComparisonResult

# Heading and format of each column of `ComparisonResult.scores` that is shown.
_SCORES = {
    "accuracy": ("accuracy, %", percent),
    "macro_f1": ("macro-F1, %", percent),
    "micro_f1": ("micro-F1, %", percent),
    "log_loss": ("log loss", lambda value: number(value, 3)),
    "fit_seconds": ("fit, s", seconds),
    "texts_per_second": ("texts/s", number),
    "latency_p95_ms": ("latency, ms", lambda value: number(value, 1)),
    "size_bytes": ("size, MB", megabytes),
}
_STYLE = """\
.agnews-comparison p.answer{font-size:1.15em}
.agnews-comparison div.wide{overflow-x:auto}
.agnews-comparison table{border-collapse:collapse;font-size:13px;margin:.6em 0;color:inherit;
font-variant-numeric:tabular-nums}
.agnews-comparison td,.agnews-comparison th{border:0;border-bottom:1px solid var(--line);
padding:.35em .7em;text-align:right;white-space:nowrap;background:none}
.agnews-comparison th:first-child{text-align:left;padding-left:0}
.agnews-comparison thead th{color:var(--soft);font-weight:500}
.agnews-comparison tr.best th{color:rgb(var(--blue))}
.agnews-comparison svg{display:block;width:12em;height:1.2em}
.agnews-comparison small{color:var(--soft)}
"""


def shown_scores(result: "ComparisonResult") -> pd.DataFrame:
    """Return the scores and costs that matter most, as texts.

    Parameters
    ----------
    result : ComparisonResult

    Returns
    -------
    pandas.DataFrame of str of shape (n_classifiers, n_columns)
        At most ten columns: the score that classifiers are compared by, its interval, and others;
        without those that are unknown for all classifiers.
    """
    score = main_score(result).column
    columns = [score, *(column for column in _SCORES if column != score)]
    known = [
        column
        for column in columns
        if column in result.scores and result.scores[column].notna().any()
    ]
    shown = {_SCORES[column][0]: result.scores[column].map(_SCORES[column][1]) for column in known}
    interval = [
        f"{percent(row[f'{score}_low'])}–{percent(row[f'{score}_high'])}"
        for _, row in result.scores.iterrows()
    ]
    table = pd.DataFrame(shown, index=result.scores.index)
    table.insert(1, f"{confidence_percent(result)} interval", interval)
    return table.rename_axis(None)


def as_text(result: "ComparisonResult") -> str:
    """Return the `repr`: rows, recommendation and scores.

    Parameters
    ----------
    result : ComparisonResult

    Returns
    -------
    str
    """
    head = f"ComparisonResult of {_classifiers(result)} on {rows_of(result)}"
    table = shown_scores(result).to_string()
    return "\n".join(filter(None, [head, table, result.recommendation()]))


def as_fragment(result: "ComparisonResult") -> str:
    """Return what notebooks show: the answer, scores with intervals drawn, and the verdict.

    Parameters
    ----------
    result : ComparisonResult

    Returns
    -------
    str
    """
    answer = result.recommendation() or verdict(result)
    others = [verdict(result) if answer != verdict(result) else "", abstention_note(result)]
    notes = "".join(f"<p><small>{escape(note)}</small></p>" for note in others if note)
    body = f'<p class="answer">{escape(answer)}</p><div class="wide">{_table(result)}</div>{notes}'
    return html_fragment("agnews-comparison", body, style=_STYLE)


def _table(result: "ComparisonResult") -> str:
    """Return the table, with intervals drawn on one scale."""
    shown = shown_scores(result)
    score = main_score(result).column
    lows, highs = result.scores[f"{score}_low"], result.scores[f"{score}_high"]
    ends = pd.concat([result.scores[score], lows, highs])
    scale = float(ends.min()), float(ends.max())
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in ["", *shown.columns])
    best, lines = result.scores[score].idxmax(), []
    for name in result.names:
        drawn = _interval(result.scores[score][name], lows[name], highs[name], scale)
        values = [escape(str(cell)) for cell in shown.loc[name]]
        values[1] += drawn
        line = "".join(f"<td>{value}</td>" for value in values)
        kind = ' class="best"' if name == best else ""
        lines.append(f'<tr{kind}><th scope="row">{escape(name)}</th>{line}</tr>')
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def _interval(score: float, low: float, high: float, scale: tuple[float, float]) -> str:
    """Return a score as a point on its interval, as an SVG whose width is the scale.

    Parameters
    ----------
    score, low, high : float
        NaN ends where there is no interval.
    scale : tuple of float
        Lowest and highest value of all classifiers.

    Returns
    -------
    str
    """
    start, width = scale[0], (scale[1] - scale[0]) or 1.0
    middle, left, right = (4 + 192 * (end - start) / width for end in (score, low, high))
    line = "" if pd.isna(low) else f'<path d="M{left:.1f} 10H{right:.1f}" stroke-width="3"/>'
    return (
        '<svg viewBox="0 0 200 20" aria-hidden="true" stroke="rgb(var(--blue))">'
        f'{line}<circle cx="{middle:.1f}" cy="10" r="4" fill="rgb(var(--blue))"/></svg>'
    )


def _classifiers(result: "ComparisonResult") -> str:
    """Return the number of classifiers in words."""
    n = len(result.names)
    return f"{n} classifier{'s' if n > 1 else ''}"
