"""From ragged token ids to padded batches of texts of similar length."""

from collections.abc import Iterator
from typing import Self

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from agnews_sk._core.batches import bucket_batches, chunk_table, chunks_of, pad_ids
from agnews_sk._core.mapped import take_runs


def pad_collate(
    values: np.ndarray, offsets: np.ndarray, rows: np.ndarray, *, pad_id: int
) -> dict[str, Tensor]:
    """Take rows of a ragged column and pad them to the longest of them, as tensors.

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
    dict of str to Tensor of int64 of shape (batch, length)
        ``input_ids`` and, only if something is padded, ``attention_mask``, 0 at padding. Without a
        mask attention runs faster. A text without tokens is one attended `pad_id`, so that
        attention over it is defined.

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
        Token ids of all texts, one after the other.
    offsets : ndarray of int of shape (n_samples + 1,), or (n_chunks + 1,) with `chunk_offsets`
        Text i, or chunk i, is ``values[offsets[i]:offsets[i + 1]]``.
    target : ndarray of int of shape (n_samples,), or float (n_samples, n_labels), optional
        Codes of the labels; or 1 at the labels that a row has.
    weight : ndarray of float of shape (n_samples,) or (n_samples, n_labels), optional
        Weights of the rows in the loss, or in the loss of each label.
    chunk_offsets : ndarray of int of shape (n_samples + 1,), optional
        Text i has the chunks ``chunk_offsets[i]`` to ``chunk_offsets[i + 1]``, at least one. None
        if every text is one chunk.
    soft_labels : ndarray of float of shape (n_samples, n_classes), optional
        Distribution of the classes of each row, which the loss compares with in place of `target`.
    """

    def __init__(
        self,
        values: np.ndarray,
        offsets: np.ndarray,
        target: np.ndarray | None = None,
        weight: np.ndarray | None = None,
        chunk_offsets: np.ndarray | None = None,
        soft_labels: np.ndarray | None = None,
    ) -> None:
        self.values = values
        self.offsets = offsets
        self.target = target
        self.weight = weight
        self.chunk_offsets = chunk_offsets
        self.soft_labels = soft_labels

    def __len__(self) -> int:
        return len(self.text_offsets) - 1

    def take(self, rows: np.ndarray) -> Self:
        """Return some rows as a new dataset.

        Parameters
        ----------
        rows : ndarray of int of shape (n_taken,)
            Positions, without repeats. The rows come in ascending order of position.

        Returns
        -------
        RaggedDataset of n_taken rows
        """
        kept = np.sort(rows)
        chunks = self.chunks_of(kept)
        starts = self.offsets[chunks]
        lengths = self.offsets[chunks + 1] - starts  # (n_chunks of the rows,)
        more = {name: values[kept] for name, values in self.labels.items()}
        if self.chunk_offsets is not None:
            more["chunk_offsets"] = np.concatenate([[0], self.n_chunks[kept].cumsum()])
        offsets = np.concatenate([[0], lengths.cumsum()])
        return type(self)(take_runs(self.values, starts, lengths), offsets, **more)

    def chunks_of(self, rows: np.ndarray) -> np.ndarray:
        """Return the positions of the chunks of some rows, row after row.

        Parameters
        ----------
        rows : ndarray of int of shape (batch,)

        Returns
        -------
        ndarray of int of shape (n_chunks,)
            The rows themselves if every text is one chunk.
        """
        return rows if self.chunk_offsets is None else chunks_of(self.chunk_offsets, rows)

    @property
    def labels(self) -> dict[str, np.ndarray]:
        """`target`, `weight` and `soft_labels` of the rows by name, without those that are None."""
        found = {"target": self.target, "weight": self.weight, "soft_labels": self.soft_labels}
        return {name: values for name, values in found.items() if values is not None}

    @property
    def text_offsets(self) -> np.ndarray:
        """Where the tokens of each row, of all its chunks, begin, of shape (n_samples + 1,)."""
        return self.offsets if self.chunk_offsets is None else self.offsets[self.chunk_offsets]

    @property
    def n_chunks(self) -> np.ndarray:
        """Number of chunks of each row, of shape (n_samples,)."""
        if self.chunk_offsets is None:
            return np.ones(len(self), dtype=np.int64)
        return np.diff(self.chunk_offsets)

    @property
    def lengths(self) -> np.ndarray:
        """Number of tokens of each row, or of its longest chunk, of shape (n_samples,)."""
        lengths = np.diff(self.offsets)
        if self.chunk_offsets is None:
            return lengths
        return np.maximum.reduceat(lengths, self.chunk_offsets[:-1])


class RaggedLoader:
    """Iterate over a `RaggedDataset` in padded batches.

    Parameters
    ----------
    dataset : RaggedDataset
    batch_size : int
        Rows per batch; of rows with several chunks, chunks per batch.
    pad_id : int, default=0
        Id that fills the shorter rows of a batch.
    rng : numpy.random.Generator, optional
        Draws the batches; without it, rows come longest first.
    tokens_per_batch : int, optional
        Cut batches by tokens instead of rows, see `bucket_batches`.
    batches : list of ndarray of int of shape (batch,), optional
        Rows of each batch, instead of those that the parameters above give.

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
        batches: list[np.ndarray] | None = None,
    ) -> None:
        self.dataset = dataset
        self.pad_id = pad_id
        if batches is None:
            batches = bucket_batches(
                dataset.lengths,
                batch_size,
                rng,
                tokens_per_batch=tokens_per_batch,
                n_chunks=dataset.n_chunks,
            )
        self.batches = batches

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[tuple[dict[str, Tensor], dict[str, Tensor]]]:
        return map(self.batch, self.batches)

    def batch(self, rows: np.ndarray) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Return the padded inputs and the labels of these rows.

        Parameters
        ----------
        rows : ndarray of int of shape (batch,)

        Returns
        -------
        inputs : dict of str to Tensor of int64
            Those of `pad_collate`, of shape (n_chunks, length), and, only if a row has several
            chunks, "chunks" of shape (batch, most): the chunks of each row, filled with -1.
        labels : dict of str to Tensor of shape (batch,) or (batch, n_labels)
            "target", "weight" and "soft_labels", as far as the dataset has them.
        """
        data = self.dataset
        chunks = data.chunks_of(rows)
        inputs = pad_collate(data.values, data.offsets, chunks, pad_id=self.pad_id)
        if len(chunks) > len(rows):
            inputs["chunks"] = torch.from_numpy(chunk_table(data.n_chunks[rows]))
        return inputs, {k: torch.from_numpy(v[rows]) for k, v in data.labels.items()}

    @property
    def padding_ratio(self) -> float:
        """Number of tokens with padding, divided by that without; 1 if nothing is padded."""
        lengths, n_chunks = np.maximum(self.dataset.lengths, 1), self.dataset.n_chunks
        padded = sum(int(lengths[rows].max() * n_chunks[rows].sum()) for rows in self.batches)
        return padded / int((lengths * n_chunks).sum())
