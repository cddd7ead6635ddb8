"""Assign ids to the words of a corpus."""

from numbers import Integral
from typing import Any

import numpy as np
import polars as pl
import scipy.sparse as sp
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from agnews_sk._core.columnar import flat_values, row_offsets, to_ragged
from agnews_sk._core.earlier_states import TakesEarlierStates
from agnews_sk._core.validation import Interval, RealNotInt
from agnews_sk.tokenization._encoded_tokens import (
    EncodedTokens,
    drop_tokens,
    encode_tokens,
    is_ragged,
)

_UNKNOWN = "<unk>"


class Vocabulary(  # type: ignore[call-arg]
    TakesEarlierStates, TransformerMixin, BaseEstimator, auto_wrap_output_keys=None
):
    """Turn tokens into ids; frequent tokens have the smallest ids.

    Parameters
    ----------
    min_df, max_df : int or float, default=1 and 1.0
        Ignore tokens that occur in fewer or more rows than this; a float is a share of the rows.
    max_size : int or None, default=None
        Largest number of ids, special tokens included.
    special_tokens : sequence of str, default=("<pad>", "<unk>")
        Special tokens. They have the first ids, and their occurrences are not counted.

    Attributes
    ----------
    vocabulary_ : dict of str to int
        Id of each token: special tokens first, then by decreasing number of occurrences, ties in
        alphabetical order.
    term_frequency_ : ndarray of int64 of shape (n_ids,)
        Number of occurrences of each token; 0 for special tokens.
    document_frequency_ : ndarray of int64 of shape (n_ids,)
        Number of rows that each token occurs in; 0 for special tokens.

    See Also
    --------
    WordTokenizer : Splits texts into tokens.

    Notes
    -----
    A token without an id becomes `<unk>`, or is removed if `special_tokens` has no `<unk>`. A row
    without tokens has no ids.

    Examples
    --------
    >>> from agnews_sk.tokenization import Vocabulary, WordTokenizer
    >>> tokens = WordTokenizer(lowercase=True).transform(["Oil up", "Oil prices up, oil!"])
    >>> vocabulary = Vocabulary(max_size=4).fit(tokens)
    >>> vocabulary.vocabulary_
    {'<pad>': 0, '<unk>': 1, 'oil': 2, 'up': 3}
    >>> vocabulary.transform(tokens).to_list()
    [[2, 3], [2, 1, 3, 2]]
    """

    _parameter_constraints: dict[str, Any] = {
        "min_df": [
            Interval(RealNotInt, 0, 1, closed="both"),
            Interval(Integral, 1, None, closed="left"),
        ],
        "max_df": [
            Interval(RealNotInt, 0, 1, closed="both"),
            Interval(Integral, 1, None, closed="left"),
        ],
        "max_size": [Interval(Integral, 1, None, closed="left"), None],
        "special_tokens": [tuple, list],
    }

    def __init__(self, *, min_df=1, max_df=1.0, max_size=None, special_tokens=("<pad>", "<unk>")):
        self.min_df = min_df
        self.max_df = max_df
        self.max_size = max_size
        self.special_tokens = special_tokens

    def fit(self, X: pl.Series, y: Any = None) -> "Vocabulary":
        """Count the tokens and assign ids to the frequent ones.

        Parameters
        ----------
        X : polars.Series of list of str of shape (n_samples,)
        y : None
            Ignored.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If no token is left, or `special_tokens` has a token twice.
        """
        self._learn(X)
        return self

    def fit_transform(self, X: pl.Series, y: Any = None) -> pl.Series:
        """Assign ids to the frequent tokens, and return the id of each token.

        Parameters
        ----------
        X : polars.Series of list of str of shape (n_samples,)
        y : None
            Ignored.

        Returns
        -------
        polars.Series of list of int64 of shape (n_samples,)
        """
        return self._ids(self._learn(X))

    def _learn(self, X: pl.Series) -> EncodedTokens:
        """Count the tokens, assign ids, and return the tokens."""
        self._validate_params()
        if len(set(self.special_tokens)) < len(self.special_tokens):
            raise ValueError(f"special_tokens must be distinct, got {self.special_tokens!r}.")
        all_tokens = encode_tokens(_checked_tokens(X))
        is_special = all_tokens.distinct.is_in(list(self.special_tokens)).to_numpy()
        tokens = drop_tokens(all_tokens, is_special) if is_special.any() else all_tokens
        counted = pl.DataFrame(
            {
                "token": tokens.distinct,
                "tf": np.bincount(tokens.codes, minlength=len(tokens.distinct)),
                "df": _document_frequency(tokens),
            }
        )
        kept = self._frequent(counted, len(X)).sort("tf", "token", descending=[True, False])
        if self.max_size is not None:
            kept = kept.head(max(self.max_size - len(self.special_tokens), 0))
        if len(kept) == 0:
            raise ValueError(
                f"no token remains of {len(counted)} distinct ones; lower min_df, or raise max_df "
                "or max_size."
            )
        none = np.zeros(len(self.special_tokens), dtype=np.int64)
        self.term_frequency_ = np.concatenate([none, kept["tf"]])
        self.document_frequency_ = np.concatenate([none, kept["df"]])
        names = [*self.special_tokens, *kept["token"]]
        self.vocabulary_ = {token: i for i, token in enumerate(names)}
        return all_tokens

    def transform(self, X: pl.Series) -> pl.Series:
        """Return the id of each token.

        Parameters
        ----------
        X : polars.Series of list of str of shape (n_samples,)

        Returns
        -------
        polars.Series of list of int64 of shape (n_samples,)
        """
        check_is_fitted(self)
        return self._ids(encode_tokens(_checked_tokens(X)))

    def _ids(self, tokens: EncodedTokens) -> pl.Series:
        """Return the id of each token."""
        unknown = self.vocabulary_.get(_UNKNOWN, -1)
        # Looked up once per distinct token; -1 marks those to remove.
        ids = np.array([self.vocabulary_.get(t, unknown) for t in tokens.distinct], dtype=np.int64)
        if unknown < 0 and (ids < 0).any():
            tokens = drop_tokens(tokens, ids < 0)
            ids = ids[ids >= 0]
        return to_ragged(ids[tokens.codes], tokens.offsets)

    def inverse_transform(self, X: pl.Series) -> pl.Series:
        """Return the token of each id.

        Parameters
        ----------
        X : polars.Series of list of int of shape (n_samples,)

        Returns
        -------
        polars.Series of list of str of shape (n_samples,)

        Raises
        ------
        ValueError
            If an id is not in the vocabulary.
        """
        names = pl.Series(self.get_feature_names_out(), dtype=pl.String)
        ids = flat_values(X)
        outside = ids.filter(~ids.is_between(0, len(names) - 1))
        if len(outside):
            raise ValueError(
                f"X must hold ids from 0 to {len(names) - 1}, got {outside[0]}; were these rows "
                "encoded by another vocabulary?"
            )
        return to_ragged(names.gather(ids), row_offsets(X))

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the tokens in the order of their ids.

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        ndarray of object of shape (n_ids,)
        """
        check_is_fitted(self)
        return np.array(list(self.vocabulary_), dtype=object)

    def _frequent(self, counted: pl.DataFrame, n_rows: int) -> pl.DataFrame:
        """Return the rows of `counted` whose document frequency is within `min_df` and `max_df`."""
        least = float(self.min_df) if isinstance(self.min_df, Integral) else self.min_df * n_rows
        most = float(self.max_df) if isinstance(self.max_df, Integral) else self.max_df * n_rows
        return counted.filter(pl.col("df").is_between(least, most))


def _checked_tokens(X: Any) -> pl.Series:
    """Return a list column of str, or raise TypeError or ValueError that names the way out."""
    if not is_ragged(X) or flat_values(X.head(0)).dtype != pl.String:
        raise TypeError(
            "X must hold lists of tokens, a Polars list column of str, got "
            f"{X.dtype if isinstance(X, pl.Series) else type(X).__name__}; "
            "put a WordTokenizer before it."
        )
    if len(X) == 0:
        raise ValueError("X is empty: at least one row of tokens is needed, got 0.")
    return X


def _document_frequency(tokens: EncodedTokens) -> np.ndarray:
    """Return the number of rows that each distinct token occurs in.

    Parameters
    ----------
    tokens : EncodedTokens

    Returns
    -------
    ndarray of int64 of shape (n_distinct,)
    """
    n_rows, n_distinct = len(tokens.offsets) - 1, len(tokens.distinct)
    parts = np.ones(len(tokens.codes), dtype=np.int8), tokens.codes, tokens.offsets
    # Grouped by token in linear time; within a token the rows ascend, so that repeats are adjacent.
    by_token = sp.csr_array(parts, shape=(n_rows, n_distinct)).tocsc()
    is_new = np.ones(len(tokens.codes), dtype=bool)
    is_new[1:] = np.diff(by_token.indices) != 0
    starts = by_token.indptr[:-1]
    is_new[starts[np.diff(by_token.indptr) > 0]] = True
    return np.diff(np.concatenate([[0], np.cumsum(is_new)])[by_token.indptr])
