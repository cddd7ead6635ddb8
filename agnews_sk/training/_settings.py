"""What the training loop needs to know beyond what skorch is told, and how far it has come."""

from collections.abc import Callable
from dataclasses import dataclass, field

from torch import Tensor


@dataclass(frozen=True)
class TrainingSettings:
    """How to train.

    Attributes
    ----------
    schedule : callable of int to float, or None
        Factor of the learning rate by optimiser step; None leaves the rate to callbacks.
    max_steps : int or None
        Optimiser steps after which training ends.
    seed : int
        Orders the batches.
    tokens_per_batch, accumulate, weight_decay, l1, layer_decay, gradient_clip, patience, freeze, \
gradual_unfreezing, cache_gib, compile
        See `SharedParameters`.
    bfloat16 : bool
        Whether training multiplies matrices in bfloat16.
    weighted : bool
        Whether rows have weights.
    """

    schedule: Callable[[int], float] | None
    max_steps: int | None
    seed: int
    tokens_per_batch: int | None
    accumulate: int
    weight_decay: float
    l1: float
    layer_decay: float
    gradient_clip: float | None
    bfloat16: bool
    weighted: bool
    patience: int | None
    freeze: int | str | None
    gradual_unfreezing: bool
    cache_gib: float
    compile: bool


@dataclass
class Progress:
    """How far a training has come.

    Attributes
    ----------
    epoch : int
        Whole epochs done.
    steps_before : int
        Optimiser steps of these epochs.
    losses : list of Tensor of shape ()
        Loss of each step of the epoch begun, still on the device.
    is_over : bool
        Whether nothing is left to do.
    """

    epoch: int = 0
    steps_before: int = 0
    losses: list[Tensor] = field(default_factory=list)
    is_over: bool = False

    @property
    def step(self) -> int:
        """Optimiser steps done."""
        return self.steps_before + len(self.losses)

    def end_epoch(self) -> None:
        """Count the steps of the epoch begun, and begin another."""
        self.epoch += 1
        self.steps_before = self.step
        self.losses = []
