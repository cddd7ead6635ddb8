"""Rows in files, and commands run in this process."""

import signal

import pytest
from typer.testing import CliRunner

from agnews_sk.cli import app
from agnews_sk.evaluation import _costs

STORIES = {
    1: ["Envoys meet over the border", "The president visits the capital"],
    2: ["The team wins the cup", "The coach praises the striker"],
    3: ["Oil prices rise again", "Shares of the bank fall"],
    4: ["A probe reaches the comet", "The new chip is faster"],
}


@pytest.fixture(autouse=True)
def few_latencies(monkeypatch):
    """Latencies are measured on few calls, which would take most of the time otherwise."""
    monkeypatch.setattr(_costs, "MAX_LATENCY_CALLS", 5)


@pytest.fixture
def usual_handlers():
    """Signals have their usual handlers; the measurement of coverage handles SIGTERM."""
    usual = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
    before = {number: signal.signal(number, handler) for number, handler in usual.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def rows(tmp_path):
    """A folder with 160 training and 40 test rows of four classes."""
    folder = tmp_path / "rows"
    folder.mkdir()
    for part, n_rows in (("train", 40), ("test", 10)):
        lines = [
            f'"{label}","{texts[i % 2]}","Story {i} of the {part} files."'
            for i in range(n_rows)
            for label, texts in STORIES.items()
        ]
        (folder / f"{part}.csv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture
def run():
    """Run a command, and return what it printed and its status."""

    def run(*arguments):
        return CliRunner().invoke(app, list(map(str, arguments)), env={"COLUMNS": "200"})

    return run


TICKETS = {
    "delivery": ["The parcel came late", "The courier left it at the wrong door"],
    "billing": ["Charged twice for one order", "Please refund the second payment"],
    "returns": ["The zip broke; can I send it back?", "It does not fit, I want to return it"],
}


@pytest.fixture
def tickets(tmp_path):
    """A file of 48 messages of three classes, under names of its own."""
    lines = [
        f'"{texts[i % 2]} number {i}",{label}'
        for i in range(16)
        for label, texts in TICKETS.items()
    ]
    path = tmp_path / "tickets.csv"
    path.write_text("\n".join(["comment_body,queue", *lines]) + "\n")
    return path
