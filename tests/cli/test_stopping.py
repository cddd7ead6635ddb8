"""Ctrl-C and SIGTERM end a command with one line, and leave nothing half-done."""

import io
import os
import signal
import subprocess
import sys

import pytest
from rich.console import Console

from agnews_sk import make_tfidf_pipeline
from agnews_sk.auditing import AuditReport
from agnews_sk.cli import _audit_run, _compare_run, _predict_run, _stopping, _train_run
from agnews_sk.cli._progress import stages
from agnews_sk.datasets import make_news
from agnews_sk.persistence import save

pytestmark = pytest.mark.usefixtures("usual_handlers")

TFIDF = ["--family", "tfidf"]
PLACES = {
    "audit": (_audit_run, "audit_rows", ["audit", "--no-label-errors", "--out"]),
    "compare": (_compare_run, "evaluate_classifier", ["compare", *TFIDF, "--out"]),
    "compare, saving": (_compare_run, "save", ["compare", *TFIDF, "--out"]),
    "train": (_train_run, "evaluate_fitted", ["train", "--out"]),
}
ENDS = {signal.SIGINT: (130, "Interrupted."), signal.SIGTERM: (143, "Terminated.")}


def sending(function, number, *, caught):
    """Call a function after a signal, which it propagates or catches."""

    def do(*args, **options):
        try:
            os.kill(os.getpid(), number)
        except KeyboardInterrupt:
            if not caught:
                raise
        return function(*args, **options)

    return do


@pytest.mark.parametrize("caught", [False, True], ids=["let through", "caught"])
@pytest.mark.parametrize("number", ENDS, ids=lambda number: number.name)
@pytest.mark.parametrize("command", PLACES)
def test_a_signal_ends_a_command_that_then_writes_nothing(
    run, rows, tmp_path, monkeypatch, command, number, caught
):
    module, name, arguments = PLACES[command]
    monkeypatch.setattr(module, name, sending(getattr(module, name), number, caught=caught))
    out = tmp_path / "new" / "out"
    handlers = [signal.getsignal(one) for one in ENDS]
    done = run(*arguments, out, "--data", rows)
    status, line = ENDS[number]
    assert done.exit_code == status
    assert done.output.splitlines()[-1] == line
    assert "Traceback" not in done.output
    assert "Written" not in done.output
    assert not (tmp_path / "new").exists()
    assert [signal.getsignal(one) for one in ENDS] == handlers


@pytest.mark.parametrize("number", ENDS, ids=lambda number: number.name)
def test_a_signal_ends_predict_with_its_status(run, tmp_path, monkeypatch, number):
    X, y = make_news(40, random_state=0, return_X_y=True)
    model = save(make_tfidf_pipeline().fit(X, y), tmp_path / "model")
    X.to_csv(tmp_path / "texts.csv", index=False)
    late = sending(_predict_run.predict_files, number, caught=False)
    monkeypatch.setattr(_predict_run, "predict_files", late)
    files = ["--data", tmp_path / "texts.csv", "--out", tmp_path / "labels.csv"]
    done = run("predict", model, *files)
    status, line = ENDS[number]
    assert (done.exit_code, done.output.splitlines()[-1]) == (status, line)
    assert not (tmp_path / "labels.csv").exists()


def test_the_output_of_an_earlier_run_stays(run, rows, tmp_path, monkeypatch):
    arguments = ["audit", "--data", rows, "--no-label-errors", "--out", tmp_path / "out"]
    assert run(*arguments).exit_code == 0
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert set(before) == {"audit.json", "audit.html"}
    late = sending(AuditReport.to_html, signal.SIGINT, caught=True)
    monkeypatch.setattr(AuditReport, "to_html", late)
    assert run(*arguments).exit_code == 130
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


def test_an_error_caused_by_ctrl_c_ends_as_interrupted(run, rows, monkeypatch):
    def fail(*args, **options):
        try:
            os.kill(os.getpid(), signal.SIGINT)
        except KeyboardInterrupt as error:
            raise RuntimeError("a worker died") from error

    monkeypatch.setattr(_audit_run, "audit_rows", fail)
    done = run("audit", "--data", rows, "--no-label-errors")
    assert (done.exit_code, done.output.splitlines()[-1]) == (130, "Interrupted.")


def test_the_next_command_is_not_stopped_by_the_last(run, rows, monkeypatch):
    arguments = ["audit", "--data", rows, "--no-label-errors"]
    with monkeypatch.context() as patch:
        late = sending(_audit_run.audit_rows, signal.SIGINT, caught=True)
        patch.setattr(_audit_run, "audit_rows", late)
        assert run(*arguments).exit_code == 130
    assert run(*arguments).exit_code == 0


IMPORTING = """
import os, signal, sys

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "typer":
            try:
                os.kill(os.getpid(), signal.SIGINT)
            finally:
                return None

sys.meta_path.insert(0, Finder())
import agnews_sk.cli
"""


def test_ctrl_c_while_libraries_are_imported_ends_with_one_line():
    done = subprocess.run([sys.executable, "-c", IMPORTING], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (130, "Interrupted.\n")


TWICE = """
import os, runpy, signal, sys

with runpy.run_path(sys.argv[1])["stoppable"]():
    for _ in range(2):
        try:
            os.kill(os.getpid(), signal.SIGINT)
        except KeyboardInterrupt:
            pass
print("still here")
"""


def test_a_second_ctrl_c_ends_at_once():
    command = [sys.executable, "-c", TWICE, _stopping.__file__]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "Interrupted.\n")


@pytest.mark.slow
@pytest.mark.parametrize("number", ENDS, ids=lambda number: number.name)
def test_a_signal_from_outside_ends_the_program(rows, tmp_path, number):
    command = [sys.executable, "-m", "agnews_sk", "compare", "--data", "sample"]
    command += ["--out", str(tmp_path / "out"), "--train-rows", "2000", "--epochs", "9"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline().startswith("Data:")
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    status, line = ENDS[number]
    assert (process.returncode, errors.splitlines()[-1]) == (status, line)
    assert "Traceback" not in errors
    assert not (tmp_path / "out").exists()


def shown(*, in_terminal):
    file = io.StringIO()
    console = Console(file=file, force_terminal=in_terminal, width=60)
    with stages(console, "first", own_bar="fitting") as shown:
        shown.show("net: fitting")
        own = file.tell()
        shown.show("net: predicting")
    return file.getvalue(), file.getvalue()[:own]


def test_stages_are_redrawn_in_place_and_make_room_for_a_bar():
    text, before = shown(in_terminal=True)
    assert "first" in before
    assert "net: fitting" not in text
    assert "net: predicting" in text.removeprefix(before)
    assert before.endswith("\x1b[2K")  # the line is empty again, where the bar goes


def test_nothing_is_shown_in_a_pipe():
    assert shown(in_terminal=False)[0] == ""
