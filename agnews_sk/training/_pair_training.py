"""What contrastive training adds to the loop: the loss of pairs, and fits of the output layer."""

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from agnews_sk.training._head import refit_head, vectors_of_head
from agnews_sk.training._pairs import pair_loss, pair_weights
from agnews_sk.training._rows import TextRows

if TYPE_CHECKING:
    from agnews_sk.training._net import TextNet


class PairTraining:
    """The contrastive part of a training run.

    Steps train the layers below the output layer only. From the beginning of an epoch to the next
    fit of the output layer, predictions would be those of another epoch or of random weights, and
    raise an error.

    Parameters
    ----------
    net : TextNet
        Initialized.
    train : TextRows
    """

    def __init__(self, net: "TextNet", train: TextRows) -> None:
        self._net = net
        self._train = train
        weight = pair_weights(train)
        self._weight = None if weight is None else torch.from_numpy(weight)

    def begin_epoch(self) -> None:
        """Reject predictions until the output layer is fitted."""
        self._net.awaits_output_layer = True

    def loss(self, rows: np.ndarray, inputs: dict[str, Tensor], target: Tensor) -> Tensor:
        """Return the loss of all pairs of a batch.

        Parameters
        ----------
        rows : ndarray of int of shape (batch,)
        inputs : dict of str to Tensor
        target : Tensor of shape (batch,) or (batch, n_classes)
            Of these rows.

        Returns
        -------
        Tensor of shape ()
        """
        vectors = vectors_of_head(self._net, inputs)
        weight = None if self._weight is None else self._weight[torch.from_numpy(rows)]
        return pair_loss(
            vectors,
            target.to(vectors.device),
            None if weight is None else weight.to(vectors.device),
        )

    def fit_output_layer(self, *, is_last: bool) -> None:
        """Fit the output layer to the vectors of all training rows, and allow predictions.

        Parameters
        ----------
        is_last : bool
            Whether training is over. Before that, an output layer that is not finite is no error:
            the validation loss then is not finite either, and `patience` keeps an earlier epoch.
        """
        refit_head(self._net, self._train, must_be_finite=is_last)
        self._net.awaits_output_layer = False
