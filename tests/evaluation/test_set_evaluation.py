"""Comparisons of classifiers of rows with several labels."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import KFold, RepeatedStratifiedKFold
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline

from agnews_sk._core.base import RowSampler
from agnews_sk.classifiers import CalibratedLinearSVC
from agnews_sk.evaluation import (
    ComparisonResult,
    compare_classifiers,
    evaluate_classifier,
    evaluate_fitted,
    learning_curves,
)
from agnews_sk.evaluation._cross_validation import make_splits
from agnews_sk.evaluation._set_evaluation import set_probabilities
from agnews_sk.pipeline import TextPipeline

WORDS = {"oil": "oil barrel price", "war": "army front attack", "sea": "ship wave harbour"}
SETS = [["oil"], ["war"], ["sea"], ["oil", "war"], ["sea", "war"], []]


def rows(n_rows, seed=0):
    """Texts of two words of each label and one of any, and the labels."""
    rng = np.random.default_rng(seed)
    y = [SETS[i] for i in rng.integers(len(SETS), size=n_rows)]
    texts = []
    for i, labels in enumerate(y):
        named = [*labels, *labels, rng.choice(list(WORDS))]
        words = [rng.choice(WORDS[label].split()) for label in named]
        texts.append(" ".join(["news", *words, str(i)]))
    return texts, y


X_TRAIN, Y_TRAIN = rows(60)
X_TEST, Y_TEST = rows(40, seed=1)
CLASSES = ["oil", "sea", "war"]


def indicator(y):
    return np.array([[label in labels for label in CLASSES] for labels in y], dtype=int)


def one_vs_rest():
    return make_pipeline(TfidfVectorizer(), OneVsRestClassifier(LogisticRegression(C=10)))


def linear():
    return make_pipeline(TfidfVectorizer(), CalibratedLinearSVC(random_state=0))


@pytest.fixture(scope="module")
def result():
    return compare_classifiers(
        {"linear": linear(), "none": make_pipeline(TfidfVectorizer(), NoLabels())},
        X_TRAIN,
        Y_TRAIN,
        X_TEST,
        Y_TEST,
        n_resamples=200,
        random_state=0,
    )


class NoLabels(DummyClassifier):
    """Predicts no label for any row."""

    def fit(self, X, y):
        self.classes_ = np.array(CLASSES)
        return self

    def predict(self, X):
        return [[] for _ in range(X.shape[0])]

    def predict_proba(self, X):
        return np.zeros((X.shape[0], 3))


def test_scores_are_those_of_the_sets(result):
    predicted = indicator(result.predictions["linear"])
    scores = result.scores.loc["linear"]
    for average in ("macro", "micro"):
        expected = f1_score(indicator(Y_TEST), predicted, average=average)
        assert scores[f"{average}_f1"] == pytest.approx(expected)
    assert scores["accuracy"] == np.mean((indicator(Y_TEST) == predicted).all(axis=1))
    assert scores["macro_f1_low"] <= scores["macro_f1"] <= scores["macro_f1_high"]
    assert 0.8 < scores["ranking_average_precision"] <= 1
    assert result.scores.loc["none", "micro_f1"] == 0
    assert result.y_true.tolist() == [sorted(labels) for labels in Y_TEST]


def test_pairs_are_compared_by_macro_f1(result):
    (pair,) = result.pairwise().to_dict("records")
    assert pair["macro_f1_difference"] == pytest.approx(result.scores["macro_f1"]["linear"])
    assert pair["micro_f1_difference_low"] > 0
    assert pair["significant"]
    assert "linear has a significantly higher macro-F1 than none (" in result.summary()
    assert pair["only_a"] + pair["both_right"] == round(40 * result.scores["accuracy"]["linear"])


def test_labels_have_scores_instead_of_a_confusion_matrix(result):
    found = result.label_scores("linear")
    assert found["true"].to_dict() == dict(zip(CLASSES, indicator(Y_TEST).sum(axis=0)))
    assert found["f1"].mean() == pytest.approx(result.scores.loc["linear", "macro_f1"])
    with pytest.raises(ValueError, match="needs one label per row, got several; use label_scores"):
        result.confusion_matrix("linear")
    with pytest.raises(KeyError, match="name must be one of"):
        result.label_scores("other")


def test_rows_on_which_classifiers_differ_are_found(result):
    right = (indicator(result.predictions["linear"]) == indicator(Y_TEST)).all(axis=1)
    empty = np.array([not labels for labels in Y_TEST])
    assert result.differing_rows().tolist() == np.flatnonzero(right != empty).tolist()


def test_a_result_survives_json(result, tmp_path):
    result.to_json(tmp_path / "result.json")
    again = ComparisonResult.from_json(tmp_path / "result.json")
    assert again.multilabel
    pd.testing.assert_frame_equal(again.scores, result.scores)
    pd.testing.assert_frame_equal(again.pairs, result.pairs, check_dtype=False)
    assert again.y_true.tolist() == result.y_true.tolist()
    assert again.predictions.to_dict() == result.predictions.to_dict()
    assert again.summary() == result.summary()


FORMS = {
    "array": indicator,
    "sparse": lambda y: sp.csr_array(indicator(y)),
    "frame": lambda y: pd.DataFrame(indicator(y), columns=CLASSES),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("make", [linear, one_vs_rest])
def test_indicators_give_the_scores_of_lists(form, make):
    to_form = FORMS[form]
    found = evaluate_classifier("a", make(), X_TRAIN, to_form(Y_TRAIN), X_TEST, to_form(Y_TEST))
    names = CLASSES if form == "frame" else [0, 1, 2]
    assert found.classes.tolist() == names
    result = ComparisonResult.from_evaluations([found], n_resamples=50, random_state=0)
    y_true = indicator(Y_TEST)
    predicted = np.array([[name in labels for name in names] for labels in found.y_pred])
    assert result.scores.loc["a", "micro_f1"] == pytest.approx(
        f1_score(y_true, predicted, average="micro")
    )
    assert result.scores.loc["a", "log_loss"] < 1


def test_probabilities_of_a_forest_are_those_of_ones():
    y = indicator(Y_TRAIN)
    y[:, 1] = 0
    X = TfidfVectorizer().fit_transform(X_TRAIN)
    forest = RandomForestClassifier(3, random_state=0).fit(X, y)
    found = set_probabilities(forest.predict_proba(X), forest)
    assert found.shape == y.shape
    assert np.array_equal(found > 0.5, forest.predict(X) == 1)


def test_labels_that_only_test_rows_have_are_errors():
    y_test = [[*labels, "gas"] for labels in Y_TEST]
    with pytest.warns(UserWarning, match=r"cannot predict the labels \['gas'\] of y_test"):
        found = evaluate_classifier("a", linear(), X_TRAIN, Y_TRAIN, X_TEST, y_test)
    result = ComparisonResult.from_evaluations([found], n_resamples=50, random_state=0)
    assert result.scores.loc["a", "recall_gas"] == result.scores.loc["a", "accuracy"] == 0


def test_one_label_in_test_rows_of_several_is_rejected():
    with pytest.raises(TypeError, match="y_test must hold a list, tuple or set of labels in"):
        evaluate_classifier("a", linear(), X_TRAIN, Y_TRAIN, X_TEST, ["oil"] * len(X_TEST))


class DropsTheSea(RowSampler):
    """Drops the rows with the label sea."""

    _parameter_constraints: dict = {}

    def _sample(self, X, y):
        kept = [i for i, labels in enumerate(y) if "sea" not in labels]
        return np.array(kept), [X[i] for i in kept]


def test_a_label_whose_rows_a_sampler_drops_is_never_predicted():
    pipeline = TextPipeline([("drop", DropsTheSea()), *linear().steps])
    with pytest.warns(UserWarning, match=r"dropped all rows of the classes \['sea'\]"):
        result = compare_classifiers(
            {"all": linear(), "dropped": pipeline},
            X_TRAIN,
            Y_TRAIN,
            X_TEST,
            Y_TEST,
            n_resamples=50,
            random_state=0,
        )
    assert result.scores.loc["dropped", "recall_sea"] == 0
    assert result.scores.loc["dropped", "recall_oil"] > 0.5
    assert np.isfinite(result.scores["log_loss"]).all()


@pytest.mark.parametrize("n_tested", [40, 2])
def test_the_numbers_0_and_1_are_labels_in_test_rows_too(n_tested):
    y = [[int(label == "war") for label in labels if label != "sea"] for labels in Y_TRAIN]
    both = [i for i, labels in enumerate(Y_TEST) if labels == ["oil", "war"]]
    tested = both[:2] if n_tested == 2 else range(40)
    y_test = [[int(n == "war") for n in Y_TEST[i] if n != "sea"] for i in tested]
    X_test = [X_TEST[i] for i in tested]
    result = compare_classifiers(
        {"linear": linear()}, X_TRAIN, y, X_test, y_test, n_resamples=50, random_state=0
    )
    assert result.y_true.tolist() == y_test
    fitted = linear().fit(X_TRAIN, y)
    assert evaluate_fitted("a", fitted, X_test, y_test).y_true.tolist() == y_test
    found = evaluate_classifier("a", linear(), X_TRAIN, y, X_test, y_test)
    assert found.y_true.tolist() == y_test


def test_the_numbers_0_and_1_are_labels_in_predictions_too():
    given = ComparisonResult.from_predictions([[0, 1], [0], [1]], {"a": [[0, 1]] * 3})
    assert given.predictions["a"].tolist() == [[0, 1]] * 3
    assert given.scores["accuracy"].tolist() == [1 / 3]


def test_test_rows_without_any_label_are_rejected():
    with pytest.raises(ValueError, match="y_test has no label in any row"):
        evaluate_classifier("a", linear(), X_TRAIN, Y_TRAIN, X_TEST[:2], [[], []])


def test_folds_are_stratified_by_label_and_keep_copies_together():
    texts, y = rows(60)
    X, y = texts + texts[:20], y + y[:20]
    splits = make_splits(4, X, y, np.random.default_rng(0))
    of_labels = indicator(y)
    for train, test in splits:
        assert not set(np.array(X)[train]) & set(np.array(X)[test])
        assert np.abs(of_labels[test].sum(axis=0) - of_labels.sum(axis=0) / 4).max() <= 3
    assert sorted(np.concatenate([test for _, test in splits])) == list(range(80))


@pytest.mark.parametrize("cv", [KFold(2), RepeatedStratifiedKFold(n_splits=2, n_repeats=2)])
def test_splitters_of_scikit_learn_split_sets(cv):
    result = compare_classifiers(
        {"linear": linear(), "none": make_pipeline(TfidfVectorizer(), NoLabels())},
        X_TRAIN,
        Y_TRAIN,
        cv=cv,
        n_resamples=50,
        random_state=0,
    )
    assert result.folds["macro_f1"].between(0, 1).all()
    assert {"micro_f1", "samples_f1"} <= set(result.folds)
    assert result.pairs["micro_f1_difference_method"].tolist() == ["corrected t"]


def test_learning_curves_have_the_scores_of_sets(tmp_path):
    curves = learning_curves(
        {"linear": linear()}, X_TRAIN, Y_TRAIN, train_sizes=[20, 40], path=tmp_path / "runs.jsonl"
    )
    assert curves.main_score == "macro_f1"
    assert len(curves.curve("micro_f1")) == 2
    with pytest.raises(ValueError, match="score must be one of"):
        curves.curve("log_loss")


def test_predictions_from_elsewhere_are_compared():
    result = ComparisonResult.from_predictions(
        Y_TEST, {"right": Y_TEST, "indicator": indicator(Y_TEST)}, random_state=0
    )
    assert result.scores["accuracy"].tolist() == [1, 1]
    assert result.interval_methods["accuracy"].tolist() == ["exact", "exact"]
    with pytest.raises(ValueError, match="must give one set of labels per row, 40, got 39"):
        ComparisonResult.from_predictions(Y_TEST, {"short": Y_TEST[1:]})
