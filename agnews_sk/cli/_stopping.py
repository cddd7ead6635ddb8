"""Stop commands by Ctrl-C or SIGTERM, even if a library catches KeyboardInterrupt.

A handler records the signal and raises KeyboardInterrupt. If a library swallows that, the command
notices at its next `check_stopped`, before it writes anything.
"""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

# Shells report 128 plus the number of the signal that ended a program.
INTERRUPTED = 128 + signal.SIGINT
_MESSAGES = {signal.SIGINT: "Interrupted.", signal.SIGTERM: "Terminated."}
_stopped_by: list[int] = []


@contextmanager
def stoppable() -> Iterator[None]:
    """Record Ctrl-C in addition to raising KeyboardInterrupt, which a library may catch.

    Optuna and skorch catch it to end their own loops, after which a command would continue and
    write incomplete results.

    Notes
    -----
    A second Ctrl-C ends the process at once. Handlers that a program has set are left alone.
    """
    _stopped_by.clear()
    with _handling(signal.SIGINT, signal.default_int_handler, _stop):
        yield


@contextmanager
def terminable() -> Iterator[None]:
    """Let SIGTERM raise KeyboardInterrupt, so that a command ends as it does by Ctrl-C.

    Temporary files are then removed, and what is to be kept is written.
    """
    with _handling(signal.SIGTERM, signal.SIG_DFL, _stop):
        yield


@contextmanager
def quiet_imports() -> Iterator[None]:
    """End the process with one line on Ctrl-C during imports, which may catch it."""
    with _handling(signal.SIGINT, signal.default_int_handler, _end_at_once):
        yield


@contextmanager
def _handling(number: signal.Signals, usual: Any, handler: Any) -> Iterator[None]:
    """Handle a signal within the block, if there is no other handler and this is the main thread.

    Parameters
    ----------
    number : signal.Signals
    usual : handler
        Handler that must be set now; another one is left alone.
    handler : handler
    """
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
    """Raise KeyboardInterrupt if a signal has asked the command to stop and was caught elsewhere.

    Raises
    ------
    KeyboardInterrupt
    """
    if _stopped_by:
        raise KeyboardInterrupt


def end_if_stopped() -> None:
    """Exit with one line and the status of the signal, if one has asked the command to stop."""
    if _stopped_by:
        print_stopped(_stopped_by[0])
        sys.exit(128 + _stopped_by[0])


def print_stopped(number: int = signal.SIGINT) -> None:
    """Print on standard error which signal stopped the program.

    Parameters
    ----------
    number : {signal.SIGINT, signal.SIGTERM}
    """
    print(_MESSAGES[signal.Signals(number)], file=sys.stderr)


def _stop(number: int, frame: FrameType | None) -> None:
    """Record a signal and raise KeyboardInterrupt; the second time, end the process.

    Parameters
    ----------
    number : int
        Number of the signal.
    frame : frame or None
        Where the program was; not used.
    """
    if _stopped_by:
        _end_at_once(number, frame)
    _stopped_by.append(number)
    raise KeyboardInterrupt


def _end_at_once(number: int, frame: FrameType | None) -> None:
    """End the process without unwinding, after one line on standard error.

    It uses system calls only: the signal may arrive during a `print`, whose lock is
    held.

    Parameters
    ----------
    number : int
    frame : frame or None
    """
    os.write(2, f"{_MESSAGES[signal.Signals(number)]}\n".encode())
    os._exit(128 + number)
