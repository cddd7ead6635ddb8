"""Comparisons of abstaining classifiers: an abstention is wrong, of no class, and counted."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import f1_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from agnews_sk.classifiers import AbstainingClassifier
from agnews_sk.evaluation import (
    ComparisonResult,
    compare_classifiers,
    evaluate_classifier,
    learning_curves,
)
from agnews_sk.inspection import disagreements, slices
from agnews_sk.reporting import (
    comparison_table,
    plot_confusion_matrices,
    write_report,
)
from tests.testing.estimators import WordBayes

TEXTS = [f"{word} {i}" for i in range(20) for word in ("oil price", "cup final", "vote")]
LABELS = ["Business", "Sports", "World"] * 20
TEST = ["oil price", "cup final", "vote", "zebra", "yak", "price of cup"]
Y_TEST = ["Business", "Sports", "World", "World", "Sports", "Sports"]
SURE = [0, 1, 2]
CODES = {"abstained": -1, "Business": 0, "Sports": 1, "World": 2}


@pytest.fixture(autouse=True)
def short_measurements(monkeypatch):
    monkeypatch.setattr("agnews_sk.evaluation._costs.MAX_LATENCY_CALLS", 1)


def bayes():
    return WordBayes(random_state=0)


def abstaining(**params):
    settings = {"coverage": 0.95, "random_state": 0} | params
    return AbstainingClassifier(bayes(), **settings)


def passes(X):
    return X


HOLDERS = {
    "alone": lambda classifier: classifier,
    "last step": lambda classifier: make_pipeline(FunctionTransformer(passes), classifier),
    "in a search": lambda classifier: GridSearchCV(classifier, {"coverage": [0.95]}, cv=2),
    "fitted": lambda classifier: FrozenEstimator(classifier.fit(TEXTS, LABELS)),
}


@pytest.mark.parametrize("holder", HOLDERS)
@pytest.mark.parametrize("label", ["auto", None, "ask", -1, np.nan], ids=str)
def test_abstentions_count_as_errors_for_every_abstain_label_and_wrapper(holder, label):
    classifier = HOLDERS[holder](abstaining(abstain_label=label))
    found = evaluate_classifier("a", classifier, TEXTS, LABELS, TEST, Y_TEST)
    assert np.flatnonzero(~found.abstained).tolist() == SURE
    result = ComparisonResult.from_evaluations([found], n_resamples=50)
    row = result.scores.loc["a"]
    assert (row["accuracy"], row["abstained"]) == (0.5, 0.5)
    assert result.classes.tolist() == ["Business", "Sports", "World"]
    truth = np.array(Y_TEST), np.where(~found.abstained, Y_TEST, "abstained")
    expected = f1_score(*truth, labels=result.classes, average=None)
    assert row[[f"f1_{c}" for c in result.classes]].tolist() == pytest.approx(expected.tolist())
    assert row["macro_f1"] == pytest.approx(expected.mean())


@pytest.mark.parametrize(
    "classes",
    [["a", "b", "c"], [0, 1, 2], [-5, 0, 5], [False, True, True]],
    ids=["str", "int", "negative", "bool"],
)
def test_labels_of_every_kind_stay_of_their_kind(classes):
    named = dict(zip(sorted(set(LABELS)), classes))
    y, y_test = [named[label] for label in LABELS], [named[label] for label in Y_TEST]
    result = compare_classifiers(
        {"a": abstaining(coverage=0.5), "b": bayes()}, TEXTS, y, TEST, y_test, n_resamples=50
    )
    assert result.classes.tolist() == sorted(set(classes))
    assert result.scores.loc["b", "abstained"] == 0 < result.scores.loc["a", "abstained"]
    given = ~result.abstained["a"]
    right = result.predictions["a"][given].to_numpy() == np.array(y_test)[given]
    assert result.scores.loc["a", "accuracy"] == right.sum() / len(TEST)
    pair = result.pairwise().iloc[0]
    assert pair["both_right"] + pair["only_a"] == right.sum()


@pytest.fixture(scope="module")
def result():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("agnews_sk.evaluation._costs.MAX_LATENCY_CALLS", 1)
        classifiers = {"careful": abstaining(), "bold": bayes()}
        return compare_classifiers(
            classifiers, TEXTS, LABELS, TEST, Y_TEST, n_resamples=50, random_state=0
        )


def test_the_share_of_abstentions_is_reported(result, tmp_path):
    sentence = "careful abstains on 50.00 % of the rows, which count as errors."
    assert sentence in result.summary()
    assert result.to_dict()["scores"]["careful"]["abstained"] == 0.5
    pytest.importorskip("matplotlib")
    write_report(result, tmp_path / "report.html", texts=TEST)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert sentence in page
    assert "abstained, %" in page
    assert "careful, 3 abstained" in page
    titles = [ax.get_title() for ax in plot_confusion_matrices(result).axes]
    assert titles == ["careful, 3 abstained", "bold"]


def test_the_table_has_the_share_only_if_a_classifier_abstains(result):
    from rich.console import Console

    console = Console(width=100)
    with console.capture() as captured:
        console.print(comparison_table(result))
    assert "abstained" in captured.get()
    alone = ComparisonResult.from_predictions(Y_TEST, {"b": Y_TEST})
    with console.capture() as captured:
        console.print(comparison_table(alone))
    assert "abstained" not in captured.get()


def test_abstentions_are_in_no_column_of_the_confusion_matrix(result):
    assert result.confusion_matrix("careful").to_numpy().sum() == 3
    assert result.confusion_matrix("bold").to_numpy().sum() == 6
    differing = result.differing_rows()
    bold_right = result.predictions["bold"].to_numpy() == result.y_true
    expected = [i for i in range(6) if i not in SURE and bold_right[i]]
    assert differing.tolist() == expected


@pytest.mark.parametrize("label", ["auto", None, "ask", -1, np.nan], ids=str)
def test_a_result_with_abstentions_survives_json(tmp_path, label):
    classifiers = {"a": abstaining(abstain_label=label), "b": bayes()}
    result = compare_classifiers(classifiers, TEXTS, LABELS, TEST, Y_TEST, n_resamples=50)
    path = tmp_path / "comparison.json"
    result.to_json(path)
    json.loads(path.read_text(), parse_constant=pytest.fail)
    again = ComparisonResult.from_json(path)
    pd.testing.assert_frame_equal(again.predictions, result.predictions)
    pd.testing.assert_frame_equal(again.scores, result.scores)
    pd.testing.assert_frame_equal(again.confusion_matrix("a"), result.confusion_matrix("a"))
    assert again.abstained["a"].tolist() == result.abstained["a"].tolist()
    assert again.summary() == result.summary()


def test_folds_and_learning_curves_count_abstentions_as_wrong():
    texts, y = [*TEXTS, *["zebra"] * 6], [*LABELS, *["World"] * 6]
    classifiers = {"a": abstaining(coverage=0.5), "b": bayes()}
    result = compare_classifiers(classifiers, texts, y, cv=3, n_resamples=50, random_state=0)
    assert 0.2 < result.scores.loc["a", "abstained"] < 0.9
    assert len(result.abstained["a"]) == len(texts)
    folds = result.folds.groupby("classifier")["accuracy"].mean()
    assert folds["a"] == pytest.approx(result.scores.loc["a", "accuracy"])
    macro = result.folds.groupby("classifier")["macro_f1"].mean()
    assert macro["a"] > folds["a"] * 0.75  # a class of abstentions would take a quarter off
    runs = learning_curves({"a": abstaining(coverage=0.5)}, texts, y, [40], cv=3).runs
    assert (runs["accuracy"] < 0.95).all()


def test_inspection_shows_abstentions_as_such():
    fitted, bold = abstaining().fit(TEXTS, LABELS), bayes().fit(TEXTS, LABELS)
    found = disagreements(fitted, bold, TEST, Y_TEST).set_index("row")
    assert set(found["a"]) == {"abstained"}
    assert set(found["right"]) <= {"b", "neither"}
    table = slices(fitted, TEST, Y_TEST, by=["class"]).set_index("slice")
    assert table["accuracy"].to_dict() == pytest.approx(
        {"Business": 1, "Sports": 1 / 3, "World": 1 / 2}
    )


@pytest.mark.parametrize("code", [str, lambda label: CODES[label]], ids=["str", "int"])
def test_an_abstention_written_like_a_label_is_not_that_label(code):
    fitted, bold = (c.fit(TEXTS, [code(y) for y in LABELS]) for c in (abstaining(), bayes()))
    looks_alike = [code("abstained")] * len(TEST)
    found = disagreements(fitted, bold, TEST, looks_alike)
    assert found["a"].tolist() == looks_alike[3:]
    assert set(found["right"]) == {"neither"}
    table = slices(fitted, TEST, looks_alike, by=["class"])
    assert table["accuracy"].tolist() == [0]


def test_an_abstention_written_like_a_label_is_a_disagreement():
    fitted = abstaining().fit(TEXTS, LABELS)
    says_so = DummyClassifier(strategy="constant", constant="abstained").fit(
        ["oil", "cup"], ["abstained", "World"]
    )
    found = disagreements(fitted, says_so, TEST, ["abstained"] * len(TEST)).set_index("row")
    assert found["right"].tolist() == ["b"] * len(TEST)


def test_a_confusion_matrix_omits_abstentions():
    pytest.importorskip("matplotlib")
    evaluation = evaluate_classifier(
        "careful", abstaining(abstain_label=None), TEXTS, LABELS, TEST, Y_TEST
    )
    result = ComparisonResult.from_evaluations([evaluation], n_resamples=50, random_state=0)
    (ax,) = plot_confusion_matrices(result).axes
    assert ax.get_title() == "careful, 3 abstained"
    assert [int(text.get_text().split()[0]) for text in ax.texts] == np.eye(3).ravel().tolist()


@pytest.mark.filterwarnings("ignore:.*abstains on all", "ignore:.*any threshold")
def test_a_classifier_that_abstains_on_everything_can_be_compared():
    never = AbstainingClassifier(bayes(), max_error=0.001, random_state=0)
    result = compare_classifiers(
        {"never": never, "bold": bayes()}, TEXTS, LABELS, TEST, Y_TEST, n_resamples=50
    )
    row = result.scores.loc["never"]
    assert (row["abstained"], row["accuracy"], row["macro_f1"]) == (1, 0, 0)
    assert result.interval_methods.loc["never", "accuracy"] == "exact"
    assert "never abstains on 100.00 %" in result.summary()
