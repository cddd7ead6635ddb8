"""Predict a file in parts that outlive the process."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from agnews_sk._core.column_kinds import cast_cells
from agnews_sk._core.job_folder import renamed_when_complete
from agnews_sk._core.joining import (
    column_joiner,
    column_kinds,
    fitted_columns,
    row_joiner,
    texts_as_rows,
)
from agnews_sk._core.label_sets import as_lists, thresholds_of
from agnews_sk.bulk._cells import as_strings, as_text, as_texts
from agnews_sk.files import (
    TEXT_CHOICES,
    Batch,
    Cells,
    Fault,
    NamedColumns,
    open_rows,
    plain_name,
)
from agnews_sk.onnx import load_model, model_sha256

# What a part holds: the rows with a prediction, or those without.
PREDICTED, SKIPPED = "predicted", "skipped"
_RESERVED = frozenset({"file", "line", "predicted"})
_SKIPPED_SCHEMA = {"file": pl.String, "line": pl.Int64, "reason": pl.String, "row": pl.String}


class _Columns(NamedTuple):
    """The cells of a batch whose columns hold texts and nothing else.

    Attributes
    ----------
    lines : ndarray of int of shape (n_rows,)
    texts, kept : dict of str to polars.Series of str of shape (n_rows,)
    has_text : ndarray of bool of shape (n_rows,)
    skipped : list of (Fault, dict or None)
        Rows without a prediction, with their cells if they could be read.
    """

    lines: np.ndarray
    texts: dict[str, pl.Series]
    kept: dict[str, pl.Series]
    has_text: np.ndarray
    skipped: list[tuple[Fault, Cells | None]]


class RowPredictor:
    """Predict the rows of files with a fitted model.

    Parameters
    ----------
    model : fitted classifier of texts
    columns : sequence of str
        Columns of the text, joined as the model joins them.
    keep : sequence of str, optional
        Columns that are copied to the output, such as an id.
    """

    def __init__(self, model: Any, *, columns: Sequence[str], keep: Sequence[str] = ()) -> None:
        self._model = model
        self._columns = list(columns)
        self._keep = list(keep)
        self._labels = np.asarray(model.classes_)
        self._thresholds = thresholds_of(model)
        self._join = row_joiner(model, self._columns)
        self._join_columns = column_joiner(model, self._columns)
        self._kinds = column_kinds(model)
        self.names = {*self._columns, *self._keep, *self._kinds}
        self._names_by_plain: dict[str, list[str]] = {}
        for name in sorted(self.names):
            self._names_by_plain.setdefault(plain_name(name), []).append(name)
        check_keep(model, self._keep)

    def predict(self, batch: Batch, file: str) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return the rows of a batch with predictions, and the rows that were skipped.

        Parameters
        ----------
        batch : Batch
        file : str
            Name of the file in the output.

        Returns
        -------
        predicted : polars.DataFrame of shape (n_predicted, 3 + n_kept + n_classes)
            `file`, `line`, the kept columns, `predicted`, and `p_` and the name of each class.
            Several labels are a JSON list, such as '["oil", "war"]'.
        skipped : polars.DataFrame of shape (n_skipped, 4)
            `file`, `line`, `reason`, and `row`: the cells as JSON, null if they cannot be read.
        """
        columns = self._columns_of(batch)
        if columns is not None:
            return self._predict_columns(columns, file)
        return self._predict_rows(batch, file)

    def _columns_of(self, batch: Batch) -> _Columns | None:
        """Return the cells of a batch by column, None if they have to be checked row by row."""
        found = batch.by_column(lambda name: plain_name(name) in self._names_by_plain)
        if found is None or self._kinds:
            return None
        columns = self._as_texts(found.cells)
        if columns is None:
            return None
        texts, kept = columns
        has_text = np.any([(one.fill_null("") != "").to_numpy() for one in texts.values()], axis=0)
        try:
            cells = found.rows_at(np.flatnonzero(~has_text).tolist())
        except (ValueError, OverflowError):  # a date that Python cannot represent
            return None
        reason = f"no text in {', '.join(self._columns)}"
        empty = [Fault(line, reason) for line in found.lines[~has_text].tolist()]
        skipped = [*((fault, None) for fault in found.faults), *zip(empty, cells)]
        return _Columns(found.lines, texts, kept, has_text, skipped)

    def _as_texts(
        self, cells: Mapping[str, Any]
    ) -> tuple[dict[str, pl.Series], dict[str, pl.Series]] | None:
        """Return the columns of the text and those to keep, None if one lacks or holds no texts."""
        named = self._by_wanted_name(dict(cells))
        read = [name for name in self._columns if name in named]
        if not read or not named.keys() >= set(self._keep):
            return None
        texts = _all_known({name: as_strings(named[name]) for name in read})
        kept = _all_known({name: as_texts(named[name]) for name in self._keep})
        return None if texts is None or kept is None else (texts, kept)

    def _predict_columns(self, columns: _Columns, file: str) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return the rows with predictions, and the rows that were skipped."""
        has_text = pl.Series(columns.has_text)
        texts = self._join_columns(columns.texts).filter(has_text).to_list()
        kept = {name: cells.filter(has_text) for name, cells in columns.kept.items()}
        lines = columns.lines[columns.has_text]
        predicted = self._with_predictions(file, lines, texts, {}, kept)
        return predicted, _skipped_frame(file, columns.skipped)

    def _predict_rows(self, batch: Batch, file: str) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return the rows with predictions, and the rows that were skipped, read one by one."""
        skipped: list[tuple[Fault, Cells | None]] = [(fault, None) for fault in batch.faults]
        lines, texts, rows = [], [], []
        for line, cells in zip(batch.lines, batch.rows, strict=True):
            row = self._by_wanted_name(cells)
            reason = self._fault_of(row)
            if reason is not None:
                skipped.append((Fault(line, reason), cells))
            else:
                lines.append(line)
                texts.append(self._join(row))
                rows.append(row)
        _, faults = cast_cells(rows, self._kinds)
        for i in sorted(faults, reverse=True):
            skipped.append((Fault(lines.pop(i), faults[i]), rows.pop(i)))
            del texts[i]
        columns = cast_cells(rows, self._kinds)[0]
        kept = {
            name: pl.Series([as_text(row.get(name)) for row in rows], dtype=pl.String)
            for name in self._keep
        }
        predicted = self._with_predictions(file, lines, texts, columns, kept)
        return predicted, _skipped_frame(file, skipped)

    def _by_wanted_name(self, cells: Cells) -> Cells:
        """Return cells under the names that are looked for, which may differ in case.

        A column spelled as it is looked for comes before one that differs in case.
        """
        row = dict(cells)
        for name, cell in cells.items():
            for wanted in self._names_by_plain.get(plain_name(name), []):
                row.setdefault(wanted, cell)
        return row

    def _fault_of(self, row: Cells) -> str | None:
        """Return why a row has no text to predict, or lacks a column to keep; None if neither."""
        lacking = [name for name in self._keep if name not in row]
        if not lacking and not any(name in row for name in self._columns):
            lacking = self._columns
        if lacking:
            return f"no column {', '.join(lacking)}; the columns are {list(row)!r:.100}"
        cells = {name: row.get(name) for name in self._columns}
        for name, cell in cells.items():
            if not isinstance(cell, str | None):
                return f"{name} must be a string, got {cell!r:.60}"
        return None if any(cells.values()) else f"no text in {', '.join(cells)}"

    def _with_predictions(
        self,
        file: str,
        lines: Sequence[int] | np.ndarray,
        texts: Sequence[str],
        columns: Mapping[str, pl.Series],
        kept: Mapping[str, pl.Series],
    ) -> pl.DataFrame:
        """Return the output of some rows, which has all its columns if there are none."""
        probabilities = np.empty((0, len(self._labels)))  # (n_rows, n_classes)
        if len(texts):
            X = texts_as_rows(self._model, texts, columns)
            probabilities = np.asarray(self._model.predict_proba(X), dtype=np.float64)
        labels = self._labels.tolist()
        if self._thresholds is None:
            predicted = self._labels[probabilities.argmax(axis=1)].tolist()
            kind = pl.Series(labels).dtype
        else:
            sets = as_lists(probabilities >= self._thresholds, self._labels)
            predicted = [json.dumps(row, ensure_ascii=False) for row in sets]
            kind = pl.String()
        return pl.DataFrame(
            {
                "file": pl.Series([file] * len(lines), dtype=pl.String),
                "line": pl.Series(lines, dtype=pl.Int64),
                **kept,
                "predicted": pl.Series(predicted, dtype=kind),
                **{_probability_column(name): probabilities[:, i] for i, name in enumerate(labels)},
            }
        )


def _all_known(columns: Mapping[str, pl.Series | None]) -> dict[str, pl.Series] | None:
    """Return columns, or None if one of them is None."""
    known = {name: column for name, column in columns.items() if column is not None}
    return known if len(known) == len(columns) else None


class Task(NamedTuple):
    """One file to predict, in this process or another.

    Attributes
    ----------
    key : str
        Of the job; parts carry it in their name.
    model : str
        Path of the saved model.
    sha256 : str
        SHA-256 that the model must have.
    columns, keep : tuple of str
    header : bool or None
    rows_per_part : int
    path : str
        The file.
    folder : str
        Folder of its parts.
    sep, encoding : str or None
        Separator and encoding of a text file, None to detect them.
    sheet : str or None
        Of a workbook.
    """

    key: str
    model: str
    sha256: str
    columns: tuple[str, ...]
    keep: tuple[str, ...]
    header: bool | None
    rows_per_part: int
    path: str
    folder: str
    sep: str | None = None
    encoding: str | None = None
    sheet: str | None = None

    def parts(self, kind: str) -> Iterator[pl.DataFrame]:
        """Read the parts of this task in order, one at a time.

        Parameters
        ----------
        kind : {"predicted", "skipped"}

        Yields
        ------
        polars.DataFrame
        """
        for part in sorted(Path(self.folder).glob(f"*.{self.key}.{kind}.parquet")):
            yield pl.read_parquet(part)


def predict_file(task: Task, progress: Callable[[int], None] | None = None) -> None:
    """Write the predictions for a file in parts, except the parts that exist already.

    A part gets its name only when it is complete, so that the process may be killed at any time.
    The name contains the key of the job, so that a worker that outlives its run disturbs no other.

    Parameters
    ----------
    task : Task
    progress : callable, optional
        Called with the number of rows of each part.
    """
    model = checked_model(task.model, task.sha256)
    predictor = RowPredictor(model, columns=task.columns, keep=task.keep)
    folder = Path(task.folder)
    folder.mkdir(parents=True, exist_ok=True)
    rules = NamedColumns(predictor.names, header=task.header)
    reading = {"sep": task.sep, "encoding": task.encoding, "sheet": task.sheet}
    reader = open_rows(Path(task.path), rules, **reading)
    for number, batch in enumerate(reader.batches(task.rows_per_part)):
        part = folder / f"{number:08}.{task.key}.{PREDICTED}.parquet"
        if not part.exists():
            predicted, skipped = predictor.predict(batch, task.path)
            # The skipped rows first: where the predicted ones exist, both do.
            _write(skipped, folder / f"{number:08}.{task.key}.{SKIPPED}.parquet")
            _write(predicted, part)
        if progress is not None:
            progress(len(batch))


@lru_cache(maxsize=2)
def checked_model(path: str, sha256: str) -> Any:
    """Return the saved model with this SHA-256, loaded once per process.

    Raises
    ------
    ValueError
        If another model has replaced it.
    """
    model = load_model(path)
    if model_sha256(path) != sha256:
        raise ValueError(f"{path} was replaced by another model during the run; start again.")
    return model


def text_choices(model: Any) -> list[list[str]]:
    """Return the columns that may hold the text for a model, the first choice first."""
    choices = [fitted_columns(model), *map(list, TEXT_CHOICES)]
    return [columns for columns in choices if columns]


def check_keep(model: Any, keep: Sequence[str]) -> None:
    """Raise a ValueError for columns to keep that have the names of the output's own columns."""
    labels = np.asarray(model.classes_).tolist()
    clash = {*_RESERVED, *map(_probability_column, labels)}.intersection(keep)
    if clash:
        raise ValueError(f"keep has {sorted(clash)}, which are names of the output's own columns.")


def _skipped_frame(file: str, skipped: Sequence[tuple[Fault, Cells | None]]) -> pl.DataFrame:
    """Return the skipped rows in the order of their lines."""
    rows = [
        (file, fault.line, fault.reason, None if cells is None else json.dumps(cells, default=str))
        for fault, cells in sorted(skipped, key=lambda one: one[0].line)
    ]
    return pl.DataFrame(rows, schema=_SKIPPED_SCHEMA, orient="row")


def _write(frame: pl.DataFrame, path: Path) -> None:
    """Write a Parquet file that gets its name only when it is complete."""
    with renamed_when_complete(path) as unfinished:
        frame.write_parquet(unfinished)


def _probability_column(label: Any) -> str:
    """Return the name of the column of a class's probabilities."""
    return f"p_{label}"
