"""Notice Ctrl-C or SIGTERM even if the code that was running caught the KeyboardInterrupt."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


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
        """Within the block, set it when Ctrl-C or SIGTERM raises KeyboardInterrupt.

        Only the main thread receives signals; in another thread this does nothing. If the program
        has its own handler that raises nothing, it is not set. SIGTERM raises something only if the
        program has a handler that does.
        """
        found = {number: signal.getsignal(number) for number in _SIGNALS}
        before = {number: handler for number, handler in found.items() if callable(handler)}
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def note(number: int, frame: FrameType | None) -> None:
            """Call the handler that was there, and set the flag if it raises."""
            try:
                before[signal.Signals(number)](number, frame)
            except KeyboardInterrupt:
                self.set()
                raise

        for number in before:
            signal.signal(number, note)
        try:
            yield
        finally:
            for number, handler in before.items():
                if signal.getsignal(number) is note:
                    signal.signal(number, handler)

    def __getstate__(self) -> dict[str, Any]:
        """Return nothing: an event cannot be pickled."""
        return {}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Make a new event."""
        self.__init__()  # type: ignore[misc]


@contextmanager
def unswallowed_interrupts() -> Iterator[None]:
    """Raise KeyboardInterrupt at the end of the block if a signal raised one that was caught in it.

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
