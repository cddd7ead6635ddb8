"""check_text_estimator and related functions have the interface of scikit-learn's."""

import warnings
from inspect import signature
from pathlib import Path

import pandas as pd
import polars as pl
import pytest
from sklearn.exceptions import EstimatorCheckFailedWarning, SkipTestWarning
from sklearn.utils.estimator_checks import check_estimator

from agnews_sk.sampling import LengthFilter
from agnews_sk.testing import (
    check_text_estimator,
    parametrize_with_text_checks,
    text_checks,
    text_checks_generator,
)
from tests.testing.estimators import TextSize, WordBayes, WordCounter
from tests.testing.faulty import ReadsLettersAsTexts

REASON = {"check_bare_str": "a str is taken for its letters"}
DOCS = Path(__file__).parents[2] / "docs" / "testing.md"


def results_of(estimator, **options):
    return {r["check_name"]: r for r in check_text_estimator(estimator, on_fail=None, **options)}


def test_there_are_at_least_forty_checks_each_with_a_claim_of_its_own():
    claims = {check.__doc__.splitlines()[0] for check in text_checks().values()}
    assert len(claims) == len(text_checks()) >= 40
    assert all(claim.endswith(".") for claim in claims)


def test_the_guide_lists_every_check_and_its_claim():
    table = [line for line in DOCS.read_text("utf-8").splitlines() if line.startswith("| `check_")]
    checks = text_checks().values()
    assert table == [f"| `{c.__name__}` | {c.__doc__.splitlines()[0]} |" for c in checks]


def test_a_failure_is_raised_with_the_name_the_claim_and_what_happened():
    message = "ReadsLettersAsTexts: A bare str.*is rejected. Instead, nothing was raised."
    with pytest.raises(AssertionError, match=message):
        check_text_estimator(ReadsLettersAsTexts())


def test_a_failure_is_recorded_and_raises_a_warning_if_requested():
    with pytest.warns(EstimatorCheckFailedWarning, match="check_bare_str"):
        results = check_text_estimator(ReadsLettersAsTexts(), on_fail="warn")
    assert {r["check_name"] for r in results if r["status"] == "failed"} == {"check_bare_str"}


def test_there_is_no_warning_unless_requested():
    with warnings.catch_warnings():
        warnings.simplefilter("error", EstimatorCheckFailedWarning)
        warnings.simplefilter("error", SkipTestWarning)
        results = results_of(ReadsLettersAsTexts())
    assert isinstance(results["check_bare_str"]["exception"], AssertionError)


def test_an_expected_failure_does_not_count_as_a_failure():
    result = results_of(ReadsLettersAsTexts(), expected_failed_checks=REASON)["check_bare_str"]
    assert result["status"] == "xfail"
    assert result["expected_to_fail_reason"] == REASON["check_bare_str"]


def test_an_expected_failure_that_passes_is_recorded_as_such():
    result = results_of(WordCounter(), expected_failed_checks=REASON)["check_bare_str"]
    assert result["status"] == "passed"
    assert result["expected_to_fail"]


def test_an_expected_failure_must_name_a_check():
    with pytest.raises(ValueError, match="check_bear_str"):
        check_text_estimator(WordCounter(), expected_failed_checks={"check_bear_str": "typo"})


def test_the_callback_gets_each_result():
    seen = []
    results = check_text_estimator(TextSize(), on_fail=None, callback=lambda **r: seen.append(r))
    assert seen == results


def test_a_callback_conflicts_with_raising():
    with pytest.raises(ValueError, match="callback"):
        check_text_estimator(TextSize(), callback=print)


def test_the_results_have_the_keys_of_scikit_learn():
    class Numbers(TextSize):
        def __sklearn_tags__(self):
            tags = super().__sklearn_tags__()
            tags.input_tags.two_d_array = True
            return tags

    theirs = check_estimator(Numbers(), on_fail=None, on_skip=None)[0]
    assert set(check_text_estimator(TextSize())[0]) == set(theirs)


def test_the_options_of_scikit_learn_are_there():
    theirs = set(signature(check_estimator).parameters) - {"legacy"}
    assert theirs <= set(signature(check_text_estimator).parameters)


def test_a_class_is_rejected():
    with pytest.raises(TypeError, match="class WordCounter"):
        check_text_estimator(WordCounter)
    with pytest.raises(TypeError, match="class WordCounter"):
        parametrize_with_text_checks([WordCounter])


def test_a_skip_raises_a_warning_if_requested():
    with pytest.warns(SkipTestWarning, match="check_round_trip was skipped: no round_trip"):
        check_text_estimator(TextSize(), on_skip="warn")


def test_round_trip_is_called_with_the_fitted_estimator():
    asked = []

    def round_trip(estimator):
        asked.append(estimator)
        return estimator

    assert (
        results_of(WordCounter(), round_trip=round_trip)["check_round_trip"]["status"] == "passed"
    )
    assert asked[0].vocabulary_


def test_a_round_trip_that_loses_the_fitted_state_is_caught():
    results = results_of(WordCounter(), round_trip=lambda estimator: WordCounter())
    assert results["check_round_trip"]["status"] == "failed"


def test_the_estimator_itself_is_not_fitted():
    estimator = WordCounter()
    check_text_estimator(estimator)
    assert not hasattr(estimator, "vocabulary_")


@pytest.mark.parametrize(
    ("estimator", "has", "lacks"),
    [
        (WordCounter(), "check_feature_names", "check_predict_proba"),
        (WordBayes(), "check_sample_weight_equivalence", "check_n_features_out"),
        (LengthFilter(), "check_sampler_labels", "check_batch_invariance"),
        (TextSize(), "check_set_output_pandas", "check_unfitted"),
    ],
    ids=["transformer", "classifier", "sampler", "stateless"],
)
def test_the_checks_are_those_that_apply(estimator, has, lacks):
    names = [check.func.__name__ for _, check in text_checks_generator(estimator)]
    assert has in names
    assert lacks not in names
    assert names == list(text_checks(estimator))


def test_parametrize_marks_expected_failures_with_their_reason():
    mark = parametrize_with_text_checks(
        [WordCounter()], expected_failed_checks=lambda _: REASON, xfail_strict=True
    )
    marked = [p for p in mark.args[1] if p.marks]
    assert [p.id for p in marked] == ["WordCounter()-check_bare_str"]
    assert marked[0].marks[0].kwargs == {"reason": REASON["check_bare_str"], "strict": True}


class SeriesCounter(WordCounter):
    """A correct estimator that takes Series only."""

    def fit(self, X, y=None):
        return super().fit(series(X), y)

    def transform(self, X):
        return super().transform(series(X))


class SeriesBayes(WordBayes):
    """A correct classifier that takes Series only."""

    def fit(self, X, y, sample_weight=None):
        return super().fit(series(X), y, sample_weight)

    def decision_function(self, X):
        return super().decision_function(series(X))

    def predict_log_proba(self, X):
        return super().predict_log_proba(series(X))

    def predict(self, X):
        return super().predict(series(X))


def series(X):
    if not isinstance(X, (pd.Series, pl.Series)):
        kind = getattr(X, "dtype", type(X).__name__)
        raise TypeError(f"X must be a Series, one column of texts, got {X if X is None else kind}.")
    return X


OTHER_CONTAINERS = {
    "check_tuple",
    "check_object_array",
    "check_unicode_array",
    "check_string_dtype_array",
    "check_strided_array",
    "check_column_array",
    "check_pandas_frame",
    "check_polars_frame",
    "check_categorical_texts",
    "check_arrow_texts",
}


@pytest.mark.parametrize("estimator", [SeriesCounter(), SeriesBayes()])
def test_an_estimator_of_series_fails_the_checks_of_other_containers_only(estimator):
    results = results_of(estimator, container=pd.Series)
    assert {n for n, r in results.items() if r["status"] == "failed"} == OTHER_CONTAINERS


def test_an_object_that_cannot_be_cloned_is_rejected_at_once():
    with pytest.raises(TypeError, match=r"must have get_params.*got a set; wrap it in a class"):
        check_text_estimator(set(), on_fail=None)


def test_a_check_is_skipped_where_the_container_cannot_hold_its_texts():
    def encode(texts):
        return pd.Series([text.encode().decode() for text in texts])

    results = results_of(SeriesCounter(), container=encode)
    assert results["check_lone_surrogates"]["status"] == "skipped"
    assert results["check_scripts"]["status"] == "passed"


def test_the_container_is_that_of_one_run():
    check_text_estimator(SeriesCounter(), container=pd.Series, on_fail=None)
    assert results_of(SeriesCounter())["check_fit_returns_self"]["status"] == "failed"
    assert results_of(WordCounter())["check_fit_returns_self"]["status"] == "passed"


@parametrize_with_text_checks(
    [SeriesCounter()],
    expected_failed_checks=lambda estimator: dict.fromkeys(OTHER_CONTAINERS, "takes Series only"),
    xfail_strict=True,
    container=pd.Series,
)
def test_series_are_given_in_tests_too(estimator, check):
    check(estimator)
