"""An explanation as self-contained HTML, without scripts."""

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from agnews_sk._core.html_page import html_fragment
from agnews_sk._core.text_pairs import PAIR_MARK

if TYPE_CHECKING:
    from agnews_sk.inspection._explanation import Explanation

_STYLE = """\
.agnews-explain{line-height:1.9}
.agnews-explain section{border-top:1px solid var(--line);padding:.5em 0}
.agnews-explain b.label{margin-right:.5em}
.agnews-explain small{opacity:.8}
.agnews-explain .for{background:rgba(var(--blue),var(--a));border-radius:3px}
.agnews-explain .against{background:rgba(var(--orange),var(--a));border-radius:3px;
text-decoration:underline dotted}
"""  # the underline is for print without colour
_STRONGEST = 0.55  # opacity of the largest contribution: the text stays readable on it


def render(explanation: "Explanation") -> str:
    """Return the texts with their words coloured by contribution.

    Parameters
    ----------
    explanation : Explanation

    Returns
    -------
    str
        For each text the class of the highest score, or the predicted ones of several labels; the
        other classes can be unfolded.
    """
    legend = (
        '<p><small><span class="for" style="--a:.5">for</span> or '
        '<span class="against" style="--a:.5">against</span> the class; stronger colours mean '
        f"larger contributions. Method: {escape(explanation.method)}; largest completeness error "
        f"{explanation.error.max():.1%}.</small></p>"
    )
    by_text = dict(list(explanation.frame.groupby("text")))
    predicted = explanation.predicted
    texts = [
        _text(
            text.replace(PAIR_MARK, "|"),  # as long, and has a glyph
            by_text.get(i),
            explanation.scores.iloc[i],
            None if predicted is None else predicted[i],
            None if explanation.answered_by is None else explanation.answered_by[i],
        )
        for i, text in enumerate(explanation.texts)
    ]
    return html_fragment("agnews-explain", legend + "".join(texts), style=_STYLE)


def _text(
    text: str,
    rows: pd.DataFrame | None,
    scores: pd.Series,
    predicted: np.ndarray | None,
    answered_by: str | None,
) -> str:
    """Return the markup of one text.

    Parameters
    ----------
    text : str
    rows : pandas.DataFrame or None
        Its rows of `Explanation.frame`; None for a text without words.
    scores : pandas.Series of shape (n_classes,)
        By class.
    predicted : ndarray of bool of shape (n_classes,) or None
        Which of several labels are predicted.
    answered_by : str or None
        Name of the classifier of a cascade.
    """
    if rows is None:
        return "<section><p><small>no words</small></p></section>"
    strongest = float(rows["contribution"].abs().max())
    ranked = np.argsort(-scores.to_numpy(), kind="stable")
    lines = [
        _line(text, rows[rows["class"] == label], label, score, strongest)
        for label, score in scores.iloc[ranked].items()
    ]
    is_open = np.arange(len(ranked)) == 0 if predicted is None else predicted[ranked]
    shown = [line for line, opened in zip(lines, is_open) if opened]
    others = [line for line, opened in zip(lines, is_open) if not opened]
    what = "classes" if predicted is None else "labels"
    first = "".join(shown) or f"<p>{escape(text)} <small>no label is predicted</small></p>"
    folded = f"<details><summary><small>other {what}</small></summary>{''.join(others)}</details>"
    by = "" if answered_by is None else f"<small>answered by {escape(answered_by)}</small>"
    return f"<section>{first}{folded if others else ''}{by}</section>"


def _line(text: str, rows: pd.DataFrame, label: object, score: float, strongest: float) -> str:
    """Return the text coloured for one class, then the features that are not in the text."""
    parts: list[str] = []
    place = 0
    inside, outside = rows[rows["start"] >= 0], rows[rows["start"] < 0]
    for start, end, contribution in _values(inside, "start", "end", "contribution"):
        parts.append(escape(text[place:start]))
        parts.append(_mark(text[start:end], contribution, strongest))
        place = end
    parts.append(escape(text[place:]))
    beside_text = _values(outside, "word", "contribution")
    marks = " ".join(_mark(word, value, strongest) for word, value in beside_text)
    beside = f" <small>not in the text: {marks}</small>" if marks else ""
    head = f'<b class="label">{escape(str(label))}</b><small>{score:+.3f}</small>'
    return f"<p>{head} {''.join(parts)}{beside}</p>"


def _values(rows: pd.DataFrame, *columns: str) -> Iterator[tuple[Any, ...]]:
    """Yield these columns of each row, as Python's own types."""
    return zip(*(rows[column].tolist() for column in columns))


def _mark(word: str, contribution: float, strongest: float) -> str:
    """Return a word coloured by its contribution, relative to the strongest one of the text.

    Contributions below a few percent of it stay uncoloured.
    """
    opacity = _STRONGEST * abs(contribution) / strongest if strongest > 0 else 0.0
    if opacity < 0.02:
        return escape(word)
    side = "for" if contribution > 0 else "against"
    return (
        f'<span class="{side}" style="--a:{opacity:.2f}" title="{contribution:+.4f}">'
        f"{escape(word)}</span>"
    )
