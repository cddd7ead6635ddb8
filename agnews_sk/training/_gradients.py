"""Losses and gradients of training batches, on one device."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from agnews_sk.training._layer_cache import LayerCache
from agnews_sk.training._pair_training import PairTraining

if TYPE_CHECKING:
    from agnews_sk.training._net import TextNet


class Gradients:
    """Computes the losses of batches, and adds their gradients to the parameters.

    Parameters
    ----------
    net : TextNet
        Initialized.
    cache : LayerCache
        Outputs of its frozen layers.
    pairs : PairTraining or None
        The loss of contrastive training, instead of that of the net.
    """

    def __init__(self, net: "TextNet", cache: LayerCache, pairs: PairTraining | None) -> None:
        self._net = net
        self._cache = cache
        self._pairs = pairs

    @contextmanager
    def running(self) -> Iterator[None]:
        """Compute gradients within the block, of one training run."""
        yield

    def check(self) -> None:
        """Raise an error if a device can no longer be used."""

    def begin_epoch(self) -> None:
        """Take into account that anything may have changed since the last step."""

    def own_rows(self, rows: np.ndarray) -> np.ndarray:
        """Return those rows of a batch that this process computes."""
        return rows

    def add(
        self, rows: np.ndarray, inputs: dict[str, Tensor], labels: dict[str, Tensor], share: float
    ) -> tuple[Tensor | None, Tensor]:
        """Add the gradients of the loss of a batch, times a share.

        Parameters
        ----------
        rows : ndarray of int of shape (batch,)
        inputs, labels : dict of str to Tensor
            Of these rows.
        share : float
            Share of the batch in the loss of the step.

        Returns
        -------
        logits : Tensor of shape (batch, n_classes) or None
            None if they are not known: in contrastive training the output layer is not fitted yet,
            and of several devices each has its own rows.
        loss : Tensor of shape ()
            Without gradient, and without the share.
        """
        logits, loss = self._infer(rows, inputs, labels)
        (loss * share).backward()
        return logits, loss.detach()

    def end_step(self) -> None:
        """Complete the gradients of a step."""

    def _infer(
        self, rows: np.ndarray, inputs: dict[str, Tensor], labels: dict[str, Tensor]
    ) -> tuple[Tensor | None, Tensor]:
        """Return the logits of a batch, and the loss to train on.

        Parameters
        ----------
        rows : ndarray of int of shape (batch,)
        inputs, labels : dict of str to Tensor
            Of these rows.

        Returns
        -------
        logits : Tensor of shape (batch, n_classes) or None
        loss : Tensor of shape ()
        """
        net = self._net
        with self._cache.shortcut(rows):
            if self._pairs is not None:
                return None, self._pairs.loss(rows, inputs, labels["target"])
            logits = net.infer(inputs)
        return logits, net.get_loss(logits, labels, X=inputs, training=True)
