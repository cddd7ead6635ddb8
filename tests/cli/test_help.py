"""Help is shown without loading what only the work needs."""

import subprocess
import sys

import pytest

from agnews_sk import __version__

COMMANDS = [
    "audit",
    "compare",
    "evaluate",
    "explain",
    "export",
    "fetch",
    "label",
    "predict",
    "serve",
    "train",
    "tune",
]
READING = ["audit", "compare", "evaluate", "export", "train", "tune"]
HEAVY = [
    "fastapi",
    "matplotlib",
    "nltk",
    "numpy",
    "optuna",
    "pandas",
    "polars",
    "pyarrow",
    "scipy",
    "sklearn",
    "torch",
    "transformers",
]

LOADED = f"""
import contextlib, io, sys
from agnews_sk.cli import app
for arguments in [["--version"], ["--help"], *([name, "--help"] for name in {COMMANDS})]:
    with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):
        app(arguments)
print([name for name in {HEAVY} if name in sys.modules])
"""


def test_help_and_version_load_no_library_of_the_work():
    done = subprocess.run(
        [sys.executable, "-c", LOADED], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_the_program_shows_its_version(run):
    done = run("--version")
    assert (done.exit_code, done.stdout) == (0, f"agnews_sk {__version__}\n")


def test_the_first_help_lists_every_command_with_a_first_step(run):
    shown = run("--help").output
    assert "agnews-sk compare --data FILE --out FOLDER" in " ".join(shown.split())
    assert [name for name in COMMANDS if f"│ {name} " not in shown] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(run, command):
    done = run(command, "--help")
    assert done.exit_code == 0
    assert f"Usage: agnews-sk {command}" in done.output or f" {command} [OPTIONS]" in done.output


@pytest.mark.parametrize("command", READING)
def test_every_command_that_reads_labelled_rows_takes_the_same_options(run, command):
    shown = run(command, "--help").output
    options = ["--text", "--label", "--sep", "--encoding", "--header", "--no-header"]
    options += ["--sheet", "--label-sep", "--on-bad-rows"]
    assert [option for option in options if option not in shown] == []
    assert "--data" in shown
    assert "--out" in shown
