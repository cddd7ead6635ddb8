import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from agnews_sk.evaluation._pairs import pair_columns, pairs_on_folds, pairs_on_rows
from agnews_sk.evaluation._quality import Outcome, draw_scores
from agnews_sk.evaluation._statistics import corrected_t_test, mcnemar_test

N = 60
Y = np.arange(N) % 2


def outcome(n_errors, start=0):
    y_pred = Y.copy()
    y_pred[start : start + n_errors] = 1 - Y[start : start + n_errors]
    return Outcome(y_true=Y, y_pred=y_pred, y_proba=None, n_classes=2, rows=np.arange(N))


def on_rows(**outcomes):
    right = {name: found.y_pred == Y for name, found in outcomes.items()}
    draws = dict(zip(outcomes, draw_scores(list(outcomes.values()), 400, seed=0)))
    return right, pairs_on_rows(right, draws, 0.95)


def folds_of(**accuracies):
    return pd.DataFrame(
        [
            {
                "classifier": name, "fold": fold, "n_train_rows": 40, "n_test_rows": 20,
                "accuracy": accuracy, "macro_f1": accuracy,
            }
            for name, found in accuracies.items()
            for fold, accuracy in enumerate(found)
        ]
    )  # fmt: skip


def test_each_pair_has_a_row_of_all_columns():
    _, pairs = on_rows(a=outcome(2), b=outcome(4), c=outcome(9))
    assert list(pairs.columns) == pair_columns(multilabel=False)
    assert list(zip(pairs["a"], pairs["b"])) == [("a", "b"), ("a", "c"), ("b", "c")]


def test_counts_and_p_value_are_those_of_mcnemar():
    right, pairs = on_rows(a=outcome(2), b=outcome(30))
    expected = mcnemar_test(right["a"], right["b"])
    row = pairs.iloc[0]
    for column in ("both_right", "only_a", "only_b", "both_wrong", "test", "p_value"):
        assert row[column] == getattr(expected, column)
    assert row["effect"] == "Cohen's g"
    assert row["significant"]


def test_a_significant_difference_needs_both_interval_and_corrected_p():
    _, pairs = on_rows(a=outcome(3), b=outcome(10), c=outcome(10, 1), d=outcome(10, 2))
    excludes = (pairs["accuracy_difference_low"] > 0) | (pairs["accuracy_difference_high"] < 0)
    expected = excludes & (pairs["p_holm"] <= 0.05)
    assert pairs["significant"].tolist() == expected.tolist()
    assert (pairs["p_holm"] >= pairs["p_value"]).all()


def test_equal_predictions_have_an_exact_interval_around_zero():
    _, pairs = on_rows(a=outcome(5), b=outcome(5))
    row = pairs.iloc[0]
    assert row["accuracy_difference_method"] == "exact"
    assert row["accuracy_difference_low"] < 0 < row["accuracy_difference_high"]
    assert row["macro_f1_difference_method"] == "none"
    assert not row["significant"]


def test_folds_are_tested_by_the_corrected_t():
    right = {"a": np.ones(60, dtype=bool), "b": np.arange(60) % 3 > 0}
    folds = folds_of(a=[1.0, 1.0, 1.0], b=[0.6, 0.7, 0.7])
    row = pairs_on_folds(right, folds, 60, 0.95).iloc[0]
    expected = corrected_t_test([0.4, 0.3, 0.3], 0.5, confidence_level=0.95)
    assert row["test"] == row["accuracy_difference_method"] == "corrected t"
    assert row["accuracy_difference"] == pytest.approx(expected.difference)
    assert row["p_value"] == pytest.approx(expected.p_value)
    assert row["effect_size"] == pytest.approx(expected.effect_size)
    assert np.isnan(row["bootstrap_p_value"])


def test_the_same_difference_on_all_folds_is_tested_on_rows_once_per_row():
    right = {"a": np.ones(120, dtype=bool), "b": np.tile(np.arange(60) % 4 > 0, 2)}
    folds = folds_of(a=[1.0] * 6, b=[0.75] * 6)
    row = pairs_on_folds(right, folds, 60, 0.95).iloc[0]
    assert row["test"] == "exact"
    assert row["p_value"] == pytest.approx(binomtest(15, 15).pvalue)
    assert row["accuracy_difference"] == pytest.approx(0.25)
    assert row["macro_f1_difference_method"] == "none"
    assert np.isnan(row["macro_f1_p_value"])
