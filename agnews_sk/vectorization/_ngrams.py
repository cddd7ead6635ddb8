"""Find and count n-grams as integers, without making a string of any of them.

The code of an n-gram comes from the code of its prefix (its first n - 1 tokens) and the code of
its last token. The two are packed into one integer, the key `prefix * base + last`, and the
distinct keys are numbered 0, 1, 2, ... in ascending order:

    tokens               oil  up  oil  up       codes 0 1 0 1, base 2
    keys of 2-grams       0*2+1  1*2+0  0*2+1    1 2 1
    codes of 2-grams                             0 1 0
    keys of 3-grams       0*2+0  1*2+1           0 3

So each length costs one pass over arrays with an entry per token, and one sort of integers;
the obvious way, a Python dictionary of joined strings as in scikit-learn, makes an object per
occurrence. A key fits int64: codes are below the number of tokens, and that is below 2**31.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import scipy.sparse as sp

from agnews_sk._core.columnar import map_in_threads
from agnews_sk.tokenization import EncodedTokens

_SHORT_BITS = 22  # of a column, beside which a row has at least ten of 32
_ROWS = 4_096  # at a time, so that their occurrences stay in the cache


class NgramRange(NamedTuple):
    """Which n-grams are counted.

    Attributes
    ----------
    min_n, max_n : int
        Shortest and longest n-gram, in tokens.
    whole_rows : bool
        Whether a row shorter than `min_n` counts as one n-gram of its own length, as
        scikit-learn's `char_wb` does with short words.
    """

    min_n: int
    max_n: int
    whole_rows: bool


class Occurrences(NamedTuple):
    """N-grams of one length and the rows that they occur in, repeats included, rows ascending.

    Attributes
    ----------
    codes : ndarray of int of shape (n_occurrences,)
    rows : ndarray of int32 of shape (n_occurrences,)
    """

    codes: np.ndarray
    rows: np.ndarray


class LearnedNgrams(NamedTuple):
    """The distinct n-grams of a corpus, and all their occurrences.

    Attributes
    ----------
    terms : ndarray of int32 of shape (n_terms, max_n)
        Token codes of each n-gram, padded with -1 on the right: lengths ascending, and sorted
        within a length.
    position : ndarray of int32 of shape (n_terms,)
        Of each n-gram in the order of first occurrence.
    found : list of Occurrences
        Of each length. Codes are those of `position`, of int32.
    """

    terms: np.ndarray
    position: np.ndarray
    found: list[Occurrences]


def walk_ngrams(
    tokens: EncodedTokens, base: int, max_n: int, encode: Callable[[int, np.ndarray], np.ndarray]
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the codes of all 1-grams, then of all 2-grams, and so on.

    Parameters
    ----------
    tokens : EncodedTokens
    base : int
        Larger than the code of any token.
    max_n : int
    encode : callable
        Takes n and the keys `code of prefix * base + code of last token` of all n-grams, an
        ndarray of int64 of shape (n_ngrams,). Returns their codes, in the same shape.

    Yields
    ------
    codes : ndarray of int of shape (n_ngrams,)
        N-grams from left to right, row after row.
    lengths : ndarray of int64 of shape (n_rows,)
        Number of n-grams in each row.
    """
    codes = last = tokens.codes  # (n_tokens,)
    lengths = np.diff(tokens.offsets)  # (n_rows,)
    yield codes, lengths
    for n in range(2, max_n + 1):
        # Prefixes are the (n-1)-grams of each row except its last one, and last tokens are those
        # of the (n-1)-grams of each row except its first one.
        ends = np.cumsum(lengths)[lengths > 0]  # (n_filled_rows,)
        keys = codes[:-1] * np.int64(base)
        keys += last[1:]
        codes = encode(n, np.delete(keys, ends[:-1] - 1))  # not from one row into the next
        last = np.delete(last, ends - lengths[lengths > 0]) if n < max_n else last
        lengths = np.maximum(lengths - 1, 0)
        yield codes, lengths


def occurrences(codes: np.ndarray, lengths: np.ndarray, n: int, wanted: NgramRange) -> Occurrences:
    """Return those n-grams of one length that are counted.

    Parameters
    ----------
    codes : ndarray of int of shape (n_ngrams,)
    lengths : ndarray of int of shape (n_rows,)
        Number of n-grams in each row.
    n : int
        Their length in tokens.
    wanted : NgramRange

    Returns
    -------
    Occurrences
    """
    rows = np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)  # (n_ngrams,)
    if n >= wanted.min_n:
        return Occurrences(codes, rows)
    alone = wanted.whole_rows & (lengths == 1)[rows]  # the n-gram is the row
    return Occurrences(codes[alone], rows[alone])


def learn_ngrams(tokens: EncodedTokens, wanted: NgramRange) -> LearnedNgrams:
    """Find the distinct n-grams of a corpus, and the order in which scikit-learn finds them.

    That order is: row after row; within a row, shorter n-grams before longer ones, each from left
    to right (`CountVectorizer._count_vocab` and `_word_ngrams`). `fit_transform` has to store the
    columns of a row in this order to return scikit-learn's matrix to the last bit.

    Parameters
    ----------
    tokens : EncodedTokens
    wanted : NgramRange

    Returns
    -------
    LearnedNgrams

    Notes
    -----
    Memory: some integers per token of the corpus and per distinct n-gram.
    """
    base = len(tokens.distinct)
    terms = np.full((base, wanted.max_n), -1, dtype=np.int32)  # (n_tokens, max_n)
    terms[:, 0] = np.arange(base)
    by_length, found, firsts, n_terms = [], [], [], 0

    def encode(n: int, keys: np.ndarray) -> np.ndarray:
        """Return codes in ascending order, and set `terms` to their n-grams."""
        nonlocal terms
        codes, distinct = number(keys)
        prefixes, last = np.divmod(distinct, base)
        terms = terms[prefixes]  # (n_distinct, max_n)
        terms[:, n - 1] = last
        return codes

    for n, level in enumerate(walk_ngrams(tokens, base, wanted.max_n, encode), start=1):
        codes, rows = occurrences(*level, n, wanted)
        used = np.arange(len(terms))
        if n < wanted.min_n:  # only the n-grams that are whole rows
            codes, used = number(codes.astype(np.int64))
        by_length.append(terms[used])
        found.append(Occurrences(codes + np.int32(n_terms), rows))
        # NumPy keeps the last of several values for one index, so backwards the first one stays.
        first = np.empty(len(used), dtype=np.int64)  # (n_used,)
        first[codes[::-1]] = np.arange(len(codes))[::-1]
        # By row, then by length, then from left to right.
        firsts.append((rows[first].astype(np.int64) * wanted.max_n + n) << 32 | first)
        n_terms += len(used)

    position = np.empty(n_terms, dtype=np.int32)
    position[np.argsort(np.concatenate(firsts))] = np.arange(n_terms, dtype=np.int32)
    return LearnedNgrams(
        np.concatenate(by_length),
        position,
        [Occurrences(position.take(codes), rows) for codes, rows in found],
    )


def number(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the rank of each key among the distinct ones, and these in ascending order.

    Parameters
    ----------
    keys : ndarray of int64 of shape (n_keys,)
        Not negative.

    Returns
    -------
    codes : ndarray of int32 of shape (n_keys,)
    distinct : ndarray of int64 of shape (n_distinct,)
    """
    bits = len(keys).bit_length()
    if int(keys.max(initial=0)).bit_length() + bits > 63:
        codes, distinct = pd.factorize(keys)
        order = np.argsort(distinct)
        rank = np.empty(len(order), dtype=np.int32)
        rank[order] = np.arange(len(order), dtype=np.int32)
        return rank.take(codes), distinct[order]
    # A sort of keys with their places, in one integer, is faster than a hash table of the keys.
    packed = keys << bits
    packed |= np.arange(len(keys))
    packed.sort()
    places = packed & ((1 << bits) - 1)
    packed >>= bits
    is_first = np.ones(len(packed), dtype=bool)
    np.not_equal(packed[1:], packed[:-1], out=is_first[1:])
    codes = np.empty(len(keys), dtype=np.int32)
    codes[places] = np.cumsum(is_first, dtype=np.int32) - np.int32(1)
    return codes, packed[is_first]


def count_matrix(
    found: Sequence[Occurrences], shape: tuple[int, int], *, in_threads: bool = False
) -> sp.csr_array:
    """Count how often each column occurs in each row.

    Parameters
    ----------
    found : sequence of Occurrences
        Their codes are columns.
    shape : tuple of two ints
    in_threads : bool, default=False
        Whether to count some rows in each thread of Polars' number.

    Returns
    -------
    csr_array of int32 of shape `shape`
        Columns ascend within each row.
    """
    # A sort of integers, row and column in one, is faster than any conversion between formats:
    # NumPy sorts with vector instructions, and no array with an entry per column is needed. Of a
    # few thousand rows at a time, these integers have 32 bits.
    bits = max(shape[1] - 1, 1).bit_length()  # of a column
    dtype = np.dtype(np.uint32 if bits <= _SHORT_BITS else np.uint64)
    n_rows, most = shape[0], min(_ROWS, 1 << (8 * dtype.itemsize - bits))
    bounds = np.append(np.arange(0, max(n_rows, 1), most), n_rows)
    places = [np.searchsorted(rows, bounds) for _, rows in found]

    def count_rows(i: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        keys = [
            (rows[place[i] : place[i + 1]] - bounds[i]).astype(dtype) << bits
            | codes[place[i] : place[i + 1]].astype(dtype, copy=False)
            for (codes, rows), place in zip(found, places)
        ]
        return _count_keys(np.concatenate(keys), bounds[i + 1] - bounds[i], bits)

    n_parts = len(bounds) - 1
    run: Callable[..., Iterable[Any]] = map_in_threads if in_threads and n_parts > 1 else map
    parts = run(count_rows, range(n_parts))
    columns, counts, lengths = (np.concatenate(part) for part in zip(*parts))
    return _from_rows(columns, counts, lengths, shape)


def count_few(columns: np.ndarray, rows: np.ndarray, shape: tuple[int, int]) -> sp.csr_array:
    """Count how often each column occurs in each of a few rows, with few operations.

    Parameters
    ----------
    columns, rows : ndarray of int of shape (n_occurrences,)
    shape : tuple of two ints

    Returns
    -------
    csr_array of int32 of shape `shape`
        Columns ascend within each row.
    """
    bits = max(shape[1] - 1, 1).bit_length()
    keys = rows.astype(np.uint64) << np.uint64(bits) | columns.astype(np.uint64)
    return _from_rows(*_count_keys(keys, shape[0], bits), shape)


def _from_rows(
    columns: np.ndarray, counts: np.ndarray, lengths: np.ndarray, shape: tuple[int, int]
) -> sp.csr_array:
    """Return the matrix of the columns of each row, ascending, and their counts."""
    short = np.int32 if len(columns) <= np.iinfo(np.int32).max else np.int64
    offsets = np.zeros(shape[0] + 1, dtype=short)
    np.cumsum(lengths, out=offsets[1:])
    matrix = sp.csr_array((counts, columns.astype(short, copy=False), offsets), shape=shape)
    matrix.has_canonical_format = True
    return matrix


def _count_keys(
    keys: np.ndarray, n_rows: int, bits: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the distinct columns of each row, their counts, and how many there are in each row.

    Parameters
    ----------
    keys : ndarray of uint32 or uint64 of shape (n_occurrences,)
        Row and, in so many bits, column; overwritten.
    n_rows : int
    bits : int
    """
    keys.sort()
    is_first = np.ones(len(keys), dtype=bool)
    np.not_equal(keys[1:], keys[:-1], out=is_first[1:])
    starts = np.flatnonzero(is_first)  # (n_entries,)
    counts = np.diff(starts, append=len(keys)).astype(np.int32)
    entries = keys.take(starts)
    row_starts = np.arange(n_rows + 1, dtype=np.uint64) << bits
    ends = np.searchsorted(entries, row_starts[1:n_rows].astype(keys.dtype))
    lengths = np.diff(ends, prepend=0, append=len(entries)) if n_rows else ends
    entries &= keys.dtype.type((1 << bits) - 1)
    return entries.astype(np.int32), counts, lengths


def encode_characters(texts: pl.Series, padding: str = "") -> EncodedTokens:
    """Return the characters of texts as codes.

    Parameters
    ----------
    texts : polars.Series of str of shape (n_texts,)
    padding : str, default=""
        Put on either side of each text.

    Returns
    -------
    EncodedTokens
        One row per text; its tokens are characters (code points).
    """
    padded = padding + texts + padding if padding else texts
    # In UTF-32 a character is one integer, so that the text is an array without any splitting.
    points = np.frombuffer("".join(padded).encode("utf-32-le"), dtype=np.uint32)  # (n_characters,)
    encoded = pa.array(points).dictionary_encode()
    return EncodedTokens(
        encoded.indices.to_numpy(),
        np.concatenate([[0], padded.str.len_chars().cast(pl.Int64).cum_sum()]),
        pl.Series(map(chr, encoded.dictionary.to_pylist()), dtype=pl.String),
    )


def spread_over_rows(words: EncodedTokens, per_word: sp.csr_array) -> sp.csr_array:
    """Add up the counts within each word over the words of each row.

    A word that occurs a thousand times is cut into n-grams once. The sum is a matrix product,
    (n_rows, n_distinct) @ (n_distinct, n_columns).

    Parameters
    ----------
    words : EncodedTokens
    per_word : csr_array of int32 of shape (n_distinct, n_columns)
        Counts within each distinct word.

    Returns
    -------
    csr_array of int32 of shape (n_rows, n_columns)
        Columns ascend within each row.
    """
    shape = (len(words.offsets) - 1, len(words.distinct))
    rows = np.repeat(np.arange(shape[0], dtype=np.int32), np.diff(words.offsets))  # (n_words,)
    per_row = count_matrix([Occurrences(words.codes, rows)], shape)  # (n_rows, n_distinct)
    # SciPy leaves the rows of a product unsorted, a transposition sorts them in linear time: so
    # A @ B is worked out as (B.T @ A.T).T.
    return (per_word.T.tocsr() @ per_row.T.tocsr()).T.tocsr()


def is_ngram_range(ngram_range: Any) -> bool:
    """Return whether this is a pair of integers, 1 <= min_n <= max_n."""
    whole = all(isinstance(n, Integral) for n in ngram_range)
    return whole and len(ngram_range) == 2 and 1 <= ngram_range[0] <= ngram_range[1]
