import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score
from statsmodels.stats.multitest import multipletests

from agnews_sk.evaluation import ComparisonResult, Evaluation
from agnews_sk.reporting import ScoresDisplay

CLASSES = np.array(["Business", "Sci/Tech", "Sports", "World"], dtype=object)


def evaluation(name, y_true, y_pred, **changes):
    costs = {"n_train_rows": 10, "fit_seconds": 2.0, "predict_seconds": 0.5, "size_bytes": 1234}
    return Evaluation(
        name=name,
        estimator=None,
        y_true=np.asarray(y_true),
        y_pred=np.asarray(y_pred),
        **(costs | changes),
    )


def random_evaluations(n_rows=200, seed=0, classes=CLASSES):
    rng = np.random.default_rng(seed)
    y_true = rng.choice(classes, n_rows)
    guesses = rng.choice(classes, (2, n_rows))
    right = rng.random((2, n_rows)) < [[0.9], [0.7]]
    return [
        evaluation(name, y_true, np.where(hits, y_true, guess))
        for name, hits, guess in zip(["good", "poor"], right, guesses)
    ]


def result_of(evaluations, **options):
    settings = {"n_resamples": 100, "random_state": 0} | options
    return ComparisonResult.from_evaluations(evaluations, **settings)


def test_scores_equal_those_of_scikit_learn():
    evaluations = random_evaluations()
    scores = result_of(evaluations).scores
    for found in evaluations:
        truth = found.y_true, found.y_pred
        row = scores.loc[found.name]
        assert row["accuracy"] == accuracy_score(*truth)
        assert row["macro_f1"] == f1_score(*truth, average="macro")
        per_class = row[[f"f1_{label}" for label in CLASSES]]
        assert per_class.tolist() == f1_score(*truth, average=None).tolist()


def test_intervals_hold_their_scores():
    scores = result_of(random_evaluations(), n_resamples=2000).scores
    for score in ("accuracy", "macro_f1"):
        assert (scores[f"{score}_low"] < scores[score]).all()
        assert (scores[f"{score}_high"] > scores[score]).all()


def test_costs_are_those_of_the_evaluations():
    scores = result_of(random_evaluations()).scores
    costs = scores.loc["good", ["n_train_rows", "fit_seconds", "texts_per_second", "size_bytes"]]
    assert costs.tolist() == [10, 2.0, 400.0, 1234]


def test_a_class_that_only_one_classifier_predicts_lowers_its_macro_f1_alone():
    y_true = ["World", "Sports", "World"]
    result = result_of(
        [evaluation("a", y_true, y_true), evaluation("b", y_true, ["World", "Sports", "Business"])]
    )
    assert result.classes.tolist() == ["Business", "Sports", "World"]
    assert np.isnan(result.scores.loc["a", "f1_Business"])
    assert result.scores.loc["b", "f1_Business"] == 0
    assert result.scores.loc["a", "macro_f1"] == 1
    assert result.scores.loc["b", "macro_f1"] == pytest.approx((0 + 1 + 2 / 3) / 3)


def test_a_class_absent_from_the_predictions_has_an_f1_of_zero():
    found = evaluation("a", ["World", "Sports"], ["World", "World"])
    scores = result_of([found]).scores
    assert scores.loc["a", "f1_Sports"] == 0
    assert scores.loc["a", "macro_f1"] == f1_score(found.y_true, found.y_pred, average="macro")


def test_confusion_matrix_has_true_labels_as_rows_and_predicted_ones_as_columns():
    good = random_evaluations()[0]
    found = result_of([good]).confusion_matrix("good")
    assert found.index.tolist() == found.columns.tolist() == CLASSES.tolist()
    np.testing.assert_array_equal(found, confusion_matrix(good.y_true, good.y_pred))
    assert found.loc["World", "Sports"] == np.sum(
        (good.y_true == "World") & (good.y_pred == "Sports")
    )


def test_confusion_of_an_unknown_name_is_rejected():
    with pytest.raises(KeyError, match=r"name must be one of \['good', 'poor'\], got 'best'"):
        result_of(random_evaluations()).confusion_matrix("best")


def test_pairwise_counts_who_is_right_where():
    y_true = ["World"] * 6
    a = ["World", "World", "World", "Sports", "Sports", "World"]
    b = ["World", "Sports", "Sports", "World", "Sports", "Sports"]
    pairs = result_of([evaluation("a", y_true, a), evaluation("b", y_true, b)]).pairwise()
    expected = {
        "a": "a",
        "b": "b",
        "accuracy_difference": pytest.approx(2 / 6),
        "both_right": 1,
        "only_a": 3,
        "only_b": 1,
        "both_wrong": 1,
        "test": "exact",
        "p_value": pytest.approx(0.625),
        "p_holm": pytest.approx(0.625),
        "effect": "Cohen's g",
        "effect_size": pytest.approx(3 / 4 - 1 / 2),
        "significant": False,
    }
    assert pairs.loc[0, list(expected)].to_dict() == expected


def test_p_values_are_corrected_for_the_number_of_pairs():
    good, poor = random_evaluations()
    other = evaluation("other", good.y_true, poor.y_pred)
    pairs = result_of([good, poor, other]).pairwise()
    for prefix in ("", "bootstrap_", "macro_f1_"):
        raw = pairs[f"{prefix}p_value"]
        expected = multipletests(raw, method="holm")[1]
        np.testing.assert_allclose(pairs[f"{prefix}p_holm"], expected, atol=1e-12)
    assert pairs["significant"].tolist() == [True, True, False]


def test_no_pair_is_significant_if_the_interval_contains_zero_or_holm_disagrees():
    pairs = result_of(random_evaluations(n_rows=12), n_resamples=500).pairwise()
    low, high = pairs["accuracy_difference_low"], pairs["accuracy_difference_high"]
    told = ((low > 0) | (high < 0)) & (pairs["p_holm"] <= 0.05)
    assert pairs["significant"].tolist() == told.tolist()


def test_identical_classifiers_do_not_differ():
    good = random_evaluations()[0]
    pair = result_of([good, evaluation("twin", good.y_true, good.y_pred)]).pairwise().loc[0]
    assert (pair["accuracy_difference"], pair["only_a"], pair["only_b"]) == (0, 0, 0)
    assert pair["p_value"] == 1


@pytest.mark.parametrize(("n_classifiers", "n_pairs"), [(1, 0), (2, 1), (4, 6)])
def test_pairwise_has_a_row_for_each_pair(n_classifiers, n_pairs):
    y_true = ["World", "Sports"]
    found = result_of([evaluation(f"c{i}", y_true, y_true) for i in range(n_classifiers)])
    assert found.pairwise().shape == (n_pairs, 24)


@pytest.mark.parametrize(
    "classes",
    [CLASSES, np.array([1, 2, 3, 4]), np.array([False, True])],
    ids=["str", "int", "bool"],
)
def test_a_result_survives_json(tmp_path, classes):
    result = result_of(random_evaluations(classes=classes))
    result.to_json(tmp_path / "comparison.json")
    again = ComparisonResult.from_json(tmp_path / "comparison.json")
    pd.testing.assert_frame_equal(again.scores, result.scores, check_exact=True)
    pd.testing.assert_frame_equal(again.predictions, result.predictions)
    pd.testing.assert_frame_equal(again.pairwise(), result.pairwise(), check_exact=True)
    assert again.y_true.tolist() == result.y_true.tolist()
    assert (again.n_resamples, again.confidence_level) == (100, 0.95)
    assert again.estimators == {}


def test_missing_values_survive_json_as_null(tmp_path):
    y_true = ["World", "Sports"]
    result = result_of(
        [
            evaluation("a", y_true, y_true, size_bytes=None),
            evaluation("b", y_true, ["World", "Business"]),
        ]
    )
    path = tmp_path / "comparison.json"
    result.to_json(path)
    assert "NaN" not in path.read_text()
    assert json.loads(path.read_text())["scores"]["a"]["size_bytes"] is None
    pd.testing.assert_frame_equal(ComparisonResult.from_json(path).scores, result.scores)


def test_other_json_is_rejected(tmp_path):
    path = tmp_path / "other.json"
    path.write_text('{"classes": []}')
    with pytest.raises(ValueError, match="must be a dict made by to_dict, but lacks 'folds'"):
        ComparisonResult.from_json(path)


def test_the_summary_calls_only_significant_differences_more_accurate():
    told = result_of(random_evaluations()).summary()
    assert "good is significantly more accurate than poor (difference +" in told
    good, _ = random_evaluations()
    even = result_of([good, evaluation("twin", good.y_true, good.y_pred)]).summary()
    assert "There is no significant difference in accuracy between good (94.00 %)" in even
    assert "and twin (difference +0.00 points" in even
    assert "on 200 test rows." in even
    assert "more accurate" not in even
    three = result_of([*random_evaluations(), evaluation("twin", good.y_true, good.y_pred)])
    assert "more accurate than poor" in three.summary()
    assert ", but not than twin (difference +0.00 points" in three.summary()


def test_the_summary_does_not_depend_on_the_order_of_classifiers():
    forward = result_of(random_evaluations()).summary()
    backward = result_of(random_evaluations()[::-1]).summary()
    assert forward.split(". ")[0] == backward.split(". ")[0]


def test_the_summary_of_one_classifier_is_its_accuracy():
    assert result_of(random_evaluations()[:1]).summary().startswith("good has an accuracy of 9")


def test_a_result_shows_as_html_with_its_names_escaped():
    good, _ = random_evaluations()
    html = result_of([evaluation("<b>", good.y_true, good.y_pred)])._repr_html_()
    assert "&lt;b&gt;" in html
    assert "<b>" not in html
    assert "<table" in html


def test_a_result_is_frozen():
    with pytest.raises(AttributeError, match="cannot assign to field 'seed'"):
        result_of(random_evaluations()).seed = 3


@pytest.mark.parametrize(
    ("evaluations", "message"),
    [
        ([], "evaluations is empty"),
        ([evaluation("a", [0], [0]), evaluation("a", [0], [0])], "must have different names"),
        ([evaluation("a", [0], [0]), evaluation("b", [1], [0])], "test labels of b differ from"),
    ],
    ids=["none", "same name", "other rows"],
)
def test_evaluations_that_cannot_be_compared_are_rejected(evaluations, message):
    with pytest.raises(ValueError, match=message):
        result_of(evaluations)


@pytest.mark.parametrize("end", ["low", "high"])
def test_a_class_named_like_an_end_of_an_interval_keeps_its_scores(end):
    classes = ["fever", f"fever_{end}"]
    true = np.repeat(classes, [6, 5])
    result, plain = (
        ComparisonResult.from_predictions(names, {"a": names[::-1]}, random_state=0).scores
        for names in (true, np.where(true == "fever", "a", "b"))
    )
    assert result.columns.is_unique
    of_classes = [scores.filter(regex="^(precision|recall|f1)_") for scores in (result, plain)]
    np.testing.assert_array_equal(*(scores.to_numpy() for scores in of_classes))
    assert result.loc["a", f"recall_fever_{end}"] == plain.loc["a", "recall_b"]
    assert result.loc["a", f"recall_fever__{end}"] == plain.loc["a", f"recall_a_{end}"]


def test_the_display_of_a_score_has_its_own_interval():
    true = np.repeat(["fever", "fever_low"], [6, 5])
    result = ComparisonResult.from_predictions(true, {"a": true[::-1]}, random_state=0)
    ends = result.scores[["recall_fever__low", "recall_fever__high"]].to_numpy()
    shown = ScoresDisplay.from_result(result, score="recall_fever").intervals
    np.testing.assert_array_equal(shown[["low", "high"]].to_numpy(), ends)
