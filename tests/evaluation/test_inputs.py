"""Invalid arguments are rejected before anything is fitted."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.preprocessing import StandardScaler

from agnews_sk import make_tfidf_pipeline
from agnews_sk.evaluation import (
    ComparisonResult,
    compare_classifiers,
    evaluate_classifier,
    learning_curves,
)
from agnews_sk.inspection import disagreements
from tests.testing.estimators import WordBayes

TEXTS, LABELS = ["oil", "cup"] * 10, ["Oil", "Cup"] * 10


@pytest.fixture(autouse=True)
def short_measurements(monkeypatch):
    monkeypatch.setattr("agnews_sk.evaluation._costs.MAX_LATENCY_CALLS", 1)


class NeverFitted(DummyClassifier):
    def fit(self, X, y, sample_weight=None):
        raise AssertionError("it was fitted")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (make_tfidf_pipeline(), r'TextPipeline; .* such as \{"textpipeline": TextPipeline\(\)\}'),
        ([DummyClassifier()], r'got list; give each a name, such as \{"a": first, "b": second\}'),
        ([("a", DummyClassifier())], r"got list; pass dict\(pairs\)"),
        ({1: DummyClassifier()}, "must be str, got int 1"),
        (
            {"a": DummyClassifier},
            r"the class DummyClassifier; pass an instance: DummyClassifier\(\)",
        ),
        ({"a": NeverFitted(), "b": "svm"}, r"\['b'\] must be an estimator .* got str 'svm'"),
        ({"a": NeverFitted(), "b": StandardScaler()}, "StandardScaler.* lacks predict"),
    ],
    ids=["a pipeline", "a list", "pairs", "an int", "a class", "a str", "a transformer"],
)
def test_anything_but_a_mapping_of_classifiers_is_rejected_with_advice(given, message):
    with pytest.raises(TypeError, match=message):
        compare_classifiers(given, TEXTS, LABELS, TEXTS, LABELS)
    with pytest.raises(TypeError, match=message):
        learning_curves(given, TEXTS, LABELS, [4])


def test_one_classifier_is_checked_as_several_are():
    with pytest.raises(TypeError, match="name of a classifier must be a str, got TextPipeline"):
        evaluate_classifier(make_tfidf_pipeline(), TEXTS, LABELS, TEXTS, LABELS, TEXTS)
    with pytest.raises(TypeError, match="the class DummyClassifier"):
        evaluate_classifier("a", DummyClassifier, TEXTS, LABELS, TEXTS, LABELS)
    with pytest.raises(TypeError, match="predictions must map names to labels, got list"):
        ComparisonResult.from_predictions(LABELS, LABELS)
    with pytest.raises(ValueError, match=r"predictions\['a'\] must have one label per row, 20"):
        ComparisonResult.from_predictions(LABELS, {"a": LABELS[:3]})


FRAME = pd.DataFrame({"title": TEXTS, "description": TEXTS})


@pytest.mark.parametrize(
    ("train", "test", "error", "message"),
    [
        (
            FRAME.assign(label=LABELS),
            FRAME,
            ValueError,
            r"same columns, but X_train alone has \['label'\]",
        ),
        (
            FRAME,
            FRAME.rename(columns={"title": "headline"}),
            ValueError,
            r"X_train alone has \['title'\] and X_test alone has \['headline'\]",
        ),
        (
            FRAME,
            pl.from_pandas(FRAME),
            TypeError,
            r"got pandas with the columns \['title', 'description'\] and polars with",
        ),
        (
            pa.Table.from_pandas(FRAME),
            pa.Table.from_pandas(FRAME[["title"]]),
            ValueError,
            r"X_train alone has \['description'\]",
        ),
    ],
    ids=["label column", "renamed", "library", "Arrow"],
)
def test_test_rows_of_another_shape_are_rejected_before_fitting(train, test, error, message):
    with pytest.raises(error, match=message):
        compare_classifiers({"a": NeverFitted()}, train, LABELS, test, LABELS)


def test_columns_in_another_order_and_texts_for_one_column_are_accepted():
    turned = FRAME[["description", "title"]]
    for train, test in [(FRAME, turned), (FRAME[["title"]], TEXTS)]:
        found = evaluate_classifier("a", DummyClassifier(), train, LABELS, test, LABELS)
        assert len(found.y_pred) == 20


class TextsOnly(WordBayes):
    def fit(self, X, y, sample_weight=None):
        return super().fit(X["title"], y, sample_weight)

    def _log_joint(self, X):
        return super()._log_joint(X["title"])


def test_arrow_tables_are_cut_to_folds():
    table = pa.Table.from_pandas(FRAME)
    found = compare_classifiers({"a": TextsOnly()}, table, LABELS, cv=2, random_state=0)
    assert found.scores.loc["a", "accuracy"] == 1


class Interrupted(DummyClassifier):
    n_fits = 0

    def fit(self, X, y, sample_weight=None):
        Interrupted.n_fits += 1
        if Interrupted.n_fits == 3:
            raise KeyboardInterrupt
        return super().fit(X, y)


@pytest.mark.parametrize("how", ["rows", "folds", "curves"])
def test_an_interruption_ends_a_comparison_without_a_result(how, tmp_path):
    Interrupted.n_fits = 0
    path = tmp_path / "runs.jsonl"
    several = {name: Interrupted() for name in "abc"}
    ways = {
        "rows": lambda: compare_classifiers(several, TEXTS, LABELS, TEXTS, LABELS),
        "folds": lambda: compare_classifiers(several, TEXTS, LABELS, cv=2),
        "curves": lambda: learning_curves({"a": Interrupted()}, TEXTS, LABELS, [4], path=path),
    }
    with pytest.raises(KeyboardInterrupt):
        ways[how]()
    assert Interrupted.n_fits == 3
    assert not path.exists() or len(path.read_text().splitlines()) == 2


@pytest.mark.parametrize(
    ("y_proba", "message"),
    [
        (np.full((20, 3), 1 / 3), r"shape \(20, 2\), got shape \(20, 3\)"),
        (np.full((20, 2), np.nan), r"got shape \(20, 2\) with 40 that are not finite"),
    ],
    ids=["shape", "not finite"],
)
def test_invalid_probabilities_are_rejected(y_proba, message):
    class Says(DummyClassifier):
        def predict_proba(self, X):
            return y_proba

    with pytest.raises(ValueError, match=f"predict_proba of a must return .* {message}"):
        evaluate_classifier("a", Says(), TEXTS, LABELS, TEXTS, LABELS)


CONSTANT = {"a": DummyClassifier()}


@pytest.mark.parametrize(
    ("sizes", "options", "error", "message"),
    [
        (100, {}, TypeError, "train_sizes must be a sequence of integers, got 100"),
        ([4.5], {}, TypeError, r"sequence of integers, got \[4.5\]"),
        (["10"], {}, TypeError, r"sequence of integers, got \['10'\]"),
        ([4], {"confidence_level": 95}, ValueError, "confidence_level must be between 0 and 1"),
    ],
)
def test_settings_of_learning_curves_are_checked(sizes, options, error, message):
    with pytest.raises(error, match=message):
        learning_curves(CONSTANT, TEXTS, LABELS, sizes, **options)


def test_arguments_of_a_wrong_name_or_kind_are_rejected():
    curves = learning_curves(CONSTANT, TEXTS, LABELS, [4])
    with pytest.raises(ValueError, match=r"score must be one of \['accuracy', 'macro_f1'\]"):
        curves.curve("f1")
    with pytest.raises(ValueError, match="score must be one of"):
        curves.pairwise("f1")
    found = evaluate_classifier("a", DummyClassifier(), TEXTS, LABELS, TEXTS, LABELS)
    with pytest.raises(TypeError, match="got Evaluation; wrap it in a list"):
        ComparisonResult.from_evaluations(found)
    with pytest.raises(TypeError, match="a fitted classifier with predict is needed, got list"):
        disagreements(found.estimator, TEXTS, TEXTS, LABELS)
