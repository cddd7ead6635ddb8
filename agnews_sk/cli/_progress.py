"""One display of what a command does, redrawn in place; nothing in a pipe."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.status import Status

from agnews_sk.cli._stopping import check_stopped


class Stages:
    """Show the stage of the work, but where the work shows a bar of its own.

    Parameters
    ----------
    console : rich.console.Console
    own_bar : str, default=""
        Stages with this text in their name have a bar of their own; empty for none.
    """

    def __init__(self, console: Console, own_bar: str = "") -> None:
        self._status = Status("", console=console)
        self._is_shown = console.is_terminal
        self._own_bar = own_bar

    def tell(self, stage: str) -> None:
        """Show a stage that begins, unless the command has been stopped meanwhile."""
        check_stopped()
        if not self._is_shown or (self._own_bar and self._own_bar in stage):
            self._status.stop()
        else:
            self._status.update(stage)
            self._status.start()

    def stop(self) -> None:
        """Show nothing more."""
        self._status.stop()


@contextmanager
def stages(console: Console, first: str, *, own_bar: str = "") -> Iterator[Stages]:
    """Show stages as they are told, and check at both ends that the command was not stopped."""
    shown = Stages(console, own_bar)
    try:
        shown.tell(first)
        yield shown
        check_stopped()
    finally:
        shown.stop()
