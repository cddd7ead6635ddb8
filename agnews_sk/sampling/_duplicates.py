"""Filters that compare rows with each other: duplicates, and conflicting labels."""

from numbers import Integral, Real
from typing import Any

import numpy as np
import polars as pl

from agnews_sk._core.joining import join_columns
from agnews_sk._core.label_sets import check_target, stratification
from agnews_sk._core.same_text import same_text_groups
from agnews_sk._core.validation import Interval, StrOptions
from agnews_sk.sampling._minhash import near_duplicate_groups
from agnews_sk.sampling._row_filter import RowFilter


class DuplicateFilter(RowFilter):
    """Keep one row of each set of duplicates.

    The text columns of a row are joined, and compared without regard to case, punctuation and
    whitespace. Rows without any text are not duplicates of each other.

    Parameters
    ----------
    method : {"exact", "near"}, default="exact"
        "exact" drops texts that are equal; "near" also those that share most of their word
        shingles with another text.
    threshold : float, default=0.8
        For "near": smallest Jaccard similarity of two texts' shingles. With the defaults, texts
        of 25 words that differ in one are near duplicates: they share 22 of 26 word pairs.
    shingle_words : int, default=2
        For "near": number of consecutive words in a shingle.
    n_permutations : int, default=128
        For "near": number of MinHash values per text; with more, fewer candidates are compared.
    keep : {"first", "last"}, default="first"
        Which row of a set to keep.
    columns : list of str, default=None
        Columns of a frame to look at; None means every column of texts.
    random_state : int, RandomState instance or None, default=None
        For "near": random seed of the hash functions that find candidates.

    Attributes
    ----------
    sample_indices_ : ndarray of int of shape (n_rows_out,)
        Position of each kept row.

    Notes
    -----
    Near duplicates are transitive: if B is near A and C near B, one of the three is kept.
    Candidates come from MinHash and banding (Broder 1997; Leskovec et al., "Mining of Massive
    Datasets", chapter 3); their Jaccard similarity is then computed exactly, so that no row is
    dropped for a similarity below the threshold. A pair exactly at the threshold is missed with a
    probability of at most 0.01.

    Examples
    --------
    >>> from agnews_sk.sampling import DuplicateFilter
    >>> texts = ["Oil rises.", "oil RISES", "Oil falls"]
    >>> DuplicateFilter().fit_resample(texts, ["Business", "Business", "World"])
    (['Oil rises.', 'Oil falls'], ['Business', 'World'])
    """

    _parameter_constraints: dict = {
        **RowFilter._parameter_constraints,
        "method": [StrOptions({"exact", "near"})],
        "threshold": [Interval(Real, 0, 1, closed="right")],
        "shingle_words": [Interval(Integral, 1, None, closed="left")],
        "n_permutations": [Interval(Integral, 1, None, closed="left")],
        "keep": [StrOptions({"first", "last"})],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        method="exact",
        threshold=0.8,
        shingle_words=2,
        n_permutations=128,
        keep="first",
        columns=None,
        random_state=None,
    ):
        self.method = method
        self.threshold = threshold
        self.shingle_words = shingle_words
        self.n_permutations = n_permutations
        self.keep = keep
        self.columns = columns
        self.random_state = random_state

    def _kept(self, columns: list[pl.Series], y: Any) -> np.ndarray:
        """Keep the first or last row of each group of duplicates."""
        groups = pl.Series(self._groups(join_columns(columns)))
        kept = groups.is_first_distinct() if self.keep == "first" else groups.is_last_distinct()
        return kept.to_numpy()

    def _groups(self, texts: pl.Series) -> np.ndarray:
        """Return for each text the position of the first one in its set, of shape (n_samples,)."""
        if self.method == "exact":
            return same_text_groups(texts)
        return near_duplicate_groups(
            texts,
            threshold=self.threshold,
            shingle_words=self.shingle_words,
            n_permutations=self.n_permutations,
            random_state=self.random_state,
        )


class LabelConflictFilter(RowFilter):
    """Drop rows whose text also occurs with another label.

    Texts are compared as in `DuplicateFilter(method="exact")`. Rows without any text never
    conflict. With several labels per row, two sets are equal if all their labels are.

    Parameters
    ----------
    strategy : {"drop", "majority"}, default="drop"
        "drop" drops all rows of a text with different labels; "majority" keeps its rows with the
        most frequent label, and none if two labels are equally frequent.
    columns : list of str, default=None
        Columns of a frame to look at; None means every column of texts.

    Attributes
    ----------
    sample_indices_ : ndarray of int of shape (n_rows_out,)
        Position of each kept row.

    Examples
    --------
    >>> from agnews_sk.sampling import LabelConflictFilter
    >>> texts = ["Oil rises", "Oil rises!", "Goal"]
    >>> LabelConflictFilter().fit_resample(texts, ["World", "Business", "Sports"])
    (['Goal'], ['Sports'])
    """

    _parameter_constraints: dict = {
        **RowFilter._parameter_constraints,
        "strategy": [StrOptions({"drop", "majority"})],
    }

    def __init__(self, *, strategy="drop", columns=None):
        self.strategy = strategy
        self.columns = columns

    def _kept(self, columns: list[pl.Series], y: Any) -> np.ndarray:
        """Keep the rows whose text has no other label."""
        if y is None:
            raise ValueError("LabelConflictFilter compares labels; pass y to fit_resample.")
        labels = _codes(y)
        rows = pl.DataFrame({"text": same_text_groups(join_columns(columns)), "label": labels})
        return rows.select(self._undisputed()).to_series().to_numpy()

    def _undisputed(self) -> pl.Expr:
        """Return which rows to keep, by the columns "text" (its group) and "label"."""
        if self.strategy == "drop":
            return pl.n_unique("label").over("text") == 1
        count = pl.len().over("text", "label")
        best = count == count.max().over("text")
        return best & (pl.col("label").filter(best).n_unique().over("text") == 1)


def _codes(y: Any) -> np.ndarray:
    """Return an integer per row, equal for rows with the same label or set of labels."""
    codes = stratification(check_target(y))
    return codes if codes.ndim == 1 else np.unique(codes, axis=0, return_inverse=True)[1]
