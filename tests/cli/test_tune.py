"""`agnews-sk tune`."""

import pandas as pd
import pytest
from typer.testing import CliRunner

from agnews_sk.cli import app
from agnews_sk.persistence import load

SAMPLE = ("--data", "sample", "--rows", 120, "--folds", 2)


def run(*arguments):
    return CliRunner().invoke(app, ["tune", *map(str, arguments)], env={"COLUMNS": "200"})


def test_tune_resumes_by_name_and_writes_pipeline_trials_and_plots(tmp_path):
    pytest.importorskip("matplotlib", reason="the plot extra is not installed")
    study = ("--study", "mine", "--storage", f"journal:{tmp_path / 'study.journal'}")
    assert "Best of 3 trials" in run(*SAMPLE, *study, "--trials", 3).output
    done = run(*SAMPLE, *study, "--trials", 6, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert "Best of 6 trials" in done.output
    assert "best 0." in done.output
    trials = pd.read_csv(tmp_path / "out" / "trials.csv")
    assert trials["number"].tolist() == list(range(6))
    best = load(tmp_path / "out" / "best_pipeline")
    assert len(best.predict(["oil", "cup"])) == 2
    for name in ("history", "importances", "parallel"):
        picture = tmp_path / "out" / f"{name}_accuracy.png"
        assert picture.read_bytes().startswith(b"\x89PNG")


def test_tune_draws_the_pareto_front_of_two_objectives(tmp_path):
    pytest.importorskip("matplotlib", reason="the plot extra is not installed")
    done = run(*SAMPLE, "--trials", 4, "--scoring", "accuracy,size", "--out", tmp_path)
    assert done.exit_code == 0, done.output
    assert (tmp_path / "pareto_front.png").is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("forest",), "there is no family"),
        ((*SAMPLE, "--scoring", "beauty"), "beauty"),
        (("--data", "nowhere.csv"), "there is no"),
    ],
    ids=["family", "scoring", "data"],
)
def test_a_wrong_word_is_an_error_without_a_traceback(arguments, message):
    done = run(*arguments)
    assert done.exit_code == 2
    assert message in done.output
    assert "Traceback" not in done.output
