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
        ``input_ids`` and ``attention_mask``, int64 tensors of shape (batch, length). A text
        without tokens is one attended `pad_id`, so that attention over it is defined.

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
    return {
        "input_ids": torch.from_numpy(ids),
        "attention_mask": torch.from_numpy(attended.astype(np.int64)),
    }


def bucket_batches(
    lengths: np.ndarray, batch_size: int, rng: np.random.Generator | None = None
) -> list[np.ndarray]:
    """Group rows of like length into batches.

    Parameters
    ----------
    lengths : ndarray of int of shape (n_samples,)
    batch_size : int
    rng : numpy.random.Generator, optional
        With it, rows are shuffled, sorted by length within pools of `BATCHES_PER_POOL` batches,
        and the batches shuffled. Without it, all rows are sorted, longest first, so that a batch
        that does not fit into memory fails at once.

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
    if rng is None:
        order = np.argsort(-lengths, kind="stable")
        return _cut(order, batch_size)
    shuffled = rng.permutation(len(lengths))
    pools = _cut(shuffled, batch_size * BATCHES_PER_POOL)
    batches = [
        batch
        for pool in pools
        for batch in _cut(pool[np.argsort(-lengths[pool], kind="stable")], batch_size)
    ]
    return [batches[i] for i in rng.permutation(len(batches))]


def _cut(rows: np.ndarray, size: int) -> list[np.ndarray]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]


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
        Shuffles a new on each pass; without it, rows come longest first.

    Attributes
    ----------
    batches : list of ndarray of int of shape (batch,)
        Rows of each batch of the last pass begun.

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
    ) -> None:
        self.dataset = dataset
        self.batch_size = batch_size
        self.pad_id = pad_id
        self.rng = rng
        self.batches: list[np.ndarray] = []

    def __len__(self) -> int:
        return -(-len(self.dataset) // self.batch_size)

    def __iter__(self) -> Iterator[tuple[dict[str, Tensor], dict[str, Tensor]]]:
        data = self.dataset
        self.batches = bucket_batches(data.lengths, self.batch_size, self.rng)
        for rows in self.batches:
            inputs = pad_collate(data.values, data.offsets, rows, pad_id=self.pad_id)
            yield inputs, self._labels(rows)

    def _labels(self, rows: np.ndarray) -> dict[str, Tensor]:
        labels = {"target": self.dataset.target, "weight": self.dataset.weight}
        return {k: torch.from_numpy(v[rows]) for k, v in labels.items() if v is not None}
