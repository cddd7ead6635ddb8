"""Score a file in parts that outlive the process."""

import json
import uuid
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from agnews_sk._core.stories import fitted_columns, story_joiner
from agnews_sk.bulk._rows import Batch, Cells, Fault, plain, read_batches
from agnews_sk.onnx import load_model, model_sha256

SCORED, REJECTED = "scored", "rejected"
RESERVED = frozenset({"file", "line", "predicted"})
_FIELDS = ("title", "description")
_ALONE = ("text", "content")


class Scorer:
    """Predict the rows of files with a fitted model.

    Parameters
    ----------
    model : fitted classifier of texts
    columns : sequence of str
        Columns of a text, joined as the model joins them.
    keep : sequence of str, optional
        Columns that are copied to the output, such as an id.
    """

    def __init__(self, model: Any, *, columns: Sequence[str], keep: Sequence[str] = ()) -> None:
        self._model = model
        self._columns = list(columns)
        self._keep = list(keep)
        self._labels = np.asarray(model.classes_)
        self._join = story_joiner(model, self._columns)
        self.names = {*self._columns, *self._keep}
        self._targets: dict[str, list[str]] = {}
        for name in sorted(self.names):
            self._targets.setdefault(plain(name), []).append(name)
        check_keep(model, self._keep)

    def score(self, batch: Batch, file: str) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return the scored rows of a batch and the rejected ones.

        Parameters
        ----------
        batch : Batch
        file : str
            What the output calls the file.

        Returns
        -------
        scored : polars.DataFrame
            `file`, `line`, the kept columns, `predicted`, and `p_` and the name of each class.
        rejected : polars.DataFrame
            `file`, `line`, `reason`, `row`.
        """
        faults: list[tuple[Fault, Cells | None]] = [(fault, None) for fault in batch.faults]
        lines, texts, rows = [], [], []
        for line, cells in zip(batch.lines, batch.rows):
            row = self._named(cells)
            text, reason = self._text_of(row)
            if text is None:
                faults.append((Fault(line, reason), cells))
            else:
                lines.append(line)
                texts.append(text)
                rows.append(row)
        return self._scored(file, lines, texts, rows), _rejected(file, faults)

    def _named(self, cells: Cells) -> Cells:
        """Return cells by the names that are looked for, in any case, but for those of others."""
        row = dict(cells)
        for name, cell in cells.items():
            for target in self._targets.get(plain(name), []):
                row.setdefault(target, cell)
        return row

    def _text_of(self, row: Cells) -> tuple[str | None, str]:
        """Return the text of a row, or None and the reason."""
        lacking = [name for name in self._keep if name not in row]
        if lacking:
            return None, f"no column {', '.join(lacking)}; there are {list(row)!r:.100}"
        if not any(name in row for name in self._columns):
            return None, f"no column {', '.join(self._columns)}; there are {list(row)!r:.100}"
        cells = {name: row.get(name) for name in self._columns}
        for name, cell in cells.items():
            if not isinstance(cell, str | None):
                return None, f"{name} must be a text, got {cell!r:.60}"
        if not any(cells.values()):
            return None, f"no text in {', '.join(cells)}"
        return self._join(cells), ""

    def _scored(
        self, file: str, lines: list[int], texts: list[str], rows: list[Cells]
    ) -> pl.DataFrame:
        found = np.empty((0, len(self._labels)))
        if texts:
            found = np.asarray(self._model.predict_proba(texts), dtype=np.float64)
        kept = {name: [as_text(row.get(name)) for row in rows] for name in self._keep}
        labels = self._labels[found.argmax(axis=1)]
        return pl.DataFrame(
            {
                "file": pl.Series([file] * len(lines), dtype=pl.String),
                "line": pl.Series(lines, dtype=pl.Int64),
                **{name: pl.Series(cells, dtype=pl.String) for name, cells in kept.items()},
                "predicted": pl.Series(labels.tolist(), dtype=_polars_type(self._labels)),
                **{_column_of(label): found[:, i] for i, label in enumerate(self._labels.tolist())},
            }
        )


class Task(NamedTuple):
    """One file to score, in this process or another.

    Attributes
    ----------
    key : str
        Of the job; parts carry it in their name.
    model : str
        Path of the saved model.
    sha256 : str
        What the model must be.
    columns, keep : tuple of str
    header : bool or None
    rows_per_part : int
    path : str
        The file.
    folder : str
        Where its parts go.
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

    def parts(self, kind: str) -> Iterator[pl.DataFrame]:
        """Read the parts of this task in order, one at a time."""
        for part in sorted(Path(self.folder).glob(f"*.{self.key}.{kind}.parquet")):
            yield pl.read_parquet(part)


def score_file(task: Task, progress: Callable[[int], None] | None = None) -> None:
    """Write the scored rows of a file as parts; parts that are there are not made again.

    Parameters
    ----------
    task : Task
        A part has its name only when it is whole, so that a process may be killed at any time, and
        in it the key of the job, so that one that outlives its run disturbs no other.
    progress : callable, optional
        Called with the number of rows of each part.
    """
    scorer = Scorer(model_of(task.model, task.sha256), columns=task.columns, keep=task.keep)
    path, folder = Path(task.path), Path(task.folder)
    folder.mkdir(parents=True, exist_ok=True)
    batches = read_batches(path, task.rows_per_part, scorer.names, header=task.header)
    for number, batch in enumerate(batches):
        part = folder / f"{number:08}.{task.key}.{SCORED}.parquet"
        if not part.exists():
            scored, rejected = scorer.score(batch, task.path)
            # The rejected first: whoever sees the scored ones sees both.
            _write_whole(rejected, folder / f"{number:08}.{task.key}.{REJECTED}.parquet")
            _write_whole(scored, part)
        if progress is not None:
            progress(len(batch))


@lru_cache(maxsize=2)
def model_of(path: str, sha256: str) -> Any:
    """Return a saved model of this content, loaded once a process.

    Raises
    ------
    ValueError
        If another model has taken its place.
    """
    model = load_model(path)
    if model_sha256(path) != sha256:
        raise ValueError(f"{path} was replaced by another model meanwhile; start again.")
    return model


def text_columns(model: Any) -> list[list[str]]:
    """Return which columns may hold the text that a model wants, the best first."""
    known = [fitted_columns(model), list(_FIELDS), *([name] for name in _ALONE)]
    return [fields for fields in known if fields]


def check_keep(model: Any, keep: Sequence[str]) -> None:
    """Refuse to keep columns under names that the output uses itself."""
    labels = np.asarray(model.classes_).tolist()
    clash = {*RESERVED, *map(_column_of, labels)}.intersection(keep)
    if clash:
        raise ValueError(f"keep has {sorted(clash)}, which the output uses itself.")


def _rejected(file: str, faults: Sequence[tuple[Fault, Cells | None]]) -> pl.DataFrame:
    rows = [
        (file, fault.line, fault.reason, None if row is None else json.dumps(row, default=str))
        for fault, row in sorted(faults, key=lambda one: one[0].line)
    ]
    schema = {"file": pl.String, "line": pl.Int64, "reason": pl.String, "row": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _write_whole(frame: pl.DataFrame, path: Path) -> None:
    unfinished = path.with_name(f"{path.name}.{uuid.uuid4().hex}.tmp")
    frame.write_parquet(unfinished)
    unfinished.replace(path)


def _column_of(label: Any) -> str:
    return f"p_{label}"


def as_text(cell: Any) -> str | None:
    """Return a kept cell as text: JSON for what has that form, dates and decimals as Python does.

    Parameters
    ----------
    cell : object

    Returns
    -------
    str or None
        None where the cell is missing.
    """
    if cell is None or isinstance(cell, str):
        return cell
    if isinstance(cell, bytes):
        return cell.decode("utf-8", "replace")
    is_json = isinstance(cell, (dict, list, bool, int, float))
    return json.dumps(cell, default=str) if is_json else str(cell)


def _polars_type(labels: np.ndarray) -> Any:
    return pl.Series(labels.tolist()).dtype
