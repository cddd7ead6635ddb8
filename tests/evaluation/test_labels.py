"""Labels mean the same in any container, everywhere in the room."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin

from agnews_sk.auditing import audit
from agnews_sk.classifiers import AbstainingClassifier
from agnews_sk.evaluation import (
    ComparisonResult,
    compare_classifiers,
    evaluate_classifier,
    learning_curves,
)
from agnews_sk.inspection import disagreements, slices, top_losses
from agnews_sk.reporting import ReliabilityDisplay
from agnews_sk.tokenization import WordTokenizer
from tests.label_kinds import KINDS
from tests.testing.estimators import WordBayes

TEXTS = ["oil price", "cup final", "oil rises", "team cup", "oil", "cup", "price of oil", "a cup"]
TEXTS = [f"{text} {i}" for i, text in enumerate(TEXTS * 3)]
SIDES = np.array(["oil" in text for text in TEXTS], dtype=int)
SIDES[[3, 20]] = 1 - SIDES[[3, 20]]  # so that not every prediction is right
HELD = {name: ([values[side] for side in SIDES], kind) for name, values, kind in KINDS}
SOME = [
    "str: StringDType",
    "str: polars Enum",
    "int: pandas Int64",
    "bool: pandas boolean",
    "bool: pandas category",
    "bool: Arrow",
]
NAMES, CODES = (HELD[f"{plain}: list"][0] for plain in ("str", "int"))
pytestmark = pytest.mark.filterwarnings("ignore:A column-vector", "ignore:n_resamples")


@pytest.fixture(autouse=True)
def short_measurements(monkeypatch):
    monkeypatch.setattr("agnews_sk.evaluation._costs.MAX_LATENCY_CALLS", 1)


@pytest.fixture(params=HELD)
def held(request):
    """Labels as lists, and containers of them."""
    return HELD[request.param]


def bayes(y=None):
    classifier = WordBayes(random_state=0)
    return classifier if y is None else classifier.fit(TEXTS, y)


def compared(y_train, y_test, **options):
    classifiers = {"a": bayes(), "b": WordBayes(alpha=50, noise=3, random_state=0)}
    settings = {"n_resamples": 40, "random_state": 0} | options
    return compare_classifiers(classifiers, TEXTS[:16], y_train, TEXTS[16:], y_test, **settings)


@cache
def compared_in_lists(y):
    return compared(list(y[:16]), list(y[16:]))


SCORES = ["accuracy", "macro_f1", "log_loss", "brier", "roc_auc"]


@pytest.mark.parametrize("held", SOME, indirect=True)
def test_comparisons_do_not_depend_on_the_kind_of_labels(held):
    y, kind = held
    expected = compared_in_lists(tuple(y))
    for train, test in [(kind, list), (list, kind)]:
        found = compared(train(y[:16]), test(y[16:]))
        pd.testing.assert_frame_equal(found.scores[SCORES], expected.scores[SCORES])
        assert found.classes.tolist() == expected.classes.tolist()
        assert found.predictions.to_numpy().tolist() == expected.predictions.to_numpy().tolist()
    assert 0 < expected.scores.loc["a", "accuracy"] < 1


@pytest.mark.parametrize("held", SOME, indirect=True)
def test_cross_validation_does_not_depend_on_the_kind_of_labels(held):
    y, kind = held
    settings = {"cv": 2, "n_resamples": 40, "random_state": 0}
    expected = compare_classifiers({"a": bayes()}, TEXTS, y, **settings)
    found = compare_classifiers({"a": bayes()}, TEXTS, kind(y), **settings)
    pd.testing.assert_frame_equal(found.scores[SCORES], expected.scores[SCORES])


@pytest.mark.parametrize("held", SOME, indirect=True)
def test_scores_of_given_predictions_do_not_depend_on_the_kind_of_labels(held):
    y, kind = held
    wrong = y[1:] + y[:1]
    expected = ComparisonResult.from_predictions(y, {"a": wrong}, random_state=0)
    found = ComparisonResult.from_predictions(kind(y), {"a": kind(wrong)}, random_state=0)
    assert found.classes.tolist() == expected.classes.tolist()
    pd.testing.assert_frame_equal(found.scores[SCORES], expected.scores[SCORES])


class Predicts(ClassifierMixin, BaseEstimator):
    """Predicts labels in its own container."""

    def __init__(self, kind):
        self.kind = kind

    def __reduce__(self):
        return Predicts, (list,)

    def fit(self, X, y):
        self.fitted_ = bayes().fit(X, y)
        self.classes_ = self.fitted_.classes_
        return self

    def predict(self, X):
        return self.kind(self.fitted_.predict(X).tolist())


def test_one_classifier_and_its_predictions_are_read_as_labels(held):
    y, kind = held
    parts = TEXTS[:16], kind(y[:16]), TEXTS[16:], y[16:]
    expected = evaluate_classifier("a", bayes(), TEXTS[:16], y[:16], TEXTS[16:], kind(y[16:]))
    found = evaluate_classifier("a", Predicts(kind), *parts)
    assert expected.y_true.tolist() == y[16:]
    assert expected.y_true.dtype == found.y_pred.dtype
    assert found.y_pred.tolist() == expected.y_pred.tolist()
    assert expected.classes.tolist() == sorted(set(y))


@pytest.mark.parametrize("held", SOME, indirect=True)
def test_learning_curves_do_not_depend_on_the_kind_of_labels(held):
    y, kind = held
    expected = learning_curves({"a": bayes()}, TEXTS, y, [8], cv=2).runs
    found = learning_curves({"a": bayes()}, TEXTS, kind(y), [8], cv=2).runs
    scores = ["accuracy", "macro_f1"]
    pd.testing.assert_frame_equal(found[scores], expected[scores])


def test_inspection_does_not_depend_on_the_kind_of_labels(held):
    y, kind = held
    fitted, other = bayes(y), WordBayes(alpha=50, noise=3, random_state=0).fit(TEXTS, y)
    for find in (
        lambda labels: top_losses(fitted, TEXTS, labels, k=5),
        lambda labels: disagreements(fitted, other, TEXTS, labels),
        lambda labels: slices(fitted, TEXTS, labels),
    ):
        pd.testing.assert_frame_equal(find(kind(y)), find(y), check_dtype=False)


@pytest.mark.parametrize("held", SOME, indirect=True)
def test_audits_do_not_depend_on_the_kind_of_labels(held):
    y, kind = held
    texts = [*TEXTS[:-1], TEXTS[0]]
    settings = {"label_errors": False, "tokenizer": WordTokenizer().fit(texts)}
    expected, found = (audit(texts, labels, **settings) for labels in (y, kind(y)))
    for name in ("class_imbalance", "conflicting_labels", "source_leakage"):
        assert found[name].rows.tolist() == expected[name].rows.tolist()
    assert expected["conflicting_labels"].count == 2 * (y[0] != y[-1])


def test_abstaining_classifiers_do_not_depend_on_the_kind_of_labels(held):
    y, kind = held
    classifier = AbstainingClassifier(bayes(), coverage=0.5, random_state=0)
    expected, found = classifier.fit(TEXTS, y), AbstainingClassifier(**classifier.get_params(False))
    found.fit(TEXTS, kind(y))
    is_predicted = ~expected.abstains(TEXTS)
    assert (~found.abstains(TEXTS)).tolist() == is_predicted.tolist()
    assert (
        found.predict(TEXTS)[is_predicted].tolist()
        == expected.predict(TEXTS)[is_predicted].tolist()
    )
    assert found.score(TEXTS, kind(y)) == expected.score(TEXTS, y) > 0


@pytest.mark.parametrize("held", SOME, indirect=True)
def test_displays_do_not_depend_on_the_kind_of_labels(held):
    pytest.importorskip("matplotlib")
    y, kind = held
    fitted = bayes(y)
    gap = ReliabilityDisplay.from_estimator(fitted, TEXTS, kind(y)).calibration_error
    assert gap == ReliabilityDisplay.from_estimator(fitted, TEXTS, y).calibration_error


def test_missing_labels_are_rejected_with_their_position_everywhere():
    y = [*NAMES[:3], None, *NAMES[4:]]
    fitted = bayes(NAMES)
    for call in (
        lambda: compare_classifiers({"a": bayes()}, TEXTS, y, cv=2),
        lambda: compare_classifiers({"a": bayes()}, TEXTS, NAMES, TEXTS, y),
        lambda: learning_curves({"a": bayes()}, TEXTS, y, [8]),
        lambda: top_losses(fitted, TEXTS, y),
        lambda: disagreements(fitted, fitted, TEXTS, y),
        lambda: slices(fitted, TEXTS, y),
        lambda: audit(TEXTS, y),
        lambda: AbstainingClassifier(bayes(), coverage=0.5).fit(TEXTS, y),
        lambda: ComparisonResult.from_predictions(y, {"a": NAMES}),
        lambda: ComparisonResult.from_predictions(NAMES, {"a": y}),
    ):
        with pytest.raises(ValueError, match="1 missing label, at position 3"):
            call()


@pytest.mark.parametrize(
    ("y_test", "y_pred"), [(CODES, None), (None, CODES)], ids=["test", "predicted"]
)
def test_strings_and_integers_are_not_compared(y_test, y_pred):
    y_test = y_test or NAMES
    classifier = bayes() if y_pred is None else Predicts(lambda _: y_pred)
    with pytest.raises(TypeError, match=r"must hold labels of the kind of y_t.*, str, got int"):
        evaluate_classifier("a", classifier, TEXTS, NAMES, TEXTS, y_test)


def test_predictions_that_are_not_labels_are_rejected():
    with pytest.raises(ValueError, match=r"predict of a has 2 missing labels, at positions 0, 1"):
        evaluate_classifier(
            "a", Predicts(lambda y: [None, None, *y[2:]]), TEXTS, NAMES, TEXTS, NAMES
        )


@pytest.mark.parametrize("other", [5, -5])
def test_large_integers_of_different_dtypes_stay_distinct(other):
    true = np.array([2**63 + 1, 2**63 + 3, 5] * 4, dtype=np.uint64)
    predicted = {"a": np.full(12, other), "b": true}
    result = ComparisonResult.from_predictions(true, predicted, random_state=0)
    assert result.classes.tolist() == sorted({other, 5, 2**63 + 1, 2**63 + 3})
    assert result.scores["accuracy"].tolist() == pytest.approx([(other == 5) / 3, 1])
    assert result.confusion_matrix("b").to_numpy().trace() == 12
