"""N-grams as integers, counted in columns.

An n-gram is numbered through its prefix: the code of an (n-1)-gram and the code of the token that
follows make one integer, and numbering the distinct integers gives the codes of the n-grams. No
n-gram is ever written out as a string on the way.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import scipy.sparse as sp

from agnews_sk._core.words import EncodedTokens


class NgramRange(NamedTuple):
    """Which n-grams of a row count.

    Attributes
    ----------
    min_n, max_n : int
    whole_rows : bool
        Whether a row shorter than `min_n` counts as one n-gram, as words do in
        scikit-learn's `char_wb`.
    """

    min_n: int
    max_n: int
    whole_rows: bool


class Occurrences(NamedTuple):
    """Which n-gram stands in which row, one entry per time, row after row within a length."""

    codes: np.ndarray
    rows: np.ndarray


class LearntNgrams(NamedTuple):
    """The distinct n-grams of a corpus in the order of their first coming, and their counts.

    Attributes
    ----------
    terms : ndarray of int32 of shape (n_terms, max_n)
        Token codes of each n-gram, -1 where it is shorter.
    codes, rows : ndarray of int32 of shape (n_occurrences,)
        Position in `terms` and row of each occurrence.
    """

    terms: np.ndarray
    codes: np.ndarray
    rows: np.ndarray


def walk_ngrams(
    tokens: EncodedTokens, base: int, max_n: int, number: Callable[[int, np.ndarray], np.ndarray]
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the codes of all 1-grams, then of all 2-grams, and so on, with their rows' counts.

    Parameters
    ----------
    tokens : EncodedTokens
    base : int
        More than any token's code.
    max_n : int
    number : callable
        Takes n and the keys `code of prefix * base + code of last token` of n-grams; returns
        their codes.

    Yields
    ------
    codes : ndarray of int of shape (n_ngrams,)
    lengths : ndarray of int64 of shape (n_rows,)
        How many of `codes` each row has.
    """
    codes = following = tokens.codes
    lengths = np.diff(tokens.offsets)
    yield codes, lengths
    for n in range(2, max_n + 1):
        ends = np.cumsum(lengths)[lengths > 0]
        starts = ends - lengths[lengths > 0]
        following = np.delete(following, starts)
        keys = np.delete(codes, ends - 1) * np.int64(base)
        keys += following
        codes = number(n, keys)
        lengths = np.maximum(lengths - 1, 0)
        yield codes, lengths


def occurrences(codes: np.ndarray, lengths: np.ndarray, n: int, wanted: NgramRange) -> Occurrences:
    """Return those n-grams of this length that count.

    Parameters
    ----------
    codes : ndarray of int of shape (n_ngrams,)
    lengths : ndarray of int of shape (n_rows,)
    n : int
    wanted : NgramRange

    Returns
    -------
    Occurrences
    """
    rows = np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)
    if n >= wanted.min_n:
        return Occurrences(codes, rows)
    alone = wanted.whole_rows & (lengths == 1)[rows]
    return Occurrences(codes[alone], rows[alone])


def learn_ngrams(tokens: EncodedTokens, wanted: NgramRange) -> LearntNgrams:
    """Find the distinct n-grams in the order in which scikit-learn would first meet them.

    Row after row; within a row shorter n-grams before longer ones, each from left to right.

    Parameters
    ----------
    tokens : EncodedTokens
    wanted : NgramRange

    Returns
    -------
    LearntNgrams
    """
    base = len(tokens.distinct)
    terms = np.full((base, wanted.max_n), -1, dtype=np.int32)
    terms[:, 0] = np.arange(base)
    by_length, found, ranks, n_terms = [], [], [], 0

    def number(n: int, keys: np.ndarray) -> np.ndarray:
        nonlocal terms
        codes, distinct = pd.factorize(keys)
        prefixes, last = np.divmod(distinct, base)
        terms = terms[prefixes]
        terms[:, n - 1] = last
        return codes.astype(np.int32)

    for n, level in enumerate(walk_ngrams(tokens, base, wanted.max_n, number), start=1):
        codes, rows = occurrences(*level, n, wanted)
        if n < wanted.min_n:
            codes, used = pd.factorize(codes)
        else:
            used = np.arange(len(terms))
        by_length.append(terms[used])
        found.append(Occurrences(codes + np.int32(n_terms), rows))
        first = np.empty(len(used), dtype=np.int64)
        first[codes[::-1]] = rows[::-1]
        ranks.append(first * wanted.max_n + n)
        n_terms += len(used)

    first_to_last = np.argsort(np.concatenate(ranks), kind="stable")
    position = np.empty(n_terms, dtype=np.int32)
    position[first_to_last] = np.arange(n_terms, dtype=np.int32)
    return LearntNgrams(
        np.concatenate(by_length)[first_to_last],
        position[np.concatenate([codes for codes, _ in found])],
        np.concatenate([rows for _, rows in found]),
    )


def count_matrix(rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int]) -> sp.csr_array:
    """Return how often each column stands in each row, columns sorted within the row.

    Parameters
    ----------
    rows, columns : ndarray of int32 of shape (n_occurrences,)
    shape : tuple of two ints

    Returns
    -------
    csr_array of int32 of shape `shape`
    """
    entries = sp.coo_array((np.ones(len(rows), dtype=np.int32), (rows, columns)), shape=shape)
    if len(rows) < shape[1]:  # a detour by way of so many columns would cost more than the sort
        counts = entries.tocsr()
        counts.sort_indices()
        return counts
    # By way of columns, where rows come in order: two countings instead of a sort of each row.
    return entries.tocsc().tocsr()


def encode_characters(words: pl.Series) -> EncodedTokens:
    """Return the characters of words, a space at either end, as codes.

    Parameters
    ----------
    words : polars.Series of str of shape (n_words,)

    Returns
    -------
    EncodedTokens
        One row a word.
    """
    padded = " " + words + " "
    points = np.frombuffer("".join(padded).encode("utf-32-le"), dtype=np.uint32)
    encoded = pa.array(points).dictionary_encode()
    return EncodedTokens(
        encoded.indices.to_numpy(),
        np.concatenate([[0], padded.str.len_chars().cast(pl.Int64).cum_sum()]),
        pl.Series(map(chr, encoded.dictionary.to_pylist()), dtype=pl.String),
    )


def spread_over_rows(words: EncodedTokens, per_word: sp.csr_array) -> sp.csr_array:
    """Add up the counts of the words of each row, columns sorted within the row.

    Parameters
    ----------
    words : EncodedTokens
    per_word : csr_array of int32 of shape (n_distinct, n_columns)
        Counts within each distinct word.

    Returns
    -------
    csr_array of int32 of shape (n_rows, n_columns)
    """
    shape = (len(words.offsets) - 1, len(words.distinct))
    rows = np.repeat(np.arange(shape[0], dtype=np.int32), np.diff(words.offsets))
    per_row = count_matrix(rows, words.codes, shape)
    # A product comes unsorted, a transposition sorts: cheaper than sorting row by row.
    return (per_word.T.tocsr() @ per_row.T.tocsr()).T.tocsr()
