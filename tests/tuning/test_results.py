"""Trials as `cv_results_`, and the best of them."""

import numpy as np
import pytest
from optuna.distributions import CategoricalDistribution
from optuna.trial import TrialState, create_trial

from agnews_sk.tuning._evaluation import ERROR, FOLDS, Candidates
from agnews_sk.tuning._results import (
    best_on_front,
    check_some_completed,
    make_cv_results,
    params_of,
)


def trial(*scores, state=TrialState.COMPLETE, size=1.0, error=None):
    """A trial with the scores of its first folds; fold i took i seconds."""
    folds = {
        str(i): {"scores": {"score": s, "size": size}, "fit_time": i + 1.0, "score_time": 0.5}
        for i, s in enumerate(scores)
    }
    attributes = {FOLDS: folds} | ({} if error is None else {ERROR: error})
    value = float(np.mean(scores)) if state == TrialState.COMPLETE else None
    return create_trial(state=state, value=value, user_attrs=attributes)


TRIALS = [
    trial(0.5, 0.7, size=3.0),
    trial(0.9, state=TrialState.PRUNED),
    trial(0.8, 0.8, size=2.0),
    trial(state=TrialState.FAIL, error="ValueError: no"),
    trial(0.6, 0.6, size=2.0),
]
PARAMS = [{"C": i} for i in range(5)]


@pytest.fixture(scope="module")
def results():
    return make_cv_results(TRIALS, PARAMS, 2, ["score", "size"])


def test_means_are_over_the_folds_of_complete_trials(results):
    np.testing.assert_allclose(results["mean_test_score"], [0.6, np.nan, 0.8, np.nan, 0.6])
    np.testing.assert_allclose(results["std_test_score"], [0.1, np.nan, 0, np.nan, 0], atol=1e-12)


def test_folds_that_were_fitted_keep_their_scores(results):
    np.testing.assert_array_equal(results["split0_test_score"], [0.5, 0.9, 0.8, np.nan, 0.6])
    np.testing.assert_array_equal(results["split1_test_score"], [0.7, np.nan, 0.8, np.nan, 0.6])
    np.testing.assert_array_equal(results["mean_fit_time"], [1.5, 1.0, 1.5, np.nan, 1.5])
    np.testing.assert_array_equal(results["std_fit_time"], [0.5, 0.0, 0.5, np.nan, 0.5])


def test_ties_share_a_rank_and_trials_that_did_not_complete_come_last(results):
    assert results["rank_test_score"].tolist() == [2, 4, 1, 4, 2]


def test_costs_are_ranked_from_the_lowest(results):
    assert results["rank_test_size"].tolist() == [3, 4, 1, 4, 1]


def test_states_errors_and_parameters_are_listed(results):
    assert results["state"].tolist() == ["complete", "pruned", "complete", "failed", "complete"]
    assert results["error"].tolist() == [None, None, None, "ValueError: no", None]
    assert results["params"] == PARAMS
    assert results["param_C"].tolist() == [0, 1, 2, 3, 4]


def test_of_a_tie_the_trial_on_the_front_is_the_best():
    study = [create_trial(value=1.0) for _ in range(3)]
    for number, one in enumerate(study):
        one.number = number
    assert best_on_front(study, {2}, np.array([1, 2, 1])) == 2
    assert best_on_front(study, {1}, np.array([1, 2, 1])) == 0


@pytest.mark.parametrize(
    ("trials", "message"),
    [
        ([], "no trial finished in time; increase timeout"),
        ([trial(0.5, state=TrialState.PRUNED)], "all 1 trials were pruned; use a more patient"),
        ([TRIALS[3]], "all 1 trials failed; the first error was ValueError: no"),
        ([TRIALS[1], TRIALS[3]], "all 2 trials failed; the first error was ValueError: no"),
    ],
    ids=["none", "pruned", "failed", "both"],
)
def test_a_study_without_a_result_says_why(trials, message):
    cause = ValueError("no")
    with pytest.raises(ValueError, match=message):
        check_some_completed(trials, cause)


def test_one_complete_trial_is_enough():
    check_some_completed(TRIALS, None)


def test_parameters_are_restored_from_the_study():
    candidates = Candidates(estimators={"": None}, spaces={"": {"n": [(1, 1), (1, 2)]}})
    labels = CategoricalDistribution(["(1, 1)", "(1, 2)"])
    drawn = create_trial(value=1.0, params={"n": "(1, 2)"}, distributions={"n": labels})
    assert params_of(drawn, candidates) == {"n": (1, 2)}


def test_a_trial_that_failed_while_drawing_keeps_the_drawn_parameters():
    candidates = Candidates(estimators={"": None}, spaces={"": {"n": [1, 2], "m": [1, 2]}})
    half = {"params": {"n": 2}, "distributions": {"n": CategoricalDistribution([1, 2])}}
    assert params_of(create_trial(state=TrialState.FAIL, **half), candidates) == {"n": 2}
    with pytest.raises(ValueError, match="'m'"):
        params_of(create_trial(value=1.0, **half), candidates)
