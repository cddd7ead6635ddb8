import numpy as np
import pytest
from scipy.stats import bootstrap
from sklearn.calibration import calibration_curve
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    brier_score_loss,
    f1_score,
    log_loss,
    precision_score,
    recall_score,
    roc_auc_score,
)

from agnews_sk.evaluation._quality import (
    N_BINS,
    OVERALL,
    Outcome,
    _Scorer,
    draw_scores,
    observed_scores,
    score_names,
)

ATOL = 1e-10


def outcome(y_true, y_pred, y_proba=None, n_classes=3, rows=None):
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    rows = np.arange(len(y_true)) if rows is None else rows
    return Outcome(y_true=y_true, y_pred=y_pred, y_proba=y_proba, n_classes=n_classes, rows=rows)


def random_outcome(seed, n_rows=60, n_classes=4, decimals=None):
    rng = np.random.default_rng(seed)
    y_true = rng.integers(0, n_classes, n_rows)
    y_true[:n_classes] = np.arange(n_classes)
    y_proba = rng.dirichlet(np.ones(n_classes), n_rows) + 0.5 * np.eye(n_classes)[y_true]
    y_proba /= y_proba.sum(axis=1, keepdims=True)
    if decimals is not None:  # ties
        y_proba = np.round(y_proba, decimals)
        y_proba /= y_proba.sum(axis=1, keepdims=True)
    return outcome(y_true, y_proba.argmax(axis=1), y_proba, n_classes)


def named(found):
    return dict(zip(score_names(range(found.n_classes)), observed_scores(found)))


def reference(found):
    y_true, y_pred, y_proba = found.y_true, found.y_pred, found.y_proba
    classes = np.arange(found.n_classes)
    macro = {"average": "macro", "zero_division": 0}
    confidence = y_proba.max(axis=1)
    observed, predicted = calibration_curve(
        y_proba.argmax(axis=1) == y_true, confidence, n_bins=N_BINS
    )
    edges = np.linspace(0, 1, N_BINS + 1)
    shares = np.bincount(np.searchsorted(edges[1:-1], confidence)) / len(y_true)
    expected = {
        "accuracy": accuracy_score(y_true, y_pred),
        "balanced_accuracy": balanced_accuracy_score(y_true, y_pred),
        "macro_precision": precision_score(y_true, y_pred, **macro),
        "macro_recall": recall_score(y_true, y_pred, **macro),
        "macro_f1": f1_score(y_true, y_pred, **macro),
        "log_loss": log_loss(y_true, y_proba, labels=classes),
        "brier": brier_score_loss(y_true, y_proba, labels=classes, scale_by_half=False),
        "calibration_error": shares[shares > 0] @ np.abs(observed - predicted),
        "roc_auc": roc_auc_score(y_true, y_proba, multi_class="ovr", labels=classes),
    }
    scorers = {"precision": precision_score, "recall": recall_score, "f1": f1_score}
    for name, scorer in scorers.items():
        each = scorer(y_true, y_pred, labels=classes, average=None, zero_division=0)
        expected |= {f"{name}_{label}": value for label, value in zip(classes, each)}
    return expected


@pytest.mark.parametrize("decimals", [None, 1], ids=["no ties", "ties"])
@pytest.mark.parametrize("seed", range(10))
def test_scores_equal_those_of_scikit_learn(seed, decimals):
    found = random_outcome(seed, decimals=decimals)
    expected = reference(found)
    for name, score in named(found).items():
        assert score == pytest.approx(expected[name], abs=ATOL, rel=0), name


def test_scores_of_weighted_rows_are_those_of_repeated_rows():
    found = random_outcome(0)
    weights = np.random.default_rng(1).integers(0, 3, len(found.y_true))
    again = np.repeat(np.arange(len(weights)), weights)
    repeated = outcome(found.y_true[again], found.y_pred[again], found.y_proba[again], 4)
    scores = _Scorer(found).of_weights(weights[np.newaxis].astype(float))[0]
    np.testing.assert_allclose(scores, observed_scores(repeated), rtol=0, atol=ATOL)


def test_the_jackknife_scores_the_rows_without_each_in_turn():
    found = random_outcome(2, n_rows=20, decimals=1)
    kept = [np.delete(np.arange(20), i) for i in range(20)]
    expected = [
        observed_scores(outcome(found.y_true[k], found.y_pred[k], found.y_proba[k], 4))
        for k in kept
    ]
    np.testing.assert_allclose(_Scorer(found).without_each_row(), expected, rtol=0, atol=ATOL)


def test_the_jackknife_omits_all_predictions_of_a_row():
    base = random_outcome(3, n_rows=15)
    other = random_outcome(4, n_rows=15)
    rows = np.tile(np.arange(15), 2)
    proba = np.vstack([base.y_proba, other.y_proba])
    labels = np.tile(base.y_true, 2)
    found = outcome(labels, proba.argmax(axis=1), proba, 4, rows=rows)
    expected = [
        observed_scores(
            outcome(labels[rows != i], proba.argmax(axis=1)[rows != i], proba[rows != i], 4)
        )
        for i in range(15)
    ]
    np.testing.assert_allclose(_Scorer(found).without_each_row(), expected, rtol=0, atol=ATOL)


def test_resamples_have_the_distribution_of_those_of_scipy():
    found = random_outcome(0, n_rows=300)
    draws = draw_scores([found], 20_000, seed=0)[0]
    right = (found.y_true == found.y_pred).astype(float)
    expected = bootstrap((right,), np.mean, n_resamples=20_000, rng=0).standard_error
    assert draws.resampled[:, 0].std() == pytest.approx(expected, rel=0.03)


def test_all_classifiers_are_scored_on_the_same_resamples():
    found = random_outcome(0)
    first, second = draw_scores([found, found], 50, seed=1)
    np.testing.assert_array_equal(first.resampled, second.resampled)
    assert not np.any((first - second).resampled)


@pytest.mark.parametrize(
    ("y_true", "y_pred", "accuracy"),
    [
        ([0, 1, 2, 2], [0, 1, 2, 2], 1),
        ([0, 1, 2, 2], [1, 2, 0, 0], 0),
        ([0], [0], 1),
        ([0], [1], 0),
    ],
    ids=["all right", "all wrong", "one row right", "one row wrong"],
)
def test_scores_of_all_right_and_all_wrong(y_true, y_pred, accuracy):
    scores = named(outcome(y_true, y_pred, np.eye(3)[y_pred]))
    assert all(scores[name] == accuracy for name in OVERALL)
    assert scores["brier"] == 2 * (1 - accuracy)
    assert scores["calibration_error"] == 1 - accuracy
    expected = log_loss(y_true, np.eye(3)[y_pred], labels=[0, 1, 2])
    assert scores["log_loss"] == pytest.approx(expected, abs=ATOL)


def test_a_class_that_no_row_has_is_left_out_of_the_means():
    y_true, y_pred = np.array([0, 1, 1, 0]), np.array([0, 1, 0, 0])
    y_proba = np.array([[0.8, 0.2, 0], [0.3, 0.6, 0.1], [0.5, 0.4, 0.1], [0.7, 0.3, 0]])
    scores = named(outcome(y_true, y_pred, y_proba))
    assert scores["macro_f1"] == pytest.approx(f1_score(y_true, y_pred, average="macro"), abs=ATOL)
    of_each = [roc_auc_score(y_true == label, y_proba[:, label]) for label in (0, 1)]
    assert scores["roc_auc"] == pytest.approx(np.mean(of_each), abs=ATOL)
    assert np.isnan(scores["f1_2"])


def test_a_class_that_is_only_predicted_counts_as_zero():
    y_true, y_pred = [0, 1, 1], [0, 1, 2]
    scores = named(outcome(y_true, y_pred))
    expected = f1_score(y_true, y_pred, average="macro")
    assert scores["macro_f1"] == pytest.approx(expected, abs=ATOL)
    assert scores["f1_2"] == 0
    assert scores["balanced_accuracy"] == pytest.approx(0.75)


def test_one_row_has_no_area_under_the_curve():
    assert np.isnan(named(outcome([0], [0], np.array([[0.9, 0.1, 0]])))["roc_auc"])


def test_scores_of_probabilities_are_unknown_without_them():
    scores = named(outcome([0, 1], [0, 1]))
    unknown = [name for name, score in scores.items() if np.isnan(score)]
    assert unknown[:4] == ["log_loss", "brier", "calibration_error", "roc_auc"]
    assert scores["accuracy"] == 1
