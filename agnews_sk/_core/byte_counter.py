"""How many bytes an object takes when it is written."""

import io
from typing import Any


class ByteCounter(io.RawIOBase):
    """A file that counts what is written and keeps none of it.

    Attributes
    ----------
    n_bytes : int

    Examples
    --------
    >>> import pickle
    >>> from agnews_sk._core.byte_counter import ByteCounter
    >>> counter = ByteCounter()
    >>> pickle.dump(b"x" * 1000, counter)
    >>> counter.n_bytes > 1000
    True
    """

    def __init__(self) -> None:
        self.n_bytes = 0

    def writable(self) -> bool:
        """Return that it can be written to."""
        return True

    def tell(self) -> int:
        """Return where the next byte would go."""
        return self.n_bytes

    def write(self, data: Any) -> int:
        """Count the bytes of some data, and return their number."""
        n_bytes = memoryview(data).nbytes
        self.n_bytes += n_bytes
        return n_bytes
