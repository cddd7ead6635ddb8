"""Rows of separated text: CSV, and files with tabs or other separators."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

from agnews_sk.files._dialect import find_dialect
from agnews_sk.files._lines import open_lines, open_text
from agnews_sk.files._records import Dialect, Record, fields_of_any_length, read_records
from agnews_sk.files._rows import Fault
from agnews_sk.files._source import format_of
from agnews_sk.files._tabular import TabularReader

# The separator that a file's ending stands for.
SEPARATORS = {".csv": ",", ".tsv": "\t", ".tab": "\t", ".psv": "|", ".txt": ","}

_CHARACTERS_OF_SAMPLE = 2**16


class CsvReader(TabularReader):
    """Read separated text; the separator and the quoting are detected unless they are given.

    In CSV quotes are doubled within quotes, and a backslash is text unless the file shows that it
    is an escape. Blank lines are skipped. A record that cannot be split is a fault of its first
    line, and reading continues with the next line.
    """

    @contextmanager
    def open_records(self) -> Iterator[Iterator[Record | Fault]]:
        """Open the file, and yield its records, header included."""
        dialect = self.dialect
        with (
            open_lines(
                self.path, self.options.max_record_bytes, encoding=self.options.assumed_encoding
            ) as lines,
            fields_of_any_length(),
        ):
            yield read_records(lines, dialect)

    @cached_property
    def dialect(self) -> Dialect:
        """Return how fields are separated and quoted."""
        if not self.options.detects:
            return Dialect(SEPARATORS[format_of(self.path)])
        with open_text(self.path, encoding=self.options.assumed_encoding) as file:
            sample = file.read(_CHARACTERS_OF_SAMPLE)
        usual = SEPARATORS[format_of(self.path)]
        is_cut = len(sample) == _CHARACTERS_OF_SAMPLE
        with fields_of_any_length():
            return find_dialect(sample, is_cut=is_cut, usual=usual, sep=self.options.sep)
