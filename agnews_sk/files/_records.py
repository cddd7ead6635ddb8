"""The records of separated text: fields between separators, in one of several dialects."""

import csv
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

from agnews_sk.files._lines import Lines, RecordTooLong
from agnews_sk.files._rows import Fault

# AG News without a header has its class and title in quotes.
_QUOTED = re.compile(r'"\d+","')
# What a C long holds on every system; the csv module's own limit is 131,072 characters.
_LONGEST_FIELD = 2**31 - 1


@dataclass(frozen=True)
class Dialect:
    """How the fields of a record are separated and quoted; by default as in AG News.

    Attributes
    ----------
    sep : str
    has_quotes : bool
        Whether quotes enclose a field; otherwise they are text.
    escape : str or None
        Makes the next character text; without it quotes are doubled within quotes.
    skips_spaces : bool
        Whether a space after a separator belongs to it.
    n_before : int
        Number of lines before the first record: blank ones, `sep=;`, and comments.
    splits_broken_quotes : bool
        Whether a record with broken quotes is split as if quotes were text.
    """

    sep: str = ","
    has_quotes: bool = True
    escape: str | None = None
    skips_spaces: bool = False
    n_before: int = 0
    splits_broken_quotes: bool = False

    def reader(self, lines: Iterator[str], *, has_quotes: bool | None = None) -> Any:
        """Return the csv module's reader of these lines.

        Parameters
        ----------
        lines : iterator of str
        has_quotes : bool, optional
            Instead of that of the dialect.

        Returns
        -------
        csv.reader
        """
        quoted = self.has_quotes if has_quotes is None else has_quotes
        return csv.reader(
            lines,
            strict=True,
            delimiter=self.sep,
            quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE,
            escapechar=self.escape,
            doublequote=self.escape is None,
            skipinitialspace=self.skips_spaces,
        )


class Record(NamedTuple):
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
    is_quoted: bool = False


def read_records(lines: Lines, dialect: Dialect) -> Iterator[Record | Fault]:
    """Yield the records of separated text, and a fault for each that cannot be split.

    After a fault, splitting starts again with the line after the first one of the broken record.

    Parameters
    ----------
    lines : Lines
    dialect : Dialect

    Yields
    ------
    Record or Fault
    """
    for _ in range(dialect.n_before):
        lines.begin_record()
        next(lines)
    while True:
        reader = dialect.reader(lines)
        try:
            begin = lines.begin_record()
            for fields in reader:
                if fields:
                    yield Record(begin, fields, _QUOTED.match(lines.first_line) is not None)
                begin = lines.begin_record()
            return
        except csv.Error as error:
            yield _without_quotes(lines.first_line, begin, error, dialect)
            lines.retry_after_first_line()


def _without_quotes(line: str, number: int, error: csv.Error, dialect: Dialect) -> Record | Fault:
    """Return a record whose quotes are broken as one without quotes, or the fault that it is.

    Parameters
    ----------
    line : str
        The first one of the record.
    number : int
        Of the line.
    error : csv.Error
        Why the record could not be split.
    dialect : Dialect

    Returns
    -------
    Record or Fault
    """
    if dialect.splits_broken_quotes and not isinstance(error, RecordTooLong):
        with suppress(csv.Error):
            for fields in dialect.reader(iter([line]), has_quotes=False):
                return Record(number, fields)
    return Fault(number, f"broken quotes, {error}")


_lock = threading.Lock()
_n_readers = 0
_limit_before = 0


@contextmanager
def fields_of_any_length() -> Iterator[None]:
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
