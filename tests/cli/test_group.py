"""Errors of the library end a command in one line; bugs keep their traceback."""

import warnings

import pytest
import typer
from typer.testing import CliRunner

from agnews_sk.cli._group import CommandGroup


@pytest.fixture
def run():
    """Run a command whose body is this function."""

    def run(function):
        app = typer.Typer(cls=CommandGroup)
        app.command()(function)
        app.command()(lambda: None)
        return CliRunner().invoke(app, ["act"])

    return run


def acting(body):
    def act():
        return body()

    return act


def throw(error):
    def act():
        raise error

    return act


@pytest.mark.parametrize(
    "error",
    [OSError("a\nb"), TypeError("a\nb"), ValueError("a\nb"), ImportError("a\nb")],
    ids=lambda error: type(error).__name__,
)
def test_an_error_of_the_library_is_one_line_and_status_2(run, error):
    done = run(throw(error))
    assert (done.exit_code, done.stderr) == (2, "Error: a b\n")


def test_a_bug_keeps_its_traceback(run):
    assert isinstance(run(throw(ZeroDivisionError("ours"))).exception, ZeroDivisionError)


def test_an_invalid_option_names_itself(run):
    done = run(throw(typer.BadParameter("is odd", param_hint="--rows")))
    assert done.exit_code == 2
    assert "--rows" in done.stderr
    assert "is odd" in done.stderr


def test_a_command_chooses_its_status(run):
    assert run(throw(typer.Exit(3))).exit_code == 3
    assert run(acting(lambda: None)).exit_code == 0


@pytest.mark.parametrize("error", [KeyboardInterrupt(), typer.Abort()], ids=repr)
def test_an_interrupt_without_a_signal_ends_as_interrupted(run, error):
    done = run(throw(error))
    assert (done.exit_code, done.stderr) == (130, "Interrupted.\n")


def test_a_warning_is_one_line_and_the_command_continues(run):
    def act():
        warnings.warn("first\nsecond", UserWarning, stacklevel=1)
        typer.echo("done")

    done = run(act)
    assert (done.exit_code, done.stdout) == (0, "done\n")
    assert done.stderr == "Warning: first second\n"


def test_warnings_are_shown_as_before_after_a_command(run):
    before = warnings.showwarning
    run(acting(lambda: None))
    assert warnings.showwarning is before
