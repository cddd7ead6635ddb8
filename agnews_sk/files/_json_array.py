"""The elements of a JSON array, parsed one at a time."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, TextIO

_CHARACTERS = 2**16
_WHITESPACE = re.compile(r"[ \t\n\r]*")


class Element(NamedTuple):
    """An element of an array.

    Attributes
    ----------
    line : int
        Where it begins, counted from 1.
    value : object
    """

    line: int
    value: Any


class ArrayElements:
    """The elements of the array that a file holds.

    Parameters
    ----------
    file : text file
    path : pathlib.Path
        For messages.
    max_element_bytes : int
        A longer element raises an error.
    """

    def __init__(self, file: TextIO, path: Path, max_element_bytes: int) -> None:
        self._file = file
        self._path = path
        self._max_bytes = max_element_bytes
        self._decoder = json.JSONDecoder()
        self._text, self._at = "", 0  # what has been read, and where the rest begins
        self._line = 1

    def begins(self) -> bool:
        """Return whether the file begins with an array, and go to its first element."""
        if self._next_character() != "[":
            return False
        self._go_to(self._at + 1)
        return True

    def __iter__(self) -> Iterator[Element]:
        """Yield the elements, after `begins`.

        Raises
        ------
        ValueError
            If the rest is no JSON array, or an element is too long; names file and line.
        """
        separator = "]" if self._next_character() == "]" else ","
        while separator == ",":
            self._next_character()
            yield Element(self._line, self._parse())
            separator = self._next_character()
            if separator not in ("]", ","):
                raise self._error("expected a comma or the end of the array")
            if separator == ",":
                self._go_to(self._at + 1)
        self._go_to(self._at + 1)
        if self._next_character():
            raise self._error("expected nothing after the array")

    def _next_character(self) -> str:
        """Return the next character that is not whitespace, and go there; "" at the end."""
        while True:
            self._go_to(_WHITESPACE.match(self._text, self._at).end())  # type: ignore[union-attr]
            if self._at < len(self._text) or not self._read():
                return self._text[self._at : self._at + 1]

    def _go_to(self, position: int) -> None:
        """Go on, and count the lines."""
        self._line += self._text.count("\n", self._at, position)
        self._at = position

    def _read(self) -> bool:
        """Read at least as much as is waiting to be parsed; return whether there was more."""
        rest = self._text[self._at :]
        more = self._file.read(max(_CHARACTERS, len(rest)))
        self._text, self._at = rest + more, 0
        return bool(more)

    def _parse(self) -> Any:
        """Return the value that begins here, and go behind it."""
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if len(self._text) - self._at > self._max_bytes:
                    raise self._error(f"more than {self._max_bytes} bytes in one record") from error
                if not self._read():
                    raise self._error(error.msg) from error
            except RecursionError as error:
                raise self._error("nested too deeply") from error
            else:
                # A number may go on behind what has been read.
                if end < len(self._text) or not self._read():
                    self._go_to(end)
                    return value

    def _error(self, why: str) -> ValueError:
        """Return the error for a file that is no JSON array.

        Parameters
        ----------
        why : str

        Returns
        -------
        ValueError
        """
        return ValueError(f"{self._path}, line {self._line}: not a JSON array of objects: {why}.")
