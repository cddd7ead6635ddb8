"""The trials of a study as a table in the shape of scikit-learn's `cv_results_`."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from optuna.trial import FrozenTrial, TrialState
from scipy.stats import rankdata
from sklearn.model_selection._search import _yield_masked_array_for_each_param

from agnews_sk.tuning._evaluation import COSTS, ERROR, FOLDS
from agnews_sk.tuning._spaces import Params

STATES = {
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
}


def make_cv_results(
    trials: Sequence[FrozenTrial], params: Sequence[Params], n_splits: int, scores: Sequence[str]
) -> dict[str, Any]:
    """Return one entry a trial under the keys of `GridSearchCV.cv_results_`, and some more.

    Parameters
    ----------
    trials : sequence of FrozenTrial
    params : sequence of dict
        Parameters of each trial as `set_params` takes them.
    n_splits : int
    scores : sequence of str
        Names of scores and costs. The rank of a cost begins with the lowest.

    Returns
    -------
    dict of str to array of shape (n_trials,)
        A trial that did not complete has the scores of the folds that it was fitted on, nan for
        the others and for the means, and the last rank.
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
    table = np.full((len(trials), n_splits), np.nan)
    for row, trial in zip(table, trials):
        for fold, result in trial.user_attrs.get(FOLDS, {}).items():
            row[int(fold)] = value(result)
    return table


def _over_folds(statistic: Any, by_fold: np.ndarray) -> np.ndarray:
    result = np.full(len(by_fold), np.nan)
    fitted = ~np.isnan(by_fold).all(axis=1)
    if fitted.any():
        result[fitted] = statistic(by_fold[fitted], axis=1)
    return result


def _rank(cost: np.ndarray) -> np.ndarray:
    worst = np.nan_to_num(cost, nan=np.inf)
    return rankdata(worst, method="min").astype(np.int32)
