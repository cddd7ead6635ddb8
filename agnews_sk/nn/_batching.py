"""From ragged token ids to padded batches of texts of like length."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

# Rows are sorted by length within pools of this many batches: enough to pad next to nothing,
# few enough that batches keep changing from epoch to epoch.
BATCHES_PER_POOL = 32


def pad_collate(
    values: np.ndarray, offsets: np.ndarray, rows: np.ndarray, *, pad_id: int
) -> dict[str, Tensor]:
    """Cut rows out of a ragged column and pad them to the longest of them.

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
    dict
        ``input_ids`` and, only if something is padded, ``attention_mask``: int64 tensors of shape
        (batch, length). Without a mask attention runs faster. A text without tokens is one
        attended `pad_id`, so that attention over it is defined.

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk.nn import pad_collate
    >>> batch = pad_collate(np.array([5, 6, 7]), np.array([0, 2, 3]), np.array([1, 0]), pad_id=0)
    >>> batch["input_ids"].tolist(), batch["attention_mask"].tolist()
    ([[7, 0], [5, 6]], [[1, 0], [1, 1]])
    """
    lengths = offsets[rows + 1] - offsets[rows]
    width = max(int(lengths.max()), 1)
    columns = np.arange(width)
    real = columns < lengths[:, None]  # (batch, length)
    ids = np.full((len(rows), width), pad_id, dtype=np.int64)
    ids[real] = values[(offsets[rows][:, None] + columns)[real]]
    attended = columns < np.maximum(lengths, 1)[:, None]
    inputs = {"input_ids": torch.from_numpy(ids)}
    if not attended.all():
        inputs["attention_mask"] = torch.from_numpy(attended.astype(np.int64))
    return inputs


def bucket_batches(
    lengths: np.ndarray,
    batch_size: int,
    rng: np.random.Generator | None = None,
    *,
    tokens_per_batch: int | None = None,
) -> list[np.ndarray]:
    """Group rows of like length into batches.

    Parameters
    ----------
    lengths : ndarray of int of shape (n_samples,)
    batch_size : int
        Rows of a batch; ignored with `tokens_per_batch`.
    rng : numpy.random.Generator, optional
        With it, rows are shuffled, sorted by length within pools of `BATCHES_PER_POOL` batches,
        and the batches shuffled. Without it, all rows are sorted, longest first, so that a batch
        that does not fit into memory fails at once.
    tokens_per_batch : int, optional
        As many rows as fit: rows times the longest of them is at most this, or it is one row.

    Returns
    -------
    list of ndarray of int of shape (batch,)
        Positions of the rows; every row is in one batch.

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk.nn import bucket_batches
    >>> [batch.tolist() for batch in bucket_batches(np.array([3, 9, 1, 8]), 2)]
    [[1, 3], [0, 2]]
    """

    def cut(rows: np.ndarray) -> list[np.ndarray]:
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
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def _cut_by_tokens(in_order: np.ndarray, lengths: np.ndarray, n_tokens: int) -> list[np.ndarray]:
    """Cut rows that come longest first, so that the first row of a batch gives its width."""
    batches, start = [], 0
    while start < len(in_order):
        n_rows = max(n_tokens // max(int(lengths[in_order[start]]), 1), 1)
        batches.append(in_order[start : start + n_rows])
        start += n_rows
    return batches


class RaggedDataset(Dataset):
    """Texts as flat token ids, with their labels and weights.

    Parameters
    ----------
    values : ndarray of int of shape (n_tokens,)
    offsets : ndarray of int of shape (n_samples + 1,)
    target : ndarray of int of shape (n_samples,), optional
    weight : ndarray of float of shape (n_samples,), optional
    """

    def __init__(
        self,
        values: np.ndarray,
        offsets: np.ndarray,
        target: np.ndarray | None = None,
        weight: np.ndarray | None = None,
    ) -> None:
        self.values = values
        self.offsets = offsets
        self.target = target
        self.weight = weight

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def take(self, rows: np.ndarray) -> "RaggedDataset":
        """Return these rows, in ascending order of position, as a dataset of their own."""
        kept = np.zeros(len(self), dtype=bool)
        kept[rows] = True
        offsets = np.concatenate([[0], self.lengths[kept].cumsum()])
        labels = {name: values[kept] for name, values in self.labels.items()}
        return RaggedDataset(self.values[np.repeat(kept, self.lengths)], offsets, **labels)

    @property
    def labels(self) -> dict[str, np.ndarray]:
        """The `target` and the `weight` of the rows, as far as there are any."""
        both = {"target": self.target, "weight": self.weight}
        return {name: values for name, values in both.items() if values is not None}

    @property
    def lengths(self) -> np.ndarray:
        """Tokens of each row, of shape (n_samples,)."""
        return np.diff(self.offsets)


class RaggedLoader:
    """Iterate over a `RaggedDataset` in padded batches.

    Parameters
    ----------
    dataset : RaggedDataset
    batch_size : int
    pad_id : int, default=0
    rng : numpy.random.Generator, optional
        Draws the batches; without it, rows come longest first.
    tokens_per_batch : int, optional
        Cut batches by tokens instead of rows, see `bucket_batches`.

    Attributes
    ----------
    batches : list of ndarray of int of shape (batch,)
        Rows of each batch.

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk.nn import RaggedDataset, RaggedLoader
    >>> dataset = RaggedDataset(np.array([5, 6, 7]), np.array([0, 2, 3]), np.array([1, 0]))
    >>> (inputs, labels), = RaggedLoader(dataset, batch_size=2)
    >>> inputs["input_ids"].tolist(), labels["target"].tolist()
    ([[5, 6], [7, 0]], [1, 0])
    """

    def __init__(
        self,
        dataset: RaggedDataset,
        batch_size: int,
        pad_id: int = 0,
        rng: np.random.Generator | None = None,
        tokens_per_batch: int | None = None,
    ) -> None:
        self.dataset = dataset
        self.pad_id = pad_id
        self.batches = bucket_batches(
            dataset.lengths, batch_size, rng, tokens_per_batch=tokens_per_batch
        )

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[tuple[dict[str, Tensor], dict[str, Tensor]]]:
        return map(self.batch, self.batches)

    def batch(self, rows: np.ndarray) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Return the padded inputs and the labels of these rows."""
        data = self.dataset
        inputs = pad_collate(data.values, data.offsets, rows, pad_id=self.pad_id)
        return inputs, {k: torch.from_numpy(v[rows]) for k, v in data.labels.items()}

    @property
    def padding_ratio(self) -> float:
        """Padded tokens over real ones."""
        lengths = np.maximum(self.dataset.lengths, 1)
        padded = sum(int(lengths[rows].max()) * len(rows) for rows in self.batches)
        return padded / int(lengths.sum())
