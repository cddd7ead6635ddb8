"""An average of the weights over the steps of training, to predict with."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn


class AveragedWeights:
    r"""The exponential moving average of the weights that are trained.

    It takes the memory of these weights once more, and within `applied` twice.

    Parameters
    ----------
    parameters : list of torch.nn.Parameter
        Those of the optimizer. Frozen ones are equal to their average.
    decay : float or None
        None keeps no average.

    Notes
    -----
    After step :math:`t` with the weights :math:`w_t` the average is

    .. math:: a_1 = w_1, \quad a_t = \beta a_{t - 1} + (1 - \beta) w_t

    with the decay :math:`\beta` (Polyak and Juditsky 1992; Tarvainen and Valpola 2017,
    arXiv 1703.01780, equation 1).
    """

    def __init__(self, parameters: list[Any], decay: float | None) -> None:
        self._weights = nn.ParameterList(parameters)
        self._average: AveragedModel | None = None
        if decay is not None:
            self._average = AveragedModel(
                self._weights, multi_avg_fn=get_ema_multi_avg_fn(float(decay))
            )

    @property
    def _is_on(self) -> bool:
        """Whether there is an average of at least one step."""
        return self._average is not None and bool(self._average.n_averaged)

    def update(self) -> None:
        """Add the weights after a step."""
        if self._average is not None:
            self._average.update_parameters(self._weights)

    def apply(self) -> None:
        """Set the weights to their averages, at the end of training."""
        if self._average is not None and self._is_on:
            _copy(self._average.module.parameters(), self._weights)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Within the block the weights are their averages; training goes on with the weights.

        Those that the block changes, as a callback may, stay so, and so do their averages.
        """
        if not self._is_on:
            yield
            return
        trained = [weights.detach().clone() for weights in self._weights]
        self.apply()
        try:
            yield
        finally:
            self._restore(trained)

    def _restore(self, trained: list[Tensor]) -> None:
        """Set the weights to the trained ones, or where they were changed, the averages to them."""
        assert self._average is not None
        averages = self._average.module.parameters()
        with torch.no_grad():
            for weights, average, before in zip(self._weights, averages, trained, strict=True):
                if torch.equal(weights, average):
                    weights.copy_(before)
                else:
                    average.copy_(weights)

    def state_dict(self) -> dict[str, Any]:
        """Return the state, for `load_state_dict`; empty without an average."""
        return {} if self._average is None else self._average.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the state that `state_dict` returned."""
        if self._average is not None:
            self._average.load_state_dict(state)


@torch.no_grad()
def _copy(sources: Any, targets: Any) -> None:
    """Copy tensors into others of the same shapes."""
    source: Tensor
    for source, target in zip(sources, targets, strict=True):
        target.copy_(source)
