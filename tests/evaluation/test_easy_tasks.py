"""Perfect, constant and tiny results have intervals of a stated method."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import ShuffleSplit

from agnews_sk.evaluation import ComparisonResult, Evaluation, compare_classifiers, learning_curves
from agnews_sk.evaluation._bootstrap import bootstrap_interval
from agnews_sk.reporting import comparison_table, write_report


@pytest.fixture(autouse=True)
def short_measurements(monkeypatch):
    monkeypatch.setattr("agnews_sk.evaluation._costs.MAX_LATENCY_CALLS", 1)


class Reads(ClassifierMixin, BaseEstimator):
    """Predicts what the text says, with a given confidence."""

    def __init__(self, confidence=1.0):
        self.confidence = confidence

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.array(X)

    def predict_proba(self, X):
        right = self.classes_ == np.array(X)[:, None]
        rest = (1 - self.confidence) / (len(self.classes_) - 1)
        return np.where(right, self.confidence, rest)


def constant():
    return DummyClassifier(strategy="most_frequent")


def rows(n, n_classes=2):
    return [f"class {i % n_classes}" for i in range(n)]


def compared(classifiers, n=40, n_test=40, n_classes=2, **options):
    train, test = rows(n, n_classes), rows(n_test, n_classes)
    settings = {"n_resamples": 200, "random_state": 0} | options
    return compare_classifiers(classifiers, train, train, test, test, **settings)


def ends_of(result, name, score):
    return result.scores.loc[name, [f"{score}_low", score, f"{score}_high"]].tolist()


def test_a_perfect_score_has_an_interval_of_the_exact_method():
    result = compared({"perfect": Reads()})
    low, score, high = ends_of(result, "perfect", "accuracy")
    expected = binomtest(40, 40).proportion_ci(method="exact")
    assert (low, score, high) == (pytest.approx(expected.low), 1, 1)
    for name in ("balanced_accuracy", "macro_f1", "macro_recall", "f1_class 1"):
        low, score, high = ends_of(result, "perfect", name)
        assert 0 < low < expected.low
        assert score == high == 1
        assert result.interval_methods.loc["perfect", name] == "exact"
    assert result.interval_methods.loc["perfect", "roc_auc"] == "none"
    assert "interval 91.19 to 100.00 exact" in result.summary()


@pytest.mark.parametrize("confidence", [1.0, 1 - 1e-16, 1 - 1e-9, 0.9, 0.5])
def test_intervals_exist_or_are_none_and_never_have_no_width(confidence):
    result = compared({"perfect": Reads(confidence), "constant": constant()})
    for name in result.names:
        for score, method in result.interval_methods.loc[name].dropna().items():
            low, value, high = ends_of(result, name, score)
            if method == "none":
                assert pd.isna([low, high]).all()
            else:
                assert low < high
                assert low <= value <= high
    pair = result.pairwise().iloc[0]
    assert pair["accuracy_difference_low"] < 0.5 < pair["accuracy_difference_high"]
    assert pair["significant"]


def test_losses_near_zero_have_intervals():
    values = np.random.default_rng(0).random(40) * 1e-110
    weights = np.random.default_rng(1).multinomial(40, np.full(40, 1 / 40), size=500) / 40
    jackknife = (values.sum() - values) / 39
    found = bootstrap_interval(weights @ values, values.mean(), jackknife, 0.95)
    large = bootstrap_interval(
        weights @ values * 1e110, values.mean() * 1e110, jackknife * 1e110, 0.95
    )
    assert found.method == large.method == "BCa"
    np.testing.assert_allclose(np.array(found[:2]) * 1e110, large[:2])


def test_an_acceleration_that_turns_the_interval_around_gives_the_percentile_interval():
    resampled, jackknife = np.linspace(0, 1, 101), np.array([0.0] * 99 + [1.0])
    found = bootstrap_interval(resampled, 0.3, jackknife, 1 - 1e-12)
    assert found.method == "percentile"
    assert found.low < found.high


@pytest.mark.parametrize("n_test", [1, 2, 3])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_row_per_class_or_one_row_in_all_gives_a_result(n_test, n_classes):
    result = compared(
        {"perfect": Reads(), "constant": constant()}, n=12, n_test=n_test, n_classes=n_classes
    )
    low, score, high = ends_of(result, "perfect", "accuracy")
    assert (score, high) == (1, 1)
    assert 0 < low <= 0.5 ** (1 / n_test) * 0.6
    assert not result.pairwise()["significant"].any()
    assert result.pairwise()["p_value"].notna().all()


@pytest.mark.parametrize("n_classes", [2, 7, 50])
def test_many_classes_give_a_result(n_classes):
    result = compared(
        {"perfect": Reads(0.9), "constant": constant()}, 100, 100, n_classes, n_resamples=50
    )
    assert len(result.classes) == n_classes
    assert result.scores.loc["perfect", "macro_f1"] == 1
    assert 0 <= result.scores.loc["perfect", "macro_f1_low"] < 1


def test_identical_classifiers_have_an_exact_interval_around_zero():
    pair = compared({"a": constant(), "b": constant()}).pairwise().iloc[0]
    assert pair["accuracy_difference_method"] == "exact"
    assert pair["accuracy_difference_high"] == -pair["accuracy_difference_low"] > 0
    assert (pair["p_value"], pair["macro_f1_p_value"], pair["significant"]) == (1, 1, False)
    assert pair["macro_f1_difference_method"] == "none"


def test_a_constant_difference_is_significant_with_enough_rows():
    pairs = [
        evaluated(["a"] * n, {"right": ["a"] * n, "wrong": ["b"] * n}).pairwise().iloc[0]
        for n in (1, 3, 100)
    ]
    assert [pair["significant"] for pair in pairs] == [False, False, True]
    assert all(pair["accuracy_difference_method"] == "exact" for pair in pairs)
    assert np.isnan([pair["bootstrap_p_value"] for pair in pairs]).all()
    lows = [pair["accuracy_difference_low"] for pair in pairs]
    assert lows == sorted(lows)
    assert lows[0] < 0 < lows[2] < 1


def evaluated(y_true, predictions, **options):
    settings = {"n_resamples": 100, "random_state": 0} | options
    evaluations = [
        Evaluation(
            name=name,
            estimator=None,
            y_true=np.array(y_true),
            y_pred=np.array(y_pred),
            n_train_rows=1,
            fit_seconds=1.0,
            predict_seconds=1.0,
            size_bytes=1,
        )
        for name, y_pred in predictions.items()
    ]
    return ComparisonResult.from_evaluations(evaluations, **settings)


@pytest.mark.parametrize("level", [1e-6, 0.5, 0.999999])
def test_confidence_levels_near_zero_and_one_give_intervals(level):
    right = ["a"] * 30 + ["b"] * 10
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = evaluated(right, {"a": right, "b": ["a"] * 40}, confidence_level=level)
    for name in "ab":
        low, score, high = ends_of(result, name, "accuracy")
        assert 0 <= low <= score <= high <= 1


@pytest.mark.parametrize(("n_resamples", "level", "needed"), [(1, 0.95, 40), (99, 0.99, 200)])
def test_too_few_resamples_for_the_level_are_warned_of(n_resamples, level, needed):
    with pytest.warns(UserWarning, match=f"n_resamples={n_resamples} is too small .* {needed}"):
        result = evaluated(rows(9), {"a": rows(9)}, n_resamples=n_resamples, confidence_level=level)
    assert result.interval_methods.loc["a", "accuracy"] == "exact"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_resamples": 1.5}, "n_resamples must be at least 1, got 1.5"),
        ({"n_resamples": "many"}, "n_resamples must be at least 1, got 'many'"),
        ({"confidence_level": float("nan")}, "confidence_level must be between 0 and 1"),
        ({"confidence_level": "95%"}, "confidence_level must be between 0 and 1"),
    ],
)
def test_settings_of_another_kind_are_rejected(options, message):
    with pytest.raises(ValueError, match=message):
        evaluated(["a"], {"a": ["a"]}, **options)


def test_equal_differences_on_all_folds_are_tested_on_rows():
    train = rows(40)
    result = compare_classifiers(
        {"perfect": Reads(), "constant": constant(), "twin": constant()},
        train,
        train,
        cv=4,
        n_resamples=100,
        random_state=0,
    )
    pairs = result.pairwise().set_index(["a", "b"])
    differing, even = pairs.loc[("perfect", "constant")], pairs.loc[("constant", "twin")]
    assert (differing["test"], differing["accuracy_difference_method"]) == ("exact", "exact")
    assert differing["p_value"] == pytest.approx(binomtest(20, 20).pvalue)
    assert 0 < differing["accuracy_difference_low"] < 0.5 < differing["accuracy_difference_high"]
    assert differing["significant"]
    assert even["accuracy_difference_low"] < 0 < even["accuracy_difference_high"]
    assert (even["p_value"], even["significant"]) == (1, False)
    assert "exact" in result.summary()


def test_rows_that_were_tested_several_times_count_once():
    train = rows(20)
    cv = ShuffleSplit(6, test_size=10, random_state=0)
    result = compare_classifiers({"a": Reads()}, train, train, cv=cv, random_state=0)
    n_tested = len(set(result.rows))
    expected = binomtest(n_tested, n_tested).proportion_ci(method="exact")
    assert result.scores.loc["a", "accuracy_low"] == pytest.approx(expected.low)


def test_learning_curves_of_an_easy_task_have_exact_intervals():
    texts = rows(100)
    pipelines = {"perfect": Reads(), "constant": constant(), "twin": constant()}
    curves = learning_curves(pipelines, texts, texts, [10])
    curve = curves.curve().set_index("classifier")
    assert curve["method"].tolist() == ["exact"] * 3
    expected = binomtest(20, 20).proportion_ci(method="exact")
    assert curve.loc["perfect", "low"] == pytest.approx(expected.low)
    assert curve.loc["perfect", "high"] == 1
    pairs = curves.pairwise().set_index(["a", "b"])
    assert pairs["method"].tolist() == ["exact"] * 3
    assert pairs["significant"].tolist() == [True, True, False]
    assert pairs.loc[("constant", "twin"), "p_value"] == 1
    assert curves.curve("macro_f1")["method"].tolist() == ["none"] * 3
    assert curves.curve("macro_f1")["low"].isna().all()
    assert not curves.pairwise("macro_f1")["significant"].any()


def test_reports_and_tables_of_an_easy_task_name_the_interval_methods(tmp_path):
    pytest.importorskip("matplotlib")
    from rich.console import Console

    result = compared({"perfect": Reads(), "constant": constant()}, n_test=1)
    write_report(result, tmp_path / "report.html", texts=rows(1))
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert " exact</span>" in page
    assert "no interval" in page
    assert "nan" not in re.sub('"data:[^"]*"', "", page).lower().replace("nanum", "")
    console = Console(width=120)
    with console.capture() as captured:
        console.print(comparison_table(result))
    assert "100.00 (2.50–100.00 exact)" in captured.get()
    again = ComparisonResult.from_dict(result.to_dict())
    pd.testing.assert_frame_equal(again.interval_methods, result.interval_methods)
