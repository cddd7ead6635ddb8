import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest
from sklearn.datasets import make_classification
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import DataConversionWarning
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from agnews_sk import make_tfidf_pipeline
from agnews_sk.classifiers import AbstainingClassifier
from agnews_sk.classifiers._abstaining import _upper_bound, threshold_for_error


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
def test_it_answers_the_share_that_was_asked_for(rows, coverage):
    X, y, X_test, _ = rows
    classifier = abstaining(coverage=coverage).fit(X, y)
    assert coverage <= classifier.coverage_ < coverage + 0.01
    assert 1 - classifier.abstains(X_test).mean() == pytest.approx(coverage, abs=0.05)


def test_the_answers_given_are_wrong_no_more_often_than_allowed(rows):
    X, y, X_test, y_test = rows
    classifier = abstaining(max_error=0.25).fit(X, y)
    answered = ~classifier.abstains(X_test)
    wrong = classifier.predict(X_test)[answered] != y_test[answered]
    everywhere = classifier.estimator_.predict(X_test) != y_test
    assert wrong.mean() <= 0.25 < everywhere.mean()
    assert 0.1 < answered.mean() < 0.9
    assert classifier.error_ < 0.25


def test_the_promise_is_broken_no_more_often_than_its_level_says():
    rng = np.random.default_rng(0)
    broken = 0
    for _ in range(300):
        confidence = rng.random(300)
        wrong = rng.random(300) < 0.5 * (1 - confidence)
        threshold = threshold_for_error(confidence, wrong, 0.1, 0.9)
        # Above t the mean of (1 - u) / 2 for u from t to 1 is (1 - t) / 4.
        broken += np.isfinite(threshold) and (1 - threshold) / 4 > 0.1
    assert broken / 300 <= 0.1


def test_rows_of_the_same_confidence_are_answered_together():
    confidence = np.repeat([0.9, 0.5], [400, 400])
    wrong = np.repeat([False, True], [400, 400])
    assert threshold_for_error(confidence, wrong, 0.05, 0.95) == 0.9


@pytest.mark.parametrize(("n_wrong", "n_answered"), [(0, 10), (3, 40), (39, 40), (5, 5)])
def test_the_bound_is_that_of_clopper_and_pearson(n_wrong, n_answered):
    test = binomtest(n_wrong, n_answered, alternative="less")
    expected = test.proportion_ci(confidence_level=0.95, method="exact").high
    assert _upper_bound(n_wrong, n_answered, 0.05) == pytest.approx(expected, abs=1e-10)


def test_no_threshold_keeps_the_error_of_a_coin():
    X, y = np.zeros((200, 1)), np.array(["Sports", "World"] * 100)
    classifier = AbstainingClassifier(DummyClassifier(), max_error=0.1, random_state=0)
    with pytest.warns(UserWarning, match="40 held-out rows do not show an error of at most 0.1"):
        classifier.fit(X, y)
    assert classifier.abstains(X).all()
    assert (classifier.coverage_, classifier.threshold_) == (0, np.inf)
    assert np.isnan(classifier.error_)


@pytest.mark.parametrize("label", [None, "ask", -1], ids=["None", "str", "int"])
def test_it_returns_the_label_given_where_it_abstains(rows, label):
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


def test_an_abstention_is_no_right_answer(rows):
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
def test_bad_parameters_are_refused(rows, params, message):
    X, y, *_ = rows
    with pytest.raises(ValueError, match=message):
        abstaining(**params).fit(X, y)


def test_an_estimator_without_probabilities_is_refused(rows):
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


def test_missing_labels_and_too_few_to_hold_out_are_said(rows):
    X = rows[0]
    with pytest.raises(ValueError, match="y has 1 missing labels"):
        abstaining(coverage=0.5).fit(X[:3], np.array(["a", None, "b"], dtype=object))
    with pytest.raises(ValueError, match=r"calibration_fraction=0\.2 cannot be drawn"):
        abstaining(coverage=0.5).fit(X[:3], ["a", "b", "b"])


def test_a_first_step_that_passes_through_is_not_asked():
    texts, y = ["oil", "oil up", "cup", "cup final"] * 5, ["a", "a", "b", "b"] * 5
    pipeline = make_tfidf_pipeline(filter="passthrough")
    found = AbstainingClassifier(pipeline, coverage=0.8, random_state=0).fit(texts, y)
    assert found.predict(["oil"]).tolist() == ["a"]
