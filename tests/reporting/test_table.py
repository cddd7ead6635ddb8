import numpy as np
import pytest
from rich.console import Console

from agnews_sk.evaluation import ComparisonResult, Evaluation
from agnews_sk.reporting import comparison_table


def printed(*names, size_bytes=2_500_000):
    y_true = np.array(["[b]World", "Sports"] * 50, dtype=object)
    predictions = [y_true, np.full(100, "Sports", dtype=object)]
    evaluations = [
        Evaluation(
            name=name,
            estimator=None,
            y_true=y_true,
            y_pred=y_pred,
            n_train_rows=8000,
            fit_seconds=1.25,
            predict_seconds=0.1,
            size_bytes=size_bytes,
        )
        for name, y_pred in zip(names, predictions)
    ]
    result = ComparisonResult.from_evaluations(evaluations, n_resamples=200, random_state=0)
    console = Console(width=100)
    with console.capture() as captured:
        console.print(comparison_table(result))
    return " ".join(captured.get().split())


@pytest.mark.parametrize(
    "expected",
    [
        "100 test rows",
        "100.00 (96.38–100.00 exact)",
        "95%",
        "200 resamples",
        "8,000",
        "1,000",
        "2.50",
    ],
)
def test_table_shows_scores_intervals_rows_and_costs(expected):
    assert expected in printed("tfidf", "constant")


def test_table_shows_the_test_of_each_pair():
    text = printed("tfidf", "constant")
    assert "McNemar" in text
    assert "+50.00" in text
    assert "< 0.001" in text


def test_one_classifier_alone_has_no_table_of_pairs():
    assert "McNemar" not in printed("tfidf")


def test_brackets_in_names_and_labels_are_shown_as_they_are():
    text = printed("[red]tfidf", "constant")
    assert "[red]tfidf" in text
    assert "[b]World 100.00" in text


def test_an_unknown_size_is_shown_as_a_dash():
    assert "–" in printed("tfidf", size_bytes=None).split("size, MB")[1]
