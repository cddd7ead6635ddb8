"""Rows of JSON: an object per line, or an array of objects."""

import json
import re
from collections.abc import Iterator
from functools import partial
from itertools import islice

from agnews_sk.files._json_array import ArrayElements, Element
from agnews_sk.files._json_cells import DECODER, cells_of
from agnews_sk.files._lines import Lines, RecordTooLong, open_lines, open_text
from agnews_sk.files._rows import Cells, Fault, Found, Row, RowReader, is_unicode

# Number of objects that show which columns there are, before all are read.
_N_ROWS_WITH_NAMES = 1_000
_LIST_FIRST = re.compile(r'\s*\{\s*"(?:[^"\\]|\\.)*"\s*:\s*\[\s*\{')


class JsonLinesReader(RowReader):
    """Read JSON Lines: one object per line, whose keys are the names of its cells.

    Blank lines are skipped. Objects need not have the same keys: a row lacks the cells of keys that
    its object does not have. Cells keep their types, and arrays stay as they are; a nested object
    is taken apart, its cells have names such as "data.text". A line that is not a JSON object is a
    fault, and so are escapes of lone surrogates.
    """

    def column_names(self) -> list[str]:
        """Return the keys of the first 1,000 objects, in the order in which they come."""
        found = self.rows()
        for _ in islice(found, _N_ROWS_WITH_NAMES):
            pass
        found.close()
        return self.names

    def rows(self) -> Found:
        """Yield a row per object."""
        names: dict[str, None] = {}
        for found in self._objects():
            if isinstance(found, Row) and not names.keys() >= found.cells.keys():
                names |= dict.fromkeys(found.cells)
                self.names = list(names)
            yield found

    def _objects(self) -> Found:
        """Yield a row per line with an object, and a fault per line that holds none."""
        # A bare carriage return is whitespace in JSON.
        with open_lines(
            self.path,
            self.options.max_record_bytes,
            encoding=self.options.assumed_encoding,
            newline="\n",
        ) as lines:
            yield from self._objects_of(lines)

    def _objects_of(self, lines: Lines) -> Iterator[Row | Fault]:
        """Yield a row or a fault per line that is not blank.

        A line may also be too long, or nested too deeply for the parser.

        Parameters
        ----------
        lines : Lines

        Yields
        ------
        Row or Fault
        """
        while True:
            number = lines.begin_record()
            try:
                line = next(lines)
                if line.strip():
                    yield Row(number, self._object(line))
            except StopIteration:
                return
            except (ValueError, RecursionError, RecordTooLong) as error:
                yield Fault(number, str(error))

    def _object(self, line: str) -> Cells:
        """Parse a line.

        Parameters
        ----------
        line : str

        Returns
        -------
        dict of str to object

        Raises
        ------
        ValueError
            If it is not a JSON object, or has texts that are not Unicode.
        """
        if not is_unicode(line):
            raise ValueError(self.not_unicode)
        try:
            found = DECODER.decode(line)
        except json.JSONDecodeError as error:
            raise ValueError(f"not JSON, {error}") from error
        return self._cells(found)

    def _cells(self, found: object) -> Cells:
        """Return the cells of a JSON value, or raise a ValueError if there are none.

        Parameters
        ----------
        found : object
            As the parser returns it.

        Returns
        -------
        dict of str to object
        """
        cells = cells_of(found)
        if not all(is_unicode(cell) for cell in cells.values() if isinstance(cell, str)):
            raise ValueError(self.not_unicode)
        return cells


class JsonReader(JsonLinesReader):
    """Read JSON: an array of objects, an object that holds one such array, or an object per line.

    The elements of an array are parsed one at a time, so that memory does not depend on their
    number. An array with a syntax error is rejected as a whole: where its next element begins
    cannot be known.
    """

    def _objects(self) -> Found:
        """Yield a row per object, and a fault per line or element that holds none."""
        with open_text(self.path, encoding=self.options.assumed_encoding, newline="\n") as file:
            elements = ArrayElements(file, self.path, self.options.max_record_bytes)
            if elements.begins():
                yield from map(self._element, elements)
                return
        if self._is_one_object():
            yield from self._wrapped()
        else:
            yield from super()._objects()

    def _is_one_object(self) -> bool:
        """Return whether the file is one object, over several lines or with a list of objects."""
        with open_text(self.path, encoding=self.options.assumed_encoding, newline="\n") as file:
            pieces = iter(partial(file.readline, self.options.max_record_bytes), "")
            lines = filter(str.strip, pieces)
            first, second = next(lines, ""), next(lines, "")
        if not first.lstrip().startswith("{"):
            return False
        if second and not first.endswith("\n"):  # too long to be parsed
            return _LIST_FIRST.match(first) is not None
        try:
            found = json.loads(first)
        except RecursionError:
            return False
        except ValueError:
            # A line of an object over several lines, and not one of objects per line with a flaw.
            return not first.rstrip().endswith("}") and not second.lstrip().startswith("{")
        return not second and any(map(_is_list_of_objects, found.values()))

    def _wrapped(self) -> Found:
        """Yield a row per element of the only array of objects in the object that the file is."""
        with open_text(self.path, encoding=self.options.assumed_encoding, newline="\n") as file:
            elements = ArrayElements(file, self.path, self.options.max_record_bytes)
            read: list[str] = []
            for name in elements.begins_within():
                if read:
                    raise ValueError(
                        f"{self.path} holds several lists of objects, {read[0]!r} and {name!r}; "
                        "write the one to read into a file of its own."
                    )
                read.append(name)
                yield from map(self._element, elements.elements())
            if not read:
                raise ValueError(
                    f"{self.path} is one object, with the keys {elements.names!r:.300}, and holds "
                    "no list of objects; write an object per row, one per line or in a list, as "
                    'pandas does with orient="records".'
                )

    def _element(self, element: Element) -> Row | Fault:
        """Return the row that an element is, or why it is none.

        Parameters
        ----------
        element : Element

        Returns
        -------
        Row or Fault
        """
        try:
            return Row(element.line, self._cells(element.value))
        except (ValueError, RecursionError) as error:
            return Fault(element.line, str(error))


def _is_list_of_objects(value: object) -> bool:
    """Return whether a JSON value is a list that begins with an object."""
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)
