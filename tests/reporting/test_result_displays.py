import numpy as np
import pandas as pd
import pytest

from agnews_sk.evaluation import ComparisonResult, Evaluation
from agnews_sk.reporting import CostQualityDisplay, ScoresDisplay

pytest.importorskip("matplotlib")


def result_with(n_classifiers):
    """Return a result of classifiers, each slower than the one before; the second is right."""
    y_true = np.array(["World", "Sports", "Business", "Sci/Tech"], dtype=object)
    y_pred = np.array(["World", "Sports", "Sports", "Sci/Tech"], dtype=object)
    return ComparisonResult.from_evaluations(
        [
            Evaluation(
                name=f"c{i}",
                estimator=None,
                y_true=y_true,
                y_pred=y_true if i == 1 else y_pred,
                n_train_rows=4,
                fit_seconds=1.0,
                predict_seconds=1.0 + i,
                size_bytes=1,
            )
            for i in range(n_classifiers)
        ],
        n_resamples=50,
        random_state=0,
    )


def test_scores_are_drawn_with_their_intervals_the_first_on_top():
    result = result_with(3)
    display = ScoresDisplay.from_result(result, score="macro_f1")
    assert display.intervals["score"].tolist() == result.scores["macro_f1"].tolist()
    assert [label.get_text() for label in display.ax_.get_yticklabels()] == ["c0", "c1", "c2"]
    assert display.ax_.yaxis_inverted()


def test_a_score_without_interval_is_rejected():
    with pytest.raises(ValueError, match=r"score must be one of .*'accuracy'.*, got 'fit_seconds'"):
        ScoresDisplay.from_result(result_with(1), score="fit_seconds")


def test_quality_is_drawn_against_cost_on_a_logarithmic_axis():
    display = CostQualityDisplay.from_result(result_with(2))
    assert display.ax_.get_xscale() == "log"
    assert display.ax_.get_xlabel() == "fit time in seconds"


def test_those_on_the_frontier_are_named_and_joined_and_others_in_the_legend():
    display = CostQualityDisplay.from_result(result_with(3), cost="texts_per_second")
    assert display.data["frontier"].to_dict() == {"c0": True, "c1": True, "c2": False}
    assert [text.get_text() for text in display.ax_.texts] == ["c0", "c1"]
    assert [text.get_text() for text in display.ax_.get_legend().get_texts()] == ["c2"]
    line = display.ax_.lines[-1]
    assert list(line.get_xdata()) == sorted(display.data["cost"][:2])
    assert list(line.get_ydata()) == [1.0, 0.75]


def test_a_cost_that_is_not_known_is_rejected():
    with pytest.raises(ValueError, match=r"cost must be one of .*got 'dollars'"):
        CostQualityDisplay.from_result(result_with(1), cost="dollars")


def test_a_classifier_of_unknown_cost_is_not_drawn():
    y_true = ["World", "Sports"]
    result = ComparisonResult.from_predictions(y_true, {"elsewhere": y_true}, random_state=0)
    display = CostQualityDisplay.from_result(result)
    assert display.data["cost"].isna().all()
    assert display.ax_.lines[:] == []


def test_intervals_are_drawn_at_their_ends():
    result = result_with(1)
    line = ScoresDisplay.from_result(result).ax_.lines[0]
    row = result.scores.loc["c0"]
    assert list(line.get_xdata()) == [row["accuracy_low"], row["accuracy_high"]]


def test_a_classifier_of_unknown_size_is_not_drawn():
    result = result_with(2)
    result.scores["size_bytes"] = pd.array([1, pd.NA], dtype="Int64")
    display = CostQualityDisplay.from_result(result, cost="size_bytes")
    assert [text.get_text() for text in display.ax_.texts] == ["c0"]


def test_quality_without_an_interval_is_rejected():
    with pytest.raises(ValueError, match=r"score must be one of .*got 'calibration_error'"):
        CostQualityDisplay.from_result(result_with(1), score="calibration_error")
