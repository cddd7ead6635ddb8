"""Filters that look at each row alone: missing texts, and short or junk texts."""

from numbers import Integral, Real
from typing import Any

import numpy as np
import polars as pl

from agnews_sk._core.joining import join_columns
from agnews_sk._core.validation import Interval, StrOptions
from agnews_sk.sampling._row_filter import RowFilter


class MissingTextFilter(RowFilter):
    """Drop rows whose text is missing or blank.

    `None`, NaN, `pandas.NA`, the empty string and texts of whitespace only count as missing.

    Parameters
    ----------
    columns : list of str, default=None
        Columns of a frame to look at; None means every column of texts.
    how : {"all", "any"}, default="all"
        Whether to drop a row if all of these columns are missing, or if any of them is.

    Attributes
    ----------
    sample_indices_ : ndarray of int of shape (n_rows_out,)
        Position of each kept row.

    Examples
    --------
    >>> from agnews_sk.sampling import MissingTextFilter
    >>> MissingTextFilter().fit_resample(["Oil rises", None, "  "], ["Business", "World", "World"])
    (['Oil rises'], ['Business'])
    """

    judges_rows_alone = True
    _parameter_constraints: dict = {
        **RowFilter._parameter_constraints,
        "how": [StrOptions({"all", "any"})],
    }

    def __init__(self, *, columns=None, how="all"):
        self.columns = columns
        self.how = how

    def _kept(self, columns: list[pl.Series], y: Any) -> np.ndarray:
        """Keep the rows with all, or any, of the columns."""
        present = [(c.fill_null("").str.strip_chars() != "").to_numpy() for c in columns]
        return np.any(present, axis=0) if self.how == "all" else np.all(present, axis=0)


class LengthFilter(RowFilter):
    """Drop rows whose text has too few or too many words, or too few letters to be prose.

    The text columns of a row are joined; words are separated by whitespace. A missing text has no
    words.

    Parameters
    ----------
    min_words : int, default=3
        Minimum number of words of a row to keep.
    max_words : int, default=None
        Maximum number of words of a row to keep; None means no limit.
    min_letter_share : float, default=0.0
        Minimum share of letters, of any script, among the characters that are not whitespace.
        It is low in tables of results and in remains of markup. An empty text passes.
    columns : list of str, default=None
        Columns of a frame to look at; None means every column of texts.

    Attributes
    ----------
    sample_indices_ : ndarray of int of shape (n_rows_out,)
        Position of each kept row.

    Examples
    --------
    >>> from agnews_sk.sampling import LengthFilter
    >>> texts = ["Oil rises again", "Update", "#39; 6-4 6-3 2:1 &lt;"]
    >>> LengthFilter(min_words=2, min_letter_share=0.5).fit_resample(texts)
    (['Oil rises again'], None)
    """

    judges_rows_alone = True
    _parameter_constraints: dict = {
        **RowFilter._parameter_constraints,
        "min_words": [Interval(Integral, 0, None, closed="left")],
        "max_words": [Interval(Integral, 0, None, closed="left"), None],
        "min_letter_share": [Interval(Real, 0, 1, closed="both")],
    }

    def __init__(self, *, min_words=3, max_words=None, min_letter_share=0.0, columns=None):
        self.min_words = min_words
        self.max_words = max_words
        self.min_letter_share = min_letter_share
        self.columns = columns

    def _kept(self, columns: list[pl.Series], y: Any) -> np.ndarray:
        """Keep the rows within the bounds on words and letters."""
        self._check_bounds()
        text = join_columns(columns)
        n_words = text.str.count_matches(r"\S+").to_numpy()
        n_letters = text.str.count_matches(r"\p{L}").to_numpy()
        n_visible = text.str.count_matches(r"\S").to_numpy()
        kept = (n_words >= self.min_words) & (n_letters >= self.min_letter_share * n_visible)
        return kept if self.max_words is None else kept & (n_words <= self.max_words)

    def _check_bounds(self) -> None:
        """Raise a ValueError if no number of words is allowed."""
        if self.max_words is not None and self.max_words < self.min_words:
            raise ValueError(
                f"max_words must be at least min_words, {self.min_words}, got {self.max_words}."
            )
