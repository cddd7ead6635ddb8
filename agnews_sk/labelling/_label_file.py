"""A CSV file of decisions, one line each, which is on disk before the next text is shown."""

import csv
import io
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, Self
from unicodedata import category

from agnews_sk.files import fields_of_any_length

LABELLED, UNSURE = "labelled", "unsure"
MAX_LABEL_LENGTH = 200
# Control characters, surrogates, line separators. Persian words and emoji need the joiners (Cf).
_NOT_SHOWN = ("Cc", "Cs", "Zl", "Zp")
_BEFORE, _AFTER = ("row",), ("label", "status", "chosen_by", "suggested", "time")
# Excel reads UTF-8 only with it.
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# What a spreadsheet reads as the start of a formula, or as whitespace before one (OWASP); numbers
# with a sign are none.
_FORMULA = re.compile(r"(?![+-]?[\d.,]+%?$)[=+\-@\t\r\n＝＋－＠]")


@dataclass(frozen=True)
class Decision:
    """What was decided about a row.

    Attributes
    ----------
    row : int
        Position in the pool.
    label : str or None
        None for a row that nobody is sure of.
    chosen_by : str, default=""
        How the row was chosen.
    suggested : str, default=""
        Label that the classifier predicted before, if it was shown.
    time : str, default=""
        When, in the form of ISO 8601.
    """

    row: int
    label: str | None
    chosen_by: str = ""
    suggested: str = ""
    time: str = ""


class LabelFile:
    """The decisions about the rows of a pool, in a file that survives the end of the process.

    Each decision is appended, flushed and synchronized to the disk before `append` returns. A
    line that was written half is removed when the file is opened again; any other damage raises an
    error, and nothing is removed.

    Parameters
    ----------
    path : str or path
        CSV file; continued if it exists.
    texts : mapping of str to sequence of str
        Columns of the pool, which the file repeats.

    Attributes
    ----------
    decisions : dict of int to Decision
        By row, the last one of each, in the order of the file.

    Raises
    ------
    BlockingIOError
        If another process has opened it.
    ValueError
        If the file is another one, whose columns or texts of rows differ, or is damaged; or a
        column cannot be in it.
    """

    def __init__(self, path: str | Path, texts: Mapping[str, Sequence[str]]) -> None:
        self.path = Path(path)
        self._place = self.path.absolute()
        self._texts = {name: list(column) for name, column in texts.items()}
        self._columns = [*_BEFORE, *self._texts, *_AFTER]
        taken = set(self._texts) & {*_BEFORE, *_AFTER}
        if taken:
            raise ValueError(
                f"the column {sorted(taken)[0]!r} has a name that the file of labels needs for "
                "itself; rename it, or choose other columns of the text."
            )
        formulas = [name for name in self._texts if _FORMULA.match(name)]
        if formulas:
            raise ValueError(
                f"the column {formulas[0]!r} has a name that spreadsheets read as a formula; "
                "rename it, or choose other columns of the text."
            )
        self.decisions: dict[int, Decision] = {}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = open(self.path, "a+b", buffering=0)  # noqa: SIM115 - closed by `close`
        try:
            _lock(self._file, self.path)
            self._starts = self._read()
            self._end = self._file.seek(0, os.SEEK_END)
        except BaseException:
            self._file.close()
            raise

    def append(self, *decisions: Decision) -> None:
        """Write decisions, and return once they are on disk.

        Parameters
        ----------
        *decisions : Decision

        Raises
        ------
        OSError
            If they cannot be written, or another program has changed the file.
        """
        lines = [_line(self._cells(one)) for one in decisions]
        self._check_unchanged()
        self._write(b"".join(lines))
        *starts, self._end = accumulate(map(len, lines), initial=self._end)
        self._starts += starts
        self.decisions |= {one.row: one for one in decisions}

    def undo(self) -> Decision | None:
        """Remove the last decision from the file, and return it; None if there is none.

        Raises
        ------
        OSError
            If it cannot be removed, or another program has changed the file.
        """
        if not self.decisions:
            return None
        self._check_unchanged()
        self._file.truncate(self._starts[-1])
        self._end = self._starts.pop()
        with suppress(OSError):  # if it is there again after a power failure, nothing is lost
            os.fsync(self._file.fileno())
        return self.decisions.popitem()[1]

    def close(self) -> None:
        """Close the file, so that another process may open it."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _check_unchanged(self) -> None:
        """Raise an OSError if the file is not as it was left.

        A spreadsheet that saves replaces the file: what is appended to the old one would be lost,
        and places in it are not those of the new one.
        """
        with suppress(FileNotFoundError):
            found = os.stat(self._place)
            is_same = os.path.samestat(found, os.fstat(self._file.fileno()))
            if is_same and found.st_size == self._end:
                return
        raise OSError(
            f"{self.path} has been changed by another program; close it there, and start again to "
            "continue with what it holds now"
        )

    def _write(self, content: bytes) -> None:
        """Append bytes and synchronize them; on failure, such as a full disk, take them back."""
        start = self._file.seek(0, os.SEEK_END)
        try:
            view = memoryview(content)
            while len(view):
                view = view[self._file.write(view) or 0 :]
            os.fsync(self._file.fileno())
        except OSError:
            with suppress(OSError):
                self._file.truncate(start)
            raise

    def _cells(self, one: Decision) -> list[str]:
        """Return the cells of a line."""
        status = UNSURE if one.label is None else LABELLED
        texts = [column[one.row] for column in self._texts.values()]
        after = [one.label or "", status, one.chosen_by, one.suggested, one.time]
        return [str(one.row + 1), *map(_without_formula, texts), *after]

    def _read(self) -> list[int]:
        """Read the decisions of an existing file, or write the header of a new one.

        Returns
        -------
        list of int
            Where each line of a decision begins.
        """
        self._file.seek(0)
        content = self._file.read()
        header = _BYTE_ORDER_MARK + _line(self._columns)
        if header.startswith(content):  # new, or written half
            self._file.truncate(0)
            self._write(header)
            _sync_folder(self.path.parent)
            return []
        records = list(_records(content))
        columns = _parsed(records[0][1])
        if columns != self._columns:
            raise ValueError(
                f"{self.path} is no file of these labels: its columns must be "
                f"{', '.join(self._columns)}, separated by commas, got {', '.join(columns)}; "
                "choose another name for the output."
            )
        half = records.pop() if self._is_half(records[-1][1]) else None
        starts = []
        for number, (start, record) in enumerate(records[1:], start=2):
            if record.strip():  # spreadsheets and editors leave blank lines
                one = self._decision(record, number)
                self.decisions[one.row] = one
                starts.append(start)
        if half is not None:
            self._file.truncate(half[0])
        elif not content.endswith(b"\n"):
            self._write(b"\n" if content.endswith(b"\r") else b"\r\n")
        return starts

    def _is_half(self, record: bytes) -> bool:
        """Return whether the last record is the beginning of a line, and not damage by hand.

        It then begins as the line of its row does, which up to the label is known, and has fewer
        cells and no line break after them.
        """
        record = record.rstrip(b"\0")  # what a power failure may leave of bytes not yet written
        if not record:
            return True
        row = self._position(record.partition(b",")[0].decode("utf-8", "replace"))
        if row is None:
            return record.isdigit()
        before = self._cells(Decision(row, None))[: 1 + len(self._texts)]
        known = _line([*before, ""]).rstrip(b"\r\n")
        if len(record) <= len(known):
            return known.startswith(record)
        is_rest = record.startswith(known) and not re.search(rb"[\r\n]", record[len(known) :])
        return is_rest and len(_parsed(record)) < len(self._columns)

    def _position(self, number: str) -> int | None:
        """Return the position of the row with a number that is counted from 1, if there is one."""
        row = int(number) - 1 if number.isdecimal() else -1
        return row if 0 <= row < len(next(iter(self._texts.values()))) else None

    def _decision(self, record: bytes, number: int) -> Decision:
        """Return the decision of a record, or reject one about another text, or a second one.

        Parameters
        ----------
        record : bytes
        number : int
            Of the record, for messages.

        Returns
        -------
        Decision
        """
        place = f"{self.path}, record {number}"
        cells = _parsed(record)
        is_open = record.count(b'"') % 2 == 1
        if is_open or len(cells) != len(self._columns):
            got = "a quote that is not closed" if is_open else len(cells)
            raise ValueError(
                f"{place}: {len(self._columns)} fields are needed, got {got}; repair or delete it."
            )
        row, texts = self._position(cells[0]), cells[1 : 1 + len(self._texts)]
        known = [] if row is None else self._cells(Decision(row, None))[1 : 1 + len(texts)]
        # Spreadsheets write their own line breaks in cells.
        if row is None or [*map(_plain_breaks, texts)] != [*map(_plain_breaks, known)]:
            raise ValueError(
                f"{place}: row {cells[0]} has another text in the rows to label; choose another "
                "name for the output, or label the file that it is of."
            )
        if row in self.decisions:
            raise ValueError(f"{place}: row {row + 1} is there twice; delete one of both.")
        # The status only says what an empty label means: readers of the file look at the label.
        label, _, chosen_by, suggested, time = cells[1 + len(texts) :]
        try:
            if label:
                check_label(label)
        except ValueError as error:
            raise ValueError(f"{place}: {error}") from error
        return Decision(row, label or None, chosen_by, suggested, time)


def check_label(label: str) -> None:
    """Reject the name of a label that a line of the file cannot hold as it is.

    Parameters
    ----------
    label : str

    Raises
    ------
    TypeError
        If it is no string.
    ValueError
        If it is empty or too long, has line breaks or surrounding spaces, or is read as a formula.
    """
    if not isinstance(label, str):
        raise TypeError(f"a label must be a string, got {label!r:.100}; convert it by str.")
    if not label or label != label.strip() or any(category(c) in _NOT_SHOWN for c in label):
        raise ValueError(
            f"a label must have printable characters only, without spaces around them, got "
            f"{label!r:.100}."
        )
    if len(label) > MAX_LABEL_LENGTH:
        raise ValueError(
            f"a label must have at most {MAX_LABEL_LENGTH} characters, got {len(label):,}: "
            f"{label!r:.100}."
        )
    if _FORMULA.match(label):
        raise ValueError(
            f"a label must not begin with {label[0]!r}, as spreadsheets read a formula; got "
            f"{label!r}."
        )


def _without_formula(text: str) -> str:
    """Return a text with an apostrophe before it if a spreadsheet would evaluate it.

    What UTF-8 cannot encode becomes a question mark.
    """
    text = text.encode("utf-8", "replace").decode()
    return f"'{text}" if _FORMULA.match(text) else text


def _plain_breaks(text: str) -> str:
    r"""Return a text whose line breaks are \n."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _line(cells: Iterable[str]) -> bytes:
    """Return cells as a line of CSV."""
    written = io.StringIO()
    csv.writer(written).writerow(cells)
    return written.getvalue().encode()


def _records(content: bytes) -> Iterable[tuple[int, bytes]]:
    """Yield where each record of a CSV begins, and its bytes; the last one may be incomplete.

    Parameters
    ----------
    content : bytes
        A record ends with a line break outside of quotes.

    Yields
    ------
    start : int
    record : bytes
    """
    start, record = 0, b""
    for line in content.splitlines(keepends=True):
        record += line
        if record.count(b'"') % 2 == 0:
            yield start, record
            start, record = start + len(record), b""
    if record:
        yield start, record


def _parsed(record: bytes) -> list[str]:
    """Return the cells of one record."""
    text = record.removeprefix(_BYTE_ORDER_MARK).decode("utf-8", "replace")
    with fields_of_any_length():
        return next(csv.reader(io.StringIO(text, newline="")), [])


def _sync_folder(folder: Path) -> None:
    """Have a new file's name on disk too, where folders can be synchronized."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _lock(file: Any, path: Path) -> None:
    """Lock an open file until it is closed, or raise a BlockingIOError."""
    try:
        import fcntl
    except ImportError:  # Windows does not let two processes write an open file's lines apart
        return
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise BlockingIOError(f"{path} is being written by another process.") from error
