"""The stage that reads, filters, joins and cleans rows, and what is kept of them."""

from collections.abc import Callable, Sequence
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from agnews_sk._core.counted import counted
from agnews_sk._core.labels import encode_labels
from agnews_sk._core.user_warnings import warn_user
from agnews_sk.datasets import (
    FilePart,
    LabelsOfBlock,
    codes_of_labels,
    labels_of_block,
    parts_of_files,
    why_fault,
)
from agnews_sk.streaming._cluster import Report, Run
from agnews_sk.streaming._duplicates import BLOCK_BITS, hashes_of
from agnews_sk.streaming._folder import WorkFolder
from agnews_sk.streaming._steps import Steps


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
        stage.write_frame(name, "hashes", hashes_of(block.compared))
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
            f"No rows in {shown} that can be used: of {counted(totals['n_read'], 'row')} "
            f"{totals['n_faulty']:,} are broken, and the samplers drop all others."
        )
    with_rows = [block for block in blocks if block["labels"]["texts"]]
    classes, codes = codes_of_labels([LabelsOfBlock(**block["labels"]) for block in with_rows])
    fault = next((block["fault"] for block in blocks if block["fault"]), "")
    columns, label = with_rows[0]["columns"], with_rows[0]["labels"]["column"]
    return RowsRead(list(names), columns, label, classes, codes, **totals, first_fault=fault)


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
        first = number << BLOCK_BITS
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
        warn_user(
            f"the samplers dropped all rows of the classes {lost}, which are never predicted.",
        )
    classes, _ = encode_labels(found.classes[kept])
    return classes, dict(zip(labels, codes.tolist()))
