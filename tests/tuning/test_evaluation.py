"""The parameters of a trial, and how its folds are fitted and scored."""

import numpy as np
import optuna
import pytest
from optuna.pruners import MedianPruner
from optuna.study import StudyDirection
from optuna.trial import FixedTrial
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import check_scoring

from agnews_sk.tuning._evaluation import FOLDS, Candidates, TrialEvaluation
from agnews_sk.tuning._scoring import Scoring

X, Y = np.arange(8.0)[:, None], np.array(["a", "b"] * 4)
SPLITS = [(np.arange(4), np.arange(4, 8)), (np.arange(4, 8), np.arange(4))]


def make_evaluation(estimator=None, space=None, *, objectives=("score",), **options):
    estimator = estimator or DummyClassifier(strategy="most_frequent")
    defaults = {
        "X": X, "y": Y, "splits": SPLITS, "fit_params": {}, "score_params": {}, "seed": 0,
        "epoch_pruner": MedianPruner(), "cache_bytes": None,
    }  # fmt: skip
    return TrialEvaluation(
        candidates=Candidates.of(estimator, space or {}),
        scoring=Scoring(check_scoring(DummyClassifier(), "accuracy")),
        objectives=list(objectives),
        **{**defaults, **options},
    )


def evaluate(evaluation, study=None):
    trial = (study or optuna.create_study(directions=evaluation.directions)).ask()
    return evaluation(trial, lambda: None), trial


def test_one_estimator_draws_its_own_parameters():
    candidates = Candidates.of(LogisticRegression(), {"C": [1.0, 2.0]})
    assert candidates.draw(FixedTrial({"C": 2.0})) == {"C": 2.0}
    assert candidates.build({"C": 2.0}).C == 2.0
    assert candidates.first.C == 1.0


def test_a_family_is_drawn_first_and_built_with_its_own_parameters():
    candidates = Candidates.of(
        {"linear": LogisticRegression(), "constant": DummyClassifier()},
        {"linear": {"C": [1.0, 2.0]}, "constant": {}},
    )
    drawn = candidates.draw(FixedTrial({"family": "linear", "linear/C": 2.0}))
    assert drawn == {"family": "linear", "C": 2.0}
    assert candidates.build(drawn).C == 2.0
    assert isinstance(candidates.build({"family": "constant"}), DummyClassifier)


def test_estimators_that_are_drawn_are_cloned():
    part = LogisticRegression()
    built = Candidates.of(DummyClassifier(), {"constant": [part, None]}).build({"constant": part})
    assert built.constant is not part


@pytest.mark.parametrize(
    ("space", "given"), [({"a": {}}, r"\['a'\]"), (lambda trial: {}, "function")], ids=["dict", "f"]
)
def test_spaces_of_other_families_are_rejected(space, given):
    families = {"linear": LogisticRegression()}
    with pytest.raises(ValueError, match=rf"one space per family of .*\['linear'\], got {given}"):
        Candidates.of(families, space)


def test_costs_are_minimized_and_scores_maximized():
    evaluation = make_evaluation(objectives=["score", "size", "latency", "fit_time"])
    assert evaluation.directions == [StudyDirection.MAXIMIZE] + 3 * [StudyDirection.MINIMIZE]


def test_values_are_means_over_the_folds_which_are_recorded():
    values, trial = evaluate(make_evaluation(objectives=["score", "size"]))
    assert values[0] == 0.5
    folds = trial.user_attrs[FOLDS]
    assert sorted(folds) == ["0", "1"]
    assert values[1] == pytest.approx(np.mean([f["scores"]["size"] for f in folds.values()]))


def test_folds_are_fitted_and_scored_on_their_own_rows():
    class Recorder(DummyClassifier):
        def fit(self, X, y, sample_weight=None):
            seen.append(
                (X.ravel().tolist(), None if sample_weight is None else sample_weight.sum())
            )
            return super().fit(X, y, sample_weight)

    seen = []
    weights = np.arange(8.0)
    evaluate(make_evaluation(Recorder(), fit_params={"sample_weight": weights}))
    assert sorted(seen) == [([0.0, 1.0, 2.0, 3.0], 6.0), ([4.0, 5.0, 6.0, 7.0], 22.0)]


def test_rows_that_an_estimator_writes_into_are_its_own():
    class Vandal(DummyClassifier):
        def fit(self, X, y, sample_weight=None):
            X[:] = -1
            return super().fit(X, y, sample_weight)

    before = X.copy()
    evaluate(make_evaluation(Vandal()))
    np.testing.assert_array_equal(X, before)


def test_a_score_that_is_not_finite_is_an_error():
    evaluation = make_evaluation()
    evaluation.scoring = Scoring(lambda estimator, X, y: np.nan)
    with pytest.raises(ValueError, match=r"scores must be finite, got \{'score': nan\} on fold"):
        evaluate(evaluation)


def test_a_trial_is_pruned_after_any_fold_but_the_last():
    class Always(optuna.pruners.BasePruner):
        def prune(self, study, trial):
            return True

    study = optuna.create_study(direction="maximize", pruner=Always())
    with pytest.raises(optuna.TrialPruned, match="pruned after 1 folds"):
        evaluate(make_evaluation(), study)
    assert len(study.trials[0].user_attrs[FOLDS]) == 1
    evaluate(make_evaluation(splits=SPLITS[:1]), study)


def test_an_interruption_ends_a_trial_after_its_fit():
    def check():
        raise KeyboardInterrupt

    trial = optuna.create_study().ask()
    with pytest.raises(KeyboardInterrupt):
        make_evaluation()(trial, check)
    assert trial.user_attrs[FOLDS] == {}


@pytest.mark.parametrize(
    ("objectives", "limit", "shared"),
    [(["score"], 10, True), (["score", "size"], 10, True), (["score", "latency"], 10, False),
     (["score"], None, False)],
    ids=["score", "size", "latency", "no cache"],
)  # fmt: skip
def test_texts_are_cached_unless_time_is_measured(objectives, limit, shared):
    evaluation = make_evaluation(objectives=objectives, cache_bytes=limit)
    assert (evaluation.texts is not None) is shared
