"""The progress of a training run."""

from dataclasses import dataclass, field

from torch import Tensor


@dataclass
class LoopState:
    """State of the training loop, apart from weights, optimizer and callbacks.

    Attributes
    ----------
    epoch : int
        Whole epochs done.
    steps_before : int
        Optimizer steps in these epochs.
    losses : list of Tensor of shape ()
        Loss of each step in the current epoch. They stay on the device, so that adding one does
        not wait for it.
    is_over : bool
        Whether nothing is left to do: training is finished, or a loss was not finite.
    is_cut_short : bool
        Whether a callback ended training within an epoch. Such a training run is not finished.
    bad_loss : float or None
        The loss that was not finite, if there was one.
    """

    epoch: int = 0
    steps_before: int = 0
    losses: list[Tensor] = field(default_factory=list)
    is_over: bool = False
    is_cut_short: bool = False
    bad_loss: float | None = None

    @property
    def step(self) -> int:
        """Optimizer steps done."""
        return self.steps_before + len(self.losses)

    def end_epoch(self) -> None:
        """Count the steps of the current epoch, and begin another."""
        self.epoch += 1
        self.steps_before = self.step
        self.losses = []
