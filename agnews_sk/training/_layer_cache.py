"""A cache of the outputs of frozen layers, so that these run once per text."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from agnews_sk._core.user_warnings import warn_user
from agnews_sk.nn import RaggedDataset
from agnews_sk.training._depth import find_layers
from agnews_sk.training._hardware import without_waiting


class LayerCache:
    """The outputs of the highest frozen layer, as one ragged column of vectors.

    The vectors of chunk i are `vectors[starts[i]:starts[i + 1]]`, one per token, without padding.
    Most texts are one chunk.

    Parameters
    ----------
    module : torch.nn.Module
    n_frozen : int
        Number of the lowest layers to run only once per text.
    dataset : RaggedDataset
        Texts; outputs are kept by chunk.
    dtype : torch.dtype
        Of the vectors that are kept.
    max_bytes : int
        Largest size of the vectors. If they need more, a warning says so, and none are kept.
    """

    def __init__(
        self,
        module: nn.Module,
        n_frozen: int,
        dataset: RaggedDataset,
        dtype: torch.dtype,
        max_bytes: int,
    ) -> None:
        self._stack = find_layers(module)
        self._n_frozen = n_frozen
        self._chunks_of = dataset.chunks_of
        self._lengths = np.maximum(np.diff(dataset.offsets), 1)  # of chunks
        self._starts = np.concatenate([[0], self._lengths.cumsum()])
        self._known = np.zeros(len(self._lengths), dtype=bool)
        self._dtype = dtype
        self._max_bytes = max_bytes
        self._vectors: Tensor | None = None
        self._n_others: int | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """The parameters of a cache for the same texts in another process."""
        return {"n_frozen": self._n_frozen, "dtype": self._dtype, "max_bytes": self._max_bytes}

    @property
    def is_on(self) -> bool:
        """Whether there are frozen layers, and room for their outputs as far as is known."""
        return self._n_frozen > 0 and self._max_bytes > 0

    def holds(self, rows: np.ndarray) -> bool:
        """Return whether it has the outputs of all of these rows."""
        return bool(self._known[self._chunks_of(rows)].all())

    @contextmanager
    def shortcut(self, rows: np.ndarray) -> Iterator[None]:
        """Within the block, the module reads the outputs of these rows, or keeps new ones.

        Parameters
        ----------
        rows : ndarray of int of shape (batch,)
            Rows of the batch that the module is called with.
        """
        if not self.is_on:
            yield
            return
        chunks = self._chunks_of(rows)
        if self.holds(rows):
            with self._frozen_layers_return(self._read(chunks)):
                yield
        else:
            with self._watch(chunks):
                yield

    def _positions(self, chunks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return where the vectors of a padded batch are kept.

        Parameters
        ----------
        chunks : ndarray of int of shape (batch,)

        Returns
        -------
        kept : ndarray of int of shape (batch, length)
            Positions of the tokens' vectors.
        real : ndarray of bool of shape (batch, length)
            False at padding.
        """
        lengths = self._lengths[chunks][:, None]  # (batch, 1)
        columns = np.arange(lengths.max())
        real = columns < lengths  # (batch, length)
        # Padding reads the last real token: attention masks it, so any finite vector works.
        kept = self._starts[chunks][:, None] + np.minimum(columns, lengths - 1)
        return kept, real

    def _read(self, chunks: np.ndarray) -> Tensor:
        """Return the vectors of a padded batch, of shape (batch, length, width), in float32."""
        assert self._vectors is not None
        kept, _ = self._positions(chunks)
        at = without_waiting(torch.from_numpy(kept), self._vectors.device)
        return self._vectors[at].float()

    def _write(self, chunks: np.ndarray, hidden: Tensor) -> None:
        """Keep the vectors of a batch.

        Parameters
        ----------
        chunks : ndarray of int of shape (batch,)
        hidden : Tensor of shape (batch, length, width)
        """
        if self._vectors is None and not self._allocate(hidden):
            return
        assert self._vectors is not None
        kept, real = self._positions(chunks)
        # Positions, since a boolean mask on a device makes the processor wait for it.
        source = without_waiting(torch.from_numpy(np.flatnonzero(real)), hidden.device)
        target = without_waiting(torch.from_numpy(kept[real]), hidden.device)
        self._vectors[target] = hidden.detach().flatten(0, 1)[source].to(self._dtype)
        self._known[chunks] = True

    def _allocate(self, hidden: Tensor) -> bool:
        """Make room for the vectors of all tokens, or switch the cache off if there is too little.

        Parameters
        ----------
        hidden : Tensor of shape (batch, length, width)

        Returns
        -------
        bool
            Whether there is room.
        """
        shape = int(self._starts[-1]), hidden.shape[-1]  # (n_tokens, width)
        needed = shape[0] * shape[1] * self._dtype.itemsize
        if needed > self._max_bytes:
            warn_user(
                f"the outputs of the frozen layers need {needed:,} bytes, more than "
                f"max_cache_bytes={self._max_bytes:,}; the frozen layers run again in each epoch.",
            )
            self._max_bytes = 0
            return False
        self._vectors = torch.empty(shape, dtype=self._dtype, device=hidden.device)
        return True

    @contextmanager
    def _watch(self, chunks: np.ndarray) -> Iterator[None]:
        """Within the block, keep what the highest frozen layer returns for these chunks."""

        def keep(layer, args, output):
            is_tuple = isinstance(output, tuple)
            self._n_others = len(output) - 1 if is_tuple else None
            self._write(chunks, output[0] if is_tuple else output)

        handle = self._stack.layers[self._n_frozen - 1].register_forward_hook(keep)
        try:
            yield
        finally:
            handle.remove()

    @contextmanager
    def _frozen_layers_return(self, hidden: Tensor) -> Iterator[None]:
        """Within the block, let each frozen layer return `hidden`, for any input.

        They stay in their list, since models choose masks and more by a layer's place in it.

        Parameters
        ----------
        hidden : Tensor of shape (batch, length, width)
        """
        output = hidden if self._n_others is None else (hidden, *[None] * self._n_others)
        frozen = self._stack.layers[: self._n_frozen]
        for layer in frozen:
            layer.forward = lambda *args, **kwargs: output
        try:
            yield
        finally:
            for layer in frozen:
                del layer.forward
