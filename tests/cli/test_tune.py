"""The command `agnews-sk tune`."""

import io
import logging
import re
import signal
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from sklearn.svm import LinearSVC
from typer.testing import CliRunner

from agnews_sk import make_tfidf_pipeline
from agnews_sk._core.joining import column_kinds
from agnews_sk.cli import _tune_run, app
from agnews_sk.cli._families import Family
from agnews_sk.datasets import TrainTest
from agnews_sk.persistence import load, save

SAMPLE = ("--data", "sample", "--train-rows", 120, "--folds", 2)


def run(*arguments):
    command = ["tune", *map(str, arguments)]
    return CliRunner().invoke(app, command, env={"COLUMNS": "200"}, catch_exceptions=False)


def assert_rejected(done, message):
    assert done.exit_code == 2
    (line,) = done.output.splitlines()
    assert line.startswith("Error: ")
    assert message in line


def test_tune_resumes_by_name_and_writes_pipeline_trials_and_plots(tmp_path):
    pytest.importorskip("matplotlib", reason="the plot extra is not installed")
    study = ("--study", "mine", "--storage", f"journal:{tmp_path / 'study.journal'}")
    assert "Best of 3 trials" in run(*SAMPLE, *study, "--trials", 3).output
    done = run(*SAMPLE, *study, "--trials", 6, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert "Best of 6 trials" in done.output
    assert "0:00:0" not in done.output  # no bar without a terminal
    trials = pd.read_csv(tmp_path / "out" / "trials.csv")
    assert trials["number"].tolist() == list(range(6))
    best = load(tmp_path / "out" / "best_pipeline")
    assert len(best.predict(["oil", "cup"])) == 2
    assert (tmp_path / "out" / "search.png").read_bytes().startswith(b"\x89PNG")


# Settings of a study include class attributes, but not those of a logger.
STATE = logging.getLogger(__name__)


class Shaken(LinearSVC):
    """End a fit on a signal and return, or block the output path during the last fit."""

    def __init__(self, C=1.0, interrupted_fit=None, number=signal.SIGINT, spoilt=None):
        super().__init__(C=C)
        self.interrupted_fit = interrupted_fit
        self.number = number
        self.spoilt = spoilt

    def fit(self, X, y):
        STATE.n_fits += 1
        try:
            if STATE.n_fits == self.interrupted_fit:
                signal.raise_signal(self.number)
        except KeyboardInterrupt:
            pass
        if self.spoilt is not None and X.shape[0] == 120:
            Path(self.spoilt).write_text("in the way")
        return super().fit(X, y)


def shake(monkeypatch, **settings):
    STATE.n_fits = 0
    pipeline = make_tfidf_pipeline(classify=Shaken(**settings))
    family = lambda: pipeline, {"classify__C": [0.1, 1.0]}
    monkeypatch.setitem(_tune_run.FAMILIES, "tfidf", family)


@pytest.mark.usefixtures("usual_handlers")
@pytest.mark.parametrize(
    ("number", "status", "line"),
    [(signal.SIGINT, 130, "Interrupted."), (signal.SIGTERM, 143, "Terminated.")],
    ids=["Ctrl-C", "SIGTERM"],
)
def test_a_signal_ends_tune_with_its_status_and_keeps_the_trials(
    tmp_path, monkeypatch, number, status, line
):
    pytest.importorskip("matplotlib", reason="the plot extra is not installed")
    shake(monkeypatch, interrupted_fit=5, number=number)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "trials.csv").write_text("of an earlier run")
    study = ("--study", "mine", "--storage", f"journal:{tmp_path / 'study.journal'}")
    done = run(*SAMPLE, *study, "--trials", 6, "--out", tmp_path / "out")
    assert done.exit_code == status, done.output
    assert "Best of 2 trials" in done.output
    assert "The same command resumes it" in done.output
    assert done.output.splitlines()[-1] == line
    assert done.output.count(line) == 1
    assert (tmp_path / "out" / "trials.csv").read_text() == "of an earlier run"
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["trials.csv", "unfinished_trials.csv"]
    trials = pd.read_csv(tmp_path / "out" / "unfinished_trials.csv")
    assert trials["state"].tolist() == ["complete"] * 2
    monkeypatch.setattr(STATE, "n_fits", 100)
    resumed = run(*SAMPLE, *study, "--trials", 6)
    assert "Best of 6 trials" in resumed.output


def test_a_pipeline_whose_folder_became_unwritable_is_saved_elsewhere(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib", reason="the plot extra is not installed")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "out").mkdir()
    shake(monkeypatch, spoilt=str(tmp_path / "out" / "best_pipeline"))
    monkeypatch.setattr(_tune_run, "save", partial(save, trusted=[Shaken]))
    done = run(*SAMPLE, "--trials", 2, "--out", tmp_path / "out")
    assert done.exit_code == 1
    assert "best_pipeline cannot be written" in done.output
    (saved,) = tmp_path.glob("agnews-sk-tune-*/best_pipeline")
    assert len(load(saved, trusted=[Shaken]).predict(["oil", "cup"])) == 2


def test_a_folder_that_cannot_be_written_is_found_before_any_work(tmp_path):
    pytest.importorskip("matplotlib", reason="the plot extra is not installed")
    (tmp_path / "file").touch()
    (tmp_path / "taken" / "best_pipeline").mkdir(parents=True)
    (tmp_path / "taken" / "best_pipeline" / "notes.txt").touch()
    for out in (tmp_path / "file", tmp_path / "file" / "below", tmp_path / "taken"):
        done = run(*SAMPLE, "--out", out)
        assert_rejected(done, "--out: ")


def test_the_bar_is_drawn_in_a_terminal_only():
    for is_terminal in (True, False):
        file = io.StringIO()
        with _tune_run._LiveProgress(3, Console(force_terminal=is_terminal, width=80, file=file)):
            pass
        assert ("0/3" in file.getvalue()) == is_terminal


def test_tune_draws_the_pareto_front_of_two_objectives(tmp_path):
    pytest.importorskip("matplotlib", reason="the plot extra is not installed")
    done = run(*SAMPLE, "--trials", 4, "--scoring", "accuracy,size", "--out", tmp_path)
    assert done.exit_code == 0, done.output
    assert (tmp_path / "search.png").is_file()


def test_columns_are_searched_beside_texts_of_several_families(tmp_path):
    pytest.importorskip("matplotlib", reason="the plot extra is not installed")
    lines = [
        f"parcel {i % 7} call,{i % 2 * 90 + i % 7},{['low', 'high'][i % 2]}" for i in range(60)
    ]
    data = tmp_path / "orders.csv"
    data.write_text("\n".join(["message,amount,priority", *lines]) + "\n")
    named = ("--data", data, "--text", "message", "--label", "priority", "--columns", "auto")
    done = run(*named, "--trials", 2, "--folds", 2, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert re.search(r"Search: 2 trials of 2 folds on (\d+) of \1 training rows\.", done.output)
    assert column_kinds(load(tmp_path / "out" / "best_pipeline")) == {"amount": "number"}
    done = run(*named, "--family", "finetune")
    assert_rejected(done, "--columns: finetune use texts only")


@pytest.mark.parametrize(
    ("families", "n_rows"),
    [(["tfidf"], 60), (["tfidf", "finetune"], 30)],
    ids=["no network", "network"],
)
def test_a_search_takes_a_sample_and_says_so(monkeypatch, families, n_rows):
    monkeypatch.setattr(_tune_run, "ROWS", 60)
    monkeypatch.setattr(_tune_run, "ROWS_OF_NETS", 30)
    rows = TrainTest(None, None, np.array(["a", "b"] * 50), None, "")
    rows = rows._replace(X_train=np.array(["text"] * 100, dtype=object))
    printed = io.StringIO()
    params = {"random_state": 0, "n_trials": 5, "cv": 3}
    families = [Family(name) for name in families]
    drawn = _tune_run._drawn(rows, families, None, params, Console(file=printed, width=200))
    assert len(drawn.y_train) == len(drawn.X_train) == n_rows
    assert printed.getvalue() == (
        f"Search: 5 trials of 3 folds on {n_rows} of 100 training rows; set --train-rows to change "
        "this.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--family", "forest"), "forest"),
        ((*SAMPLE, "--scoring", "beauty"), "beauty"),
        (("--data", "nowhere.csv"), "there is no"),
        ((*SAMPLE, "--storage", "nowhere"), "--storage: storage must be journal:PATH"),
        ((*SAMPLE, "--storage", "journal:"), "--storage: storage must be journal:PATH"),
    ],
    ids=["family", "scoring", "data", "storage", "journal without a path"],
)
def test_an_invalid_argument_is_an_error_in_one_line(arguments, message):
    done = run(*arguments)
    assert done.exit_code == 2
    last = done.output.splitlines()[-1]
    assert last.startswith("Error: ")
    assert message in last
    assert "Traceback" not in done.output


def test_a_file_that_is_not_a_journal_is_named_before_any_work_and_left_as_it_is(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    done = run(*SAMPLE, "--storage", f"journal:{tmp_path / 'notes.txt'}")
    assert_rejected(
        done, f"--storage: storage must name an Optuna journal or a new file, got {tmp_path}"
    )
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_the_option_that_chose_the_file_of_a_study_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("AGNEWS_SK_HOME", str(tmp_path))
    (tmp_path / "studies" / "mine.journal").mkdir(parents=True)
    assert_rejected(run(*SAMPLE, "--study", "mine"), "--study: storage must name an Optuna journal")


def test_a_search_that_is_rejected_says_why_and_leaves_no_folder(tmp_path):
    pytest.importorskip("matplotlib", reason="the plot extra is not installed")
    done = run(*SAMPLE, "--scoring", "size", "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert done.output.splitlines()[-1].startswith("Error: scoring must name a score besides costs")
    assert run("--data", tmp_path / "nowhere.csv", "--out", tmp_path / "out").exit_code == 2
    assert list(tmp_path.iterdir()) == []


def test_square_brackets_are_printed_as_they_are(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib", reason="the plot extra is not installed")
    space = {"vectorize__words__token_pattern": ["[a-z]+"]}
    monkeypatch.setitem(_tune_run.FAMILIES, "tfidf", (make_tfidf_pipeline, space))
    done = run(*SAMPLE, "--trials", 1, "--out", tmp_path / "[bold]")
    assert done.exit_code == 0, done.output
    assert "[a-z]+" in done.output
    assert f"Written: {tmp_path / '[bold]' / 'best_pipeline'}\n" in done.output
    assert f"Written: {tmp_path / '[bold]' / 'trials.csv'}" in done.output


def test_help_shows_the_defaults_that_are_not_values():
    shown = " ".join(run("--help").output.replace("│", " ").split())
    for default in (
        "tfidf",
        "10,000, or 1,000 with a network",
        "AGNEWS_SK_DATA, else AG News",
        "a journal file in AGNEWS",
    ):
        assert f"[default: ({default}" in shown
