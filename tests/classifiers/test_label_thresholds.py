import numpy as np
import pytest
from sklearn.metrics import f1_score, precision_recall_curve

from agnews_sk.classifiers._label_thresholds import choose_thresholds, thresholds_for


def rows(n_rows, share, seed=0):
    """Calibrated probabilities of a label, and who has it."""
    rng = np.random.default_rng(seed)
    probability = rng.beta(share * 2, (1 - share) * 2, size=(n_rows, 1))
    return probability, rng.random((n_rows, 1)) < probability


def test_the_threshold_of_a_frequent_label_has_nearly_the_highest_f1():
    y_proba, true = rows(5_000, 0.2)
    (chosen,) = choose_thresholds(y_proba, true)
    best = max(f1_score(true, y_proba >= t) for t in np.linspace(0.1, 0.6, 11))
    assert f1_score(true, y_proba >= chosen) > best - 0.01


def test_the_threshold_of_a_label_without_rows_is_that_of_its_expected_f1():
    y_proba, true = rows(5_000, 0.2)
    (chosen,) = choose_thresholds(y_proba, np.zeros_like(true))
    assert chosen == pytest.approx(choose_thresholds(y_proba, true)[0], abs=0.05)


def test_thresholds_of_rare_labels_overfit_less_than_those_of_the_highest_f1():
    y_new, true_new = rows(5_000, 0.05, seed=1)
    ours, naive = [], []
    for seed in range(20):
        y_proba, true = rows(200, 0.05, seed=100 + seed)
        precision, recall, tried = precision_recall_curve(true.ravel(), y_proba.ravel())
        f1 = precision * recall / np.maximum(precision + recall, 1e-9)
        for found, threshold in (
            (ours, choose_thresholds(y_proba, true)[0]),
            (naive, tried[f1[:-1].argmax()]),
        ):
            found.append(f1_score(true_new, y_new >= threshold))
    assert np.mean(ours) > np.mean(naive) + 0.02


def test_rows_of_equal_probability_are_predicted_together():
    y_proba = np.repeat([[0.9], [0.4]], 50, axis=0)
    true = np.zeros((100, 1), dtype=bool)
    true[:10] = True
    assert choose_thresholds(y_proba, true)[0] in (0.2, pytest.approx(0.65))


def test_a_weight_of_rows_is_their_repetition():
    y_proba, true = rows(300, 0.3)
    repeated = np.repeat(np.arange(300), 2)
    once = choose_thresholds(y_proba[repeated], true[repeated])
    assert choose_thresholds(y_proba, true, np.full(300, 2.0)) == pytest.approx(once, abs=0.1)


def test_thresholds_are_those_given_or_half_without_rows():
    held_out = np.empty((0, 0)), np.empty((0, 3), dtype=bool), np.empty(0)
    fitted = np.array([[True, False, True], [False, False, True]])
    assert thresholds_for("f1", *held_out, fitted=fitted).tolist() == [0.5, 1, 0]
    assert thresholds_for(0.3, *held_out, fitted=fitted).tolist() == [0.3] * 3


def test_rows_without_weight_choose_no_threshold():
    rng = np.random.default_rng(0)
    y_proba = rng.random((200, 3))
    indicator = rng.random((200, 3)) < y_proba
    weight = np.where(np.arange(200) % 2, 0.0, 0.7)
    found = choose_thresholds(y_proba, indicator, weight)
    np.testing.assert_allclose(found, choose_thresholds(y_proba[::2], indicator[::2]))
