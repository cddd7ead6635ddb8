"""The file formats that can be read, by the ending of a file's name."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agnews_sk.datasets._columns import ColumnRules
from agnews_sk.datasets._csv import CsvReader
from agnews_sk.datasets._json_lines import JsonLinesReader
from agnews_sk.datasets._parquet import ParquetReader
from agnews_sk.datasets._rows import RowReader

READERS: Mapping[str, type[RowReader]] = {
    ".csv": CsvReader,
    ".parquet": ParquetReader,
    ".jsonl": JsonLinesReader,
    ".ndjson": JsonLinesReader,
}


def open_rows(path: Path, rules: ColumnRules, **options: Any) -> RowReader:
    """Return the reader of a file's rows, before anything is read.

    Parameters
    ----------
    path : pathlib.Path
    rules : ColumnRules
        What the columns are wanted for.
    **options
        As `RowReader` takes them.

    Returns
    -------
    RowReader

    Raises
    ------
    ValueError
        If the ending is of no format that is read.
    """
    check_format(path)
    return READERS[path.suffix.lower()](path, rules, **options)


def check_format(path: Path) -> None:
    """Raise a ValueError unless the ending of a file's name, in any case, is of a known format."""
    if path.suffix.lower() not in READERS:
        raise ValueError(f"{path} must end with one of {', '.join(READERS)}; rename the file.")
