"""Stages are shown on a terminal, and check that the command was not stopped."""

import io

import pytest
from rich.console import Console

from agnews_sk.cli import _stopping
from agnews_sk.cli._progress import stages


@pytest.fixture
def stopped(monkeypatch):
    """Stop the command by Ctrl-C, as if a library had caught KeyboardInterrupt."""

    def stop():
        monkeypatch.setattr(_stopping, "_stopped_by", [2])

    return stop


def console(is_terminal):
    return Console(file=io.StringIO(), force_terminal=is_terminal, width=80)


def test_a_terminal_shows_each_stage():
    shown = console(is_terminal=True)
    with stages(shown, "reading rows") as progress:
        progress.show("fitting")
    assert "fitting" in shown.file.getvalue()


def test_a_pipe_shows_nothing():
    shown = console(is_terminal=False)
    with stages(shown, "reading rows") as progress:
        progress.show("fitting")
    assert shown.file.getvalue() == ""


def test_a_stage_with_a_bar_of_its_own_is_not_shown():
    shown = console(is_terminal=True)
    with stages(shown, "fitting transformer", own_bar="transformer"):
        pass
    assert "fitting" not in shown.file.getvalue()


@pytest.mark.parametrize("moment", ["before", "next stage", "end"])
def test_a_stopped_command_does_not_continue(stopped, moment):
    done = []

    def work():
        if moment == "before":
            stopped()
        with stages(console(False), "first") as progress:
            stopped()
            if moment == "next stage":
                progress.show("second")
            done.append("work")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == (["work"] if moment == "end" else [])


def test_an_error_passes_through():
    with pytest.raises(ValueError, match="bad"), stages(console(False), "first"):
        raise ValueError("bad")
