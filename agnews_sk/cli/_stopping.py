"""Ctrl-C ends a command as Ctrl-C, whatever library catches it; so does SIGTERM."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

# A shell's status of what a signal ended is 128 and the number of the signal.
INTERRUPTED = 128 + signal.SIGINT
_WORDS = {signal.SIGINT: "Interrupted.", signal.SIGTERM: "Terminated."}
_stopped_by: list[int] = []


@contextmanager
def stoppable() -> Iterator[None]:
    """Remember Ctrl-C beside raising KeyboardInterrupt, which a library may catch.

    Notes
    -----
    A second Ctrl-C ends the process at once. Handlers that a program has set are left alone.
    """
    _stopped_by.clear()
    with _handling(signal.SIGINT, signal.default_int_handler, _stop):
        yield


@contextmanager
def terminable() -> Iterator[None]:
    """Let SIGTERM unwind what has to be cleaned up, instead of ending the process where it is."""
    with _handling(signal.SIGTERM, signal.SIG_DFL, _stop):
        yield


@contextmanager
def quiet_imports() -> Iterator[None]:
    """End the process with one line on Ctrl-C, which an import may turn into any other error."""
    with _handling(signal.SIGINT, signal.default_int_handler, _end_at_once):
        yield


@contextmanager
def _handling(number: signal.Signals, usual: Any, handler: Any) -> Iterator[None]:
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or signal.getsignal(number) != usual:
        yield
        return
    signal.signal(number, handler)
    try:
        yield
    finally:
        signal.signal(number, usual)


def check_stopped() -> None:
    """Raise KeyboardInterrupt if a signal came to stop the command, and was caught elsewhere."""
    if _stopped_by:
        raise KeyboardInterrupt


def end_if_stopped() -> None:
    """End the program with one line and the status of the signal, if one came to stop it."""
    if _stopped_by:
        say_stopped(_stopped_by[0])
        sys.exit(128 + _stopped_by[0])


def say_stopped(number: int = signal.SIGINT) -> None:
    """Print what stopped the program."""
    print(_WORDS[signal.Signals(number)], file=sys.stderr)


def _stop(number: int, frame: FrameType | None) -> None:
    if _stopped_by:
        _end_at_once(number, frame)
    _stopped_by.append(number)
    raise KeyboardInterrupt


def _end_at_once(number: int, frame: FrameType | None) -> None:
    os.write(2, f"{_WORDS[signal.Signals(number)]}\n".encode())
    os._exit(128 + number)
