"""Rows of JSON Lines: an object per line."""

import csv
import json
from collections.abc import Iterator
from itertools import islice

from agnews_sk.datasets._lines import Lines, open_lines
from agnews_sk.datasets._rows import NOT_UNICODE, Cells, Fault, Row, RowReader, is_unicode

# Number of objects that show which columns there are, before all are read.
_N_ROWS_WITH_NAMES = 1_000


class JsonLinesReader(RowReader):
    """Read JSON Lines: one object per line, whose keys are the names of its cells.

    Blank lines are skipped. Objects need not have the same keys: a row lacks the cells of keys that
    its object does not have. Cells keep their types, and nested arrays and objects stay as they
    are. A line that is not a JSON object is a fault, and so are escapes of lone surrogates.
    """

    def column_names(self) -> list[str]:
        """Return the keys of the first 1,000 objects, in the order in which they come."""
        for _ in islice(self.rows(), _N_ROWS_WITH_NAMES):
            pass
        return self.names

    def rows(self) -> Iterator[Row | Fault]:
        """Yield a row per object."""
        names: dict[str, None] = {}
        # A bare carriage return is whitespace in JSON.
        with open_lines(self.path, self.max_record_bytes, newline="\n") as lines:
            for found in _objects(lines):
                if isinstance(found, Row) and not names.keys() >= found.cells.keys():
                    names |= dict.fromkeys(found.cells)
                    self.names = list(names)
                yield found


def _objects(lines: Lines) -> Iterator[Row | Fault]:
    """Yield a row per line with an object, and a fault per line that holds none.

    A line may also be too long, or nested too deeply for the parser.
    """
    while True:
        number = lines.begin_record()
        try:
            line = next(lines)
            if line.strip():
                yield Row(number, _object(line))
        except StopIteration:
            return
        except (ValueError, RecursionError, csv.Error) as error:
            yield Fault(number, str(error))


def _object(line: str) -> Cells:
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
        raise ValueError(NOT_UNICODE)
    try:
        found = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON, {error}") from error
    if not isinstance(found, dict):
        raise ValueError(f"expected a JSON object, got {found!r:.60}")
    if not all(is_unicode(cell) for cell in found.values() if isinstance(cell, str)):
        raise ValueError(NOT_UNICODE)
    return found
