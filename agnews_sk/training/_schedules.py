"""Learning-rate schedules: factors of the highest learning rate, by optimizer step."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class ConstantSchedule:
    """A linear rise, then the full rate.

    Parameters
    ----------
    n_steps : int
        Optimizer steps of the whole training run.
    warmup : float or int, default=0.0
        Over how many steps the rate rises: a share of all steps as a float in [0, 1), or their
        number as an int.

    Examples
    --------
    >>> from agnews_sk.training import ConstantSchedule
    >>> schedule = ConstantSchedule(n_steps=4, warmup=0.5)
    >>> [schedule(step) for step in range(4)]
    [0.5, 1.0, 1.0, 1.0]
    """

    n_steps: int
    warmup: float | int = 0.0

    def __call__(self, step: int) -> float:
        """Return the factor at this step, counted from 0."""
        if step < self._n_warmup:
            return (step + 1) / self._n_warmup
        n_falling = max(self.n_steps - self._n_warmup, 1)
        return self._fall(min((step - self._n_warmup) / n_falling, 1.0))

    @property
    def _n_warmup(self) -> int:
        """Number of steps over which the rate rises."""
        share = isinstance(self.warmup, float)
        return int(self.warmup * self.n_steps) if share else int(self.warmup)

    def _fall(self, progress: float) -> float:
        """Return the factor after the warm-up, by the share of the steps after it that are done."""
        return 1.0


@dataclass(frozen=True)
class LinearSchedule(ConstantSchedule):
    """A linear rise, then a linear fall to zero after the last step.

    Parameters
    ----------
    n_steps : int
        Optimizer steps of the whole training run.
    warmup : float or int, default=0.0
        As in `ConstantSchedule`.

    Notes
    -----
    The schedule of Devlin et al. 2019, "BERT", section A.2. The factor is never zero at a step
    that is taken.

    Examples
    --------
    >>> from agnews_sk.training import LinearSchedule
    >>> schedule = LinearSchedule(n_steps=4, warmup=0.5)
    >>> [schedule(step) for step in range(4)]
    [0.5, 1.0, 1.0, 0.5]
    """

    def _fall(self, progress: float) -> float:
        return 1.0 - progress


@dataclass(frozen=True)
class CosineSchedule(ConstantSchedule):
    r"""A linear rise, then half a cosine wave down to zero after the last step.

    Parameters
    ----------
    n_steps : int
        Optimizer steps of the whole training run.
    warmup : float or int, default=0.0
        As in `ConstantSchedule`.

    Notes
    -----
    .. math:: \eta(p) = (1 + \cos \pi p) / 2

    (Loshchilov and Hutter 2017, "SGDR", arXiv 1608.03983, equation 5, without restarts).

    Examples
    --------
    >>> from agnews_sk.training import CosineSchedule
    >>> schedule = CosineSchedule(n_steps=4)
    >>> [round(schedule(step), 2) for step in range(4)]
    [1.0, 0.85, 0.5, 0.15]
    """

    def _fall(self, progress: float) -> float:
        return (1 + math.cos(math.pi * progress)) / 2


def make_schedule(name: str, n_steps: int, warmup: float | int = 0.0) -> ConstantSchedule:
    """Return the schedule of this name.

    Parameters
    ----------
    name : {"constant", "linear", "cosine"}
    n_steps : int
    warmup : float or int, default=0.0

    Returns
    -------
    ConstantSchedule, LinearSchedule or CosineSchedule

    Examples
    --------
    >>> from agnews_sk.training import make_schedule
    >>> make_schedule("linear", n_steps=100)
    LinearSchedule(n_steps=100, warmup=0.0)
    """
    classes = {"constant": ConstantSchedule, "linear": LinearSchedule, "cosine": CosineSchedule}
    return classes[name](n_steps, warmup)
