"""Two texts of a row, such as title and description, as one text that is divided again.

So a pair goes through the steps of a pipeline as a text does: it is cleaned, cached, explained,
exported and served as one.
"""

from typing import Any, NamedTuple

import polars as pl

from agnews_sk._core.joining import join_columns
from agnews_sk._core.validation import as_frame, check_texts, is_frame, text_columns

# The unit separator of ASCII. No step of `TextCleaner` changes it, and it is part of no word. A
# visible mark would occur in texts, or be removed with their punctuation.
PAIR_MARK = "\x1f"
PAIR_SEPARATOR = f" {PAIR_MARK} "


class Segment(NamedTuple):
    """A text of a pair, and where it starts in the text of both.

    Attributes
    ----------
    text : str
    start : int
    """

    text: str
    start: int


def split_pair(text: str) -> list[Segment]:
    """Divide a text into its two segments.

    Parameters
    ----------
    text : str
        Divided at its first mark; others become spaces. Spaces next to the first mark belong to
        neither segment.

    Returns
    -------
    list of Segment
        One, if there is no mark or one side of it is empty.

    Examples
    --------
    >>> from agnews_sk._core.text_pairs import PAIR_SEPARATOR, split_pair
    >>> split_pair(f"Oil rises{PAIR_SEPARATOR}By a cent.")
    [Segment(text='Oil rises', start=0), Segment(text='By a cent.', start=12)]
    >>> split_pair("Oil rises")
    [Segment(text='Oil rises', start=0)]
    """
    first, mark, rest = text.partition(PAIR_MARK)
    if not mark:
        return [Segment(text, 0)]
    second = rest.lstrip(" ")
    divided = [
        Segment(first.rstrip(" "), 0),
        Segment(second.replace(PAIR_MARK, " "), len(text) - len(second)),
    ]
    return [segment for segment in divided if segment.text.strip(" ")] or divided[:1]


def check_text_pairs(X: Any, *, name: str = "X") -> pl.Series:
    """Return two text columns as texts that `split_pair` divides, or texts as `check_texts` does.

    Parameters
    ----------
    X : DataFrame, Arrow table or array-like of str of shape (n_samples,)
        A frame has two text columns, or is one column of texts.
    name : str, default="X"
        Name in messages.

    Returns
    -------
    polars.Series of str of shape (n_samples,)
        A row with one empty or missing cell is the other one, without a mark.

    Raises
    ------
    TypeError
        If X holds anything but texts.
    ValueError
        If X is empty, or a frame with another number of text columns.

    Examples
    --------
    >>> import pandas as pd
    >>> from agnews_sk._core.text_pairs import check_text_pairs, split_pair
    >>> news = pd.DataFrame({"title": ["Oil rises", None], "description": ["By a cent.", "Hm."]})
    >>> [[text for text, _ in split_pair(row)] for row in check_text_pairs(news)]
    [['Oil rises', 'By a cent.'], ['Hm.']]
    """
    X = as_frame(X)
    if not is_frame(X) or X.shape[1] == 1:
        return check_texts(X, name=name)
    columns = text_columns(X, None, name=name)
    if len(columns) != 2:
        raise ValueError(
            f"{name} must have two columns of texts with text_pair=True, got {list(columns)}; "
            "choose two, or put a ColumnJoiner with the separator of "
            "make_finetune_pipeline(text_pair=True) before it."
        )
    return join_columns(list(columns.values()), separator=PAIR_SEPARATOR)
