"""Measure the number of bytes that would be written to a file."""

import io
from typing import Any


class ByteCounter(io.RawIOBase):
    """A writable file that counts the bytes written to it and stores none of them.

    So the pickled size of an object is known without the memory of its pickle.

    Attributes
    ----------
    n_bytes : int
        Number of bytes written so far.

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
        """Return True, as `io` asks of files that can be written to."""
        return True

    def tell(self) -> int:
        """Return the position, which is the number of bytes written; joblib aligns arrays to it."""
        return self.n_bytes

    def write(self, data: Any) -> int:
        """Count the bytes of some data, and return their number."""
        n_bytes = memoryview(data).nbytes
        self.n_bytes += n_bytes
        return n_bytes
