"""The stage that reads, filters, joins and cleans rows, and the one that finds duplicates."""

import warnings
from collections.abc import Callable, Sequence
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from agnews_sk._core.labels import encode_labels
from agnews_sk._core.same_text import normalized
from agnews_sk.datasets import (
    FilePart,
    LabelsOfBlock,
    codes_of_labels,
    labels_of_block,
    parts_of_files,
    why_fault,
)
from agnews_sk.streaming._cluster import Run, in_order
from agnews_sk.streaming._folder import WorkFolder
from agnews_sk.streaming._runs import ENTRIES
from agnews_sk.streaming._steps import Steps

# What is done, and how many blocks or ranges are done and in all, None if that is not known yet.
Report = Callable[[str, int, int | None], None]

_SEEDS = (0, 1)  # of the two hashes of a text
_BLOCK_BITS = 32  # of the position of a row in its block


class RowsRead(NamedTuple):
    """What the rows of all files are.

    Attributes
    ----------
    blocks : list of str
        Names of the blocks, in order.
    columns : list of str
        Of the texts.
    label : str
        Column of the labels.
    classes : ndarray of shape (n_classes,)
    codes : dict of str to int
        Class of each label as it is in the files.
    n_read, n_faulty, n_kept : int
        Rows of the files, those without a text or label that can be read, and those that samplers
        keep, duplicates included.
    first_fault : str
        The first faulty row, empty if there is none.
    """

    blocks: list[str]
    columns: list[str]
    label: str
    classes: np.ndarray
    codes: dict[str, int]
    n_read: int
    n_faulty: int
    n_kept: int
    first_fault: str


def read_rows(
    paths: Sequence[Path],
    reading: Any,
    steps: Steps,
    folder: WorkFolder,
    rows_per_block: int,
    report: Report,
    run: Run = map,
) -> RowsRead:
    """Write the cleaned texts of the rows that are kept, with their labels, block by block.

    Parameters
    ----------
    paths : sequence of pathlib.Path
    reading : Reading
    steps : Steps
    folder : WorkFolder
    rows_per_block : int
    report : callable
    run : callable, default=map
        As `map`.

    Returns
    -------
    RowsRead

    Raises
    ------
    ValueError
        If a row is faulty and such rows are not to be skipped, or no row is left.
    """
    stage = folder.stage("rows")
    names: list[str] | None = stage.read_json("complete")
    if names is None:
        found: list[str] = []
        is_here = run is map

        def begin(n_done: int) -> None:
            report("reading rows", len(found) + n_done, None)

        task = partial(_read_part, stage, steps, reading.on_bad_rows, begin if is_here else None)
        for of_part in run(task, parts_of_files(paths, reading, rows_per_block)):
            found += of_part
            if not is_here:
                begin(0)
        names = found
        stage.write_json("complete", names)
    return _rows_read(names, [stage.read_json(name) for name in names], paths)


def _read_block(stage: WorkFolder, name: str, table: Any, steps: Steps, on_bad_rows: str) -> None:
    """Write the rows of one block, and at last what they are.

    Parameters
    ----------
    stage : WorkFolder
    name : str
    table : Table
    steps : Steps
    on_bad_rows : {"error", "skip"}

    Raises
    ------
    ValueError
        For a faulty row, unless these are skipped.
    """
    if table.faults and on_bad_rows == "error":
        raise ValueError(why_fault(table.path, *table.faults[0]))
    found = labels_of_block(table)
    columns = list(table.rows.columns)
    if len(table.labels):
        steps.fit_rows(columns)
    block = steps.texts(table.rows)
    labels = table.labels.gather(block.kept)
    frame = pl.DataFrame({"text": block.texts, "label": labels})
    if block.compared is not None:
        stage.write_frame(name, "hashes", _hashes(block.compared))
    stage.write_frame(name, "parquet", frame)
    first = table.faults[0] if table.faults else None
    state = {
        "n_read": len(table.rows) + len(table.faults),
        "n_faulty": len(table.faults),
        "n_kept": len(frame),
        "columns": columns,
        "labels": found._asdict(),
        "fault": "" if first is None else f"{table.path}, line {first.line}: {first.reason}",
    }
    stage.write_json(name, state)


def _read_part(
    stage: WorkFolder,
    steps: Steps,
    on_bad_rows: str,
    begin: Callable[[int], None] | None,
    part: FilePart,
) -> list[str]:
    """Write the blocks of a part of a file, each in files of its name, and return the names.

    Parameters
    ----------
    stage : WorkFolder
    steps : Steps
    on_bad_rows : {"error", "skip"}
    begin : callable, optional
        Called before each block with the number of those of the part before it.
    part : FilePart

    Returns
    -------
    list of str
    """
    done = f"part-{part.file:06}-{part.first:06}"
    names: list[str] | None = stage.read_json(done)
    if names is not None:
        return names
    steps, names = deepcopy(steps), []  # which another thread fits too
    for number, block in enumerate(part.blocks(), part.first):
        name = f"{part.file:06}-{number:06}"
        if not stage.has(name, "json"):
            if begin is not None:
                begin(len(names))
            table = block.load()
            if part.file == number == 0:
                steps.check_labels(table.rows, table.labels)
            _read_block(stage, name, table, steps, on_bad_rows)
        names.append(name)
    stage.write_json(done, names)
    return names


def _rows_read(
    names: Sequence[str], blocks: Sequence[dict[str, Any]], paths: Sequence[Path]
) -> RowsRead:
    """Return what the rows of all blocks are together.

    Parameters
    ----------
    names : sequence of str
        Of the blocks.
    blocks : sequence of dict
        What was written of each block.
    paths : sequence of pathlib.Path
        For the message.

    Returns
    -------
    RowsRead

    Raises
    ------
    ValueError
        If there are no rows, or none is left.
    """
    shown = f"{', '.join(map(str, paths)):.300}"
    if not blocks:
        raise ValueError(f"No rows in {shown}.")
    totals = {
        name: sum(block[name] for block in blocks) for name in ("n_read", "n_faulty", "n_kept")
    }
    if not totals["n_kept"]:
        raise ValueError(
            f"No rows in {shown} that can be used: of {totals['n_read']:,} rows "
            f"{totals['n_faulty']:,} are broken, and the samplers drop all others."
        )
    with_rows = [block for block in blocks if block["labels"]["texts"]]
    classes, codes = codes_of_labels([LabelsOfBlock(**block["labels"]) for block in with_rows])
    fault = next((block["fault"] for block in blocks if block["fault"]), "")
    columns, label = with_rows[0]["columns"], with_rows[0]["labels"]["column"]
    return RowsRead(list(names), columns, label, classes, codes, **totals, first_fault=fault)


def _hashes(compared: pl.Series) -> pl.DataFrame:
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
        Of all blocks, as `_hashes` returns them.
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
        Of all blocks, as `_hashes` returns them.
    low, high : int
        Of the first hash, both included.

    Returns
    -------
    polars.DataFrame of shape (n_repeated, 1)
        `row`: number of the block, then position in it.
    """
    in_range = pl.col("h0").is_between(pl.lit(low, pl.UInt64), pl.lit(high, pl.UInt64))
    numbered = [
        pl.scan_parquet(run).with_columns(pl.col("row") + pl.lit(i << _BLOCK_BITS, pl.UInt64))
        for i, run in enumerate(runs)
    ]
    scanned = pl.concat(numbered).filter(in_range)
    hashes = scanned.collect(engine="streaming").sort("row")
    is_first = hashes.select(pl.struct("h0", "h1").is_first_distinct()).to_series()
    return hashes.filter(~is_first).select("row").sort("row")


class KeptRows:
    """The rows of blocks that are trained on.

    Parameters
    ----------
    folder : WorkFolder
    blocks : sequence of str
        Their names, in order.
    dropped : sequence of pathlib.Path
        Files of the duplicates to drop.

    Attributes
    ----------
    code_of : dict of str to int
        Class of each label as it is in the files; set it before `codes` is called.
    """

    def __init__(
        self, folder: WorkFolder, blocks: Sequence[str], dropped: Sequence[Path] = ()
    ) -> None:
        self._stage, self._blocks, self._dropped = folder.stage("rows"), blocks, list(dropped)
        self.code_of: dict[str, int] = {}

    def n_dropped(self) -> int:
        """Return the number of duplicates."""
        return sum(pl.scan_parquet(one).select(pl.len()).collect().item() for one in self._dropped)

    def labels(self) -> list[str]:
        """Return the different labels of all blocks, as they are in the files.

        Returns
        -------
        list of str
        """
        found = self._stage.read_json("labels")
        if found is None:
            numbers = range(len(self._blocks))
            names = [self._frame(number, ["label"])["label"].unique() for number in numbers]
            found = pl.concat(names).unique().sort().to_list()
            self._stage.write_json("labels", found)
        return found

    def texts(self, number: int) -> pl.Series:
        """Return the texts of a block, polars.Series of str of shape (n_rows,).

        Parameters
        ----------
        number : int

        Returns
        -------
        polars.Series of str
        """
        return self._frame(number, ["text"])["text"]

    def codes(self, number: int) -> np.ndarray:
        """Return the classes of the rows of a block, ndarray of uint16 of shape (n_rows,).

        Parameters
        ----------
        number : int

        Returns
        -------
        ndarray of uint16
        """
        labels = self._frame(number, ["label"])["label"]
        return labels.replace_strict(self.code_of, return_dtype=pl.UInt16).to_numpy()

    def _frame(self, number: int, columns: list[str]) -> pl.DataFrame:
        """Return the texts or the labels of a block.

        Parameters
        ----------
        number : int
        columns : list of str

        Returns
        -------
        polars.DataFrame of shape (n_rows, n_columns)
        """
        frame = pl.read_parquet(self._stage.file(self._blocks[number], "parquet"), columns=columns)
        if not self._dropped:
            return frame
        first = number << _BLOCK_BITS
        in_block = pl.col("row").is_between(first, first + len(frame))
        dropped = pl.concat([pl.scan_parquet(one).filter(in_block) for one in self._dropped])
        kept = np.ones(len(frame), dtype=bool)
        kept[dropped.collect()["row"].to_numpy() - np.uint64(first)] = False
        return frame.filter(pl.Series(kept))


def classes_of_kept(found: RowsRead, labels: Sequence[str]) -> tuple[np.ndarray, dict[str, int]]:
    """Return the classes that kept rows have, and the position of each label among them.

    Parameters
    ----------
    found : RowsRead
    labels : sequence of str
        Of the kept rows, as they are in the files.

    Returns
    -------
    classes : ndarray of shape (n_classes,)
    codes : dict of str to int

    Raises
    ------
    ValueError
        If there is a single class.

    Warns
    -----
    UserWarning
        If samplers dropped all rows of a class.
    """
    kept, codes = np.unique([found.codes[label] for label in labels], return_inverse=True)
    lost = np.delete(found.classes, kept).tolist()
    if lost:
        warnings.warn(
            f"the samplers dropped all rows of the classes {lost}, which are never predicted.",
            stacklevel=5,
        )
    classes, _ = encode_labels(found.classes[kept])
    return classes, dict(zip(labels, codes.tolist()))
