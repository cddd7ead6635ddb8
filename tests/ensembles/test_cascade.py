"""A cascade: who answers which rows, the promises, and what is rejected."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import StackingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from agnews_sk import CascadeClassifier
from agnews_sk.classifiers import hold_out

LABELS = np.array(["a", "b"])


class FromColumn(ClassifierMixin, BaseEstimator):
    """Takes the probability of the second class from a column, and notes how many rows it got."""

    def __init__(self, column):
        self.column = column

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.asked_ = []
        return self

    def predict_proba(self, X):
        self.asked_.append(len(X))
        p = X[self.column].to_numpy(dtype=float)
        return np.column_stack([1 - p, p])

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def rows(n=1_000, seed=0, columns=("cheap", "dear")):
    """Return probabilities of several classifiers, each more often right than the one before."""
    rng = np.random.default_rng(seed)
    y = rng.integers(2, size=n)
    frame = {"id": np.arange(n)}
    for number, column in enumerate(columns):
        sure = rng.uniform(0.5, 1, size=n)
        right = rng.uniform(size=n) < np.minimum(1, sure + 0.2 * number)
        frame[column] = np.where((y == 1) == right, sure, 1 - sure)
    return pd.DataFrame(frame), LABELS[y]


def cascade(*columns, **settings):
    X, y = rows(4)
    classifiers = [(column, FrozenEstimator(FromColumn(column).fit(X, y))) for column in columns]
    return CascadeClassifier(classifiers, **settings)


def test_rows_below_the_threshold_are_passed_on():
    X, y = rows()
    fitted = cascade("cheap", "dear", max_passed=0.4).fit(X, y)
    asked = fitted.answered_by(X)
    confidence = np.maximum(X["cheap"], 1 - X["cheap"])
    assert (
        asked == np.where(confidence >= fitted.confidence_thresholds_[0], "cheap", "dear")
    ).all()
    answers = np.where(asked == "cheap", X["cheap"], X["dear"])
    assert (fitted.predict(X) == LABELS[(answers > 0.5).astype(int)]).all()


def test_the_dear_classifier_is_asked_about_the_rest_only():
    X, y = rows()
    fitted = cascade("cheap", "dear", max_passed=0.3).fit(X, y)
    dear = fitted.estimators_[1].estimator
    asked = fitted.answered_by(X)
    dear.asked_.clear()
    fitted.predict(X)
    assert dear.asked_ == [(asked == "dear").sum()]
    sure = X[asked == "cheap"]
    dear.asked_.clear()
    fitted.predict(sure)
    assert dear.asked_ == []


@pytest.mark.parametrize("columns", [("cheap", "dear"), ("cheap", "middle", "dear")])
def test_at_most_the_wanted_share_reaches_the_last(columns):
    X, y = rows(columns=columns)
    fitted = cascade(*columns, max_passed=0.25).fit(X, y)
    assert fitted.passed_[0] == 1
    assert 0.2 < fitted.passed_[-1] <= 0.25
    assert (np.diff(fitted.passed_) < 0).all()
    assert np.mean(fitted.answered_by(X) == columns[-1]) == pytest.approx(fitted.passed_[-1])


@pytest.mark.parametrize("columns", [("cheap", "dear"), ("cheap", "middle", "dear")])
def test_no_row_reaches_the_last_if_none_may(columns):
    fitted = cascade(*columns, max_passed=0).fit(*rows(50, columns=columns))
    others, _ = rows(5_000, seed=1, columns=columns)
    assert set(fitted.answered_by(others)) == {"cheap"}


@pytest.mark.parametrize("columns", [("cheap", "dear"), ("cheap", "middle", "dear")])
def test_the_loss_on_held_out_rows_is_below_the_limit(columns):
    X, y = rows(3_000, columns=columns)
    fitted = cascade(*columns, max_loss=0.05).fit(X, y)
    alone = (LABELS[(X["dear"] > 0.5).astype(int)] == y).mean()
    assert fitted.loss_ == pytest.approx(alone - fitted.score(X, y))
    assert fitted.loss_ < 0.05
    assert fitted.loss_interval_[0] < fitted.loss_ < fitted.loss_interval_[1]
    assert fitted.passed_[-1] < 0.9


def test_it_has_a_default_limit():
    X, y = rows(3_000)
    default = cascade("cheap", "dear").fit(X, y)
    same = cascade("cheap", "dear", max_loss=0.005).fit(X, y)
    assert default.confidence_thresholds_ == same.confidence_thresholds_


def test_one_promise_of_two_is_shared_by_the_classifiers():
    X, y = rows(3_000, columns=("cheap", "middle", "dear"))
    fitted = cascade("cheap", "middle", "dear", max_loss=0.1).fit(X, y)
    own = cascade("cheap", "dear", max_loss=0.05, confidence_level=0.975).fit(X, y)
    assert fitted.confidence_thresholds_[0] == own.confidence_thresholds_[0]


def test_few_rows_pass_everything_on_with_a_warning():
    X, y = rows(60)
    with pytest.warns(UserWarning, match="60 held-out rows do not show a loss of at most 0.01"):
        fitted = cascade("cheap", "dear", max_loss=0.01).fit(X, y)
    assert (fitted.answered_by(X) == "dear").all()
    assert fitted.loss_ == 0


def test_probabilities_are_calibrated_by_who_answers():
    X, y = rows(4_000)
    X["dear"] = np.where(X["dear"] > 0.5, 0.999, 0.001)  # far too sure
    fitted = cascade("cheap", "dear", max_passed=0.5).fit(X[:2_000], y[:2_000])
    assert fitted.temperatures_[1] > 2
    new, labels = X[2_000:], y[2_000:]
    answers = np.where(fitted.answered_by(new) == "cheap", new["cheap"], new["dear"])
    raw = np.column_stack([1 - answers, answers])
    assert log_loss(labels, fitted.predict_proba(new)) < log_loss(labels, raw) - 0.1
    assert (fitted.predict_proba(new).argmax(axis=1) == raw.argmax(axis=1)).all()


def test_classifiers_are_fitted_on_rows_that_do_not_choose():
    X, y = rows(1_000)
    fitted = CascadeClassifier(
        [("cheap", FromColumn("cheap")), ("dear", FromColumn("dear"))],
        max_passed=0.5,
        calibration_fraction=0.3,
        random_state=0,
    ).fit(X, y)
    assert [e.asked_ for e in fitted.estimators_] == [[300], [300]]


def test_rows_of_one_origin_are_held_out_together(monkeypatch):
    X, y = rows(200)
    groups = np.repeat(np.arange(20), 10)
    fitted = CascadeClassifier(
        [("cheap", FromColumn("cheap")), ("dear", FromColumn("dear"))],
        max_passed=0.5,
        random_state=0,
    ).fit(X, y, groups=groups)
    assert fitted.estimators_[0].asked_[0] % 10 == 0


def test_rows_without_weight_choose_nothing():
    X, y = rows(2_000)
    weight = np.ones(2_000)
    weight[1_000:] = 0
    y[1_000:] = "a"
    weighted = cascade("cheap", "dear", max_loss=0.05).fit(X, y, sample_weight=weight)
    expected = cascade("cheap", "dear", max_loss=0.05).fit(X[:1_000], y[:1_000])
    assert weighted.confidence_thresholds_ == pytest.approx(
        expected.confidence_thresholds_, abs=0.01
    )
    assert weighted.loss_ <= 0.05
    assert weighted.temperatures_ == pytest.approx(expected.temperatures_, rel=0.05)


def test_parameters_of_classifiers_are_set_by_their_names():
    model = CascadeClassifier([("cheap", LogisticRegression()), ("dear", LogisticRegression())])
    model.set_params(dear__C=7, cheap=DummyClassifier())
    copied = clone(model).get_params()
    assert copied["dear__C"] == 7
    assert isinstance(copied["cheap"], DummyClassifier)


def test_a_fit_that_fails_leaves_the_previous_state():
    X, y = rows(200)
    model = cascade("cheap", "dear", max_passed=0.5).fit(X, y)
    before = model.predict_proba(X)
    model.estimators = [*model.estimators[:1], ("dear", LinearSVC())]
    with pytest.raises(
        TypeError, match=r"got LinearSVC\(\) for 'dear'; pass an instance, and wrap"
    ):
        model.fit(X, y)
    model.estimators[1] = ("dear", make_pipeline(LinearSVC()))  # whose class has predict_proba
    with pytest.raises(TypeError, match="the classifier 'dear' must have predict_proba, got Pipe"):
        model.fit(X[["cheap", "dear"]], y)
    assert (model.predict_proba(X) == before).all()


def test_several_labels_are_rejected():
    X, _ = rows(4)
    with pytest.raises(ValueError, match="y must have one label per row, got several"):
        cascade("cheap", "dear").fit(X, [["a"], ["b"], ["a", "b"], []])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"max_loss": 0.1, "max_passed": 0.1}, "either max_loss or max_passed, got both"),
        ({"estimators": [("one", LogisticRegression())]}, "at least 2"),
        ({"estimators": [LogisticRegression(), LogisticRegression()]}, "at least 2"),
        ({"estimators": [("a", DummyClassifier()), ("a", DummyClassifier())]}, "not unique"),
        ({"estimators": [("a", DummyClassifier(), 1), ("b", DummyClassifier())]}, "at least 2"),
        ({"estimators": [(1, DummyClassifier()), ("b", DummyClassifier())]}, "at least 2"),
        ({"estimators": ["cheap", "dear"]}, "at least 2"),
        ({"max_loss": 1.5}, "max_loss"),
        ({"max_passed": 1.0}, "max_passed"),
    ],
    ids=["both", "one", "no names", "equal names", "three", "number", "str", "loss", "passed"],
)
def test_invalid_settings_are_rejected(settings, message):
    X, y = rows(40)
    model = cascade("cheap", "dear").set_params(**settings)
    with pytest.raises(ValueError, match=message):
        model.fit(X, y)


def test_classifiers_of_other_classes_are_rejected():
    X, y = rows(100)
    other = FrozenEstimator(FromColumn("dear").fit(X, np.where(y == "a", "x", "y")))
    cheap = FrozenEstimator(FromColumn("cheap").fit(X, y))
    with pytest.raises(ValueError, match=r"same classes, got .* of 'cheap' and .* of 'dear'"):
        CascadeClassifier([("cheap", cheap), ("dear", other)]).fit(X, y)


def test_weights_of_held_out_rows_are_needed():
    X, y = rows(100)
    model = CascadeClassifier(
        [("one", LogisticRegression()), ("two", LogisticRegression())], random_state=0
    )
    fitted, _ = hold_out(y, np.arange(100), 0.2, 0)
    weight = np.isin(np.arange(100), fitted).astype(float)
    with pytest.raises(ValueError, match="sample_weight must be above 0 for some of the 20"):
        model.fit(X, y, sample_weight=weight)


def test_probabilities_that_are_no_numbers_are_rejected():
    X, y = rows(100)
    X.loc[3, "cheap"] = np.nan
    with pytest.raises(ValueError, match="probabilities of 'cheap' must be finite"):
        cascade("cheap", "dear", max_passed=0.5).fit(X, y)


def test_copies_of_a_row_show_no_more_than_one():
    X, y = rows(300)
    copied = pd.concat([X] * 5, ignore_index=True)
    alone = cascade("cheap", "dear", max_loss=0.05).fit(X, y)
    together = cascade("cheap", "dear", max_loss=0.05).fit(copied, np.tile(y, 5))
    assert together.loss_interval_ == pytest.approx(alone.loss_interval_, abs=1e-6)


@pytest.mark.parametrize(
    "part",
    ["passthrough", None, DummyClassifier, TfidfVectorizer(), LinearRegression(), LinearSVC()],
    ids=["str", "None", "class", "transformer", "regressor", "without probabilities"],
)
@pytest.mark.parametrize("is_frozen", [False, True], ids=["part", "frozen"])
def test_parts_that_are_no_classifiers_are_rejected(part, is_frozen):
    X, y = rows(40)
    part = FrozenEstimator(part) if is_frozen else part
    for parts in ([("a", part), ("b", DummyClassifier())], [("b", DummyClassifier()), ("a", part)]):
        with pytest.raises(TypeError, match=r"estimators must be classifiers.* for 'a'; pass an"):
            CascadeClassifier(parts).fit(X, y)


def test_a_part_that_gets_probabilities_in_fit_is_taken():
    X, y = rows(200)
    stack = StackingClassifier([("a", LogisticRegression()), ("b", DummyClassifier())], cv=2)
    model = CascadeClassifier([("one", LogisticRegression()), ("two", stack)], max_passed=0.5)
    assert model.fit(X[["cheap", "dear"]], y).names_ == ["one", "two"]


class Reversed(FromColumn):
    """Has its classes in descending order."""

    def fit(self, X, y):
        super().fit(X, y)
        self.classes_ = self.classes_[::-1]
        return self

    def predict_proba(self, X):
        return super().predict_proba(X)[:, ::-1]


@pytest.mark.parametrize("kinds", [(Reversed, FromColumn), (FromColumn, Reversed), (Reversed,) * 2])
def test_the_order_of_classes_in_the_parts_does_not_matter(kinds):
    X, y = rows(500)
    parts = [
        (column, FrozenEstimator(kind(column).fit(X, y)))
        for kind, column in zip(kinds, ("cheap", "dear"), strict=True)
    ]
    found = CascadeClassifier(parts, max_passed=0.4).fit(X, y)
    expected = cascade("cheap", "dear", max_passed=0.4).fit(X, y)
    assert found.classes_.tolist() == ["a", "b"]
    np.testing.assert_array_equal(found.predict_proba(X), expected.predict_proba(X))
    assert (found.predict(X) == expected.predict(X)).all()


def test_labels_that_the_parts_do_not_know_are_rejected():
    X, y = rows(100)
    with pytest.raises(
        ValueError, match=r"labels of the classifiers' classes, \['a', 'b'\], got n"
    ):
        cascade("cheap", "dear").fit(X, np.where(y == "a", 0, 1))


@pytest.mark.parametrize("hard", ["cheap", "dear"])
def test_probabilities_of_0_and_1_are_calibrated(hard):
    X, y = rows(4_000)
    X[hard] = (X[hard] > 0.5).astype(float)
    model = cascade("cheap", "dear", max_passed=0.5)
    if hard == "cheap":
        message = "'cheap' has the same confidence, 1, for all 2000 held-out rows, so that it answe"
        with pytest.warns(UserWarning, match=message) as warned:
            model.fit(X[:2_000], y[:2_000])
        assert [one.filename for one in warned] == [__file__]
    else:
        model.fit(X[:2_000], y[:2_000])
    new, labels = X[2_000:], y[2_000:]
    answered = model.answered_by(new) == hard
    confidence = model.predict_proba(new)[answered].max(axis=1)
    accuracy = np.mean(model.predict(new)[answered] == labels[answered])
    assert confidence.min() == pytest.approx(accuracy, abs=0.04)
    assert model.temperatures_.max() < 100  # not at the bound


def test_warnings_point_at_the_call_of_fit():
    X, y = rows(60)
    y[0] = "a"
    with pytest.warns(UserWarning, match="held-out rows do not show a loss") as warned:
        cascade("cheap", "dear", max_loss=0.01).fit(X, y)
    one_of_b = np.where(np.arange(60) == 0, "b", "a")
    parts = [("one", FromColumn("cheap")), ("two", FromColumn("dear"))]
    with pytest.warns(UserWarning, match="chosen without the classes") as of_class:
        CascadeClassifier(parts, max_passed=0.5, random_state=0).fit(X, one_of_b)
    assert {one.filename for one in [*warned, *of_class]} == {__file__}
