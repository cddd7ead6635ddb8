"""From ragged token ids to padded batches of texts of like length."""

from collections.abc import Iterator
from typing import Self

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from agnews_sk._core.batches import bucket_batches, pad_ids


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
    ids, attended = pad_ids(values, offsets, rows, pad_id=pad_id)
    inputs = {"input_ids": torch.from_numpy(ids)}
    if not attended.all():
        inputs["attention_mask"] = torch.from_numpy(attended.astype(np.int64))
    return inputs


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

    def take(self, rows: np.ndarray) -> Self:
        """Return these rows, in ascending order of position, as a dataset of their own."""
        kept = np.zeros(len(self), dtype=bool)
        kept[rows] = True
        offsets = np.concatenate([[0], self.lengths[kept].cumsum()])
        labels = {name: values[kept] for name, values in self.labels.items()}
        return type(self)(self.values[np.repeat(kept, self.lengths)], offsets, **labels)

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
