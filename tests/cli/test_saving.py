"""Cards hold what was just measured, and the winner is chosen by a stated rule."""

import io

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from agnews_sk import make_embedding_pipeline, make_tfidf_pipeline
from agnews_sk.cli._saving import choose_winner, model_card, print_saved
from agnews_sk.datasets import TrainTest
from agnews_sk.evaluation import ComparisonResult

Y = np.tile(["delivery", "billing"], 100)
NO_ROWS = np.empty(0)


def result_of(speeds, **n_wrong):
    """Return a result of classifiers that err on their first rows, with these speeds."""
    predictions = {}
    for name, n in n_wrong.items():
        predictions[name] = Y.copy()
        predictions[name][:n] = Y[1 : n + 1]
    result = ComparisonResult.from_predictions(Y, predictions, random_state=0)
    result.scores["texts_per_second"] = pd.Series(speeds, dtype=float)
    return result


@pytest.mark.parametrize(
    ("n_wrong", "winner"),
    [
        ({"fast": 3, "slow": 2}, "fast"),
        ({"fast": 60, "slow": 2}, "slow"),
        ({"fast": 0, "slow": 60}, "fast"),
    ],
    ids=["no significant difference", "significantly better", "better and faster"],
)
def test_the_winner_is_the_fastest_that_is_not_significantly_worse(n_wrong, winner):
    result = result_of({"fast": 9.0, "slow": 1.0}, **n_wrong)
    assert choose_winner(result, ["fast", "slow"]) == winner
    assert choose_winner(result, ["slow"]) == "slow"


def test_a_card_has_rows_scores_and_intervals():
    rows = TrainTest(
        NO_ROWS, NO_ROWS, NO_ROWS, NO_ROWS, "t.csv: 9 rows", "generated", "text: body; label: queue"
    )
    card = model_card(make_tfidf_pipeline(), rows, result_of({}, tfidf=20), "tfidf", remarks=["x"])
    assert card.data == "t.csv: 9 rows.\n\ntext: body; label: queue.\n\ngenerated\n\nx"
    accuracy, low, high = card.scores["accuracy"]
    assert low < accuracy == 0.9 < high
    assert {"macro_f1", "f1_delivery", "f1_billing"} <= card.scores.keys()
    assert "log_loss" not in card.scores  # there are no probabilities
    assert "200 test rows, with 95 % intervals" in card.evaluation
    assert card.weights_license == ""


def test_the_licence_of_the_default_weights_is_stated():
    rows = TrainTest(NO_ROWS, NO_ROWS, NO_ROWS, NO_ROWS, "t.csv")
    assert model_card(make_embedding_pipeline(), rows).weights_license == "Apache-2.0"
    assert model_card(make_embedding_pipeline("other/model"), rows).weights_license == ""


def test_the_next_step_can_be_pasted(tmp_path):
    console = Console(file=io.StringIO(), width=200)
    print_saved(console, tmp_path / "my [out]", "tfidf", ["finetune"])
    printed = console.file.getvalue()
    assert f"Winner: {tmp_path / 'my [out]' / 'tfidf'}\n" in printed
    assert f"agnews-sk serve '{tmp_path / 'my [out]' / 'tfidf'}'\n" in printed
