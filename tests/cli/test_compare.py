import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from agnews_sk.cli import app
from agnews_sk.cli._rows import draw_rows


@pytest.fixture
def rows(tmp_path):
    stories = {
        1: ["Envoys meet over the border", "The president visits the capital"],
        2: ["The team wins the cup", "The coach praises the striker"],
        3: ["Oil prices rise again", "Shares of the bank fall"],
        4: ["A probe reaches the comet", "The new chip is faster"],
    }
    for part, n_rows in (("train", 40), ("test", 10)):
        lines = [
            f'"{label}","{texts[i % 2]}","Story {i} of the {part} files."'
            for i in range(n_rows)
            for label, texts in stories.items()
        ]
        (tmp_path / f"{part}.csv").write_text("\n".join(lines) + "\n")
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)), env={"COLUMNS": "200"})


def test_compare_says_what_it_took_and_writes_figures_and_pictures(rows, tiny_model, tmp_path):
    pytest.importorskip("matplotlib", reason="the plot extra is not installed")
    out = tmp_path / "report"
    done = run(
        "compare", "--data", rows, "--train-rows", 40, "--epochs", 1, "--model", tiny_model,
        "--out", out,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "160 training rows, 40 test rows" in done.output.replace("\n", "")
    comparison = json.loads((out / "comparison.json").read_text())
    names = ["tfidf, 40 rows", "tfidf, all 160 rows", "finetune, 40 rows"]
    assert list(comparison["scores"]) == names
    assert (out / "confusion_matrices.png").read_bytes().startswith(b"\x89PNG")


def test_compare_picks_the_rows_that_the_time_allows_and_says_so(rows, tiny_model):
    done = run("compare", "--data", rows, "--epochs", 1, "--model", tiny_model)
    assert done.exit_code == 0, done.output
    assert "Fine-tuning rows: 160 of 160" in done.output
    assert "all 160 rows" not in done.output


def test_compare_marks_the_sample_as_made_up(tiny_model):
    done = run(
        "compare", "--data", "sample", "--train-rows", 60, "--epochs", 1, "--model", tiny_model
    )
    assert "say nothing about AG News" in done.output.replace("\n", " ")


def test_a_path_that_is_not_there_is_an_error_without_a_traceback(tmp_path):
    done = run("compare", "--data", tmp_path / "nowhere.csv")
    assert done.exit_code == 2
    assert "there is no" in done.output
    assert "Traceback" not in done.output


@pytest.mark.parametrize("n_wanted", [1, 7, 9, 10, 11])
def test_any_number_of_rows_can_be_drawn(n_wanted):
    y = pd.Series(list("aaabbbbccc"))
    rows = draw_rows(y, n_wanted, seed=0)
    assert len(set(rows)) == min(n_wanted, 10)
    assert (np.diff(rows) > 0).all()
