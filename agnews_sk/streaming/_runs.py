"""Add up sorted runs that together are larger than memory, range of keys by range of keys."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import polars as pl

from agnews_sk.streaming._cluster import Run, in_order
from agnews_sk.streaming._folder import WorkFolder

# Entries of all runs that are in memory at a time.
ENTRIES = 3_000_000
# Keys of a run that decide where ranges end.
_SAMPLED = 2_000


def add_up(
    runs: Sequence[Path],
    folder: WorkFolder,
    *,
    keep: pl.Expr,
    report: Callable[[int, int], None],
    entries: int = ENTRIES,
    run: Run = map,
) -> list[Path]:
    """Add up the entries of runs with the same key, and keep some of the sums.

    Parameters
    ----------
    runs : sequence of pathlib.Path
        Parquet files with the column `key`, in ascending order, and columns of integers.
    folder : WorkFolder
        For the result, which is kept: a range that is there is not computed again.
    keep : polars.Expr
        Which sums to keep, by the columns.
    report : callable
        Called with the numbers of ranges done and of all.
    entries : int
        Most entries in memory, unless more have one key.
    run : callable, default=map
        As `map`.

    Returns
    -------
    list of pathlib.Path
        Parquet files of the sums, in ascending order of keys.
    """
    bounds = folder.read_json("bounds")
    if bounds is None:
        bounds = _bounds(runs, entries)
        folder.write_json("bounds", bounds)
    numbers = range(len(bounds) + 1)
    left = [number for number in numbers if not folder.has(number, "parquet")]
    task = partial(_write_sums, runs, folder, [None, *bounds, None], keep)
    for _ in in_order(run, task, left, lambda number: report(number, len(numbers))):
        pass
    return [folder.file(number, "parquet") for number in numbers]


def _write_sums(
    runs: Sequence[Path],
    folder: WorkFolder,
    bounds: Sequence[str | None],
    keep: pl.Expr,
    number: int,
) -> None:
    """Add up a range of keys.

    Parameters
    ----------
    runs : sequence of pathlib.Path
    folder : WorkFolder
    bounds : sequence of str or None
        Where ranges begin, and the last one ends.
    keep : polars.Expr
    number : int
        Of the range.
    """
    low, high = bounds[number], bounds[number + 1]
    folder.write_frame(number, "parquet", _sums(runs, low, high, keep))


def _bounds(runs: Sequence[Path], entries: int) -> list[str]:
    """Return the keys at which ranges of about so many entries begin, but the first.

    Parameters
    ----------
    runs : sequence of pathlib.Path
    entries : int

    Returns
    -------
    list of str
        Ascending, one fewer than ranges.
    """
    sizes = [pl.scan_parquet(run).select(pl.len()).collect().item() for run in runs]
    n_ranges = -(-sum(sizes) // entries)
    if n_ranges < 2:
        return []
    every = max(1, sum(sizes) // (_SAMPLED * n_ranges))
    sampled = [
        pl.scan_parquet(run).select(pl.col("key").gather_every(every)).collect().to_series()
        for run in runs
    ]
    keys = pl.concat(sampled).sort()
    places = [len(keys) * i // n_ranges for i in range(1, n_ranges)]
    return keys.gather(places).unique().sort().to_list()


def _sums(runs: Sequence[Path], low: str | None, high: str | None, keep: pl.Expr) -> pl.DataFrame:
    """Return the sums of the keys from one to before another.

    Parameters
    ----------
    runs : sequence of pathlib.Path
    low, high : str or None
        None is the first key, or the last one.
    keep : polars.Expr

    Returns
    -------
    polars.DataFrame
        In ascending order of keys.
    """
    scanned = pl.concat([pl.scan_parquet(run) for run in runs])
    if low is not None:
        scanned = scanned.filter(pl.col("key") >= low)
    if high is not None:
        scanned = scanned.filter(pl.col("key") < high)
    sums = scanned.group_by("key").agg(pl.all().sum()).filter(keep)
    return sums.sort("key").collect(engine="streaming")
