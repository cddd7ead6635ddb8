"""Notice Ctrl-C even if the code that was running caught the KeyboardInterrupt."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


class Interruption:
    """A flag that tells all code that shares it to stop.

    A copy in another process is a new flag, which is not set.

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
        """Tell all code that shares it to stop."""
        self._event.set()

    @property
    def is_set(self) -> bool:
        """Whether it is set."""
        return self._event.is_set()

    def check(self) -> None:
        """Raise KeyboardInterrupt if it is set."""
        if self.is_set:
            raise KeyboardInterrupt

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Within the block, set it when Ctrl-C raises KeyboardInterrupt.

        Only the main thread receives signals; in another thread this does nothing. If the program
        has its own handler that raises nothing, it is not set.
        """
        before = signal.getsignal(signal.SIGINT)
        in_main_thread = threading.current_thread() is threading.main_thread()
        if not in_main_thread or not callable(before):
            yield
            return

        def note(number: int, frame: FrameType | None) -> None:
            """Call the handler that was there, and set the flag if it raises."""
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
        """Return nothing: an event cannot be pickled."""
        return {}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Make a new event."""
        self.__init__()  # type: ignore[misc]


@contextmanager
def unswallowed_interrupts() -> Iterator[None]:
    """Raise KeyboardInterrupt at the end of the block if Ctrl-C was pressed and caught within it.

    skorch's nets catch it in `fit`, and then look like fully trained ones.

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
