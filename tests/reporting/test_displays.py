import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import calibration_curve
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import Pipeline

from agnews_sk.evaluation import ComparisonResult, Evaluation
from agnews_sk.reporting import (
    CostQualityDisplay,
    HistoryDisplay,
    ReliabilityDisplay,
    ScoresDisplay,
)

pytest.importorskip("matplotlib")


def result_with(n_classifiers):
    y_true = np.array(["World", "Sports", "Business", "Sci/Tech"], dtype=object)
    y_pred = np.array(["World", "Sports", "Sports", "Sci/Tech"], dtype=object)
    return ComparisonResult.from_evaluations(
        [
            Evaluation(
                name=f"c{i}",
                estimator=None,
                y_true=y_true,
                y_pred=y_pred,
                n_train_rows=4,
                fit_seconds=1.0,
                predict_seconds=1.0,
                size_bytes=1,
            )
            for i in range(n_classifiers)
        ],
        n_resamples=10,
    )


def test_the_reliability_picture_shows_what_scikit_learn_counts():
    rng = np.random.default_rng(0)
    y_proba = rng.dirichlet(np.ones(3), 300)
    y_true = np.array(["a", "b", "c"])[rng.integers(0, 3, 300)]
    display = ReliabilityDisplay.from_predictions(y_true, y_proba, classes=["a", "b", "c"])
    right = np.array(["a", "b", "c"])[y_proba.argmax(axis=1)] == y_true
    observed, predicted = calibration_curve(right, y_proba.max(axis=1), n_bins=15)
    np.testing.assert_allclose(display.accuracy, observed, atol=1e-12)
    np.testing.assert_allclose(display.confidence, predicted, atol=1e-12)
    assert display.n_rows.sum() == 300


def test_scores_are_drawn_with_their_intervals_the_first_on_top():
    result = result_with(3)
    display = ScoresDisplay.from_result(result, score="macro_f1")
    assert display.intervals["score"].tolist() == result.scores["macro_f1"].tolist()
    assert [label.get_text() for label in display.ax_.get_yticklabels()] == ["c0", "c1", "c2"]
    assert display.ax_.yaxis_inverted()


def test_a_score_without_interval_is_refused():
    with pytest.raises(ValueError, match=r"score must be one of .*'accuracy'.*, got 'fit_seconds'"):
        ScoresDisplay.from_result(result_with(1), score="fit_seconds")


def test_quality_is_drawn_against_cost_on_a_logarithmic_axis():
    display = CostQualityDisplay.from_result(result_with(2))
    assert display.ax_.get_xscale() == "log"
    assert [text.get_text() for text in display.ax_.get_legend().get_texts()] == ["c0", "c1"]


def test_a_cost_that_is_not_known_is_refused():
    with pytest.raises(ValueError, match=r"cost must be one of .*got 'dollars'"):
        CostQualityDisplay.from_result(result_with(1), cost="dollars")


def test_the_history_of_the_last_step_of_a_pipeline_is_drawn():
    history = pd.DataFrame({"epoch": [1, 2], "train_loss": [0.9, 0.5], "valid_loss": [1, 0.8]})
    classifier = DummyClassifier().fit([[0]], ["a"])
    classifier.history_ = history
    display = HistoryDisplay.from_estimator(Pipeline([("classify", classifier)]))
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert labels == ["training rows", "validation rows"]
    assert display.ax_.lines[1].get_ydata().tolist() == [1, 0.8]


def test_an_estimator_without_history_is_refused():
    with pytest.raises(TypeError, match=r"must have a history_ of its epochs.*got DummyClassifier"):
        HistoryDisplay.from_estimator(DummyClassifier().fit([[0]], ["a"]))
