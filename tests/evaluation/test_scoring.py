import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score

from agnews_sk.evaluation import Evaluation
from agnews_sk.evaluation._scoring import (
    check_comparable,
    cost_row,
    interval_columns,
    score_evaluations,
    scores_frame,
)

Y = np.array(["a", "b", "c"] * 8)


def evaluation(name, n_errors=4, **options):
    y_pred = Y.copy()
    y_pred[:n_errors] = np.roll(Y, 1)[:n_errors]
    costs = {"n_train_rows": 5, "fit_seconds": 2.0, "predict_seconds": 0.5, "size_bytes": None}
    fields = {"name": name, "estimator": None, "y_true": Y, "y_pred": y_pred, **costs, **options}
    return Evaluation(**fields)


def scored(*evaluations, rows=None, **options):
    rows = np.arange(len(Y)) if rows is None else rows
    settings = {"n_resamples": 100, "confidence_level": 0.9, "seed": 0, **options}
    return score_evaluations(evaluations, rows, **settings)


def test_scores_and_ends_are_in_one_table():
    evaluations = [evaluation("good", 2), evaluation("poor", 9)]
    found = scored(*evaluations)
    table = found.table(evaluations)
    assert table.index.tolist() == ["good", "poor"]
    for e in evaluations:
        row = table.loc[e.name]
        assert row["accuracy"] == pytest.approx(accuracy_score(e.y_true, e.y_pred))
        assert row["accuracy_low"] < row["accuracy"] < row["accuracy_high"]
        assert found.right()[e.name].sum() == (e.y_true == e.y_pred).sum()


def test_methods_are_by_classifier_and_score():
    methods = scored(evaluation("some", 4), evaluation("perfect", 0)).interval_methods()
    assert methods.loc["some", "accuracy"] == "BCa"
    assert methods.loc["perfect", "accuracy"] == "exact"
    assert methods.loc["some", "log_loss"] == "none"
    assert "calibration_error" not in methods


def test_only_classifiers_with_probabilities_have_some():
    y_proba = np.full((len(Y), 2), 0.5)
    sure = evaluation("sure", y_proba=y_proba, classes=np.array(["a", "z"]))
    found = scored(sure, evaluation("plain"))
    assert found.classes.tolist() == ["a", "b", "c", "z"]
    assert list(found.probabilities()) == ["sure"]
    assert found.probabilities()["sure"][0].tolist() == [0.5, 0, 0, 0.5]


def test_rows_may_be_any_positions():
    evaluations = [evaluation("a")]
    straight = scored(*evaluations).table(evaluations)
    shifted = scored(*evaluations, rows=np.arange(len(Y)) * 7 + 3).table(evaluations)
    pd.testing.assert_frame_equal(straight, shifted)


def test_the_same_seed_gives_the_same_intervals():
    evaluations = [evaluation("a")]
    first, again, other = (scored(*evaluations, seed=seed).table(evaluations) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again)
    assert (first["accuracy_low"] != other["accuracy_low"]).any()


def test_costs_of_an_evaluation_are_in_its_row():
    latency = np.arange(1, 101) / 1000
    row = cost_row(evaluation("a", latency_seconds=latency, abstained=np.arange(len(Y)) < 6))
    assert row["latency_p50_ms"] == pytest.approx(50.5)
    assert row["abstained"] == 0.25
    assert row["texts_per_second"] == 48
    assert np.isnan(cost_row(evaluation("a"))["latency_p99_ms"])


def test_counts_are_integers_and_may_be_unknown():
    frame = scores_frame(["a"], [{"n_train_rows": 5, "size_bytes": None, "n_parameters": 3}])
    assert frame["n_train_rows"].dtype == int
    assert frame["size_bytes"].isna().all()
    assert frame["n_parameters"].tolist() == [3]


def test_ends_of_intervals_have_distinct_column_names():
    columns = interval_columns(np.array(["x", "x_low", "x_high", "x__low"]))
    ends = [end for both in columns.values() for end in both]
    assert len(ends) == len(set(ends)) == len(set(ends) - set(columns)) == 2 * len(columns)
    assert columns["recall_x"] == ("recall_x___low", "recall_x___high")


@pytest.mark.parametrize(
    ("evaluations", "error", "message"),
    [
        ([], ValueError, "at least one is needed, got 0"),
        ([evaluation("a"), evaluation("a")], ValueError, r"different names, got \['a', 'a'\]"),
        ([evaluation("a"), evaluation("b", y_true=Y[::-1])], ValueError, "labels of b differ"),
        (evaluation("a"), TypeError, "got Evaluation; wrap it in a list"),
    ],
    ids=["none", "names", "labels", "one"],
)
def test_evaluations_that_cannot_be_compared_are_rejected(evaluations, error, message):
    with pytest.raises(error, match=message):
        check_comparable(evaluations)
