"""The default pruner between folds."""

import numpy as np
from optuna.pruners import BasePruner
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

# Between 2/3, which prunes good trials too, and 1, which prunes late.
_PATIENCE = 0.8


class FoldPruner(BasePruner):
    """Prune a trial that is unlikely to beat the best one, by their scores on the same folds.

    A trial is pruned if its mean difference from the best trial is negative, by more than some
    standard errors. The standard deviation of such differences over folds is estimated from all
    trials of the study; before there is an estimate, none is pruned.

    Parameters
    ----------
    patience : float, default=0.8
        Number of standard errors: the more, the fewer trials are pruned.

    Examples
    --------
    >>> import optuna
    >>> from agnews_sk.tuning import FoldPruner
    >>> study = optuna.create_study(direction="maximize", pruner=FoldPruner())
    >>> for scores in [[0.90, 0.92, 0.91], [0.89, 0.90, 0.89], [0.70]]:
    ...     trial = study.ask()
    ...     for fold, score in enumerate(scores):
    ...         trial.report(score, fold)
    ...     pruned = trial.should_prune()
    ...     finished = study.tell(trial, sum(scores) / len(scores))
    >>> pruned
    True
    """

    def __init__(self, patience: float = _PATIENCE) -> None:
        self.patience = patience

    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        """Return whether to stop a trial, whose folds are the steps of its reports.

        Parameters
        ----------
        study : optuna.study.Study
            Of one objective.
        trial : optuna.trial.FrozenTrial

        Returns
        -------
        bool
        """
        trials = study.get_trials(deepcopy=False)
        complete = [one for one in trials if one.state == TrialState.COMPLETE]
        if not complete:
            return False
        sign = 1 if study.direction == StudyDirection.MAXIMIZE else -1
        best = max(complete, key=lambda one: sign * one.values[0])
        found = sign * _differences(trial, best)
        if not len(found):
            return False
        others = [one for one in trials if one.number != best.number]
        noise = _pooled_deviation([_differences(one, best) for one in others])
        return bool(found.mean() < -self.patience * noise / len(found) ** 0.5)


def _differences(trial: FrozenTrial, best: FrozenTrial) -> np.ndarray:
    """Return by how much the trial's scores are above those of the best one, fold by fold."""
    ours, theirs = trial.intermediate_values, best.intermediate_values
    return np.array([ours[fold] - theirs[fold] for fold in ours.keys() & theirs.keys()])


def _pooled_deviation(samples: list[np.ndarray]) -> float:
    """Return the standard deviation within samples; infinity if none has two values."""
    samples = [sample for sample in samples if len(sample) > 1]
    if not samples:
        return np.inf
    squares = sum(((sample - sample.mean()) ** 2).sum() for sample in samples)
    return float((squares / sum(len(sample) - 1 for sample in samples)) ** 0.5)
