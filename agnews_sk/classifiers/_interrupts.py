"""Tell Ctrl-C from the KeyboardInterrupt by which callbacks of skorch end a training."""

import signal
import threading
from types import FrameType
from typing import Any


class Interrupts:
    """Watches, within it, whether the interrupt signal has raised KeyboardInterrupt.

    Signals reach the main thread only; elsewhere there is nothing to watch. A handler of the
    program's own that raises nothing counts for nothing.

    Attributes
    ----------
    came : bool
    """

    def __init__(self) -> None:
        self.came = False
        self._handler: Any = None

    def __enter__(self) -> "Interrupts":
        handler = signal.getsignal(signal.SIGINT)
        if callable(handler) and threading.current_thread() is threading.main_thread():
            self._handler = handler
            signal.signal(signal.SIGINT, self._handle)
        return self

    def __exit__(self, *error: object) -> None:
        if self._handler is not None and signal.getsignal(signal.SIGINT) == self._handle:
            signal.signal(signal.SIGINT, self._handler)

    def _handle(self, number: int, frame: FrameType | None) -> Any:
        try:
            return self._handler(number, frame)
        except KeyboardInterrupt:
            self.came = True
            raise
