"""Load labelled rows from files: the CSV of AG News, or columns by name."""

import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
from sklearn.utils import Bunch

from agnews_sk.datasets._bunch import as_returned, check_choice, make_bunch
from agnews_sk.datasets._files import READERS, check_format
from agnews_sk.datasets._labels import (
    OFFICIAL_NAMES,
    as_labels,
    meaning_of_labels,
    names_of_classes,
    without_label_faults,
)
from agnews_sk.datasets._table import Table, read_table

_SUBSETS = ("train", "test")


def load_agnews(
    path: str | os.PathLike,
    *,
    subset: str = "train",
    on_bad_rows: str = "error",
    return_X_y: bool = False,
) -> Any:
    r"""Load labelled rows, any number of them, from a file or a folder.

    Parameters
    ----------
    path : str or path-like
        A file, of which all rows are read: `.csv`, `.parquet`, `.jsonl` or `.ndjson`. Or a folder
        with files named after the subset, such as `train.csv` or `train-00000-of-00001.parquet`.
    subset : {"train", "test", "all"}, default="train"
        Which files of a folder to read; "all" reads those that exist, train before test. Ignored
        for a single file.
    on_bad_rows : {"error", "skip"}, default="error"
        Whether a broken row (wrong number of fields, no label, undecodable bytes, open quote)
        raises an error, or is skipped and counted in one warning.
    return_X_y : bool, default=False
        Return `(data, target)` instead of the Bunch.

    Returns
    -------
    Bunch
        data : DataFrame of shape (n_samples, n_columns)
            Columns `title` and `description`, or those of them that the file has, or `text`.
        target : ndarray of shape (n_samples,)
            Labels: the class names of AG News, otherwise the labels as in the file.
        target_names : list
            The classes: those of AG News in the order of their numbers, others sorted.
        DESCR : str
            Which files were read.

    Raises
    ------
    FileNotFoundError
        If there is no such file, or the folder has none for the subset.
    ValueError
        If a row is broken, with its file and line; if no row is left; if the columns of labels and
        texts are not found; if the labels are not classes, but decimals or a different number for
        each row; if labels are of two kinds, such as 1 and "1" in JSON, or one has two spellings.

    Warns
    -----
    UserWarning
        If broken rows were skipped.

    Notes
    -----
    A CSV without a header holds class, title and description, or class and text, and its classes
    are integers. Quotes are doubled within quotes, a backslash is text, blank lines are
    skipped.

    Otherwise columns are found by name, in any case and order, and others are ignored. The class is
    `class`, `class index`, `label`, `target` or `category`. The texts are `title` (or `headline`)
    and `description`; `text` (or `content`) is the description in a file with titles, and the only
    text in one without. A null, or an empty field of a CSV with a header, is a missing value. In a
    CSV without a header an empty field is the empty string.

    Labels stay as they are: integers (also written as 1.0), booleans, else texts. Only the
    files of AG News get its class names: they have three quoted columns and no header, or the
    header `Class Index,Title,Description`, and the classes 1, 2, 3 and 4, all of them and no other.
    All files of a folder are considered together, and the labels of a CSV take the kind of the
    other files. Labels of a Parquet file of the Hugging Face Hub get the class names in its
    metadata.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from agnews_sk.datasets import load_agnews
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "news.csv")
    ...     _ = path.write_text("text,label\nOil rises,business\nCup final,sports\n")
    ...     bunch = load_agnews(path)
    >>> bunch.data["text"].to_list(), bunch.target.tolist()
    (['Oil rises', 'Cup final'], ['business', 'sports'])
    """
    check_choice(subset, (*_SUBSETS, "all"), name="subset")
    check_choice(on_bad_rows, ("error", "skip"), name="on_bad_rows")
    parts = _SUBSETS if subset == "all" else (subset,)
    (bunch,) = load_parts(Path(path).expanduser(), [parts], on_bad_rows=on_bad_rows)
    return as_returned(bunch, return_X_y)


def load_parts(
    path: Path, wanted: Sequence[Sequence[str]], *, on_bad_rows: str = "error"
) -> list[Bunch]:
    """Read a file or parts of a folder, each file once, with the same meaning of labels in all.

    Parameters
    ----------
    path : pathlib.Path
    wanted : sequence of sequence of {"train", "test"}
        The parts of each Bunch; ignored for a single file.
    on_bad_rows : {"error", "skip"}

    Returns
    -------
    list of Bunch
    """
    files = _files(path, wanted)
    tables = {
        part: [without_label_faults(read_table(file)) for file in found]
        for part, found in files.items()
    }
    meaning = meaning_of_labels([table for found in tables.values() for table in found])
    bunches = []
    for parts in wanted:
        of_parts = [table for part in parts for table in tables.get(part, [])]
        bunches.append(_make_bunch(of_parts, meaning, on_bad_rows))
    return bunches


def read_agnews(paths: Sequence[Path]) -> Bunch:
    """Read files that are known to be those of AG News.

    Parameters
    ----------
    paths : sequence of pathlib.Path

    Returns
    -------
    Bunch
    """
    return _make_bunch([read_table(path) for path in paths], OFFICIAL_NAMES, "error")


def _make_bunch(tables: Sequence[Table], meaning: dict[str, Any], on_bad_rows: str) -> Bunch:
    """Concatenate tables, whose labels have been checked, to a Bunch."""
    _report_faults(tables, on_bad_rows)
    paths = ", ".join(str(table.path) for table in tables)
    rows = pl.concat([table.rows for table in tables], how="diagonal")
    if rows.is_empty():
        raise ValueError(f"No rows in {paths}.")
    return make_bunch(
        rows.drop("class"),
        as_labels(rows["class"], meaning),
        f"Labelled rows read from {paths}",
        target_names=names_of_classes(meaning),
    )


def _files(path: Path, wanted: Sequence[Sequence[str]]) -> dict[str, list[Path]]:
    """Return the files of each part, also of parts that are not wanted: all decide on labels."""
    if path.is_file():
        check_format(path)
        return {parts[0]: [path] for parts in wanted}
    if not path.is_dir():
        raise FileNotFoundError(f"path must be a file or a folder, but there is no {path}.")
    files = {part: _files_of_part(path, part) for part in _SUBSETS}
    for parts in wanted:
        if not any(files[part] for part in parts):
            subset = parts[0] if len(parts) == 1 else "all"
            raise FileNotFoundError(
                f"The folder {path} has no file for subset={subset!r}, such as {parts[0]}.csv; "
                "to read a file of another name, pass its path."
            )
    return files


def _files_of_part(folder: Path, part: str) -> list[Path]:
    """Return the files of a part in order, of the first format that the folder has."""
    for suffix in READERS:
        files = [*folder.glob(f"{part}{suffix}"), *sorted(folder.glob(f"{part}-*{suffix}"))]
        if files:
            return files
    return []


def _report_faults(tables: Sequence[Table], on_bad_rows: str) -> None:
    """Raise the first fault as an error, or warn of all."""
    faults = [(table.path, line, why) for table in tables for line, why in table.faults]
    if not faults:
        return
    path, line, why = faults[0]
    if on_bad_rows == "error":
        raise ValueError(f'{path}, line {line}: {why}. Pass on_bad_rows="skip" to skip such rows.')
    warnings.warn(
        f"Skipped {len(faults)} broken rows; the first is {path}, line {line}: {why}.",
        UserWarning,
        stacklevel=5,
    )
