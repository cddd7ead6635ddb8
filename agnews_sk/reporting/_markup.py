"""Pieces of the report's page: figures, tables, pictures."""

import io
import re
from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import Any

import pandas as pd

from agnews_sk._core.optional import import_optional

# Stands for the colour of the text around a picture, dark on light or light on dark.
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
        Keys that lead to the number.

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
    """Return a table that becomes one block a row on a phone.

    Parameters
    ----------
    head : sequence of str
        Text of the header cells.
    rows : iterable of sequence of str
        Markup of the cells; the first of a row is its header.
    kind : str, default=""
        Further class of the table.

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
    cells = "".join(
        f'<td data-label="{escape(name)}"><span class="figure">{cell}</span></td>'
        for name, cell in zip(head[1:], row[1:])
    )
    return f'<tr><th scope="row">{row[0]}</th>{cells}</tr>'


def picture(display: Callable[..., Any], *args: Any, caption: str, **kwargs: Any) -> str:
    """Draw a display as an inline SVG in the colours of the page.

    Parameters
    ----------
    display : callable
        Makes a display with `figure_`.
    *args, **kwargs
        What it takes.
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
    with matplotlib.rc_context(_RC):
        made = display(*args, **kwargs)
        made.figure_.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    svg = file.getvalue()
    svg = svg[svg.index("<svg") :].replace(_INK, "currentColor")
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<svg ([^>]*?)width="[^"]*" height="[^"]*"', r"<svg \1", svg, count=1)
    svg = re.sub(r'<svg ([^>]*?)width="[^"]*"', r"<svg \1", svg, count=1)
    svg = re.sub(r'<svg ([^>]*?)height="[^"]*"', r"<svg \1", svg, count=1)
    labelled = svg.replace("<svg ", f'<svg role="img" aria-label="{escape(caption)}" ', 1)
    return f"<figure>{labelled}<figcaption>{escape(caption)}</figcaption></figure>"
