"""Divide long texts into overlapping chunks, as positions of tokens."""

from typing import NamedTuple

import numpy as np
import polars as pl


class Chunks(NamedTuple):
    """Texts as a model reads them: truncated, or divided into chunks.

    Attributes
    ----------
    ids : polars.Series of list of int of shape (n_chunks,)
        The chunks of all texts, text after text.
    offsets : ndarray of int of shape (n_samples + 1,), or None
        Text i has the chunks ``offsets[i]`` to ``offsets[i + 1]``; None if each text is one.
    """

    ids: pl.Series
    offsets: np.ndarray | None


class Division(NamedTuple):
    """Which tokens are in which chunk.

    Attributes
    ----------
    starts, lengths : ndarray of int of shape (3 * n_chunks,)
        Runs of tokens, as positions among those of all texts: the first token of the text if it is
        a special one, those of the chunk, and the last one of the text if it is special.
    offsets : ndarray of int of shape (n_chunks + 1,)
        Chunk j has the tokens from ``offsets[j]`` to ``offsets[j + 1]`` of all runs together.
    chunk_offsets : ndarray of int of shape (n_samples + 1,)
        Text i has the chunks ``chunk_offsets[i]`` to ``chunk_offsets[i + 1]``.
    """

    starts: np.ndarray
    lengths: np.ndarray
    offsets: np.ndarray
    chunk_offsets: np.ndarray


def divide_texts(
    offsets: np.ndarray,
    *,
    room: int,
    overlap: int,
    max_chunks: int,
    special_tokens: tuple[int, int],
) -> Division:
    """Divide texts into as few chunks as possible, those of a text equally long.

    Parameters
    ----------
    offsets : ndarray of int of shape (n_samples + 1,)
        Text i has the tokens ``offsets[i]`` to ``offsets[i + 1]``.
    room : int
        Most tokens of a chunk, special tokens not counted.
    overlap : int
        Fewest tokens that neighbouring chunks share, below `room`.
    max_chunks : int
        Most chunks of a text; what is behind the last is dropped.
    special_tokens : (int, int)
        Whether all texts have the same first token, and the same last: each chunk gets them.

    Returns
    -------
    Division
        Starts of a text's chunks are evenly spaced, so that all have the same weight in a mean.

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk.tokenization._chunks import divide_texts
    >>> found = divide_texts(
    ...     np.array([0, 8]), room=4, overlap=1, max_chunks=9, special_tokens=(1, 0)
    ... )
    >>> found.starts.reshape(2, 3).tolist(), found.lengths.reshape(2, 3).tolist()
    ([[0, 1, 8], [0, 4, 8]], [[1, 4, 0], [1, 4, 0]])
    """
    first, last = special_tokens
    lengths = np.diff(offsets)
    inner = lengths - first - last  # all (n_samples,)
    is_long = inner > room
    n_chunks = np.where(is_long, 1 - (room - inner) // (room - overlap), 1).clip(max=max_chunks)
    inner = np.minimum(inner, room + (n_chunks - 1) * (room - overlap))
    width = -(-(inner + (n_chunks - 1) * overlap) // n_chunks)

    chunk_offsets = np.concatenate([[0], n_chunks.cumsum()])
    text = np.repeat(np.arange(len(lengths)), n_chunks)  # all (n_chunks,)
    number = np.arange(len(text)) - chunk_offsets[text]
    start = number * (inner - width)[text] // np.maximum(n_chunks - 1, 1)[text]
    long = is_long[text]
    firsts, lasts = np.where(long, first, 0), np.where(long, last, 0)
    starts = offsets[text], offsets[text] + start + firsts, offsets[text + 1] - lasts
    runs = np.column_stack([firsts, np.where(is_long, width, lengths)[text], lasts])
    return Division(
        np.column_stack(starts).ravel(),
        runs.ravel(),
        np.concatenate([[0], runs.sum(axis=1).cumsum()]),
        chunk_offsets,
    )
