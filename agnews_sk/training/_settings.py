"""Settings of the training loop that skorch does not have."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class TrainingSettings:
    """How to train.

    Attributes
    ----------
    schedule : callable of int to float, or None
        Factor of the learning rate by optimizer step; None leaves the rate to callbacks.
    max_steps : int or None
        Optimizer steps after which training ends.
    seed : int
        Random seed of the order of the batches.
    tokens_per_batch, accumulate, weight_decay, l1, layer_decay, gradient_clip, ema_decay, \
patience, freeze, gradual_unfreezing, max_cache_bytes, compile, devices
        As the parameters of the classifiers, which describe them.
    bfloat16 : bool
        Whether training multiplies matrices in bfloat16.
    weighted : bool
        Whether rows have weights.
    fits_head : bool
        Whether training begins with an output layer fitted by `fit_head`.
    contrastive : bool
        Whether to train the layers below the output layer by the loss of pairs, and to fit the
        output layer by `refit_head` afterwards.
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
    ema_decay: float | None
    bfloat16: bool
    weighted: bool
    patience: int | None
    freeze: int | str | None
    gradual_unfreezing: bool
    max_cache_bytes: int
    compile: bool
    devices: int
    fits_head: bool
    contrastive: bool
