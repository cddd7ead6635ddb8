"""Read rows of CSV, JSON lines and Parquet a batch at a time, the broken ones apart."""

import csv
import json
import re
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

FORMATS = (".csv", ".jsonl", ".ndjson", ".parquet")
# A line or record beyond this is broken; a quote that is never closed ends here, and not with the
# memory.
MAX_RECORD_BYTES = 2**20
# So many rows of JSON lines say which columns there are.
N_ROWS_WITH_NAMES = 1_000
# Without a header: a class as a number, and a text that no column would be called by.
_CLASS = re.compile(r"\s*\d{1,9}\s*")
_N_WORDS_OF_A_TEXT = 3
_NOT_UNICODE = "bytes or escapes that are not Unicode text"

Cells = dict[str, Any]


class Fault(NamedTuple):
    """A row that cannot be read.

    Attributes
    ----------
    line : int
        Where it begins, counted from 1; in Parquet the row.
    reason : str
    """

    line: int
    reason: str


@dataclass
class Batch:
    """Some rows of a file, in order.

    Attributes
    ----------
    lines : list of int
        Where each row begins, counted from 1; in Parquet the row.
    rows : list of dict
        The cells of each row by name.
    faults : list of Fault
        What cannot be read among them.
    """

    lines: list[int] = field(default_factory=list)
    rows: list[Cells] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.rows) + len(self.faults)


def read_batches(
    path: Path, n_rows: int, names: Collection[str], *, header: bool | None = None
) -> Iterator[Batch]:
    """Read a file in batches; the same file is always cut in the same way.

    Parameters
    ----------
    path : path
        CSV with or without a header, JSON lines, or Parquet, by its ending.
    n_rows : int
        Rows of a batch, broken ones among them.
    names : collection of str
        Columns that are looked for, in any case; of a Parquet file only these are read.
    header : bool, optional
        Whether the first record of a CSV file names its columns. Without it: it does, unless it
        has none of `names` and reads as class, text or class, title, description.

    Yields
    ------
    Batch
        At least one, which is empty if the file is.

    Raises
    ------
    ValueError
        If the ending is of no format that is read, or the Parquet file is broken.
    """
    check_format(path)
    known = {plain(name) for name in names}
    if path.suffix == ".parquet":
        batches = _parquet_batches(path, n_rows, known)
    else:
        batches = _line_batches(path, n_rows, known, header)
    n_batches = 0
    for batch in batches:
        yield batch
        n_batches += 1
    if not n_batches:
        yield Batch()


def column_names(path: Path, names: Collection[str], *, header: bool | None = None) -> list[str]:
    """Return the columns of a file, read no further than that takes.

    Parameters
    ----------
    path : path
    names : collection of str
    header : bool, optional
        All as in `read_batches`.

    Returns
    -------
    list of str
        Of JSON lines, the keys of the first 1,000 objects. Empty if the file is.
    """
    check_format(path)
    if path.suffix == ".parquet":
        with _open_parquet(path) as file:
            return list(file.schema_arrow.names)
    with path.open("rb") as file:
        lines = _Lines(file)
        if path.suffix == ".csv":
            records = (fields for _, fields in _csv_records(lines) if not isinstance(fields, str))
            first = next(records, None)
            return [] if first is None else _csv_names(first, set(map(plain, names)), header)[0]
        rows = _gather(islice(_json_rows(lines), N_ROWS_WITH_NAMES)).rows
        return list(dict.fromkeys(name for row in rows for name in row))


def check_format(path: Path) -> None:
    """Refuse a file whose ending names no format that is read.

    Parameters
    ----------
    path : path

    Raises
    ------
    ValueError
        If it is of no such format.
    """
    if path.suffix not in FORMATS:
        raise ValueError(f"{path} must end with one of {', '.join(FORMATS)}.")


def plain(name: str) -> str:
    """Return a column's name without case and spaces around it."""
    return name.strip().lower()


def _line_batches(path: Path, n_rows: int, names: set[str], header: bool | None) -> Iterator[Batch]:
    with path.open("rb") as file:
        lines = _Lines(file)
        found = _csv_rows(lines, names, header) if path.suffix == ".csv" else _json_rows(lines)
        while len(batch := _gather(islice(found, n_rows))):
            yield batch


def _gather(found: Iterator[tuple[int, Cells] | Fault]) -> Batch:
    batch = Batch()
    for one in found:
        if isinstance(one, Fault):
            batch.faults.append(one)
        else:
            batch.lines.append(one[0])
            batch.rows.append(one[1])
    return batch


def _parquet_batches(path: Path, n_rows: int, names: set[str]) -> Iterator[Batch]:
    with _open_parquet(path) as file:
        start = 1
        wanted = [name for name in file.schema_arrow.names if plain(name) in names]
        for table in file.iter_batches(n_rows, columns=wanted or None):
            yield _gather(_parquet_rows(table, start))
            start += len(table)


@contextmanager
def _open_parquet(path: Path) -> Iterator[Any]:
    import pyarrow.parquet as pq
    from pyarrow import ArrowInvalid

    try:
        # What is read ahead would stay until the file is at its end.
        with pq.ParquetFile(path, pre_buffer=False) as file:
            yield file
    except (ArrowInvalid, OSError) as error:
        raise ValueError(f"{path} is not a readable Parquet file: {error}") from error


def _parquet_rows(table: Any, start: int) -> Iterator[tuple[int, Cells] | Fault]:
    try:
        yield from enumerate(table.to_pylist(), start)
    except (ValueError, OverflowError):  # of one cell: bytes that are no text, dates out of range
        for i in range(len(table)):
            try:
                (row,) = table.slice(i, 1).to_pylist()
            except (ValueError, OverflowError) as error:
                yield Fault(start + i, str(error))
            else:
                yield start + i, row


class _Lines:
    """The lines of a file with their numbers, of which some can be read again."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._again: deque[str] = deque()
        self._record: list[str] = []
        self._n_bytes = 0
        self.number = 0

    def begin_record(self) -> int:
        """Forget the lines of the last record, and return the number of the next line."""
        self._record.clear()
        self._n_bytes = 0
        return self.number + 1

    def retry_after_first_line(self) -> None:
        """Read all lines of this record again, but for its first."""
        self._again.extendleft(reversed(self._record[1:]))
        self.number -= len(self._record) - 1

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._read()
        if not line:
            raise StopIteration
        self.number += 1
        self._record.append(line)
        self._n_bytes += len(line if line.isascii() else line.encode("utf-8", "surrogateescape"))
        if self._n_bytes > MAX_RECORD_BYTES:
            raise csv.Error(f"more than {MAX_RECORD_BYTES} bytes in one record")
        return line

    def _read(self) -> str:
        line = self._file.readline(MAX_RECORD_BYTES)
        rest = line
        while len(rest) == MAX_RECORD_BYTES and not rest.endswith(b"\n"):
            rest = self._file.readline(MAX_RECORD_BYTES)  # the tail of a monster is not kept
            line += b"\n" if len(line) == MAX_RECORD_BYTES else b""
        encoding = "utf-8-sig" if self.number == 0 else "utf-8"
        return line.decode(encoding, "surrogateescape")


def _csv_rows(
    lines: _Lines, known: set[str], header: bool | None
) -> Iterator[tuple[int, Cells] | Fault]:
    names: list[str] | None = None
    named = False
    for line, fields in _csv_records(lines):
        if isinstance(fields, str):
            yield Fault(line, fields)
            continue
        if names is None:
            names, named = _csv_names(fields, known, header)
            if named:
                continue
        if named and fields == names:  # of another file that was put behind the first
            yield Fault(line, "the header again")
        elif len(fields) != len(names):
            yield Fault(line, f"expected {len(names)} fields, got {len(fields)}")
        elif not all(map(_is_unicode, fields)):
            yield Fault(line, _NOT_UNICODE)
        else:
            yield line, dict(zip(names, fields))


def _csv_records(lines: _Lines) -> Iterator[tuple[int, list[str] | str]]:
    """Split into records; what cannot be is a fault of its first line, and the next is tried."""
    # The module's own limit, of all readers, would cut a record that is within ours.
    csv.field_size_limit(max(csv.field_size_limit(), MAX_RECORD_BYTES))
    while True:
        reader = csv.reader(lines, strict=True)
        try:
            begin = lines.begin_record()
            for fields in reader:
                if fields:
                    yield begin, fields
                begin = lines.begin_record()
            return
        except csv.Error as error:
            yield begin, f"broken quotes, {error}"
            lines.retry_after_first_line()


def _csv_names(first: list[str], known: set[str], header: bool | None) -> tuple[list[str], bool]:
    """Return the names of a file's columns, and whether its first record is what names them."""
    if header is None:
        header = bool(known.intersection(map(plain, first))) or not _reads_as_row(first)
    return (first, True) if header else (_official_names(first), False)


def _reads_as_row(first: Sequence[str]) -> bool:
    """Tell a number before some words from the names of columns."""
    label, *cells = first
    with_words = any(len(cell.split()) >= _N_WORDS_OF_A_TEXT for cell in cells)
    return len(first) in (2, 3) and _CLASS.fullmatch(label) is not None and with_words


def _official_names(fields: Sequence[str]) -> list[str]:
    """Return the names of a file without a header, by the number of its fields."""
    official = {1: ["text"], 2: ["class", "text"], 3: ["class", "title", "description"]}
    if len(fields) not in official:
        raise ValueError(
            f"a CSV file without a header has 1 to 3 fields (text; class, text; class, title, "
            f"description), got {len(fields)}: {list(fields)!r:.100}."
        )
    return official[len(fields)]


def _json_rows(lines: _Lines) -> Iterator[tuple[int, Cells] | Fault]:
    while True:
        number = lines.begin_record()
        try:
            line = next(lines)
            if line.strip():
                yield number, _json_object(line)
        except StopIteration:
            return
        except (ValueError, RecursionError, csv.Error) as error:
            yield Fault(number, str(error))


def _json_object(line: str) -> Cells:
    if not _is_unicode(line):
        raise ValueError(_NOT_UNICODE)
    try:
        found = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON, {error}") from error
    if not isinstance(found, dict):
        raise ValueError(f"expected a JSON object, got {found!r:.60}")
    if not all(_is_unicode(cell) for cell in found.values() if isinstance(cell, str)):
        raise ValueError(_NOT_UNICODE)
    return found


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
