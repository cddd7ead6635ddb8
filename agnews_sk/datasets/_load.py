"""Labelled news rows from files: the official CSV, or columns by name."""

import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from sklearn.utils import Bunch

from agnews_sk.datasets._bunch import TARGET_NAMES, as_returned, check_choice, make_bunch
from agnews_sk.datasets._read import READERS, Table

_SUBSETS = ("train", "test")
_CLASS_OF_NAME = {name.lower(): name for name in TARGET_NAMES}
_CLASS_FROM_ONE = {str(i): name for i, name in enumerate(TARGET_NAMES, start=1)}
_CLASS_FROM_ZERO = {str(i): name for i, name in enumerate(TARGET_NAMES)}


def load_agnews(
    path: str | os.PathLike,
    *,
    subset: str = "train",
    on_bad_rows: str = "error",
    return_X_y: bool = False,
) -> Any:
    r"""Load labelled news rows, any number of them, from a file or a folder.

    Parameters
    ----------
    path : str or path-like
        A file, of which all rows are read: `.csv`, `.parquet`, `.jsonl` or `.ndjson`. Or a folder
        with files named for the subset, such as `train.csv`, or `train-00000-of-00001.parquet`.
    subset : {"train", "test", "all"}, default="train"
        Which files of a folder to read; "all" reads what there is, train before test. A single
        file is read whole whatever this says.
    on_bad_rows : {"error", "skip"}, default="error"
        Whether a broken row (wrong number of fields, unknown class, undecodable bytes, open
        quote) is an error or is left out and counted in one warning.
    return_X_y : bool, default=False
        Return `(data, target)` instead of the Bunch.

    Returns
    -------
    Bunch
        data : DataFrame of shape (n_samples, n_columns)
            Columns `title` and `description`, or those of them that the file has, or `text`.
        target : ndarray of object of shape (n_samples,)
            Class names.
        target_names : list of str
            The four classes in the order of their numbers.
        DESCR : str
            Which files were read.

    Raises
    ------
    FileNotFoundError
        If there is no such file, or the folder has none for the subset.
    ValueError
        If a row is broken, with its file and line; if no row is left; if the columns cannot be
        told.

    Warns
    -----
    UserWarning
        If broken rows were left out.

    Notes
    -----
    A CSV without a header holds class, title and description, or class and text. Quotes are
    doubled inside quotes, a backslash is text, blank lines are passed over.

    Otherwise columns go by name, in any case and order, and others are ignored. The class is
    `class`, `class index`, `label`, `target` or `category`. The texts are `title` (or `headline`)
    and `description`; `text` (or `content`) is the description of a file that has titles, and
    stands alone in one that has none. A null, or an empty field of a CSV with a header, is a
    missing value. In a CSV without a header it is the empty string.

    A class is one of the four names, in any case, or a number. Numbers count from 1, as in the
    official files; only in a column called `label` do they count from 0, as in the copy on the
    Hugging Face hub.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from agnews_sk.datasets import load_agnews
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "news.csv")
    ...     _ = path.write_text('"3","Oil rises","Crude is up."\n"2","Cup final","They won."\n')
    ...     bunch = load_agnews(path)
    >>> bunch.data["title"].to_list(), bunch.target.tolist()
    (['Oil rises', 'Cup final'], ['Business', 'Sports'])
    """
    check_choice(subset, (*_SUBSETS, "all"), name="subset")
    check_choice(on_bad_rows, ("error", "skip"), name="on_bad_rows")
    paths = _files(Path(path).expanduser(), subset)
    description = "Labelled news rows read from " + ", ".join(map(str, paths))
    bunch = read_bunch(paths, on_bad_rows=on_bad_rows, description=description)
    return as_returned(bunch, return_X_y)


def read_bunch(paths: Sequence[Path], *, on_bad_rows: str, description: str) -> Bunch:
    """Read the rows of these files, one file after the other.

    Parameters
    ----------
    paths : sequence of pathlib.Path
    on_bad_rows : {"error", "skip"}
    description : str
        Becomes `DESCR`.

    Returns
    -------
    Bunch
    """
    tables = [_classified(READERS[path.suffix.lower()](path)) for path in paths]
    _report_faults(tables, on_bad_rows)
    rows = pl.concat([table.rows for table in tables], how="diagonal")
    if rows.is_empty():
        raise ValueError(f"No rows in {', '.join(map(str, paths))}.")
    target = np.asarray(rows["class"].to_list(), dtype=object)
    return make_bunch(rows.drop("class"), target, description)


def _files(path: Path, subset: str) -> list[Path]:
    if path.is_file():
        if path.suffix.lower() not in READERS:
            raise ValueError(
                f"path must end in one of {', '.join(READERS)}, got {path}; rename the file."
            )
        return [path]
    if not path.is_dir():
        raise FileNotFoundError(f"path must be a file or a folder, but there is no {path}.")
    parts = _SUBSETS if subset == "all" else (subset,)
    files = [file for part in parts for file in _files_of_part(path, part)]
    if not files:
        raise FileNotFoundError(
            f"The folder {path} has no file for subset={subset!r}, such as {parts[0]}.csv; "
            "pass the path of a file to read it whatever its name."
        )
    return files


def _files_of_part(folder: Path, part: str) -> list[Path]:
    for suffix in READERS:
        files = [*folder.glob(f"{part}{suffix}"), *sorted(folder.glob(f"{part}-*{suffix}"))]
        if files:
            return files
    return []


def _classified(table: Table) -> Table:
    """Replace classes by their names, and move rows without one to the faults."""
    by_number = _CLASS_FROM_ZERO if table.class_column == "label" else _CLASS_FROM_ONE
    given = table.rows["class"]
    known = given.str.strip_chars().str.to_lowercase()
    named = known.replace_strict(by_number | _CLASS_OF_NAME, default=None, return_dtype=pl.String)
    unknown = named.is_null()
    faults = [
        (
            line,
            f"{table.class_column} must be a number from {min(by_number)} to {max(by_number)} "
            f"or one of {', '.join(TARGET_NAMES)}, got {value!r}",
        )
        for line, value in zip(
            table.lines[unknown.to_numpy()].tolist(), given.filter(unknown).to_list()
        )
    ]
    return table._replace(
        rows=table.rows.with_columns(named.alias("class")).filter(~unknown),
        lines=table.lines[~unknown.to_numpy()],
        faults=sorted(table.faults + faults),
    )


def _report_faults(tables: Sequence[Table], on_bad_rows: str) -> None:
    faults = [(table.path, line, why) for table in tables for line, why in table.faults]
    if not faults:
        return
    path, line, why = faults[0]
    if on_bad_rows == "error":
        raise ValueError(f'{path}, line {line}: {why}. on_bad_rows="skip" leaves such rows out.')
    warnings.warn(
        f"Left out {len(faults)} broken rows; the first is {path}, line {line}: {why}.",
        UserWarning,
        stacklevel=4,
    )
