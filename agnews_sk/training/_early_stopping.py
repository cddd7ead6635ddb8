"""Stop when validation no longer improves, and keep the best weights."""

from typing import Any

import torch
from torch import nn


class BestWeights:
    """The weights of the epoch with the lowest validation loss.

    They take the memory of the model once more.

    Parameters
    ----------
    patience : int or None
        Epochs without a lower loss after which `is_over`; None never stops and keeps nothing.

    Attributes
    ----------
    loss : float
        The lowest so far; infinite before the first epoch.
    epochs_since : int
        Epochs since then.
    weights : dict of str to Tensor
        Copies of parameters and buffers, by name; empty before the first epoch.
    """

    def __init__(self, patience: int | None) -> None:
        self.patience = patience
        self.loss = float("inf")
        self.epochs_since = 0
        self.weights: dict[str, torch.Tensor] = {}

    @property
    def is_over(self) -> bool:
        """Whether the loss has been no lower for `patience` epochs."""
        return self.patience is not None and self.epochs_since >= self.patience

    def update(self, loss: float, module: nn.Module) -> None:
        """Compare an epoch's validation loss with the lowest, and copy the weights if it is lower.

        NaN does not count as lower.
        """
        if self.patience is None:
            return
        if loss < self.loss:
            self.loss, self.epochs_since = loss, 0
            self.weights = {name: t.detach().clone() for name, t in _tensors(module).items()}
        else:
            self.epochs_since += 1

    def restore(self, module: nn.Module) -> None:
        """Copy the best weights into the module, if there are any."""
        current = _tensors(module)
        with torch.no_grad():
            for name, best in self.weights.items():
                current[name].copy_(best)

    def state_dict(self) -> dict[str, Any]:
        """Return the state, for `load_state_dict`."""
        return {"loss": self.loss, "epochs_since": self.epochs_since, "weights": self.weights}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the state that `state_dict` returned."""
        self.loss, self.epochs_since = state["loss"], state["epochs_since"]
        self.weights = state["weights"]


def _tensors(module: nn.Module) -> dict[str, torch.Tensor]:
    """Return the parameters and buffers of a module, not copied; buffers include transient ones."""
    return {**dict(module.named_parameters()), **dict(module.named_buffers())}
