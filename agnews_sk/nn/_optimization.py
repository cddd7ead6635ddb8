"""What the optimiser needs beside the loss: parameter groups and a learning-rate schedule."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from torch.nn import Parameter


def parameter_groups(
    named_parameters: Iterable[tuple[str, Parameter]], *, weight_decay: float
) -> list[dict[str, Any]]:
    """Split trainable parameters into those that decay and those that do not.

    Vectors (biases and the gains of normalisation layers) are not decayed: shrinking them does
    not make a smoother function. Frozen parameters are left out, so that no optimiser state is
    kept for them.

    Parameters
    ----------
    named_parameters : iterable of (str, Parameter)
        As `torch.nn.Module.named_parameters` gives them.
    weight_decay : float
        For the matrices.

    Returns
    -------
    list of dict
        Groups for a `torch.optim.Optimizer`; empty groups are left out.

    Examples
    --------
    >>> import torch
    >>> from agnews_sk.nn import parameter_groups
    >>> groups = parameter_groups(torch.nn.Linear(3, 2).named_parameters(), weight_decay=0.1)
    >>> [(group["weight_decay"], len(group["params"])) for group in groups]
    [(0.1, 1), (0.0, 1)]
    """
    trainable = [p for _, p in named_parameters if p.requires_grad]
    groups = [
        {"params": [p for p in trainable if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in trainable if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return [group for group in groups if group["params"]]


@dataclass(frozen=True)
class LinearSchedule:
    """Factor of the learning rate by step: a linear rise, then a linear fall towards zero.

    Parameters
    ----------
    n_steps : int
        Optimiser steps of the whole training.
    warmup : float, default=0.0
        Share of the steps over which the rate rises, in [0, 1).

    Notes
    -----
    The schedule of Devlin et al. 2019, "BERT", section A.2. The factor is never zero at a step
    that is taken.

    Examples
    --------
    >>> from agnews_sk.nn import LinearSchedule
    >>> schedule = LinearSchedule(n_steps=4, warmup=0.5)
    >>> [schedule(step) for step in range(4)]
    [0.5, 1.0, 1.0, 0.5]
    """

    n_steps: int
    warmup: float = 0.0

    def __call__(self, step: int) -> float:
        """Return the factor at this step, counted from 0."""
        n_warmup = int(self.warmup * self.n_steps)
        if step < n_warmup:
            return (step + 1) / n_warmup
        return max(0.0, (self.n_steps - step) / (self.n_steps - n_warmup))
