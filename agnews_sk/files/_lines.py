"""The lines of a text file, as records of bounded length that can be read again."""

import codecs
import csv
import io
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from agnews_sk.files._source import check_kind, check_utf8, codec_for, open_bytes, read_head

_LONE_SURROGATES = "agnews_sk.lone_surrogates"


def _as_lone_surrogates(error: UnicodeError) -> tuple[str, int]:
    """Return a lone surrogate for each undecodable byte, in any encoding, and where to go on.

    Python's own "surrogateescape" raises an error for bytes below 128, as in broken UTF-16.

    Parameters
    ----------
    error : UnicodeDecodeError

    Returns
    -------
    replacement : str
    position : int
        Of the byte after the bad ones.
    """
    if not isinstance(error, UnicodeDecodeError):
        raise error
    bad = error.object[error.start : error.end]
    return "".join(chr(0xDC00 | byte | 0x80) for byte in bad), error.end


codecs.register_error(_LONE_SURROGATES, _as_lone_surrogates)


@contextmanager
def open_text(path: Path, *, encoding: str | None = None, newline: str = "") -> Iterator[TextIO]:
    r"""Open a text file, compressed or not; bad bytes become lone surrogates.

    Parameters
    ----------
    path : pathlib.Path
    encoding : str, optional
        By default the one that the first bytes show, else UTF-8.
    newline : str, default=""
        As `open` takes it; "\n" leaves a bare carriage return within its line.

    Yields
    ------
    text file
        Without a byte order mark.

    Raises
    ------
    ValueError
        If the file is no text: a pointer, a web page or of a binary format; or if it seems to be in
        another encoding than UTF-8.
    """
    head = read_head(path)
    check_kind(path, head)
    codec = codec_for(head, encoding)
    if encoding is None and codec == "utf-8":
        check_utf8(path, head)
    with (
        open_bytes(path) as file,
        io.TextIOWrapper(file, codec, errors=_LONE_SURROGATES, newline=newline) as text,
    ):
        yield text


@contextmanager
def open_lines(
    path: Path, max_record_bytes: int, *, encoding: str | None = None, newline: str = ""
) -> Iterator["Lines"]:
    r"""Open the lines of a text file.

    Parameters
    ----------
    path : pathlib.Path
    max_record_bytes : int
        A longer record raises a `RecordTooLong` while it is read.
    encoding, newline : str
        As `open_text` takes them.

    Yields
    ------
    Lines
    """
    with open_text(path, encoding=encoding, newline=newline) as file:
        yield Lines(file, max_record_bytes)


class RecordTooLong(csv.Error):
    """A record is longer than allowed."""


class Lines:
    r"""The lines of a file, grouped into records by whoever parses them.

    A parser that fails within a record can go back to the second line of it, so that an open
    quote costs one row and not the rest of the file.

    Parameters
    ----------
    file : text file
        Opened with `newline=""`, line ends are `\n`, `\r\n` and `\r`, and are kept.
    max_record_bytes : int

    Attributes
    ----------
    number : int
        Number of lines read so far.
    """

    def __init__(self, file: TextIO, max_record_bytes: int) -> None:
        self._file = file
        self._max_bytes = max_record_bytes
        self._again: deque[str] = deque()
        self._record: list[str] = []
        self._n_bytes = 0
        self.number = 0

    def begin_record(self) -> int:
        """Forget the lines of the last record, and return the number of the next line."""
        self._record.clear()
        self._n_bytes = 0
        return self.number + 1

    @property
    def first_line(self) -> str:
        """Return the first line of the current record."""
        return self._record[0]

    def retry_after_first_line(self) -> None:
        """Read all lines of the current record again, except its first."""
        self._again.extendleft(reversed(self._record[1:]))
        self.number -= len(self._record) - 1

    def __iter__(self) -> Iterator[str]:
        """Return the lines themselves: there is one position in the file."""
        return self

    def __next__(self) -> str:
        """Return the next line, with its line end.

        Raises
        ------
        RecordTooLong
            If the current record is longer than allowed.
        """
        line = self._again.popleft() if self._again else self._read()
        if not line:
            raise StopIteration
        self.number += 1
        self._record.append(line)
        self._n_bytes += len(line if line.isascii() else line.encode("utf-8", "surrogateescape"))
        if self._n_bytes > self._max_bytes:
            raise RecordTooLong(f"more than {self._max_bytes} bytes in one record")
        return line

    def _read(self) -> str:
        """Read a line; of one that is too long anyway, only as much as shows it."""
        line = rest = self._file.readline(self._max_bytes)
        while len(rest) == self._max_bytes and not rest.endswith(("\n", "\r")):
            rest = self._file.readline(self._max_bytes)
        if len(rest) == self._max_bytes and rest.endswith("\r"):  # of a "\r\n" cut in two?
            following = self._read()
            if following not in ("", "\n"):
                self._again.append(following)
        return line + "\n" if rest is not line else line
