"""Show the progress of a command, in one line that is redrawn; nothing without a terminal."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.status import Status

from agnews_sk.cli._stopping import check_stopped


class Stages:
    """Show the current stage of the work, except while it shows its own progress bar.

    Parameters
    ----------
    console : rich.console.Console
    own_bar : str, default=""
        Stages whose name contains this text show their own bar; empty for none.
    """

    def __init__(self, console: Console, own_bar: str = "") -> None:
        self._status = Status("", console=console)
        self._is_shown = console.is_terminal
        self._own_bar = own_bar

    def show(self, stage: str) -> None:
        """Show a stage as it begins, unless the command was stopped.

        Parameters
        ----------
        stage : str

        Raises
        ------
        KeyboardInterrupt
            If a library caught the signal to stop.
        """
        check_stopped()
        if not self._is_shown or (self._own_bar and self._own_bar in stage):
            self._status.stop()
        else:
            self._status.update(stage)
            self._status.start()

    def stop(self) -> None:
        """Remove the display."""
        self._status.stop()


@contextmanager
def stages(console: Console, first: str, *, own_bar: str = "") -> Iterator[Stages]:
    """Show stages within the block; check at both ends that the command was not stopped.

    Parameters
    ----------
    console : rich.console.Console
    first : str
        Stage that is shown at first.
    own_bar : str, default=""
        As `Stages` takes it.

    Yields
    ------
    Stages
    """
    shown = Stages(console, own_bar)
    try:
        shown.show(first)
        yield shown
        check_stopped()
    finally:
        shown.stop()
