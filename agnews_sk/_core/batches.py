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
) -> list[np.ndarray]:
    """Group rows of similar length into batches.

    Parameters
    ----------
    lengths : ndarray of int of shape (n_samples,)
    batch_size : int
        Rows per batch; ignored with `tokens_per_batch`.
    rng : numpy.random.Generator, optional
        With it, rows are shuffled, sorted by length within pools of `BATCHES_PER_POOL` batches,
        and the batches shuffled. Without it, all rows are sorted, longest first, so that a batch
        that does not fit into memory fails at once.
    tokens_per_batch : int, optional
        As many rows as fit: the number of rows times the length of the longest is at most this,
        unless the batch is a single row.

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

    def cut(rows: np.ndarray) -> list[np.ndarray]:
        """Divide rows into batches, longest first; equal lengths keep their order."""
        in_order = rows[np.argsort(-lengths[rows], kind="stable")]
        if tokens_per_batch is None:
            return _cut(in_order, batch_size)
        return _cut_by_tokens(in_order, lengths, tokens_per_batch)

    rows = np.arange(len(lengths))
    if rng is None:
        return cut(rows)
    rows_per_batch = batch_size
    if tokens_per_batch is not None:
        rows_per_batch = max(int(tokens_per_batch / max(lengths.mean(), 1)), 1)
    pools = _cut(rng.permutation(rows), rows_per_batch * BATCHES_PER_POOL)
    batches = [batch for pool in pools for batch in cut(pool)]
    return [batches[i] for i in rng.permutation(len(batches))]


def _cut(rows: np.ndarray, size: int) -> list[np.ndarray]:
    """Divide rows into runs of this size; the last may be smaller."""
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def _cut_by_tokens(in_order: np.ndarray, lengths: np.ndarray, n_tokens: int) -> list[np.ndarray]:
    """Divide rows into batches of at most `n_tokens` tokens, padding included.

    Parameters
    ----------
    in_order : ndarray of int of shape (n_rows,)
        Longest first, so that the first row of a batch gives its width.
    lengths : ndarray of int of shape (n_samples,)
    n_tokens : int

    Returns
    -------
    list of ndarray of int of shape (batch,)
    """
    batches, start = [], 0
    while start < len(in_order):
        n_rows = max(n_tokens // max(int(lengths[in_order[start]]), 1), 1)
        batches.append(in_order[start : start + n_rows])
        start += n_rows
    return batches
