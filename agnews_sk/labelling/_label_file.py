"""A CSV file of decisions, one line each, which is on disk before the next text is shown."""

import csv
import io
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

LABELLED, UNSURE = "labelled", "unsure"
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
    line that was written half is removed when the file is opened again.

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
        If the file is another one: its columns or the texts of its rows differ.
    """

    def __init__(self, path: str | Path, texts: Mapping[str, Sequence[str]]) -> None:
        self.path = Path(path)
        self._texts = {name: list(column) for name, column in texts.items()}
        self._columns = [*_BEFORE, *self._texts, *_AFTER]
        taken = set(self._texts) & {*_BEFORE, *_AFTER}
        if taken:
            raise ValueError(
                f"the column {sorted(taken)[0]!r} has a name that the file of labels needs for "
                "itself; rename it, or choose other columns of the text."
            )
        self.decisions: dict[int, Decision] = {}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = open(self.path, "a+b", buffering=0)  # noqa: SIM115 - closed by `close`
        try:
            _lock(self._file, self.path)
            self._starts = self._read()
        except BaseException:
            self._file.close()
            raise

    def append(self, *decisions: Decision) -> None:
        """Write decisions, and return once they are on disk.

        Parameters
        ----------
        *decisions : Decision
        """
        start = self._file.seek(0, os.SEEK_END)
        content = b""
        for one in decisions:
            self._starts.append(start + len(content))
            content += _line(self._cells(one))
        self._write(content)
        self.decisions |= {one.row: one for one in decisions}

    def undo(self) -> Decision | None:
        """Remove the last decision from the file, and return it; None if there is none."""
        if not self.decisions:
            return None
        _, last = self.decisions.popitem()
        self._file.truncate(self._starts.pop())
        os.fsync(self._file.fileno())
        return last

    def close(self) -> None:
        """Close the file, so that another process may open it."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

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
            self._starts = [one for one in self._starts if one < start]
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
        lines = list(_records(content))
        if lines[0][1] != self._columns:
            raise ValueError(
                f"{self.path} is no file of these labels: its columns must be "
                f"{', '.join(self._columns)}, separated by commas, got {', '.join(lines[0][1])}; "
                "choose another name for the output."
            )
        if len(lines[-1][1]) < len(self._columns):  # written half
            self._file.truncate(lines.pop()[0])
        elif not content.endswith(b"\n"):
            self._write(b"\n" if content.endswith(b"\r") else b"\r\n")
        for number, (_, cells) in enumerate(lines[1:], start=2):
            one = self._decision(cells, number)
            self.decisions[one.row] = one
        return [start for start, _ in lines[1:]]

    def _decision(self, cells: Sequence[str], number: int) -> Decision:
        """Return the decision of a line, or reject one about another text, or a second one.

        Parameters
        ----------
        cells : sequence of str
        number : int
            Of the record, for messages.

        Returns
        -------
        Decision
        """
        if len(cells) != len(self._columns):
            raise ValueError(
                f"{self.path}, record {number}: {len(self._columns)} fields are needed, got "
                f"{len(cells)}; repair or delete it."
            )
        named = dict(zip(self._columns, cells))
        row = int(named["row"]) - 1 if named["row"].isdecimal() else -1
        n_rows = len(next(iter(self._texts.values())))
        texts = [named[name] for name in self._texts]
        if not 0 <= row < n_rows or texts != self._cells(Decision(row, None))[1 : 1 + len(texts)]:
            raise ValueError(
                f"{self.path}, record {number}: row {named['row']} has another text in the rows to "
                "label; choose another name for the output, or label the file that it is of."
            )
        if row in self.decisions:
            raise ValueError(
                f"{self.path}, record {number}: row {row + 1} is there twice; delete one of both."
            )
        label = named["label"] if named["status"] == LABELLED else None
        return Decision(row, label, named["chosen_by"], named["suggested"], named["time"])


def check_label(label: str) -> None:
    """Reject the name of a label that a line of the file cannot hold as it is.

    Parameters
    ----------
    label : str

    Raises
    ------
    ValueError
        If it is empty, has line breaks or surrounding spaces, or is read as a formula.
    """
    if not label or label != label.strip() or not label.isprintable():
        raise ValueError(f"a label must have printable characters only, got {label!r}.")
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


def _line(cells: Iterable[str]) -> bytes:
    """Return cells as a line of CSV."""
    written = io.StringIO()
    csv.writer(written).writerow(cells)
    return written.getvalue().encode()


def _records(content: bytes) -> Iterable[tuple[int, list[str]]]:
    """Yield where each record of a CSV begins, and its cells; the last one may be incomplete.

    Parameters
    ----------
    content : bytes
        A record ends with a line break outside of quotes.

    Yields
    ------
    start : int
    cells : list of str
    """
    start, record = 0, b""
    for line in content.splitlines(keepends=True):
        record += line
        if record.count(b'"') % 2 == 0:
            yield start, _parsed(record)
            start, record = start + len(record), b""
    if record:
        yield start, []


def _parsed(record: bytes) -> list[str]:
    """Return the cells of one record."""
    text = record.removeprefix(_BYTE_ORDER_MARK).decode("utf-8", "replace")
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
