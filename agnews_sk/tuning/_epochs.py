"""Prune the training of a net after an epoch, compared with the same fold of earlier trials."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from optuna.pruners import BasePruner
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState, create_trial


class EpochPruning:
    """A callback of scikit-learn that scores each epoch and consults a pruner.

    Epochs are never reported to the search's study, whose steps are folds. The pruner is given a
    study of the fold alone: curves of earlier trials as finished trials, and that of this one as
    a running trial.

    Parameters
    ----------
    pruner : optuna.pruners.BasePruner
        One that only reads trials, such as `MedianPruner`.
    earlier : sequence of list of float
        Scores by epoch of the same fold in earlier trials.
    score : callable
        From the fitted classifier to its score on the fold's test rows.

    Attributes
    ----------
    curve : list of float
        Scores by epoch.
    pruned : bool
        Whether the fit was stopped.
    """

    def __init__(
        self,
        pruner: BasePruner,
        earlier: Sequence[list[float]],
        score: Callable[[Any], float],
    ) -> None:
        self.pruner = pruner
        self.score = score
        self.curve: list[float] = []
        self.pruned = False
        self._earlier = _Curves([_finished(curve) for curve in earlier if curve])

    def setup(self, estimator: Any, context: Any) -> None:
        """Do nothing before the fit."""

    def teardown(self, estimator: Any, context: Any) -> None:
        """Do nothing after the fit."""

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        """Do nothing before an epoch."""

    def on_fit_task_end(
        self, estimator: Any, context: Any, *, fitted_estimator: Any = None
    ) -> bool:
        """Score an epoch, and return whether to stop the training."""
        if fitted_estimator is None or context.task_name != "epoch":
            return False
        self.curve.append(self.score(fitted_estimator))
        self.pruned = self.pruner.prune(self._earlier, self._running())  # type: ignore[arg-type]
        return self.pruned

    def _running(self) -> FrozenTrial:
        """Return the scores so far as a running trial."""
        return create_trial(
            state=TrialState.RUNNING, intermediate_values=dict(enumerate(self.curve))
        )


@dataclass
class _Curves:
    """The part of a study that pruners read."""

    trials: list[FrozenTrial]
    direction: StudyDirection = field(default=StudyDirection.MAXIMIZE)

    def get_trials(self, deepcopy: bool = True, states: Any = None) -> list[FrozenTrial]:
        """Return the earlier trials in these states, or all of them."""
        return [trial for trial in self.trials if states is None or trial.state in states]


def _finished(curve: list[float]) -> FrozenTrial:
    """Return the scores of an earlier trial as a completed trial."""
    return create_trial(value=curve[-1], intermediate_values=dict(enumerate(curve)))
