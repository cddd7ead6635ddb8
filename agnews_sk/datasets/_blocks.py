"""Read labelled rows of files of any size in blocks, with one meaning of labels for all."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from agnews_sk._core.labels import encode_labels
from agnews_sk.datasets._columns import Chosen
from agnews_sk.datasets._gather import gather_batch
from agnews_sk.datasets._labels import (
    as_labels,
    check_no_ids,
    meaning_of_labels,
    without_label_faults,
)
from agnews_sk.datasets._parts import files_of, find_sources
from agnews_sk.datasets._reading import Reading
from agnews_sk.datasets._table import Table, choose_columns, table_of_cells, table_of_faults
from agnews_sk.files import Batch, RowReader, is_dataset, open_rows

# More different labels are ids or texts, and their number must not fill the memory.
MOST_CLASSES = 65_535


class LabelsOfBlock(NamedTuple):
    """The different labels of a block, and what tells their meaning; plain values, for JSON.

    Attributes
    ----------
    path : str
        Of the file.
    column : str
    kind : str or None
        As `Table.label_kind`.
    has_header, is_official : bool
        As of `Table`.
    texts : list of str
        As they are in the file.
    lines : list of int
        Where each first occurs.
    n_rows : int
        Number of rows with a label.
    """

    path: str
    column: str
    kind: str | None
    has_header: bool
    is_official: bool
    texts: list[str]
    lines: list[int]
    n_rows: int

    def as_table(self) -> Table:
        """Return a table of a row per different label."""
        return Table(
            path=Path(self.path),
            rows=pl.DataFrame(),
            labels=pl.Series("label", self.texts, dtype=pl.String),
            lines=np.array(self.lines, dtype=int),
            faults=[],
            names=[],
            chosen=Chosen(self.column, {}),
            has_header=self.has_header,
            is_official=self.is_official,
            label_kind=self.kind,
        )


class LabelledBlock(NamedTuple):
    """A block of rows of a file, which is converted when it is asked for.

    Attributes
    ----------
    path : pathlib.Path
    n_rows : int
        Rows of the block, faulty ones included.
    load : callable
        Returns the block as a `Table` in which every row has a label.
    """

    path: Path
    n_rows: int
    load: Callable[[], Table]


def find_training_files(given: Any) -> list[Path]:
    """Return the files of training rows, in order.

    Parameters
    ----------
    given : str, path-like or list of them
        A file, a pattern, several of them, or a folder with files named after parts.

    Returns
    -------
    list of pathlib.Path

    Raises
    ------
    TypeError
        If it is a dataset in memory.
    ValueError
        If it is a folder of classes.
    """
    sources = find_sources(given)
    found = [one for part in files_of(sources, "train", given) for one in sources[part]]
    if any(is_dataset(one) for one in found):
        raise TypeError(
            "paths must be files, got a dataset of the Hugging Face library; save it with "
            "to_parquet, and pass that file."
        )
    if not found:
        raise ValueError(f"paths must be a file or several, got {given!r}.")
    folder = next((one for one in found if one.is_dir()), None)
    if folder is not None:
        raise ValueError(
            f"paths must be files of rows, got {folder}, a folder with a folder per class; write "
            "its texts into one file, such as Parquet."
        )
    return found


class FilePart(NamedTuple):
    """Blocks of a file that can be read without those before them, in any process.

    Attributes
    ----------
    reader : RowReader
    chosen : Chosen or None
        Columns; None if the file has faulty rows only.
    label_sep : str or None
    n_rows : int
        Rows of a block.
    rows : range or None
        Those of the part, None for all.
    file : int
        Position of the file.
    """

    reader: RowReader
    chosen: Chosen | None
    label_sep: str | None
    n_rows: int
    rows: range | None
    file: int

    @property
    def first(self) -> int:
        """Position of the first block in its file."""
        return 0 if self.rows is None else self.rows.start // self.n_rows

    def blocks(self) -> Iterator[LabelledBlock]:
        """Yield the blocks, always the same ones for the same file.

        Yields
        ------
        LabelledBlock
        """
        for batch in self.reader.batches(self.n_rows, self.rows):
            if len(batch):
                load = partial(self._table, batch)
                yield LabelledBlock(self.reader.path, len(batch), load)

    def _table(self, batch: Batch) -> Table:
        """Return the rows of a batch."""
        chosen = self.chosen
        if chosen is None:
            return table_of_faults(self.reader, batch.faults)
        columns = [*chosen.label_columns, *chosen.texts.values(), *chosen.others]
        found = gather_batch(self.reader, batch, columns, chosen)
        table = table_of_cells(self.reader, found, chosen, self.label_sep)
        return without_label_faults(table, is_whole=False)


def parts_of_files(paths: Sequence[Path], reading: Reading, n_rows: int) -> Iterator[FilePart]:
    """Yield the parts of files, in order; the columns of the first file are those of all.

    Parameters
    ----------
    paths : sequence of pathlib.Path
    reading : Reading
    n_rows : int
        Rows of a block; the last one of a file may have fewer.

    Yields
    ------
    FilePart
        Always the same ones for the same files. A Parquet file has one per row group or block,
        whichever is larger; any other file is one.
    """
    rules = reading.rules
    for file, path in enumerate(paths):
        reader = open_rows(path, rules, **asdict(reading.options))
        chosen = choose_columns(reader, rules)
        for rows in reader.row_ranges(n_rows):
            yield FilePart(reader, chosen, reading.label_sep, n_rows, rows, file)
        if chosen is not None:
            has_names = reader.has_header or chosen.label != "class"
            rules = reading.rules.for_other_files(chosen, has_names=has_names)


def labels_of_block(table: Table) -> LabelsOfBlock:
    """Return the different labels of a block.

    Parameters
    ----------
    table : Table

    Returns
    -------
    LabelsOfBlock

    Raises
    ------
    ValueError
        If rows have several labels, or more different ones than classes can have.
    """
    if table.label_kind == "list":
        raise ValueError(
            f"{table.path}: {table.label} has several labels per row, and classifiers of several "
            "labels are not trained from files; load the rows with load_texts, and use fit."
        )
    first = pl.DataFrame({"text": table.labels, "line": table.lines}).unique(
        "text", keep="first", maintain_order=True
    )
    check_n_classes(len(first), table.path, table.label)
    return LabelsOfBlock(
        str(table.path),
        table.label,
        table.label_kind,
        table.has_header,
        table.is_official,
        first["text"].to_list(),
        first["line"].to_list(),
        len(table.labels),
    )


def check_n_classes(n_classes: int, path: Any, column: str) -> None:
    """Raise a ValueError for more different labels than classes can have."""
    if n_classes > MOST_CLASSES:
        raise ValueError(
            f"{path}: {column} has more than {MOST_CLASSES:,} different labels, which are no "
            "classes; name the column of the classes with label= (--label)."
        )


def codes_of_labels(blocks: Sequence[LabelsOfBlock]) -> tuple[np.ndarray, dict[str, int]]:
    """Return the classes of all blocks, and the position of each label among them.

    Parameters
    ----------
    blocks : sequence of LabelsOfBlock

    Returns
    -------
    classes : ndarray of shape (n_classes,)
        Sorted, as those of `fit` on the rows that `load_texts` loads.
    codes : dict of str to int
        By the label as it is in the files.

    Raises
    ------
    ValueError
        As `load_texts`, for labels of two kinds or spellings, decimals, and row numbers; or if
        there is a single class.
    """
    numbered = [block for block in blocks if block.as_table().has_numbered_classes]
    for path in dict.fromkeys(block.path for block in numbered):
        of_file = [block for block in numbered if block.path == path]
        different = {text for block in of_file for text in block.texts}
        check_no_ids(path, sum(block.n_rows for block in of_file), len(different))
    meaning = meaning_of_labels([block.as_table() for block in blocks])
    texts = list(meaning)
    classes, codes = encode_labels(as_labels(pl.Series(texts, dtype=pl.String), meaning))
    return classes, dict(zip(texts, codes.tolist()))
