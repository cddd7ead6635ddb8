"""Write many frames into one file, with memory for one frame."""

import re
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import polars as pl

FORMATS = (".csv", ".jsonl", ".ndjson", ".parquet")

# What a spreadsheet reads as the start of a formula, or as whitespace before one (OWASP).
_FORMULA = r"^([=+\-@\t\r\n＝＋－＠])"


def write_frames(
    frames: Iterable[pl.DataFrame], path: Path, scratch: Path, *, escape_formulas: bool = False
) -> tuple[Path, int]:
    """Write frames one after the other into a temporary file, to be renamed by the caller.

    Parameters
    ----------
    frames : iterable of polars.DataFrame
        All with the same columns, at least one.
    path : path
        Final name of the file: CSV, JSON Lines or Parquet, by its suffix.
    scratch : path
        Folder on the same disk for the temporary file; a killed process leaves it there.
    escape_formulas : bool, default=False
        Put an apostrophe before a text that a spreadsheet would evaluate as a formula.

    Returns
    -------
    unfinished : pathlib.Path
        To be renamed to `path`.
    n_rows : int
        Number of rows written.
    """
    unfinished = scratch / f"{path.name}.{uuid.uuid4().hex}.tmp"
    if escape_formulas:
        frames = map(without_formulas, frames)
    write = {".parquet": _write_parquet, ".csv": _write_csv}.get(path.suffix, _write_json)
    return unfinished, write(frames, unfinished)


def without_formulas(frame: pl.DataFrame) -> pl.DataFrame:
    """Put an apostrophe before texts and column names that look like a formula.

    Parameters
    ----------
    frame : polars.DataFrame

    Returns
    -------
    polars.DataFrame
    """
    escaped = frame.with_columns(pl.col(pl.String).str.replace(_FORMULA, "'$1"))
    return escaped.rename(lambda name: re.sub(_FORMULA, r"'\1", name))


def _write_csv(frames: Iterable[pl.DataFrame], path: Path) -> int:
    """Write frames as CSV with one header.

    Parameters
    ----------
    frames : iterable of polars.DataFrame
    path : path

    Returns
    -------
    int
        Number of rows.
    """
    n_rows, header = 0, True
    with path.open("wb") as file:
        for frame in frames:
            frame.write_csv(file, include_header=header)
            n_rows, header = n_rows + len(frame), False
    return n_rows


def _write_json(frames: Iterable[pl.DataFrame], path: Path) -> int:
    """Write frames as JSON Lines, and return the number of rows."""
    n_rows = 0
    with path.open("wb") as file:
        for frame in frames:
            frame.write_ndjson(file)
            n_rows += len(frame)
    return n_rows


def _write_parquet(frames: Iterable[pl.DataFrame], path: Path) -> int:
    """Write frames as Parquet, one row group per frame that has rows.

    Parameters
    ----------
    frames : iterable of polars.DataFrame
    path : path

    Returns
    -------
    int
        Number of rows.
    """
    import pyarrow.parquet as pq

    n_rows = 0
    writer: Any = None
    try:
        for frame in frames:
            table = frame.to_arrow()
            writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
            if len(frame):
                writer.write_table(table)
            n_rows += len(frame)
    finally:
        if writer is not None:
            writer.close()
    return n_rows
