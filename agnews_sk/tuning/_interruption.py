"""Know that a search was interrupted, even if a fit took the Ctrl-C for the end of its training."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


class Interruption:
    """Tells the workers of a search in this process that it is to end.

    Copies that go to other processes begin anew, and listen there.

    Examples
    --------
    >>> from agnews_sk.tuning._interruption import Interruption
    >>> interruption = Interruption()
    >>> interruption.check()
    >>> interruption.set()
    >>> interruption.is_set
    True
    """

    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        """Tell all workers to end."""
        self._event.set()

    @property
    def is_set(self) -> bool:
        """Whether the search is to end."""
        return self._event.is_set()

    def check(self) -> None:
        """Raise KeyboardInterrupt if the search is to end."""
        if self.is_set:
            raise KeyboardInterrupt

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take note of each Ctrl-C that raises KeyboardInterrupt; in a thread there is none."""
        before = signal.getsignal(signal.SIGINT)
        in_main_thread = threading.current_thread() is threading.main_thread()
        if not in_main_thread or not callable(before):
            yield
            return

        def note(number: int, frame: FrameType | None) -> None:
            try:
                before(number, frame)
            except KeyboardInterrupt:
                self.set()
                raise

        signal.signal(signal.SIGINT, note)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def __getstate__(self) -> dict[str, Any]:
        return {}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__()  # type: ignore[misc]
