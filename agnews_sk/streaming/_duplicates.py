"""The stage that finds rows whose text an earlier row has, by hashes on disk."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl

from agnews_sk._core.same_text import normalized
from agnews_sk.streaming._cluster import Report, Run, in_order
from agnews_sk.streaming._folder import WorkFolder
from agnews_sk.streaming._runs import ENTRIES

BLOCK_BITS = 32  # of the position of a row in its block
_SEEDS = (0, 1)  # of the two hashes of a text


def hashes_of(compared: pl.Series) -> pl.DataFrame:
    """Return 128 bits of each text that is not blank, with its row, in ascending order.

    Parameters
    ----------
    compared : polars.Series of str of shape (n_rows,)

    Returns
    -------
    polars.DataFrame of shape (n_hashes, 3)
        `h0` and `h1`, 64 bits each, and `row`: position in the block.
    """
    texts = normalized(compared)
    columns = {f"h{seed}": texts.hash(seed) for seed in _SEEDS}
    rows = np.arange(len(texts), dtype=np.uint64)
    frame = pl.DataFrame({**columns, "row": rows}).filter(texts.is_not_null())
    return frame.sort("h0")


def find_duplicates(
    folder: WorkFolder,
    blocks: Sequence[str],
    report: Report,
    *,
    entries: int = ENTRIES,
    run: Run = map,
) -> list[Path]:
    """Find the rows whose text an earlier row has, by hashes in ranges that fit in memory.

    Parameters
    ----------
    folder : WorkFolder
    blocks : sequence of str
        Their names, in order.
    report : callable
    entries : int
        Hashes in memory at a time.
    run : callable, default=map
        As `map`.

    Returns
    -------
    list of pathlib.Path
        Files of the rows to drop.
    """
    rows, stage = folder.stage("rows"), folder.stage("duplicates")
    size = stage.read_json("size")
    runs = [rows.file(name, "hashes") for name in blocks]
    if size is None:
        size = sum(pl.scan_parquet(run).select(pl.len()).collect().item() for run in runs)
        stage.write_json("size", size)
    n_ranges = max(1, -(-size // entries))
    bounds = [2**64 * i // n_ranges for i in range(n_ranges + 1)]
    left = [number for number in range(n_ranges) if not stage.has(number, "parquet")]
    task = partial(_write_repeated, runs, stage, bounds)

    def begin(number: int) -> None:
        report("finding duplicates", number, n_ranges)

    for _ in in_order(run, task, left, begin):
        pass
    return [stage.file(number, "parquet") for number in range(n_ranges)]


def _write_repeated(
    runs: Sequence[Path], stage: WorkFolder, bounds: Sequence[int], number: int
) -> None:
    """Write the rows with a hash in a range that an earlier row has.

    Parameters
    ----------
    runs : sequence of pathlib.Path
        Of all blocks, as `hashes_of` returns them.
    stage : WorkFolder
    bounds : sequence of int
        Where the ranges of the first hash begin and end.
    number : int
        Of the range.
    """
    low, high = bounds[number], bounds[number + 1] - 1
    stage.write_frame(number, "parquet", _repeated(runs, low, high))


def _repeated(runs: Sequence[Path], low: int, high: int) -> pl.DataFrame:
    """Return the rows with a hash in a range that an earlier row has.

    Parameters
    ----------
    runs : sequence of pathlib.Path
        Of all blocks, as `hashes_of` returns them.
    low, high : int
        Of the first hash, both included.

    Returns
    -------
    polars.DataFrame of shape (n_repeated, 1)
        `row`: number of the block, then position in it.
    """
    in_range = pl.col("h0").is_between(pl.lit(low, pl.UInt64), pl.lit(high, pl.UInt64))
    numbered = [
        pl.scan_parquet(run).with_columns(pl.col("row") + pl.lit(i << BLOCK_BITS, pl.UInt64))
        for i, run in enumerate(runs)
    ]
    scanned = pl.concat(numbered).filter(in_range)
    hashes = scanned.collect(engine="streaming").sort("row")
    is_first = hashes.select(pl.struct("h0", "h1").is_first_distinct()).to_series()
    return hashes.filter(~is_first).select("row").sort("row")
