"""What frozen layers put out, kept so that they run once a text."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

from agnews_sk.nn import RaggedDataset
from agnews_sk.training._depth import find_layers


class LayerCache:
    """Outputs of frozen layers, one ragged column of vectors; reading them saves running these.

    Parameters
    ----------
    module : torch.nn.Module
    n_frozen : int
        How many of the lowest layers to run once only.
    dataset : RaggedDataset
        Texts, by whose rows outputs are kept.
    dtype : torch.dtype
        Kind of number to keep.
    max_bytes : int
        If the outputs need more, none are kept.
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
        self._lengths = np.maximum(dataset.lengths, 1)
        self._starts = np.concatenate([[0], self._lengths.cumsum()])
        self._known = np.zeros(len(self._lengths), dtype=bool)
        self._dtype = dtype
        self._max_bytes = max_bytes
        self._vectors: Tensor | None = None
        self._n_others: int | None = None

    @property
    def is_on(self) -> bool:
        """Whether there is something to keep, and room for it as far as is known."""
        return self._n_frozen > 0 and self._max_bytes > 0

    @contextmanager
    def shortcut(self, rows: np.ndarray) -> Iterator[None]:
        """Within it, the module reads frozen outputs of these rows, or keeps them if new.

        Parameters
        ----------
        rows : ndarray of int of shape (batch,)
            Rows of the batch that the module is called with.
        """
        if not self.is_on:
            yield
        elif self._known[rows].all():
            with self._frozen_layers_return(self._read(rows)):
                yield
        else:
            with self._watch(rows):
                yield

    def _positions(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return where each token of a padded batch is kept, and which of them are real."""
        columns = np.arange(self._lengths[rows].max())
        real = columns < self._lengths[rows][:, None]  # (batch, length)
        # Padding reads the last real token: any finite vector will do.
        kept = self._starts[rows][:, None] + np.minimum(columns, self._lengths[rows][:, None] - 1)
        return kept, real

    def _read(self, rows: np.ndarray) -> Tensor:
        assert self._vectors is not None
        kept, _ = self._positions(rows)
        return self._vectors[torch.from_numpy(kept).to(self._vectors.device)].float()

    def _write(self, rows: np.ndarray, hidden: Tensor) -> None:
        if self._vectors is None and not self._allocate(hidden):
            return
        assert self._vectors is not None
        kept, real = self._positions(rows)
        at = torch.from_numpy(kept[real]).to(hidden.device)
        mask = torch.from_numpy(real).to(hidden.device)
        self._vectors[at] = hidden.detach()[mask].to(self._dtype)
        self._known[rows] = True

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
            warnings.warn(
                f"the outputs of the frozen layers need {needed:,} bytes, more than "
                f"max_cache_bytes={self._max_bytes:,}; the frozen layers run in each epoch.",
                stacklevel=2,
            )
            self._max_bytes = 0
            return False
        self._vectors = torch.empty(shape, dtype=self._dtype, device=hidden.device)
        return True

    @contextmanager
    def _watch(self, rows: np.ndarray) -> Iterator[None]:
        def keep(layer, args, output):
            is_tuple = isinstance(output, tuple)
            self._n_others = len(output) - 1 if is_tuple else None
            self._write(rows, output[0] if is_tuple else output)

        handle = self._stack.layers[self._n_frozen - 1].register_forward_hook(keep)
        try:
            yield
        finally:
            handle.remove()

    @contextmanager
    def _frozen_layers_return(self, hidden: Tensor) -> Iterator[None]:
        """Let the frozen layers return this, whatever comes in.

        They stay in their list, since models choose masks and more by a layer's place in it.
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
