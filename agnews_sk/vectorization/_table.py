"""The learnt n-grams: which tokens make which column."""

from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import scipy.sparse as sp

from agnews_sk._core.words import EncodedTokens
from agnews_sk.vectorization._ngrams import (
    NgramRange,
    count_matrix,
    learn_ngrams,
    occurrences,
    walk_ngrams,
)


class _Level(NamedTuple):
    """N-grams of one length: the number of each key, and the column of each number, or -1."""

    keys: pd.Index
    columns: np.ndarray


class NgramTable:
    """N-grams and their columns, held as integers.

    Parameters
    ----------
    tokens : polars.Series of shape (n_tokens,)
        The distinct tokens (words, characters or ids), sorted.
    terms : ndarray of int32 of shape (n_terms, max_n)
        Each n-gram's positions in `tokens`, -1 where it is shorter.
    columns : ndarray of int32 of shape (n_terms,)
        Each n-gram's column. Two may share one: `("a b",)` and `("a", "b")` read the same.
    separator : str
        What stands between the tokens of an n-gram in its name.
    """

    def __init__(
        self, tokens: pl.Series, terms: np.ndarray, columns: np.ndarray, separator: str
    ) -> None:
        self.tokens = tokens
        self.terms = terms
        self.columns = columns
        self.separator = separator

    def __getstate__(self) -> dict[str, Any]:
        return {
            "tokens": _to_arrays(self.tokens),
            "terms": self.terms,
            "columns": self.columns,
            "separator": self.separator,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.tokens = _from_arrays(**state["tokens"])
        self.terms = np.asarray(state["terms"])
        self.columns = np.asarray(state["columns"])
        self.separator = str(state["separator"])
        self._check()

    def _check(self) -> None:
        """Refuse positions that lead outside, whose use would read what is not there."""
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

    @property
    def n_columns(self) -> int:
        """The number of columns."""
        return int(self.columns.max(initial=-1)) + 1

    def names(self) -> pl.Series:
        """Return the n-gram of each column as a string.

        Returns
        -------
        polars.Series of str of shape (n_columns,)
        """
        first = np.empty(self.n_columns, dtype=np.intp)
        first[self.columns] = np.arange(len(self.columns))
        return join_terms(self.tokens, self.terms[first], self.separator)

    def keep(self, columns: np.ndarray) -> "NgramTable":
        """Return the table of some of the columns, renumbered in order, and of their tokens.

        Parameters
        ----------
        columns : ndarray of bool of shape (n_columns,)

        Returns
        -------
        NgramTable
        """
        stays = columns[self.columns]
        terms = self.terms[stays]
        used = np.zeros(len(self.tokens) + 1, dtype=bool)
        used[terms] = True
        used[-1] = False  # the padding of shorter n-grams
        renumbered = np.where(used, np.cumsum(used) - 1, -1).astype(np.int32)
        return NgramTable(
            self.tokens.filter(pl.Series(used[:-1])),
            renumbered[terms],
            (np.cumsum(columns, dtype=np.int32) - 1)[self.columns[stays]],
            self.separator,
        )

    def count(self, tokens: EncodedTokens, wanted: NgramRange) -> sp.csr_array:
        """Count the known n-grams of new rows.

        Parameters
        ----------
        tokens : EncodedTokens
        wanted : NgramRange

        Returns
        -------
        csr_array of int32 of shape (n_rows, n_columns)
        """
        codes = self._codes(tokens.distinct)
        known = EncodedTokens(codes[tokens.codes], tokens.offsets, self.tokens)
        longest = min(wanted.max_n, self.terms.shape[1])
        rows, columns = [], []
        for n, level in enumerate(
            walk_ngrams(known, len(self.tokens) + 1, longest, self._number), start=1
        ):
            found = occurrences(*level, n, wanted)
            of_found = self._levels[n - 1].columns[found.codes]
            rows.append(found.rows[of_found >= 0])
            columns.append(of_found[of_found >= 0])
        shape = (len(tokens.offsets) - 1, self.n_columns)
        return count_matrix(np.concatenate(rows), np.concatenate(columns), shape)

    def _codes(self, words: pl.Series) -> np.ndarray:
        """Return the position of each word in `tokens`, or their number if it is not there."""
        last = len(self.tokens) - 1
        codes = self.tokens.search_sorted(words).to_numpy().astype(np.int32)
        known = self.tokens.gather(np.minimum(codes, last)) == words
        return np.where(known.to_numpy(), codes, np.int32(last + 1))

    def _number(self, n: int, keys: np.ndarray) -> np.ndarray:
        return self._levels[n - 1].keys.get_indexer(pd.Index(keys))

    @cached_property
    def _levels(self) -> list[_Level]:
        # An unknown token has the code len(tokens), an unknown n-gram -1; neither can be part of
        # a known key, and both lead to the last entry of `columns`, which is -1.
        sizes = (self.terms >= 0).sum(axis=1)
        codes = self.terms[:, 0].astype(np.int64)
        levels = [
            _Level(
                pd.RangeIndex(len(self.tokens)),
                self._columns_of(codes, sizes == 1, len(self.tokens)),
            )
        ]
        for n in range(2, self.terms.shape[1] + 1):
            longer = sizes >= n
            keys = codes[longer] * (len(self.tokens) + 1) + self.terms[longer, n - 1]
            codes[longer], distinct = pd.factorize(keys)
            columns = self._columns_of(codes, sizes == n, len(distinct))
            levels.append(_Level(pd.Index(distinct), columns))
        return levels

    def _columns_of(self, codes: np.ndarray, chosen: np.ndarray, n_codes: int) -> np.ndarray:
        columns = np.full(n_codes + 1, -1, dtype=np.int32)
        columns[codes[chosen]] = self.columns[chosen]
        return columns


def _to_arrays(tokens: pl.Series) -> dict[str, np.ndarray]:
    """Return tokens as plain arrays: integers, or the bytes of strings and where each ends."""
    if tokens.dtype != pl.String:
        return {"values": tokens.to_numpy()}
    ends = tokens.str.len_bytes().cast(pl.Int64).cum_sum().to_numpy()
    values = np.frombuffer("".join(tokens).encode(), dtype=np.uint8)
    return {"values": values, "offsets": np.concatenate([np.zeros(1, np.int64), ends])}


def _from_arrays(values: np.ndarray, offsets: np.ndarray | None = None) -> pl.Series:
    if offsets is None:
        return pl.Series(values)
    if values.dtype != np.uint8 or offsets.dtype != np.int64 or offsets[-1] != len(values):
        raise ValueError("the tokens' bytes and offsets do not fit together.")
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(values)]
    strings = pa.Array.from_buffers(pa.large_string(), len(offsets) - 1, buffers)
    strings.validate(full=True)
    return pl.Series(pl.from_arrow(strings))


def learn_table(
    tokens: EncodedTokens, wanted: NgramRange, separator: str
) -> tuple[NgramTable, sp.csr_array, np.ndarray]:
    """Learn the n-grams of a corpus and count them.

    Parameters
    ----------
    tokens : EncodedTokens
    wanted : NgramRange
    separator : str
        What stands between the tokens of an n-gram in its name.

    Returns
    -------
    table : NgramTable
        Its columns are in the order of the n-grams' names.
    counts : csr_array of int32 of shape (n_rows, n_columns)
        Its columns are in the order in which the n-grams were first met.
    columns : ndarray of int32 of shape (n_columns,)
        The table's column for each column of `counts`.

    Raises
    ------
    ValueError
        If there is no n-gram.
    """
    learnt = learn_ngrams(tokens, wanted)
    if len(learnt.terms) == 0:
        raise ValueError("empty vocabulary; perhaps the documents only contain stop words")
    table, columns = _sorted_table(tokens.distinct, learnt.terms, separator)
    codes, n_columns = learnt.codes, table.n_columns
    if n_columns < len(columns):  # n-grams that read the same
        same, columns = pd.factorize(columns)
        codes = same.astype(np.int32)[codes]
    counts = count_matrix(learnt.rows, codes, (len(tokens.offsets) - 1, n_columns))
    return table, counts, columns


def _sorted_table(
    tokens: pl.Series, terms: np.ndarray, separator: str
) -> tuple[NgramTable, np.ndarray]:
    """Return the table with columns in the order of names, and the column of each term."""
    order = tokens.arg_sort().to_numpy()
    rank = np.full(len(tokens) + 1, -1, dtype=np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    tokens, terms = tokens.gather(order), rank[terms]
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
    """Return n-grams as strings.

    Parameters
    ----------
    tokens : polars.Series of shape (n_tokens,)
    terms : ndarray of int32 of shape (n_terms, max_n)
    separator : str

    Returns
    -------
    polars.Series of str of shape (n_terms,)
    """
    texts = tokens.cast(pl.String).append(pl.Series([None], dtype=pl.String))
    parts = [texts.gather(np.where(part < 0, len(tokens), part)) for part in terms.T]
    return pl.select(pl.concat_str(parts, separator=separator, ignore_nulls=True)).to_series()


def _sort_otherwise_joined(tokens: pl.Series, terms: np.ndarray, separator: str) -> bool:
    """Tell whether tokens hold a character up to the separator: names then sort as strings only."""
    if tokens.dtype != pl.String or terms.shape[1] == 1 or not separator:
        return False
    return bool(tokens.str.contains(f"[\\x00-{separator}]").any())


def _order_of_tuples(terms: np.ndarray, base: int) -> np.ndarray:
    if base ** terms.shape[1] >= 2**63:
        return np.lexsort(terms.T[::-1])
    keys = np.zeros(len(terms), dtype=np.int64)
    for part in terms.T:
        keys *= base
        keys += part + 1
    return pl.Series(keys).arg_sort().to_numpy()
