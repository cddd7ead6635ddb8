"""The elements of a JSON array, parsed one at a time."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from agnews_sk.files._json_cells import DECODER

_CHARACTERS = 2**16
_WHITESPACE = re.compile(r"[ \t\n\r]*")
_AFTER_BRACKET = re.compile(r"\[[ \t\n\r]*([^ \t\n\r])")


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

    Attributes
    ----------
    names : list of str
        Names in the object around the array that have been read, see `begins_within`.
    """

    def __init__(self, file: TextIO, path: Path, max_element_bytes: int) -> None:
        self._file = file
        self._path = path
        self._max_bytes = max_element_bytes
        self._text, self._at = "", 0  # what has been read, and where the rest begins
        self._line = 1
        self.names: list[str] = []

    def begins(self) -> bool:
        """Return whether the file begins with an array, and go to its first element."""
        return self._skip("[")

    def begins_within(self) -> Iterator[str]:
        """Yield the names of the arrays of objects in the object that the file is, going to each.

        The elements of each have to be read before the next name is asked for. Other values are
        skipped.

        Raises
        ------
        ValueError
            If the rest is no JSON object; names file and line.
        """
        self._skip("{")
        while self._next_character() != "}":
            name = self._parse()
            self.names.append(name)
            if not isinstance(name, str) or not self._skip(":"):
                raise self._error("expected a name and a colon")
            if self._is_array_of_objects():
                yield name
            else:
                self._parse()
            if not self._skip(",") and self._next_character() != "}":
                raise self._error("expected a comma or the end of the object")
        self._skip("}")
        if self._next_character():
            raise self._error("expected nothing after the object")

    def _is_array_of_objects(self) -> bool:
        """Return whether an array of objects begins here, and go to its first element if so."""
        if self._next_character() != "[":
            return False
        while not (match := _AFTER_BRACKET.match(self._text, self._at)) and self._read():
            pass
        if match is None or match[1] != "{":
            return False
        self._go_to(self._at + 1)
        return True

    def _skip(self, character: str) -> bool:
        """Go behind the next character if it is this one; return whether it is."""
        if self._next_character() != character:
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
        yield from self.elements()
        if self._next_character():
            raise self._error("expected nothing after the array")

    def elements(self) -> Iterator[Element]:
        """Yield the elements up to the end of the array, behind which the file may go on."""
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
                value, end = DECODER.raw_decode(self._text, self._at)
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
