"""The file formats that can be read, by the ending of a file's name."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agnews_sk.files._arrow_file import ArrowFileReader
from agnews_sk.files._columns import ColumnRules
from agnews_sk.files._csv import SEPARATORS, CsvReader
from agnews_sk.files._excel import ExcelReader
from agnews_sk.files._json_lines import JsonLinesReader, JsonReader
from agnews_sk.files._options import ReadOptions
from agnews_sk.files._parquet import ParquetReader
from agnews_sk.files._rows import RowReader
from agnews_sk.files._source import COMPRESSIONS, format_of

READERS: Mapping[str, type[RowReader]] = {
    ".csv": CsvReader,
    ".parquet": ParquetReader,
    ".jsonl": JsonLinesReader,
    ".ndjson": JsonLinesReader,
    ".json": JsonReader,
    **dict.fromkeys(SEPARATORS, CsvReader),
    ".arrow": ArrowFileReader,
    ".feather": ArrowFileReader,
    **dict.fromkeys([".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"], ExcelReader),
}

_ARCHIVES = {".tar", ".tgz", ".tbz", ".tbz2", ".txz", ".7z", ".rar"}


def open_rows(path: Path, rules: ColumnRules, **options: Any) -> RowReader:
    """Return the reader of a file's rows, before anything is read.

    Parameters
    ----------
    path : pathlib.Path
    rules : ColumnRules
        What the columns are wanted for.
    **options
        As `ReadOptions` takes them.

    Returns
    -------
    RowReader

    Raises
    ------
    ValueError
        If the ending is of no format that is read.
    """
    return READERS[check_format(path)](path, rules, ReadOptions(**options))


def check_format(path: Path) -> str:
    """Return the ending of a file's format, or raise a ValueError if none such is read.

    The ending is in any case, and before that of a compression.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    str
        In lower case.
    """
    ending = format_of(path)
    if {ending, path.suffix.lower()} & _ARCHIVES:
        raise ValueError(
            f"{path} is an archive; extract it, and pass a file in it, or the folder of its files."
        )
    if ending not in READERS:
        raise ValueError(
            f"{path} must end with one of {', '.join(READERS)}, and perhaps with one of "
            f"{', '.join(COMPRESSIONS)}; rename the file."
        )
    return ending
