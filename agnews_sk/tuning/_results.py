"""The trials of a study as a table in the shape of scikit-learn's `cv_results_`."""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from optuna.trial import FixedTrial, FrozenTrial, TrialState
from scipy.stats import rankdata
from sklearn.model_selection._search import _yield_masked_array_for_each_param

from agnews_sk.tuning._evaluation import COSTS, ERROR, FOLDS, Candidates
from agnews_sk.tuning._spaces import Params

STATES = {
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
}


def make_cv_results(
    trials: Sequence[FrozenTrial], params: Sequence[Params], n_splits: int, scores: Sequence[str]
) -> dict[str, Any]:
    """Return the results of trials under the keys of `GridSearchCV.cv_results_`, and a few more.

    Parameters
    ----------
    trials : sequence of FrozenTrial
    params : sequence of dict
        Parameters of each trial as `set_params` takes them.
    n_splits : int
    scores : sequence of str
        Names of scores and costs. Costs are ranked in increasing order.

    Returns
    -------
    dict of str to array of shape (n_trials,)
        A trial that did not complete has the scores of the folds that it was fitted on, nan for
        the others and for the means, and is ranked last.
    """
    complete = np.array([trial.state == TrialState.COMPLETE for trial in trials])
    results: dict[str, Any] = {
        "number": np.array([trial.number for trial in trials]),
        "state": np.array([STATES[trial.state] for trial in trials], dtype=object),
        "error": np.array([trial.user_attrs.get(ERROR) for trial in trials], dtype=object),
    }
    for part in ("fit_time", "score_time"):
        by_fold = _by_fold(trials, n_splits, lambda fold, part=part: fold[part])
        results[f"mean_{part}"] = _over_folds(np.nanmean, by_fold)
        results[f"std_{part}"] = _over_folds(np.nanstd, by_fold)
    results.update(_yield_masked_array_for_each_param(params))
    results["params"] = list(params)
    for score in scores:
        by_fold = _by_fold(trials, n_splits, lambda fold, score=score: fold["scores"][score])
        for split in range(n_splits):
            results[f"split{split}_test_{score}"] = by_fold[:, split]
        mean = np.where(complete, _over_folds(np.nanmean, by_fold), np.nan)
        results[f"mean_test_{score}"] = mean
        results[f"std_test_{score}"] = np.where(complete, _over_folds(np.nanstd, by_fold), np.nan)
        results[f"rank_test_{score}"] = _rank(mean if score in COSTS else -mean)
    return results


def _by_fold(trials: Sequence[FrozenTrial], n_splits: int, value: Any) -> np.ndarray:
    """Return a value of each fold of each trial.

    Parameters
    ----------
    trials : sequence of FrozenTrial
    n_splits : int
    value : callable
        From the record of a fold to the value.

    Returns
    -------
    ndarray of float of shape (n_trials, n_splits)
        nan for folds that a trial was not fitted on.
    """
    table = np.full((len(trials), n_splits), np.nan)
    for row, trial in zip(table, trials):
        for fold, result in trial.user_attrs.get(FOLDS, {}).items():
            row[int(fold)] = value(result)
    return table


def _over_folds(statistic: Any, by_fold: np.ndarray) -> np.ndarray:
    """Return a statistic over the folds of each trial.

    Parameters
    ----------
    statistic : callable
        Such as `numpy.nanmean`.
    by_fold : ndarray of shape (n_trials, n_splits)

    Returns
    -------
    ndarray of shape (n_trials,)
        nan, without a warning, for trials that were fitted on no fold.
    """
    result = np.full(len(by_fold), np.nan)
    fitted = ~np.isnan(by_fold).all(axis=1)
    if fitted.any():
        result[fitted] = statistic(by_fold[fitted], axis=1)
    return result


def _rank(cost: np.ndarray) -> np.ndarray:
    """Return ranks that begin with 1 for the lowest cost; ties share the lowest, nan comes last."""
    worst = np.nan_to_num(cost, nan=np.inf)
    return rankdata(worst, method="min").astype(np.int32)


def best_on_front(trials: Sequence[FrozenTrial], front: Collection[int], ranks: np.ndarray) -> int:
    """Return the position of the best trial by one objective; of a tie, one on the Pareto front.

    Parameters
    ----------
    trials : sequence of FrozenTrial
    front : collection of int
        Numbers of the trials on the Pareto front.
    ranks : ndarray of int of shape (n_trials,)
        By the objective that decides.

    Returns
    -------
    int
    """
    best = np.flatnonzero(ranks == ranks.min()).tolist()
    return next((i for i in best if trials[i].number in front), best[0])


def check_some_completed(trials: list[FrozenTrial], first_error: Exception | None) -> None:
    """Raise an error with the reason if no trial of a study completed.

    Parameters
    ----------
    trials : list of FrozenTrial
    first_error : Exception or None
        Of a trial of this process.

    Raises
    ------
    ValueError
        If no trial completed.
    """
    if any(trial.state == TrialState.COMPLETE for trial in trials):
        return
    if not trials:
        raise ValueError("no trial finished in time; increase timeout.")
    message = next((t.user_attrs[ERROR] for t in trials if ERROR in t.user_attrs), None)
    if message is None:
        raise ValueError(f"all {len(trials)} trials were pruned; use a more patient pruner.")
    raise ValueError(
        f"all {len(trials)} trials failed; the first error was {message}"
    ) from first_error


def params_of(trial: FrozenTrial, candidates: Candidates) -> Params:
    """Return a trial's parameters as `set_params` takes them, by any worker.

    Parameters
    ----------
    trial : optuna.trial.FrozenTrial
    candidates : Candidates

    Returns
    -------
    dict
        Of a trial that failed while drawing, the parameters that were drawn.
    """
    try:
        return candidates.draw(FixedTrial(trial.params, trial.number))
    except Exception:
        if trial.state == TrialState.FAIL:  # it failed before all were drawn
            return trial.params
        raise
