"""Rows of CSV files, with a header or without."""

import csv
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, islice
from typing import NamedTuple

from agnews_sk.datasets._lines import Lines, open_lines
from agnews_sk.datasets._rows import NOT_UNICODE, Fault, Row, RowReader, is_unicode

# Number of records that decide how many fields the rows of a file without a header have.
_N_RECORDS_WITHOUT_HEADER = 1_000
# AG News without a header has its class and title in quotes; on Kaggle it has this header.
_QUOTED = re.compile(r'"\d+","')
_OFFICIAL_HEADER = ["Class Index", "Title", "Description"]
_N_OFFICIAL_FIELDS = 3

# What a C long holds on every system; the csv module's own limit is 131,072 characters.
_LONGEST_FIELD = 2**31 - 1


class _Record(NamedTuple):
    """A record that could be split.

    Attributes
    ----------
    line : int
        Where it begins, counted from 1.
    fields : list of str
    is_quoted : bool
        Whether it begins as the records of AG News do.
    """

    line: int
    fields: list[str]
    is_quoted: bool


class CsvReader(RowReader):
    """Read CSV: quotes are doubled within quotes, a backslash is text, blank lines are skipped.

    A record that cannot be split is a fault of its first line, and reading continues with the next
    line. A repeated header, of a file that was appended to another, is a fault too.

    Whether there is a header is decided by the first record that can be split. Without one, the
    first thousand records decide on the number of fields, so that a first record with a field more
    or less is a fault and not the rule.

    See Also
    --------
    agnews_sk.datasets._columns : Recognizes a header, and names the columns without one.
    """

    has_types = False
    is_official = True

    def column_names(self) -> list[str]:
        """Return the names in the header, or those of a file without one."""
        with self._open() as records:
            self._begin(records)
        return self.names

    def rows(self) -> Iterator[Row | Fault]:
        """Yield a row per record."""
        with self._open() as records:
            for record in self._begin(records):
                yield record if isinstance(record, Fault) else self._row(record)

    @contextmanager
    def _open(self) -> Iterator[Iterator[_Record | Fault]]:
        """Open the file, and yield its records, header included."""
        with open_lines(self.path, self.max_record_bytes) as lines, _fields_of_any_length():
            yield _records(lines)

    def _begin(self, records: Iterator[_Record | Fault]) -> Iterator[_Record | Fault]:
        """Learn the names of the columns, and skip the header.

        Parameters
        ----------
        records : iterator of _Record or Fault
            All records of the file.

        Returns
        -------
        iterator of _Record or Fault
            Those that are rows or faults.
        """
        faults: list[_Record | Fault] = []
        for first in records:
            if isinstance(first, _Record):
                return chain(faults, self._begin_with(first, records))
            faults.append(first)
        return iter(faults)

    def _begin_with(
        self, first: _Record, records: Iterator[_Record | Fault]
    ) -> Iterator[_Record | Fault]:
        """Learn the names from the first record that can be split, or from the first thousand.

        Parameters
        ----------
        first : _Record
        records : iterator of _Record or Fault
            What comes after it.

        Returns
        -------
        iterator of _Record or Fault
            All rows, `first` among them unless it is the header.
        """
        self.has_header = self.empty_is_missing = self.rules.is_header(first.fields)
        if self.has_header:
            self.names = first.fields
            self.is_official = first.fields == _OFFICIAL_HEADER
            return records
        ahead = [first, *islice(records, _N_RECORDS_WITHOUT_HEADER - 1)]
        whole = [record.fields for record in ahead if isinstance(record, _Record)]
        self.names = self.rules.names_without_header(whole)
        self.is_official = len(self.names) == _N_OFFICIAL_FIELDS
        return chain(ahead, records)

    def _row(self, record: _Record) -> Row | Fault:
        """Return the cells of a record by name, or why it is not a row.

        Parameters
        ----------
        record : _Record

        Returns
        -------
        Row or Fault
            A fault if the record is the header again, has undecodable bytes or another number of
            fields.
        """
        line, fields, is_quoted = record
        if self.has_header and fields == self.names:
            return Fault(line, "repeated header")
        if not all(map(is_unicode, fields)):
            return Fault(line, NOT_UNICODE)
        if len(fields) != len(self.names):
            return Fault(line, f"expected {len(self.names)} fields, got {len(fields)}")
        self.is_official = self.is_official and (self.has_header or is_quoted)
        return Row(line, dict(zip(self.names, fields, strict=True)))


def _records(lines: Lines) -> Iterator[_Record | Fault]:
    """Yield the records of a CSV file, and a fault for each that cannot be split.

    After a fault, splitting starts again with the line after the first one of the broken record.
    """
    while True:
        reader = csv.reader(lines, strict=True)
        try:
            begin = lines.begin_record()
            for fields in reader:
                if fields:
                    yield _Record(begin, fields, _QUOTED.match(lines.first_line) is not None)
                begin = lines.begin_record()
            return
        except csv.Error as error:
            yield Fault(begin, f"broken quotes, {error}")
            lines.retry_after_first_line()


_lock = threading.Lock()
_n_readers = 0
_limit_before = 0


@contextmanager
def _fields_of_any_length() -> Iterator[None]:
    """Lift the csv module's limit on the length of a field while any reader is at work.

    The limit belongs to the process. Readers in several threads share one that is lifted by the
    first and restored by the last; the length of records is bounded by `Lines`.
    """
    global _n_readers, _limit_before
    with _lock:
        if not _n_readers:
            _limit_before = csv.field_size_limit(_LONGEST_FIELD)
        _n_readers += 1
    try:
        yield
    finally:
        with _lock:
            _n_readers -= 1
            if not _n_readers:
                csv.field_size_limit(_limit_before)
