"""Write many frames into one file, in constant memory."""

import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import polars as pl

FORMATS = (".csv", ".jsonl", ".ndjson", ".parquet")


def write_frames(frames: Iterable[pl.DataFrame], path: Path, scratch: Path) -> int:
    """Write frames one after the other; the file has its name only when it is whole.

    Parameters
    ----------
    frames : iterable of polars.DataFrame
        All with the same columns, at least one.
    path : path
        CSV, JSON lines or Parquet, by its ending.
    scratch : path
        Folder on the same disk for the file until then; a killed process leaves it there.

    Returns
    -------
    int
        Rows that were written.
    """
    unfinished = scratch / f"{path.name}.{uuid.uuid4().hex}.tmp"
    write = _write_parquet if path.suffix == ".parquet" else _write_lines
    n_rows = write(frames, unfinished, path.suffix)
    unfinished.replace(path)
    return n_rows


def _write_lines(frames: Iterable[pl.DataFrame], path: Path, suffix: str) -> int:
    n_rows, header = 0, True
    with path.open("wb") as file:
        for frame in frames:
            if suffix == ".csv":
                frame.write_csv(file, include_header=header)
            else:
                frame.write_ndjson(file)
            n_rows, header = n_rows + len(frame), False
    return n_rows


def _write_parquet(frames: Iterable[pl.DataFrame], path: Path, suffix: str) -> int:
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
