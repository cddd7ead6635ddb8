import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.dummy import DummyClassifier

from agnews_sk.reporting import ReliabilityDisplay

pytest.importorskip("matplotlib")


def test_bins_equal_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    y_proba = rng.dirichlet(np.ones(3), 300)
    y_true = np.array(["a", "b", "c"])[rng.integers(0, 3, 300)]
    display = ReliabilityDisplay.from_predictions(y_true, y_proba, classes=["a", "b", "c"])
    right = np.array(["a", "b", "c"])[y_proba.argmax(axis=1)] == y_true
    observed, predicted = calibration_curve(right, y_proba.max(axis=1), n_bins=15)
    np.testing.assert_allclose(display.accuracy, observed, atol=1e-12)
    np.testing.assert_allclose(display.confidence, predicted, atol=1e-12)
    assert display.n_rows.sum() == 300


def test_calibration_error_is_the_gap_weighted_by_rows():
    display = ReliabilityDisplay(np.array([0.6, 0.9]), np.array([0.5, 1.0]), np.array([3, 1]))
    assert display.calibration_error == pytest.approx((3 * 0.1 + 1 * 0.1) / 4)


def test_columns_are_matched_by_their_labels():
    y_proba = [[0.1, 0.9], [0.7, 0.3]]
    straight = ReliabilityDisplay.from_predictions(["b", "a"], y_proba, classes=["a", "b"])
    swapped = ReliabilityDisplay.from_predictions(["b", "a"], y_proba, classes=["b", "a"])
    assert straight.accuracy.tolist() == [1, 1]
    assert swapped.accuracy.tolist() == [0, 0]


def test_a_diagram_of_an_estimator_has_its_name_and_axes():
    dummy = DummyClassifier(strategy="prior").fit([[0]] * 3, ["a", "a", "b"])
    display = ReliabilityDisplay.from_estimator(dummy, [[0]] * 3, ["a", "a", "b"])
    assert display.ax_.get_title() == "DummyClassifier"
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("confidence", "accuracy")
    assert display.calibration_error == pytest.approx(0)


@pytest.mark.parametrize(
    ("y_proba", "message"),
    [
        ([[0.5, 0.5]], r"shape \(2, 2\), got shape \(1, 2\) with 0"),
        ([[0.5, 0.5], [np.nan, 1]], "with 1 that are not finite"),
    ],
)
def test_probabilities_of_another_shape_are_rejected(y_proba, message):
    with pytest.raises(ValueError, match=message):
        ReliabilityDisplay.from_predictions(["a", "b"], y_proba, classes=["a", "b"])
