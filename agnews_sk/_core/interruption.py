"""Know that Ctrl-C came, even if what was running took it for the end of a training."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


class Interruption:
    """Tells all that share it that they are to end.

    Copies that go to other processes begin anew, and listen there.

    Examples
    --------
    >>> from agnews_sk._core.interruption import Interruption
    >>> interruption = Interruption()
    >>> interruption.check()
    >>> interruption.set()
    >>> interruption.is_set
    True
    """

    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        """Tell all to end."""
        self._event.set()

    @property
    def is_set(self) -> bool:
        """Whether all are to end."""
        return self._event.is_set()

    def check(self) -> None:
        """Raise KeyboardInterrupt if all are to end."""
        if self.is_set:
            raise KeyboardInterrupt

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take note of each Ctrl-C that raises KeyboardInterrupt; in a thread there is none.

        A handler of the program's own that raises nothing counts for nothing.
        """
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
            if signal.getsignal(signal.SIGINT) is note:
                signal.signal(signal.SIGINT, before)

    def __getstate__(self) -> dict[str, Any]:
        return {}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__()  # type: ignore[misc]


@contextmanager
def unswallowed_interrupts() -> Iterator[None]:
    """Raise KeyboardInterrupt at the end of the block if Ctrl-C came in it and was caught there.

    skorch's nets catch it in `fit`, and look like whole ones.

    Examples
    --------
    >>> import signal
    >>> from contextlib import suppress
    >>> from agnews_sk._core.interruption import unswallowed_interrupts
    >>> try:
    ...     with unswallowed_interrupts(), suppress(KeyboardInterrupt):
    ...         signal.raise_signal(signal.SIGINT)
    ... except KeyboardInterrupt:
    ...     print("interrupted")
    interrupted
    """
    interruption = Interruption()
    with interruption.listening():
        yield
    interruption.check()
