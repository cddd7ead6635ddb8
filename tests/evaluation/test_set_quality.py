"""Scores of label sets equal those of scikit-learn, on all rows and on resamples."""

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    brier_score_loss,
    f1_score,
    hamming_loss,
    label_ranking_average_precision_score,
    log_loss,
    precision_score,
    recall_score,
)

from agnews_sk.evaluation._quality import draw_scores, observed_scores, score_names
from agnews_sk.evaluation._set_quality import SetOutcome

CLASSES = ["oil", "war", "sea"]


def outcome(n_rows=40, seed=0, **changes):
    rng = np.random.default_rng(seed)
    y_proba = rng.random((n_rows, 3)).round(2)
    y_true = rng.random((n_rows, 3)) < y_proba
    y_true[0], y_proba[0] = False, 0.1
    parts = {"y_true": y_true, "y_pred": y_proba > 0.6, "y_proba": y_proba, "n_classes": 3}
    return SetOutcome(**{**parts, "rows": np.arange(n_rows), **changes})


def reference(true, predicted, y_proba):
    """The scores of scikit-learn by name, for sets in which all labels occur."""
    scores = {"accuracy": accuracy_score(true, predicted)}
    for name, score in (
        ("precision", precision_score),
        ("recall", recall_score),
        ("f1", f1_score),
    ):
        scores[f"macro_{name}"] = score(true, predicted, average="macro", zero_division=0)
        scores[f"micro_{name}"] = score(true, predicted, average="micro", zero_division=0)
        by_label = score(true, predicted, average=None, zero_division=0)
        scores |= {f"{name}_{label}": value for label, value in zip(CLASSES, by_label)}
    scores["samples_f1"] = f1_score(true, predicted, average="samples", zero_division=1)
    scores["hamming_loss"] = hamming_loss(true, predicted)
    scores["ranking_average_precision"] = label_ranking_average_precision_score(true, y_proba)
    by_label = list(zip(true.T, y_proba.T))
    scores["log_loss"] = np.mean([log_loss(y, p, labels=[0, 1]) for y, p in by_label])
    scores["brier"] = np.mean([brier_score_loss(y, p) for y, p in by_label])
    return scores


@pytest.mark.parametrize("seed", range(3))
def test_scores_are_those_of_scikit_learn(seed):
    found = outcome(seed=seed)
    names = score_names(CLASSES, multilabel=True)
    expected = reference(found.y_true, found.y_pred, found.y_proba)
    assert set(names) == set(expected)
    np.testing.assert_allclose(observed_scores(found), [expected[name] for name in names])


def test_scores_of_resamples_and_without_a_row_are_those_of_these_rows():
    found = outcome()
    (draws,) = draw_scores([found], 3, seed=0)
    rest = np.arange(len(found.rows)) != 5
    expected = observed_scores(
        outcome(
            y_true=found.y_true[rest],
            y_pred=found.y_pred[rest],
            y_proba=found.y_proba[rest],
            rows=np.arange(rest.sum()),
        )
    )
    np.testing.assert_allclose(draws.jackknife[5], expected)
    assert draws.resampled.shape == (3, len(score_names(CLASSES, multilabel=True)))
    assert np.ptp(draws.resampled[:, 0]) > 0


def test_nothing_predicted_for_a_row_without_labels_is_right():
    names = score_names(CLASSES, multilabel=True)
    empty = np.zeros((2, 3), dtype=bool)
    found = outcome(2, y_true=empty, y_pred=empty, y_proba=None)
    scores = dict(zip(names, observed_scores(found)))
    assert scores["samples_f1"] == scores["accuracy"] == 1
    assert np.isnan(scores["f1_oil"])
    assert np.isnan(scores["log_loss"])


def test_a_label_that_is_neither_true_nor_predicted_is_not_in_the_mean():
    true = np.array([[1, 0, 0], [1, 1, 0]], dtype=bool)
    found = outcome(2, y_true=true, y_pred=true, y_proba=None)
    scores = dict(zip(score_names(CLASSES, multilabel=True), observed_scores(found)))
    assert scores["macro_f1"] == 1
    assert np.isnan(scores["f1_sea"])


def test_predictions_of_the_same_row_share_its_weight():
    once = outcome()
    twice = outcome(
        y_true=np.vstack([once.y_true] * 2),
        y_pred=np.vstack([once.y_pred] * 2),
        y_proba=np.vstack([once.y_proba] * 2),
        rows=np.tile(once.rows, 2),
    )
    np.testing.assert_allclose(observed_scores(twice), observed_scores(once))
    np.testing.assert_allclose(twice.counts(), once.counts())


def test_sets_that_are_all_right_have_exact_intervals():
    true = outcome().y_true
    found = outcome(y_pred=true).exact_intervals(CLASSES, 0.95)
    assert found["accuracy"].low == pytest.approx(0.025 ** (1 / 40))
    assert found["accuracy"].high == 1
    assert found["macro_f1"].method == "exact"
