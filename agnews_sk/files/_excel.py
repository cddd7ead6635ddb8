"""Rows of Excel and OpenDocument workbooks."""

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from agnews_sk._core.optional import import_optional
from agnews_sk.files._records import Record
from agnews_sk.files._rows import Fault
from agnews_sk.files._source import seekable
from agnews_sk.files._tabular import TabularReader


class ExcelReader(TabularReader):
    """Read a sheet of a workbook; its cells are texts, as in the CSV that a spreadsheet exports.

    Titles above the table, rows of a single cell, are skipped.
    """

    is_official = False

    @contextmanager
    def open_records(self) -> Iterator[Iterator[Record | Fault]]:
        """Open the workbook, and yield the rows of its sheet that are not empty."""
        calamine: Any = import_optional(
            "python_calamine", extra="excel", needed_by="a workbook of Excel or OpenDocument"
        )
        source = seekable(self.path)
        try:
            with calamine.load_workbook(source) as workbook:
                sheet = workbook.get_sheet_by_name(self._sheet(workbook))
                yield _below_titles(_records(sheet.iter_rows()))
        except (calamine.CalamineError, OSError) as error:
            raise ValueError(f"{self.path} is not a readable workbook: {error}.") from error

    def _sheet(self, workbook: Any) -> str:
        """Return the name of the sheet to read: the caller's, or the only one with rows.

        Parameters
        ----------
        workbook : python_calamine.CalamineWorkbook

        Returns
        -------
        str

        Raises
        ------
        ValueError
            If there is no such sheet, or several have rows and none is named.
        """
        names = workbook.sheet_names
        if self.options.sheet is not None:
            if self.options.sheet not in names:
                raise ValueError(
                    f"{self.path} has no sheet {self.options.sheet!r}; its sheets are {names}."
                )
            return self.options.sheet
        filled = [name for name in names if workbook.get_sheet_by_name(name).height]
        if len(filled) > 1:
            raise ValueError(
                f"{self.path} has rows in several sheets, {filled}; pass sheet= (--sheet)."
            )
        return (filled or names)[0]


def _records(rows: Iterator[list[Any]]) -> Iterator[Record]:
    """Yield the rows that have a cell, with their numbers."""
    for number, row in enumerate(rows, start=1):
        fields = [_as_text(cell) for cell in row]
        if any(fields):
            yield Record(number, fields)


def _below_titles(records: Iterator[Record]) -> Iterator[Record]:
    """Skip the records of a single cell before the first one with several, if there is one.

    Parameters
    ----------
    records : iterator of Record

    Yields
    ------
    Record
    """
    titles = []
    for record in records:
        if sum(map(bool, record.fields)) > 1:
            yield record
            yield from records
            return
        titles.append(record)
    yield from titles


def _as_text(cell: Any) -> str:
    """Return a cell as text: whole numbers without decimals, dates as in ISO 8601.

    Parameters
    ----------
    cell : str, float, bool, date, time or timedelta

    Returns
    -------
    str
        Empty for an empty cell.
    """
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime.datetime) and cell.time() == datetime.time():
        return cell.date().isoformat()
    return str(cell)
