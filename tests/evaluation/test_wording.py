import numpy as np
import pytest

from agnews_sk.evaluation import ComparisonResult
from agnews_sk.evaluation._wording import (
    abstention_note,
    confidence_percent,
    cost_note,
    interval_with_method,
    verdict,
)

Y = np.array(["a", "b"] * 100)


def flipped(n_rows, start=0):
    """Return labels with errors in this many rows."""
    y_pred = Y.copy()
    y_pred[start : start + n_rows] = np.where(Y[start : start + n_rows] == "a", "b", "a")
    return y_pred


def verdict_on(**predictions):
    return verdict(ComparisonResult.from_predictions(Y, predictions, random_state=0))


def test_one_classifier_has_its_accuracy():
    assert verdict_on(good=flipped(20)).startswith(
        "good has an accuracy of 90.00 % (95 % interval 8"
    )


def test_a_significant_difference_is_stated_with_its_interval():
    said = verdict_on(poor=flipped(80), good=flipped(10))
    assert said.startswith("good is significantly more accurate than poor (difference +35.00 poi")
    assert said.endswith(") on 200 test rows: its accuracy is " + said.rpartition(" is ")[2])
    assert "95.00 %" in said


def test_no_significant_difference_is_stated_as_such():
    said = verdict_on(first=flipped(20), second=flipped(20, start=1))
    assert said.startswith(
        "There is no significant difference in accuracy between first (90.00 %) and second "
        "(difference +0.00 points, 95 % interval"
    )
    assert said.endswith(") on 200 test rows.")


def test_several_classifiers_without_a_difference_are_alternatives():
    said = verdict_on(a=flipped(20), b=flipped(20, 1), c=flipped(20, 2))
    assert " and b (difference" in said
    assert ") or c (difference" in said


def test_a_leader_may_be_better_than_some_only():
    said = verdict_on(a=flipped(20), b=flipped(20, 1), poor=flipped(90))
    assert "a is significantly more accurate than poor (" in said
    assert ", but not than b (difference +0.00 points" in said


def test_the_difference_is_seen_from_the_leader():
    forward = verdict_on(good=flipped(10), poor=flipped(80))
    backward = verdict_on(poor=flipped(80), good=flipped(10))
    assert forward == backward


def test_unknown_costs_are_stated_as_unknown():
    result = ComparisonResult.from_predictions(Y, {"a": Y}, random_state=0)
    assert cost_note(result) == "Their costs are unknown."
    assert abstention_note(result) == ""
    assert confidence_percent(result) == "95 %"


@pytest.mark.parametrize(
    ("method", "expected"), [("BCa", "1 to 2"), ("exact", "1 to 2 exact"), ("none", "no interval")]
)
def test_only_unusual_methods_are_named(method, expected):
    assert interval_with_method("1 to 2", method, usual="BCa") == expected


def test_the_frontier_is_named_from_three_classifiers_on():
    predicted = {"good": flipped(10), "fair": flipped(20), "poor": flipped(80)}
    result = ComparisonResult.from_predictions(Y, predicted, random_state=0)
    result.scores["texts_per_second"] = [10.0, 500.0, 200.0]
    said = "No other has both a higher accuracy and speed than fair or good."
    assert cost_note(result).endswith(said)
    two = {name: predicted[name] for name in ("good", "fair")}
    result = ComparisonResult.from_predictions(Y, two, random_state=0)
    result.scores["texts_per_second"] = [10.0, 500.0]
    assert "No other" not in cost_note(result)
