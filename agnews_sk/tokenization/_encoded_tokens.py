"""Tokens as integers: every occurrence is the position of the token among the distinct ones.

What follows, stop words, stems, ids and n-grams, works on each distinct token once and on arrays of
integers.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import polars as pl

from agnews_sk._core.columnar import flat_values, map_blocks, row_offsets, to_ragged
from agnews_sk._core.string_views import string_views, view_keys


class EncodedTokens(NamedTuple):
    """Rows of tokens as integers: the dictionary encoding of a ragged column.

    Attributes
    ----------
    codes : ndarray of int32 of shape (n_tokens,)
        Position in `distinct` of each token, row after row.
    offsets : ndarray of int64 of shape (n_rows + 1,)
        Row i is ``codes[offsets[i]:offsets[i + 1]]``.
    distinct : polars.Series of shape (n_distinct,)
        The distinct tokens, in the order of first occurrence.
    """

    codes: np.ndarray
    offsets: np.ndarray
    distinct: pl.Series


def encode_tokens(
    column: pl.Series, to_tokens: Callable[[pl.Series], pl.Series] | None = None
) -> EncodedTokens:
    """Encode tokens as integers; texts are split block by block, in threads.

    Parameters
    ----------
    column : polars.Series of shape (n_rows,)
        Lists of tokens or ids, or with `to_tokens` texts. Null tokens are ignored, and a null
        list is an empty row.
    to_tokens : callable, optional
        Splits a column of texts into a list column.

    Returns
    -------
    EncodedTokens

    Notes
    -----
    Each block is encoded on its own, so that its strings are freed at once; the dictionaries,
    which are short, are then merged and the codes renumbered. Blocks are taken in order, so that
    the distinct tokens come in the order of first occurrence regardless of the number of threads.

    Examples
    --------
    >>> import polars as pl
    >>> from agnews_sk.tokenization._encoded_tokens import encode_tokens
    >>> encoded = encode_tokens(pl.Series([["oil", "up", "oil"], []]))
    >>> encoded.codes.tolist(), encoded.offsets.tolist(), encoded.distinct.to_list()
    ([0, 1, 0], [0, 3, 3], ['oil', 'up'])
    """

    def encode(block: pl.Series) -> tuple[np.ndarray, np.ndarray, pl.Series]:
        """Return lengths of rows, codes of tokens, and the nearly distinct tokens of a block."""
        ragged = block if to_tokens is None else to_tokens(block)
        values = flat_values(ragged)
        if values.null_count():
            ragged = ragged.list.drop_nulls()
            values = flat_values(ragged)
        return np.diff(row_offsets(ragged)), *_encode_values(values)

    lengths, codes, dictionaries = zip(*map_blocks(column, encode))
    # The dictionaries one after the other are a column of tokens too: its codes show what each
    # block's own codes become.
    merged = pl.concat(dictionaries).to_arrow().dictionary_encode()
    ends = np.cumsum([len(dictionary) for dictionary in dictionaries])
    renumbered = np.split(merged.indices.to_numpy(), ends[:-1])  # per block, (n_distinct_of_block,)
    return EncodedTokens(
        np.concatenate([new[old] for new, old in zip(renumbered, codes)]),
        np.concatenate([[0], *lengths]).cumsum(),
        pl.Series(pl.from_arrow(merged.dictionary)),
    )


def _encode_values(values: pl.Series) -> tuple[np.ndarray, pl.Series]:
    """Return the codes of tokens or ids, and what each code stands for.

    Long strings that are equal may get several codes: only their views are compared.
    """
    if values.dtype != pl.String:
        codes, distinct = pd.factorize(values.to_numpy())
        return codes, pl.Series(distinct, dtype=values.dtype)
    views = string_views(values)
    keys, mixed = view_keys(views)
    codes, distinct = pd.factorize(keys)
    one = np.empty(len(distinct), dtype=np.int64)  # (n_distinct,) an occurrence of each
    one[codes] = np.arange(len(codes))
    theirs = views.take(one.take(codes.take(mixed)), axis=0)  # (n_mixed, 2)
    if not np.array_equal(theirs, views.take(mixed, axis=0)):  # a collision
        encoded = values.to_arrow().dictionary_encode()
        return encoded.indices.to_numpy(), pl.Series(pl.from_arrow(encoded.dictionary))
    return codes, values.gather(one)


def drop_tokens(encoded: EncodedTokens, dropped: np.ndarray) -> EncodedTokens:
    """Remove all occurrences of some of the distinct tokens.

    Parameters
    ----------
    encoded : EncodedTokens
    dropped : ndarray of bool of shape (n_distinct,)
        Which of the distinct tokens to remove.

    Returns
    -------
    EncodedTokens
        With as many rows; those of removed tokens alone are empty.
    """
    kept = ~dropped  # (n_distinct,)
    is_kept = kept[encoded.codes]  # (n_tokens,)
    return EncodedTokens(
        # Counting what is kept up to a place renumbers codes, and moves offsets, without a loop.
        (np.cumsum(kept, dtype=np.int32) - 1)[encoded.codes[is_kept]],
        np.concatenate([[0], np.cumsum(is_kept)])[encoded.offsets],
        encoded.distinct.filter(pl.Series(kept)),
    )


def decode_tokens(encoded: EncodedTokens) -> pl.Series:
    """Return the list column of tokens, the inverse of `encode_tokens`.

    Parameters
    ----------
    encoded : EncodedTokens

    Returns
    -------
    polars.Series of list of shape (n_rows,)
    """
    return to_ragged(encoded.distinct.gather(encoded.codes), encoded.offsets)


def is_ragged(X: Any) -> bool:
    """Return whether X is a Polars list column, of tokens or ids, and not of texts."""
    return isinstance(X, pl.Series) and X.dtype == pl.List
