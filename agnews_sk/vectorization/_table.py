"""The table of learned n-grams: which sequence of tokens is which column.

A fitted vectorizer holds no strings but its tokens: an n-gram is a row of positions among them.
`_ngrams` describes how n-grams become integer codes; here the codes of the learned n-grams are kept
as hash tables, one per length, and looked up for new rows.
"""

from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import polars as pl
import scipy.sparse as sp

from agnews_sk._core.columnar import flat_values, row_offsets
from agnews_sk.tokenization import EncodedTokens
from agnews_sk.vectorization._key_index import KeyIndex
from agnews_sk.vectorization._ngrams import (
    NgramRange,
    Occurrences,
    count_few,
    count_matrix,
    learn_ngrams,
    occurrences,
    walk_ngrams,
)
from agnews_sk.vectorization._token_codes import TokenCodes, from_arrays, to_arrays


class _Level(NamedTuple):
    """The hash table of the n-grams of one length, those that only begin longer ones included.

    Attributes
    ----------
    keys : KeyIndex of n_codes keys
        Of the n-grams; the position of a key is the n-gram's code.
    columns : ndarray of int32 of shape (n_codes + 1,)
        Column of each code, -1 where it has none. The last entry is that of unknown n-grams, -1.
    """

    keys: KeyIndex
    columns: np.ndarray


class NgramTable:
    """N-grams and their columns, stored as integers.

    Parameters
    ----------
    tokens : polars.Series of shape (n_tokens,)
        The distinct tokens (words, characters or ids), in ascending order.
    terms : ndarray of int32 of shape (n_terms, max_n)
        Positions in `tokens` of the tokens of each n-gram, padded with -1 on the right.
    columns : ndarray of int32 of shape (n_terms,)
        Column of each n-gram. N-grams with equal names share one: `("a b",)` and `("a", "b")`.
    separator : str
        Joins the tokens of an n-gram in its name: a space for words, nothing for characters.
    """

    def __init__(
        self, tokens: pl.Series, terms: np.ndarray, columns: np.ndarray, separator: str
    ) -> None:
        self.tokens = tokens
        self.terms = terms
        self.columns = columns
        self.separator = separator

    def __getstate__(self) -> dict[str, Any]:
        """Return plain arrays, which saved models and pickles hold; not the hash tables."""
        return {
            "tokens": to_arrays(self.tokens),
            "terms": self.terms,
            "columns": self.columns,
            "separator": self.separator,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take plain arrays, perhaps of a forged file, and check them."""
        self.tokens = from_arrays(**state["tokens"])
        self.terms = np.asarray(state["terms"])
        self.columns = np.asarray(state["columns"])
        self.separator = str(state["separator"])
        self._check()

    def _check(self) -> None:
        """Raise ValueError if arrays do not fit together or a position is out of bounds."""
        if self.terms.ndim != 2 or self.columns.shape != self.terms.shape[:1]:
            raise ValueError(
                f"the n-grams have the shapes {self.terms.shape} and {self.columns.shape}; one "
                "row and one column each were expected."
            )
        n_tokens, n_terms = len(self.tokens), len(self.terms)
        for name, values, least, most in (
            ("n-gram's token", self.terms, -1, n_tokens),
            ("n-gram's first token", self.terms[:, :1], 0, n_tokens),
            ("n-gram's column", self.columns, 0, n_terms),
        ):
            outside = values[(values < least) | (values >= most)]
            if values.dtype != np.int32 or len(outside):
                raise ValueError(
                    f"an {name} must be an int32 of at least {least} and below {most}, got "
                    f"{outside[0] if len(outside) else values.dtype}."
                )

    @cached_property
    def n_columns(self) -> int:
        """The number of columns."""
        return int(self.columns.max(initial=-1)) + 1

    def names(self) -> pl.Series:
        """Return the n-gram of each column as a string.

        Returns
        -------
        polars.Series of str of shape (n_columns,)
        """
        term_of = np.empty(self.n_columns, dtype=np.intp)
        term_of[self.columns] = np.arange(len(self.columns))  # any one of those that share a column
        return join_terms(self.tokens, self.terms[term_of], self.separator)

    def keep(self, columns: np.ndarray) -> "NgramTable":
        """Return the table of some of the columns, renumbered in order, and of their tokens only.

        Parameters
        ----------
        columns : ndarray of bool of shape (n_columns,)
            Which columns to keep.

        Returns
        -------
        NgramTable
        """
        is_kept = columns[self.columns]  # (n_terms,)
        terms = self.terms[is_kept]  # (n_kept_terms, max_n)
        # One entry more than tokens: the padding, -1, marks the last one and reads -1 from it.
        used = np.zeros(len(self.tokens) + 1, dtype=bool)
        used[terms] = True
        used[-1] = False
        renumbered = np.where(used, np.cumsum(used) - 1, -1).astype(np.int32)  # (n_tokens + 1,)
        return NgramTable(
            self.tokens.filter(pl.Series(used[:-1])),
            renumbered[terms],
            (np.cumsum(columns, dtype=np.int32) - 1)[self.columns[is_kept]],
            self.separator,
        )

    def count(
        self,
        tokens: EncodedTokens | pl.Series,
        wanted: NgramRange,
    ) -> sp.csr_array:
        """Count the learned n-grams of new rows; others are ignored.

        Parameters
        ----------
        tokens : EncodedTokens, or polars.Series of list of str of shape (n_rows,)
            Codes are those of these rows, not of the table.
        wanted : NgramRange
            Lengths beyond those learned have no columns.

        Returns
        -------
        csr_array of int32 of shape (n_rows, n_columns)
            Columns ascend within each row.
        """
        known = self._known(tokens)
        longest = min(wanted.max_n, self.terms.shape[1])
        counted = []
        for n, level in enumerate(
            walk_ngrams(known, len(self.tokens) + 1, longest, self._ngram_codes), start=1
        ):
            codes, rows = occurrences(*level, n, wanted)
            columns = self._levels[n - 1].columns.take(codes)  # (n_occurrences,)
            kept = np.flatnonzero(columns >= 0)
            counted.append(Occurrences(columns.take(kept), rows.take(kept)))
        return count_matrix(counted, (len(known.offsets) - 1, self.n_columns))

    def count_few(self, rows: list[list[str]] | list[str], wanted: NgramRange) -> sp.csr_array:
        """Count the learned n-grams of a few new rows, all at once and without making columns.

        Parameters
        ----------
        rows : list of (list of str, or str) of length n_rows
            Tokens; those of a string are its characters. No n-gram has the token `SEPARATOR`.
        wanted : NgramRange
            Without whole rows.

        Returns
        -------
        csr_array of int32 of shape (n_rows, n_columns)
            Columns ascend within each row.
        """
        base = len(self.tokens) + 1
        # The rows follow each other, with an unknown token after each, which ends all n-grams.
        codes = ngrams = self._token_codes.of_few(rows)  # (n_tokens + n_rows,)
        row_of = np.repeat(np.arange(len(rows)), [len(row) + 1 for row in rows])
        columns, in_rows = [], []
        for n in range(1, min(wanted.max_n, self.terms.shape[1]) + 1):
            if n > 1:
                ngrams = self._ngram_codes(n, ngrams[:-1] * np.int64(base) + codes[n - 1 :])
            if n >= wanted.min_n:
                found = self._levels[n - 1].columns.take(ngrams)
                kept = np.flatnonzero(found >= 0)
                columns.append(found.take(kept))
                in_rows.append(row_of.take(kept))
        shape = len(rows), self.n_columns
        return count_few(np.concatenate(columns), np.concatenate(in_rows), shape)

    def _known(self, tokens: EncodedTokens | pl.Series) -> EncodedTokens:
        """Return tokens with the codes that they have here, -1 if they are unknown."""
        if isinstance(tokens, pl.Series):
            return EncodedTokens(
                self._token_codes.of(flat_values(tokens)), row_offsets(tokens), self.tokens
            )
        codes = self._token_codes.of(tokens.distinct)  # (n_distinct,)
        return EncodedTokens(codes[tokens.codes], tokens.offsets, self.tokens)

    def prepare(self) -> None:
        """Build the hash tables, if they are not: before threads that would each build them."""
        len(self._levels)
        self._token_codes.prepare()

    @cached_property
    def _token_codes(self) -> TokenCodes:
        """The codes of tokens."""
        return TokenCodes(self.tokens)

    def _ngram_codes(self, n: int, keys: np.ndarray) -> np.ndarray:
        """Return the code of each key of an n-gram of length n, -1 if it is unknown."""
        return self._levels[n - 1].keys.find(keys.view(np.uint64))

    @cached_property
    def _levels(self) -> list[_Level]:
        """The hash table of each length, from 1 to the longest; built when first needed.

        A key is `prefix * (len(tokens) + 1) + last`. Unknown tokens and n-grams have the code -1.
        As a prefix it makes the key negative; as the last token it makes the key that of another
        prefix with the last token `len(tokens)`, which there is not. So no unknown n-gram has the
        key of a learned one, and as an index of `columns` -1 leads to its last entry, -1.
        """
        sizes = (self.terms >= 0).sum(axis=1)  # (n_terms,)
        codes = self.terms[:, 0].astype(np.int64)  # (n_terms,) of the n-gram's first n tokens
        n_tokens = len(self.tokens)
        columns = self._columns_of(codes, sizes == 1, n_tokens)
        levels = [_Level(KeyIndex(np.arange(n_tokens, dtype=np.uint64)), columns)]
        for n in range(2, self.terms.shape[1] + 1):
            reaches = sizes >= n  # (n_terms,)
            keys = codes[reaches] * (n_tokens + 1) + self.terms[reaches, n - 1]
            codes[reaches], distinct = pd.factorize(keys)
            columns = self._columns_of(codes, sizes == n, len(distinct))
            levels.append(_Level(KeyIndex(distinct.view(np.uint64)), columns))
        return levels

    def _columns_of(self, codes: np.ndarray, chosen: np.ndarray, n_codes: int) -> np.ndarray:
        """Return the column of each code, -1 where it has none, and -1 at the end.

        Parameters
        ----------
        codes : ndarray of int64 of shape (n_terms,)
        chosen : ndarray of bool of shape (n_terms,)
            The n-grams of this length.
        n_codes : int

        Returns
        -------
        ndarray of int32 of shape (n_codes + 1,)
        """
        columns = np.full(n_codes + 1, -1, dtype=np.int32)
        columns[codes[chosen]] = self.columns[chosen]
        return columns


def learn_table(
    tokens: EncodedTokens, wanted: NgramRange, separator: str
) -> tuple[NgramTable, sp.csr_array, np.ndarray]:
    """Learn the n-grams of a corpus and count them.

    Parameters
    ----------
    tokens : EncodedTokens
    wanted : NgramRange
    separator : str
        Joins the tokens of an n-gram in its name.

    Returns
    -------
    table : NgramTable
        Its columns are in the order of the n-grams' names.
    counts : csr_array of int32 of shape (n_rows, n_columns)
        Its columns are in the order of the n-grams' first occurrence, ascending within each row.
    columns : ndarray of int32 of shape (n_columns,)
        The table's column for each column of `counts`.

    Raises
    ------
    ValueError
        If there is no n-gram.
    """
    order = tokens.distinct.arg_sort().to_numpy()
    rank = np.empty(len(order), dtype=np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    ranked = EncodedTokens(rank[tokens.codes], tokens.offsets, tokens.distinct.gather(order))
    learned = learn_ngrams(ranked, wanted)
    if len(learned.terms) == 0:
        raise ValueError("empty vocabulary; perhaps the documents only contain stop words")
    table, columns = _sorted_table(ranked.distinct, learned.terms, separator)
    columns = columns[np.argsort(learned.position)]  # in the order of first occurrence
    found, n_columns = learned.found, table.n_columns
    if n_columns < len(columns):  # n-grams with equal names, which share a column
        merged, columns = pd.factorize(columns)
        found = [part._replace(codes=merged[part.codes]) for part in found]
    counts = count_matrix(found, (len(tokens.offsets) - 1, n_columns), in_threads=True)
    return table, counts, columns


def _sorted_table(
    tokens: pl.Series, terms: np.ndarray, separator: str
) -> tuple[NgramTable, np.ndarray]:
    """Return the table with columns in the order of names, and the column of each given term.

    Sorting a million joined strings is slow, so that n-grams are sorted as tuples of tokens where
    that gives the order of the strings.

    Parameters
    ----------
    tokens : polars.Series of shape (n_tokens,)
        Distinct, in ascending order.
    terms : ndarray of int32 of shape (n_terms, max_n)
    separator : str

    Returns
    -------
    table : NgramTable
    columns : ndarray of int32 of shape (n_terms,)
    """
    if _sort_otherwise_joined(tokens, terms, separator):
        names = join_terms(tokens, terms, separator)
        columns = (names.rank("dense") - 1).cast(pl.Int32).to_numpy()
        return NgramTable(tokens, terms, columns, separator), columns
    by_name = _order_of_tuples(terms, len(tokens) + 1)
    columns = np.empty(len(terms), dtype=np.int32)
    in_order = np.arange(len(terms), dtype=np.int32)
    columns[by_name] = in_order
    return NgramTable(tokens, terms[by_name], in_order, separator), columns


def join_terms(tokens: pl.Series, terms: np.ndarray, separator: str) -> pl.Series:
    """Return the names of n-grams.

    Parameters
    ----------
    tokens : polars.Series of shape (n_tokens,)
    terms : ndarray of int32 of shape (n_terms, max_n)
        Positions in `tokens`, padded with -1 on the right.
    separator : str

    Returns
    -------
    polars.Series of str of shape (n_terms,)
    """
    # A null at the end, for the padding: `concat_str` skips it and its separator.
    texts = tokens.cast(pl.String).append(pl.Series([None], dtype=pl.String))
    parts = [texts.gather(np.where(part < 0, len(tokens), part)) for part in terms.T]
    return pl.select(pl.concat_str(parts, separator=separator, ignore_nulls=True)).to_series()


def _sort_otherwise_joined(tokens: pl.Series, terms: np.ndarray, separator: str) -> bool:
    """Return whether names may sort otherwise than the tuples of their tokens.

    The two orders agree if the separator is smaller than every character of a token: then two names
    that differ within a token, or because one's token ends before the other's, compare as these
    tokens do. Polars, like Python, compares strings by code points.
    """
    if tokens.dtype != pl.String or terms.shape[1] == 1 or not separator:
        return False
    return bool(tokens.str.contains(f"[\\x00-{separator}]").any())


def _order_of_tuples(terms: np.ndarray, base: int) -> np.ndarray:
    """Return the order that sorts the rows of `terms`, shorter n-grams before those they begin.

    Parameters
    ----------
    terms : ndarray of int32 of shape (n_terms, max_n)
        Each row once; padded with -1 on the right.
    base : int
        Larger than any entry by at least 2.

    Returns
    -------
    ndarray of int of shape (n_terms,)
    """
    if base ** terms.shape[1] >= 2**63:  # exact, these are Python's integers
        return np.lexsort(terms.T[::-1])
    # One sort of int64 in place of one per position: a row is read as a number to this base. Terms
    # come sorted within a length, and a stable sort merges such runs.
    keys = np.zeros(len(terms), dtype=np.int64)
    for part in terms.T:
        keys *= base
        keys += part + 1  # from 0, the padding
    return np.argsort(keys, kind="stable")
