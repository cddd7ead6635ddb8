"""Padded batches of texts of similar length, in NumPy alone."""

import numpy as np

# Rows are sorted by length within pools of this number of batches: enough for little padding, few
# enough that the rows of a batch differ from epoch to epoch.
BATCHES_PER_POOL = 32


def pad_ids(
    values: np.ndarray, offsets: np.ndarray, rows: np.ndarray, *, pad_id: int
) -> tuple[np.ndarray, np.ndarray]:
    """Take rows of a ragged column and pad them to the longest of them.

    Parameters
    ----------
    values : ndarray of int of shape (n_tokens,)
    offsets : ndarray of int of shape (n_samples + 1,)
        Row i is ``values[offsets[i]:offsets[i + 1]]``.
    rows : ndarray of int of shape (batch,)
        Positions of the rows to take.
    pad_id : int
        Id that fills the shorter rows.

    Returns
    -------
    ids : ndarray of int64 of shape (batch, length)
    attended : ndarray of bool of shape (batch, length)
        False at padding. A text without tokens is one attended `pad_id`, so that attention over
        it is defined.

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk._core.batches import pad_ids
    >>> ids, attended = pad_ids(
    ...     np.array([5, 6, 7]), np.array([0, 2, 3]), np.array([1, 0]), pad_id=0
    ... )
    >>> ids.tolist(), attended.tolist()
    ([[7, 0], [5, 6]], [[True, False], [True, True]])
    """
    lengths = offsets[rows + 1] - offsets[rows]
    width = max(int(lengths.max()), 1)
    columns = np.arange(width)  # (length,)
    real = columns < lengths[:, None]  # (batch, length)
    ids = np.full((len(rows), width), pad_id, dtype=np.int64)
    # One gather for all rows: positions in `values`, (batch, length), at real tokens only.
    ids[real] = values[(offsets[rows][:, None] + columns)[real]]
    return ids, columns < np.maximum(lengths, 1)[:, None]


def bucket_batches(
    lengths: np.ndarray,
    batch_size: int,
    rng: np.random.Generator | None = None,
    *,
    tokens_per_batch: int | None = None,
    n_chunks: np.ndarray | None = None,
) -> list[np.ndarray]:
    """Group rows of similar length into batches.

    Parameters
    ----------
    lengths : ndarray of int of shape (n_samples,)
        Of a row of several chunks, that of its longest chunk.
    batch_size : int
        Chunks per batch; ignored with `tokens_per_batch`.
    rng : numpy.random.Generator, optional
        With it, rows are shuffled, sorted by length within pools of `BATCHES_PER_POOL` batches,
        and the batches shuffled. Without it, all rows are sorted, longest first, so that a batch
        that does not fit into memory fails at once.
    tokens_per_batch : int, optional
        As many rows as fit: the number of chunks times the length of the longest is at most this,
        unless the batch is a single row.
    n_chunks : ndarray of int of shape (n_samples,), optional
        Chunks of each row, 1 by default. A row with more chunks than fit is a batch of its own.

    Returns
    -------
    list of ndarray of int of shape (batch,)
        Positions of the rows; every row is in one batch.

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk._core.batches import bucket_batches
    >>> [batch.tolist() for batch in bucket_batches(np.array([3, 9, 1, 8]), 2)]
    [[1, 3], [0, 2]]
    """
    counts = np.ones(len(lengths), dtype=np.int64) if n_chunks is None else n_chunks

    def cut(rows: np.ndarray) -> list[np.ndarray]:
        """Divide rows into batches, longest first; equal lengths keep their order."""
        in_order = rows[np.argsort(-lengths[rows], kind="stable")]
        return _cut(in_order, lengths, counts, batch_size, tokens_per_batch)

    rows = np.arange(len(lengths))
    if rng is None:
        return cut(rows)
    rows_per_batch = batch_size / counts.mean()
    if tokens_per_batch is not None:
        rows_per_batch = tokens_per_batch / max((lengths * counts).mean(), 1)
    size = max(int(rows_per_batch), 1) * BATCHES_PER_POOL
    shuffled = rng.permutation(rows)
    pools = [shuffled[start : start + size] for start in range(0, len(rows), size)]
    batches = [batch for pool in pools for batch in cut(pool)]
    return [batches[i] for i in rng.permutation(len(batches))]


def _cut(
    in_order: np.ndarray,
    lengths: np.ndarray,
    n_chunks: np.ndarray,
    batch_size: int,
    tokens_per_batch: int | None,
) -> list[np.ndarray]:
    """Divide rows into batches of at most `batch_size` chunks, or tokens with padding included.

    Parameters
    ----------
    in_order : ndarray of int of shape (n_rows,)
        Longest first, so that the first row of a batch gives its width.
    lengths, n_chunks : ndarray of int of shape (n_samples,)
    batch_size : int
    tokens_per_batch : int or None

    Returns
    -------
    list of ndarray of int of shape (batch,)
    """
    ends = n_chunks[in_order].cumsum()  # (n_rows,)
    batches, start, n_before = [], 0, 0
    while start < len(in_order):
        room = batch_size
        if tokens_per_batch is not None:
            room = tokens_per_batch // max(int(lengths[in_order[start]]), 1)
        fitting = int(np.searchsorted(ends, n_before + room, side="right"))
        stop = max(fitting, start + 1)
        batches.append(in_order[start:stop])
        start, n_before = stop, int(ends[stop - 1])
    return batches


def chunks_of(chunk_offsets: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return the positions of the chunks of some rows, row after row.

    Parameters
    ----------
    chunk_offsets : ndarray of int of shape (n_samples + 1,)
        Row i has the chunks ``chunk_offsets[i]`` to ``chunk_offsets[i + 1]``.
    rows : ndarray of int of shape (batch,)

    Returns
    -------
    ndarray of int of shape (n_chunks,)

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk._core.batches import chunks_of
    >>> chunks_of(np.array([0, 2, 3, 6]), np.array([2, 0])).tolist()
    [3, 4, 5, 0, 1]
    """
    counts = chunk_offsets[rows + 1] - chunk_offsets[rows]
    before = counts.cumsum() - counts
    return np.repeat(chunk_offsets[rows] - before, counts) + np.arange(counts.sum())


def chunk_table(counts: np.ndarray) -> np.ndarray:
    """Return the chunks of each row of a batch, whose chunks come row after row.

    Parameters
    ----------
    counts : ndarray of int of shape (batch,)
        Chunks of each row.

    Returns
    -------
    ndarray of int64 of shape (batch, most)
        Positions among the chunks of the batch, and -1 in the rows that have fewer.

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk._core.batches import chunk_table
    >>> chunk_table(np.array([2, 1])).tolist()
    [[0, 1], [2, -1]]
    """
    table = np.full((len(counts), int(counts.max())), -1, dtype=np.int64)
    table[np.arange(table.shape[1]) < counts[:, None]] = np.arange(counts.sum())
    return table
