import json

import numpy as np
import pandas as pd
import pytest

from agnews_sk.cli._rows import draw_rows


def test_compare_reports_costs_and_writes_numbers_and_plots(run, rows, tiny_model, tmp_path):
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


def test_compare_reports_the_number_of_rows_that_the_time_allows(run, rows, tiny_model):
    done = run("compare", "--data", rows, "--epochs", 1, "--model", tiny_model)
    assert done.exit_code == 0, done.output
    assert "Training rows: 160 of 160" in done.output
    assert "all 160 rows" not in done.output


def test_compare_marks_the_sample_as_generated(run, tiny_model):
    done = run(
        "compare", "--data", "sample", "--train-rows", 60, "--epochs", 1, "--model", tiny_model
    )
    assert "say nothing about AG News" in done.output.replace("\n", " ")


@pytest.mark.parametrize("n_wanted", [1, 7, 9, 10, 11])
def test_any_number_of_rows_can_be_drawn(n_wanted):
    y = pd.Series(list("aaabbbbccc"))
    rows = draw_rows(y, n_wanted, seed=0)
    assert len(set(rows)) == min(n_wanted, 10)
    assert (np.diff(rows) > 0).all()
