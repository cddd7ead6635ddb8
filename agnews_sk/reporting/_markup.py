"""Pieces of a report: numbers, tables, plots."""

import io
import re
from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import Any

import pandas as pd

from agnews_sk._core.optional import import_optional
from agnews_sk.reporting._fonts import without_glyph_warnings

# A colour that no plot uses; `currentColor` takes its place, so that plots follow the page's
# light or dark scheme.
_INK = "#010203"
_RC = {
    **dict.fromkeys(
        ["text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"], _INK
    ),
    "svg.fonttype": "none",
    "svg.hashsalt": "agnews_sk",
    "font.size": 9,
    "axes.titlesize": 9,
}


def data_value(value: Any, shown: str, path: Sequence[str]) -> str:
    """Return a number as markup that names its place in `comparison.json`.

    Parameters
    ----------
    value : float
    shown : str
        As readers see it: rounded, in percent.
    path : sequence of str
        Keys that lead to the number in the JSON document.

    Returns
    -------
    str

    Examples
    --------
    >>> from agnews_sk.reporting._markup import data_value
    >>> data_value(0.9166, "91.66", ["scores", "tfidf", "accuracy"])
    '<data value="0.9166" data-path="scores|tfidf|accuracy">91.66</data>'
    """
    if pd.isna(value):
        return escape(shown)
    keys = escape("|".join(path))
    return f'<data value="{float(value)!r}" data-path="{keys}">{escape(shown)}</data>'


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, kind: str = "") -> str:
    """Return a table that is laid out as one block per row on narrow screens.

    Parameters
    ----------
    head : sequence of str
        Texts of the column headers.
    rows : iterable of sequence of str
        Markup of the cells; the first of each row is its header.
    kind : str, default=""
        Additional CSS class.

    Returns
    -------
    str
    """
    headers = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    lines = "\n".join(_line(head, row) for row in rows)
    classes = f"stacked {kind}".strip()
    return (
        f'<table class="{classes}"><thead><tr>{headers}</tr></thead>\n'
        f"<tbody>\n{lines}\n</tbody></table>"
    )


def _line(head: Sequence[str], row: Sequence[str]) -> str:
    """Return one row, each cell labelled by its column for narrow screens."""
    cells = "".join(
        f'<td data-label="{escape(name)}"><span class="figure">{cell}</span></td>'
        for name, cell in zip(head[1:], row[1:])
    )
    return f'<tr><th scope="row">{row[0]}</th>{cells}</tr>'


def svg_figure(display: Callable[..., Any], *args: Any, caption: str, **kwargs: Any) -> str:
    """Return a plot as an inline SVG in the colours of the page.

    Parameters
    ----------
    display : callable
        Draws and returns a display, which has `figure_`.
    *args, **kwargs
        Its arguments.
    caption : str

    Returns
    -------
    str

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    matplotlib = import_optional("matplotlib", extra="plot", needed_by="write_report")
    file = io.StringIO()
    # Browsers choose the fonts of texts in an SVG.
    with matplotlib.rc_context(_RC), without_glyph_warnings():
        drawn = display(*args, **kwargs)
        drawn.figure_.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    svg = file.getvalue()
    svg = svg[svg.index("<svg") :].replace(_INK, "currentColor")
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    for side in ("width", "height"):  # the page decides, by its style
        svg = re.sub(rf'<svg ([^>]*?){side}="[^"]*"', r"<svg \1", svg, count=1)
    labelled = svg.replace("<svg ", f'<svg role="img" aria-label="{escape(caption)}" ', 1)
    return f"<figure>{labelled}<figcaption>{escape(caption)}</figcaption></figure>"
