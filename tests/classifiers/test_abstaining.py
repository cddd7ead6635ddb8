import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse
from scipy.stats import binomtest
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.datasets import make_classification
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import VotingClassifier
from sklearn.exceptions import DataConversionWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import LinearSVC

from agnews_sk import make_tfidf_pipeline
from agnews_sk._core.repeats import repeats_of
from agnews_sk.classifiers import AbstainingClassifier, CalibratedLogisticRegression
from agnews_sk.classifiers._thresholds import (
    _upper_bound,
)
from agnews_sk.sampling import EDAAugmenter
from tests.testing.estimators import WordBayes


@pytest.fixture(scope="module")
def rows():
    X, y = make_classification(
        6000,
        10,
        n_informative=6,
        n_classes=3,
        n_clusters_per_class=1,
        class_sep=0.7,
        random_state=0,
    )
    y = np.array(["Business", "Sports", "World"])[y]
    return X[:3000], y[:3000], X[3000:], y[3000:]


def abstaining(**params):
    return AbstainingClassifier(LogisticRegression(), random_state=0, **params)


@pytest.mark.parametrize("coverage", [0.3, 0.7, 0.95])
def test_it_predicts_the_requested_share(rows, coverage):
    X, y, X_test, _ = rows
    classifier = abstaining(coverage=coverage).fit(X, y)
    assert coverage <= classifier.coverage_ < coverage + 0.01
    assert 1 - classifier.abstains(X_test).mean() == pytest.approx(coverage, abs=0.05)


def test_the_error_of_its_predictions_is_at_most_max_error(rows):
    X, y, X_test, y_test = rows
    classifier = abstaining(max_error=0.25).fit(X, y)
    is_predicted = ~classifier.abstains(X_test)
    wrong = classifier.predict(X_test)[is_predicted] != y_test[is_predicted]
    everywhere = classifier.estimator_.predict(X_test) != y_test
    assert wrong.mean() <= 0.25 < everywhere.mean()
    assert 0.1 < is_predicted.mean() < 0.9
    assert classifier.error_ < 0.25


@pytest.mark.parametrize(("n_wrong", "n_answered"), [(0, 10), (3, 40), (39, 40), (5, 5)])
def test_the_bound_is_that_of_clopper_and_pearson(n_wrong, n_answered):
    test = binomtest(n_wrong, n_answered, alternative="less")
    expected = test.proportion_ci(confidence_level=0.95, method="exact").high
    assert _upper_bound(n_wrong, n_answered, 0.05) == pytest.approx(expected, abs=1e-10)


def test_no_threshold_bounds_the_error_of_random_predictions():
    X, y = np.zeros((200, 1)), np.array(["Sports", "World"] * 100)
    classifier = AbstainingClassifier(DummyClassifier(), max_error=0.1, random_state=0)
    with pytest.warns(UserWarning, match="40 held-out rows do not show an error of at most 0.1"):
        classifier.fit(X, y)
    assert classifier.abstains(X).all()
    assert (classifier.coverage_, classifier.threshold_) == (0, np.inf)
    assert np.isnan(classifier.error_)


@pytest.mark.parametrize("label", [None, "ask", -1], ids=["None", "str", "int"])
def test_it_returns_the_given_label_where_it_abstains(rows, label):
    X, y, X_test, _ = rows
    classifier = abstaining(coverage=0.5, abstain_label=label).fit(X, y)
    predicted, abstained = classifier.predict(X_test), classifier.abstains(X_test)
    assert set(predicted[abstained].tolist()) == {label}
    expected = classifier.estimator_.predict(X_test[~abstained])
    assert predicted[~abstained].tolist() == expected.tolist()


def test_a_long_abstain_label_is_not_cut():
    X, y = np.array([[0.0], [1.0], [0.1], [0.9], [0.5], [0.4]]), np.array(list("ababab"))
    classifier = abstaining(coverage=0.4, calibration_fraction=0.5, abstain_label="ask a person")
    assert "ask a person" in classifier.fit(X, y).predict(X)


def test_numbers_stay_numbers_beside_a_str():
    X, y = np.array([[0.0], [1.0], [0.1], [0.9], [0.5], [0.4]]), np.array([1, 2] * 3)
    classifier = abstaining(coverage=0.4, calibration_fraction=0.5, abstain_label="ask")
    assert set(classifier.fit(X, y).predict(X).tolist()) <= {1, 2, "ask"}


def test_an_abstention_is_not_a_correct_prediction(rows):
    X, y, X_test, y_test = rows
    classifier = abstaining(coverage=0.5).fit(X, y)
    assert classifier.score(X_test, y_test) == np.mean(classifier.predict(X_test) == y_test)
    assert classifier.score(X_test, y_test) < 0.5


def test_a_fitted_estimator_leaves_all_rows_to_choose_on(rows):
    X, y, X_test, y_test = rows
    fitted = LogisticRegression().fit(X, y)
    classifier = AbstainingClassifier(FrozenEstimator(fitted), coverage=0.6).fit(X_test, y_test)
    np.testing.assert_array_equal(classifier.predict_proba(X), fitted.predict_proba(X))
    assert 1 - classifier.abstains(X_test).mean() == pytest.approx(0.6, abs=1e-3)


def test_full_coverage_abstains_on_nothing_held_out(rows):
    X, y, *_ = rows
    assert abstaining(coverage=1.0).fit(X, y).coverage_ == 1


def test_held_out_rows_repeat_with_the_random_state(rows):
    X, y, *_ = rows
    first, again = (abstaining(coverage=0.5).fit(X, y).threshold_ for _ in range(2))
    assert first == again


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({}, "either coverage or max_error, got neither"),
        ({"coverage": 0.5, "max_error": 0.1}, "either coverage or max_error, got both"),
        ({"coverage": 80}, "'coverage' parameter"),
        ({"max_error": 1.0}, "'max_error' parameter"),
    ],
    ids=["neither", "both", "percent", "all wrong"],
)
def test_bad_parameters_are_rejected(rows, params, message):
    X, y, *_ = rows
    with pytest.raises(ValueError, match=message):
        abstaining(**params).fit(X, y)


def test_an_estimator_without_probabilities_is_rejected(rows):
    X, y, *_ = rows
    with pytest.raises(TypeError, match="must have predict_proba, got LinearSVC"):
        AbstainingClassifier(LinearSVC(), coverage=0.5).fit(X, y)


def test_frames_reach_the_estimator_as_frames(rows):
    X, y, *_ = rows
    frame = pd.DataFrame(X).add_prefix("x")
    classifier = abstaining(coverage=0.5).fit(frame, y)
    assert classifier.estimator_.feature_names_in_[0] == "x0"


def test_labels_in_one_column_are_labels(rows):
    X, y, X_test, y_test = rows
    expected = abstaining(max_error=0.05).fit(X, y)
    with pytest.warns(DataConversionWarning):
        found = abstaining(max_error=0.05).fit(X, y[:, None])
    assert (found.threshold_, found.error_) == (expected.threshold_, expected.error_)
    with pytest.warns(DataConversionWarning):
        assert found.score(X_test, y_test[:, None]) == expected.score(X_test, y_test)


def test_missing_labels_and_too_few_rows_to_hold_out_are_reported(rows):
    X = rows[0]
    with pytest.raises(ValueError, match="y has 1 missing label, at position 1"):
        abstaining(coverage=0.5).fit(X[:3], np.array(["a", None, "b"], dtype=object))
    with pytest.raises(ValueError, match=r"calibration_fraction=0\.2 of 3 rows, drawn per class"):
        abstaining(coverage=0.5).fit(X[:3], ["a", "b", "b"])


def test_a_passthrough_first_step_is_skipped():
    texts, y = ["oil", "oil up", "cup", "cup final"] * 5, ["a", "a", "b", "b"] * 5
    pipeline = make_tfidf_pipeline(filter="passthrough")
    found = AbstainingClassifier(pipeline, coverage=0.8, random_state=0).fit(texts, y)
    assert found.predict(["oil"]).tolist() == ["a"]


TEXTS = [f"{word} {i}" for i in range(30) for word in ("oil price", "cup final")]
NAMES = ["Business", "Sports"] * 30


def abstaining_texts(**params):
    settings = {"coverage": 0.5, "random_state": 0} | params
    return AbstainingClassifier(make_tfidf_pipeline(), **settings)


@pytest.mark.parametrize(
    ("classes", "label"),
    [
        (["a", "b"], "abstained"),
        (["abstained", "b"], "abstained_"),
        ([0, 1], -1),
        ([-3, 7], -4),
        (np.array([0, 2], dtype=np.uint8), -1),
        ([False, True], -1),
        ([2**63, 2**63 + 1], 0),
        ([-(2**63), 0], 1),
        ([1.0, 2.0], -1.0),
    ],
    ids=[
        "str",
        "its own name",
        "int",
        "negative",
        "small",
        "bool",
        "unsigned",
        "lowest",
        "float",
    ],
)
def test_the_abstain_label_is_of_the_kind_of_the_classes_but_not_a_class(classes, label):
    X, y = np.linspace(0, 1, 40)[:, None], np.repeat(np.asarray(classes), 20)
    classifier = abstaining(coverage=0.4).fit(X, y)
    predicted = classifier.predict(X)
    assert classifier.abstain_label_ == label
    assert set(predicted.tolist()) == {label, *np.asarray(classes).tolist()}
    assert predicted.dtype != object
    is_predicted = np.mean((predicted == y) & ~classifier.abstains(X))
    assert accuracy_score(y, predicted) == is_predicted == classifier.score(X, y)


def test_scorers_of_scikit_learn_take_its_predictions():
    scorers = ["accuracy", "balanced_accuracy", "f1_macro", "matthews_corrcoef", "neg_log_loss"]
    found = cross_validate(abstaining_texts(), TEXTS, NAMES, cv=2, scoring=scorers)
    assert all(np.isfinite(found[f"test_{name}"]).all() for name in scorers)
    classifier = abstaining_texts().fit(TEXTS, NAMES)
    labels = classifier.classes_
    assert f1_score(NAMES, classifier.predict(TEXTS), labels=labels, average="macro") < 1


def test_a_label_that_is_a_class_is_rejected():
    with pytest.raises(
        ValueError, match=r"abstain_label must not be one of the classes, .* got 'Sports'"
    ):
        abstaining_texts(abstain_label="Sports").fit(TEXTS, NAMES)


class Remembers(LogisticRegression):
    """Keeps the arguments of `fit`, under a name without meaning to scikit-learn."""

    def fit(self, X, y, sample_weight=None, groups=None, note=None):
        self.came_ = {"X": X, "weight": sample_weight, "groups": groups, "note": note}
        return super().fit(X, y, sample_weight)


def test_all_metadata_per_row_is_indexed_to_the_fitted_rows(rows):
    X, y = rows[0][:300], rows[1][:300]
    place = np.arange(300)
    classifier = AbstainingClassifier(Remembers(), coverage=0.5, random_state=0)
    came = classifier.fit(X, y, place + 1.0, groups=place, note=list(place)).estimator_.came_
    where = [int(np.flatnonzero((row == X).all(axis=1))[0]) for row in came["X"]]
    assert 200 < len(where) < 300
    assert came["weight"].tolist() == [i + 1.0 for i in where]
    assert list(came["note"]) == list(came["groups"]) == where


@pytest.mark.parametrize("weight", [np.ones(60), pd.Series(np.ones(60), index=range(100, 160))])
def test_a_weight_of_a_step_reaches_it(weight):
    given = {"classify__sample_weight": weight}
    found = abstaining_texts().fit(TEXTS, NAMES, **given).predict_proba(TEXTS)
    np.testing.assert_allclose(found, abstaining_texts().fit(TEXTS, NAMES).predict_proba(TEXTS))
    with pytest.raises(ValueError, match="one weight per row of X, 60, got 59"):
        abstaining_texts().fit(TEXTS, NAMES, classify__sample_weight=weight[:59])


def test_weights_reach_the_last_step_of_a_pipeline():
    weight = np.where(np.array(NAMES) == "Sports", 100.0, 1.0)
    plain = abstaining_texts().fit(TEXTS, NAMES)
    weighted = abstaining_texts().fit(TEXTS, NAMES, weight)
    by_step = abstaining_texts().fit(TEXTS, NAMES, classify__sample_weight=weight)
    doubtful = ["rain tomorrow"]
    assert weighted.predict_proba(doubtful)[0, 1] > plain.predict_proba(doubtful)[0, 1]
    np.testing.assert_array_equal(weighted.predict_proba(doubtful), by_step.predict_proba(doubtful))
    with pytest.raises(
        ValueError, match="sample_weight and classify__sample_weight set the same weights"
    ):
        abstaining_texts().fit(TEXTS, NAMES, weight, classify__sample_weight=weight)


def test_weights_reach_a_pipeline_that_routes_metadata():
    weight = np.where(np.array(NAMES) == "Sports", 100.0, 1.0)
    expected = abstaining_texts().fit(TEXTS, NAMES, weight)
    with config_context(enable_metadata_routing=True):
        asking = CalibratedLogisticRegression(random_state=0).set_fit_request(sample_weight=True)
        found = AbstainingClassifier(
            make_tfidf_pipeline(classify=asking), coverage=0.5, random_state=0
        ).fit(TEXTS, NAMES, weight)
    np.testing.assert_array_equal(found.predict_proba(TEXTS), expected.predict_proba(TEXTS))


def test_groups_that_are_not_requested_are_not_routed_into_a_pipeline():
    origins = np.arange(60) // 2
    expected = abstaining_texts().fit(TEXTS, NAMES, groups=origins)
    with config_context(enable_metadata_routing=True):
        found = abstaining_texts().fit(TEXTS, NAMES, groups=origins)
        asking = CalibratedLogisticRegression(random_state=0).set_fit_request(groups=True)
        asked = AbstainingClassifier(
            make_tfidf_pipeline(classify=asking), coverage=0.5, random_state=0
        ).fit(TEXTS, NAMES, groups=origins)
    assert found.coverage_ == expected.coverage_
    np.testing.assert_array_equal(asked.predict_proba(TEXTS), expected.predict_proba(TEXTS))


def test_weights_are_rejected_where_the_estimator_takes_none(rows):
    X, y = rows[0][:100], rows[1][:100]
    classifier = AbstainingClassifier(KNeighborsClassifier(), coverage=0.5)
    with pytest.raises(TypeError, match="fit of KNeighborsClassifier takes none"):
        classifier.fit(X, y, np.ones(100))


def test_the_threshold_of_a_fitted_estimator_uses_the_weights_of_the_rows(rows):
    X, y = rows[0][:400], rows[1][:400]
    frozen = FrozenEstimator(LogisticRegression().fit(X, y))
    confidence = frozen.predict_proba(X).max(axis=1)
    found = AbstainingClassifier(frozen, coverage=0.5).fit(X, y, confidence > 0.9)
    assert 0.9 < found.threshold_ < 1
    assert found.coverage_ == pytest.approx(0.5, abs=0.02)


class RemembersTexts(WordBayes):
    def fit(self, X, y, sample_weight=None):
        self.came_ = list(X)
        return super().fit(X, y, sample_weight)


@pytest.mark.parametrize("by", ["repeats", "groups"])
def test_rows_of_one_origin_are_not_split(by):
    again = [text.upper() + "!" for text in TEXTS]
    texts = [*TEXTS, *(again if by == "repeats" else [f"{text} of late" for text in TEXTS])]
    groups = None if by == "repeats" else [*range(60), *range(60)]
    classifier = AbstainingClassifier(RemembersTexts(), coverage=0.5, random_state=0)
    came = classifier.fit(texts, NAMES * 2, groups=groups).estimator_.came_
    origin = {text: i % 60 for i, text in enumerate(texts)}
    fitted = [origin[text] for text in came]
    assert 80 < len(fitted) < 110
    assert all(fitted.count(i) == 2 for i in set(fitted))


@pytest.mark.parametrize("given", [False, True], ids=["copies", "groups"])
def test_copies_of_a_row_show_no_lower_error_than_one(rows, given):
    X, y, X_test, y_test = rows
    frozen = FrozenEstimator(LogisticRegression().fit(X, y))
    classifier = AbstainingClassifier(frozen, max_error=0.2)
    expected = classifier.fit(X_test[:300], y_test[:300]).threshold_
    groups = np.tile(np.arange(300), 5) if given else None
    noise = np.repeat(1e-12 * np.arange(5), 300)[:, None] if given else 0
    classifier.fit(np.tile(X_test[:300], (5, 1)) + noise, np.tile(y_test[:300], 5), groups=groups)
    assert classifier.threshold_ == pytest.approx(expected, abs=0.005)


def test_numbers_that_repeat_are_not_split():
    X = np.repeat(np.random.default_rng(0).normal(size=(30, 2)), 4, axis=0)
    y = np.repeat(["a", "b"], 60)
    for rows in (X, scipy.sparse.csr_matrix(X), pd.DataFrame(X)):
        came = AbstainingClassifier(Remembers(), coverage=0.5).fit(rows, y).estimator_.came_["X"]
        came = came.toarray() if scipy.sparse.issparse(came) else np.asarray(came)
        assert set(np.unique(came, axis=0, return_counts=True)[1]) == {4}


def text_pipeline():
    return make_tfidf_pipeline(join__columns=["title"])


def titles(X):
    return list(X["title"])


WRAPPED = {
    "search": GridSearchCV(text_pipeline(), {"classify__C": [1.0]}, cv=2),
    "calibrated": CalibratedClassifierCV(text_pipeline(), cv=2),
    "one against the rest": OneVsRestClassifier(text_pipeline()),
    "votes": VotingClassifier([("a", text_pipeline()), ("b", text_pipeline())], voting="soft"),
    "function": make_pipeline(FunctionTransformer(titles), WordBayes()),
    "columns": make_pipeline(
        ColumnTransformer([("title", TfidfVectorizer(), "title")]), LogisticRegression()
    ),
}


@pytest.mark.parametrize("estimator", WRAPPED.values(), ids=WRAPPED)
@pytest.mark.parametrize("library", [pd, pl], ids=["pandas", "polars"])
def test_copies_are_not_split_for_any_wrapped_estimator(estimator, library, monkeypatch):
    held_out = {}

    def noting(self, estimator, rows, origins):
        held_out["rows"] = rows.X
        return choose(self, estimator, rows, origins)

    choose = AbstainingClassifier._choose_threshold
    monkeypatch.setattr(AbstainingClassifier, "_choose_threshold", noting)
    frame = library.DataFrame({"title": TEXTS * 3})
    AbstainingClassifier(estimator, coverage=0.5, random_state=0).fit(frame, NAMES * 3)
    rows = held_out["rows"]["title"].to_list()
    assert 20 < len(rows) < 60
    assert {rows.count(text) for text in rows} == {3}


@pytest.mark.parametrize("wrapped", [False, True], ids=["alone", "wrapped"])
def test_columns_that_are_not_joined_do_not_distinguish_copies(wrapped):
    frame = pd.DataFrame({"title": TEXTS * 2, "id": [f"row {i}" for i in range(120)]})
    estimator = WRAPPED["search"] if wrapped else text_pipeline()
    groups = repeats_of(frame, estimator)
    assert groups.tolist() == [*groups[:60], *groups[:60]]
    assert len(set(groups)) == 60


@pytest.mark.parametrize(
    "rows",
    [
        ["Oil up", "Goal!", "oil up."],
        pd.Series(["Oil up", "Goal!", "oil up."], dtype="category"),
        np.array([["Oil", "up"], ["Goal", "up"], ["oil", "UP"]], dtype=object),
        pd.DataFrame({"text": ["Oil", "Oil", "oil"], "views": [3, 4, 3]}),
        pd.DataFrame({"text": [None, "Oil", None], "views": [3, 3, 3]}),
        pl.DataFrame({"source": ["AP", "AP", "AP"], "value": [-1.5, 1.5, -1.5]}),
        [[1.5, np.nan], [2.5, np.nan], [1.5, np.nan]],
        np.array([3, 4, 3]),
        [{"oil": 1}, {"cup": 1}, {"oil": 1}],
        [["oil"], ["oil", "cup"], ["oil"]],
    ],
    ids=[
        "texts",
        "categories",
        "cells",
        "texts and numbers",
        "missing texts",
        "numbers that differ by their sign",
        "list of numbers",
        "column of numbers",
        "dicts",
        "rows of unequal length",
    ],
)
def test_rows_repeat_by_their_content(rows):
    first, other, again = repeats_of(rows)
    assert first == again != other


def test_rows_that_are_all_equal_are_split_with_a_warning():
    classifier = AbstainingClassifier(DummyClassifier(), coverage=0.5, random_state=0)
    with pytest.warns(UserWarning, match="6 are held out without their duplicates"):
        classifier.fit(np.zeros((30, 1)), ["a", "b", "c"] * 10)


def test_a_class_without_held_out_rows_raises_a_warning():
    with pytest.warns(UserWarning, match=r"without the classes \['Rare'\], which have too few"):
        abstaining_texts().fit([*TEXTS, "snow"], [*NAMES, "Rare"])


def test_it_warns_if_it_abstains_on_all_rows():
    never = abstaining_texts(coverage=None, max_error=0.001)
    with pytest.warns(UserWarning, match="do not show an error of at most 0.001 at any threshold"):
        never.fit(TEXTS, NAMES)
    with pytest.warns(UserWarning, match="abstains on all 2 rows: in fit, no threshold kept"):
        assert (never.predict(["oil", "cup"]) == "abstained").all()


def test_rows_from_another_distribution_are_distinguished_from_doubtful_ones():
    fitted = FrozenEstimator(make_tfidf_pipeline().fit(TEXTS, NAMES))
    classifier = AbstainingClassifier(fitted, coverage=0.9).fit(TEXTS, NAMES)
    with pytest.warns(
        UserWarning, match="abstains on all 20 rows: .* must come from another distribution"
    ):
        classifier.predict(["zebra"] * 20)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert classifier.predict(["zebra"]).tolist() == ["abstained"]


def test_few_predictions_raise_a_warning():
    confidence = np.linspace(0.5, 1, 2000)
    y = np.where(np.arange(2000) < 1940, "b", "a")
    frozen = FrozenEstimator(SaysSo().fit(confidence[:, None], ["a", "b"] * 1000))
    with pytest.warns(UserWarning, match=r"below a threshold that only [1-4]\.\d% of them reach"):
        AbstainingClassifier(frozen, max_error=0.2).fit(confidence[:, None], y)


class SaysSo(ClassifierMixin, BaseEstimator):
    """Uses its input as the probability of its first class."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return np.hstack([X, 1 - X])


def test_labels_that_a_fitted_estimator_does_not_know_are_rejected():
    frozen = FrozenEstimator(make_tfidf_pipeline().fit(TEXTS, NAMES))
    with pytest.raises(ValueError, match="y must hold labels of the estimator"):
        AbstainingClassifier(frozen, coverage=0.5).fit(TEXTS, [0, 1] * 30)


def test_log_probabilities_are_those_of_the_probabilities():
    classifier = abstaining_texts().fit(TEXTS, NAMES)
    np.testing.assert_allclose(
        classifier.predict_log_proba(TEXTS), np.log(classifier.predict_proba(TEXTS))
    )


def test_it_works_as_the_last_step_of_a_pipeline():
    inner = CalibratedLogisticRegression(random_state=0)
    last = AbstainingClassifier(inner, coverage=0.5, random_state=0)
    pipeline = make_tfidf_pipeline(classify=last)
    pipeline.fit(TEXTS, NAMES, classify__sample_weight=np.ones(60))
    assert set(pipeline.predict([*TEXTS, "zebra"])) == {"abstained", "Business", "Sports"}


def test_copies_that_a_pipeline_makes_are_held_out_with_their_originals():
    last = AbstainingClassifier(Remembers(), coverage=0.5, random_state=0)
    texts = [f"{text} of today and tomorrow" for text in TEXTS]
    augment = EDAAugmenter(n_copies=2, random_state=0)
    pipeline = make_tfidf_pipeline(augment=augment, classify=last).fit(texts, NAMES)
    groups = pipeline[-1].estimator_.came_["groups"]
    assert set(np.bincount(groups)) == {0, 3}
    assert len(groups) < 180


@pytest.mark.parametrize("label", [("n", "o"), ["no"], np.array(["no"]), {"no"}, b"no"])
def test_an_abstain_label_that_is_not_a_single_label_is_rejected_in_fit(label):
    with pytest.raises(TypeError, match="abstain_label must be one label, a str"):
        abstaining_texts(abstain_label=label).fit(TEXTS, NAMES)


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt])
def test_a_refit_that_fails_leaves_the_classifier_as_it_was(failure, monkeypatch):
    classifier = abstaining_texts().fit(TEXTS, NAMES)
    before, predictions = dict(vars(classifier)), classifier.predict(TEXTS).tolist()

    def fail(*args):
        raise failure

    monkeypatch.setattr("agnews_sk.classifiers._abstaining.threshold_for_coverage", fail)
    with pytest.raises(failure):
        classifier.fit(TEXTS, ["Zebra", "Yak"] * 30)
    assert vars(classifier) == before
    assert classifier.predict(TEXTS).tolist() == predictions


def test_a_refit_that_is_rejected_leaves_the_classifier_as_it_was():
    classifier = abstaining_texts().fit(TEXTS, NAMES)
    predictions = classifier.predict(TEXTS).tolist()
    classifier.set_params(abstain_label="Zebra")
    with pytest.raises(ValueError, match="abstain_label must not be one of the classes"):
        classifier.fit(TEXTS, ["Zebra", "Yak"] * 30)
    assert classifier.predict(TEXTS).tolist() == predictions
