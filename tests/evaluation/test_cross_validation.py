import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import KFold

from agnews_sk.evaluation import Evaluation
from agnews_sk.evaluation._cross_validation import (
    cross_evaluate,
    fold_row,
    make_splits,
    merge_folds,
    random_fifths,
)

TEXTS = [f"{word} {i}" for i in range(20) for word in ("oil", "cup")]
Y = np.array(["Oil", "Cup"] * 20)


def fold(y_true, y_pred, **options):
    costs = {"fit_seconds": 1.0, "predict_seconds": 1.0, "size_bytes": 10, "n_train_rows": 4}
    return Evaluation(
        name="a",
        estimator=DummyClassifier(),
        y_true=np.array(y_true),
        y_pred=np.array(y_pred),
        **{"latency_seconds": np.array([0.1]), **costs, **options},
    )


def test_folds_are_merged_in_order_with_mean_and_total_costs():
    first = fold(["x", "y"], ["x", "x"], n_parameters=5, peak_memory_bytes=1.0)
    second = fold(
        ["y"], ["y"], fit_seconds=3.0, size_bytes=21, n_train_rows=5, peak_memory_bytes=7.0
    )
    merged = merge_folds([first, second])
    assert merged.y_true.tolist() == ["x", "y", "y"]
    assert merged.y_pred.tolist() == ["x", "x", "y"]
    assert (merged.fit_seconds, merged.predict_seconds) == (2.0, 2.0)
    assert (merged.size_bytes, merged.n_train_rows) == (16, 4)
    assert (merged.peak_memory_bytes, merged.n_parameters) == (7.0, 5)
    assert merged.latency_seconds.tolist() == [0.1, 0.1]
    assert merged.estimator is merged.abstained is merged.y_proba is merged.classes is None


def test_an_unknown_size_of_one_fold_is_unknown():
    assert merge_folds([fold(["x"], ["x"]), fold(["x"], ["x"], size_bytes=None)]).size_bytes is None


def test_a_class_that_a_fold_did_not_know_has_no_probability_there():
    first = fold(["x"], ["x"], y_proba=np.array([[0.7, 0.3]]), classes=np.array(["x", "y"]))
    second = fold(["z"], ["z"], y_proba=np.array([[1.0]]), classes=np.array(["z"]))
    merged = merge_folds([first, second])
    assert merged.classes.tolist() == ["x", "y", "z"]
    assert merged.y_proba.tolist() == [[0.7, 0.3, 0], [0, 0, 1]]


def test_folds_without_abstentions_count_as_labelled():
    first = fold(["x", "x"], ["x", "?"], abstained=np.array([False, True]))
    assert merge_folds([first, fold(["x"], ["x"])]).abstained.tolist() == [False, True, False]


def test_each_classifier_has_the_same_folds_and_all_rows():
    classifiers = {"a": DummyClassifier(), "b": DummyClassifier(strategy="uniform")}
    stages = []
    evaluations, rows, folds = cross_evaluate(
        classifiers, TEXTS, Y, cv=4, rng=np.random.default_rng(0), progress=stages.append
    )
    assert sorted(rows) == list(range(40))
    for evaluation in evaluations:
        np.testing.assert_array_equal(evaluation.y_true, Y[rows])
    assert folds.groupby("fold")["n_test_rows"].nunique().tolist() == [1] * 4
    assert folds["classifier"].tolist() == ["a"] * 4 + ["b"] * 4
    assert stages[0] == "fold 1 of 4: a: fitting on 30 rows"


def test_a_splitter_is_used_as_it_is():
    splits = make_splits(KFold(2), TEXTS, Y, np.random.default_rng(0))
    assert [test.tolist() for _, test in splits] == [list(range(20)), list(range(20, 40))]


@pytest.mark.parametrize("kind", ["folds", "fifths"])
def test_copies_are_on_one_side_of_every_split(kind):
    texts, y = TEXTS * 2, np.tile(Y, 2)
    if kind == "folds":
        splits = make_splits(4, texts, y, np.random.default_rng(0))
    else:
        splits = random_fifths(texts, y, 0, [])
    for train, test in splits:
        assert {texts[i] for i in train}.isdisjoint(texts[i] for i in test)
        assert set(y[train]) == {"Oil", "Cup"}


def test_too_few_different_rows_are_split_with_a_warning():
    with pytest.warns(UserWarning, match="only 2 of 40 rows are different"):
        splits = random_fifths(["oil", "cup"] * 20, Y, 0, [])
    assert [len(test) for _, test in splits] == [8] * 5


def test_scores_of_a_fold_are_those_of_its_rows():
    row = fold_row(fold(["x", "y", "y", "y"], ["x", "y", "x", "y"]), 3)
    assert (row["fold"], row["n_test_rows"], row["accuracy"]) == (3, 4, 0.75)
    assert row["macro_f1"] == pytest.approx((2 / 3 + 4 / 5) / 2)
