"""Labels of files: as they stand there, and AG News' names for AG News' files alone."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from agnews_sk.datasets._bunch import TARGET_NAMES
from agnews_sk.datasets._read import Table

OFFICIAL_NAMES = {str(i): name for i, name in enumerate(TARGET_NAMES, start=1)}
# What fits into 64 bits; 007 is a code and no number, and pandas writes 1.0 beside missing values.
_INTEGER = re.compile(r"(0|-?[1-9]\d{0,17})(\.0)?")
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_BOOLEANS = {"true": True, "false": False}
# Fewer rows may all differ by chance.
_FEWEST_IDS = 10


def without_label_faults(table: Table) -> Table:
    """Move the rows without a label, or without a number where that is the form, to the faults.

    Parameters
    ----------
    table : Table

    Returns
    -------
    Table
        With the label of every row left in the column `class`.
    """
    given = table.rows["class"]
    blank = given.is_null() | (given.str.strip_chars() == "")
    wrong = blank
    if not table.has_header:
        wrong = blank | ~given.str.strip_chars().str.contains(f"^{_INTEGER.pattern}$")
        wrong = wrong.fill_null(True)
    keep = ~wrong
    faults = [
        (line, _label_fault(table.class_column, value))
        for line, value in zip(
            table.lines[wrong.to_numpy()].tolist(), given.filter(wrong).to_list()
        )
    ]
    kept = table._replace(
        rows=table.rows.filter(keep),
        lines=table.lines[keep.to_numpy()],
        faults=sorted(table.faults + faults),
    )
    _check_no_ids(kept)
    return kept


def _label_fault(column: str, value: str | None) -> str:
    if value is None or not value.strip():
        return f"{column} is missing, got {value!r}"
    return (
        f"{column} must be a whole number in a file without a header, got {value!r:.60}; for "
        "other labels give the file a header such as label,text"
    )


def _check_no_ids(table: Table) -> None:
    labels = table.rows["class"]
    if not table.has_header and _FEWEST_IDS <= len(labels) == labels.n_unique():
        raise ValueError(
            f"{table.path} has no header, so that its first column is the class, but each of its "
            f"{len(labels)} rows has another number there; give it a header such as label,text."
        )


def meaning_of_labels(tables: Sequence[Table]) -> dict[str, Any]:
    """Return the label that each text in the column `class` stands for.

    AG News is told by the form in which it is published and by its classes. Both have to be right
    in all files: one label more, or one less, and the numbers stay as they are.

    Parameters
    ----------
    tables : sequence of Table
        All files of the dataset: a label means the same in each.

    Returns
    -------
    dict of str to str, int or bool

    Raises
    ------
    ValueError
        If the labels are decimal numbers.
    """
    found = {text for table in tables for text in table.rows["class"].unique().to_list()}
    plain = {text: text.strip() for text in found}
    numbers = [_INTEGER.fullmatch(text) for text in plain.values()]
    if any(table.has_text_labels for table in tables):
        return {text: text for text in found}
    is_official = all(table.is_official for table in tables)
    if is_official and set(plain.values()) == OFFICIAL_NAMES.keys():
        return {text: OFFICIAL_NAMES[number] for text, number in plain.items()}
    if all(numbers):
        return {text: int(match[1]) for text, match in zip(plain, numbers) if match}
    if all(text.lower() in _BOOLEANS for text in plain.values()):
        return {text: _BOOLEANS[value.lower()] for text, value in plain.items()}
    if all(_NUMBER.fullmatch(text) for text in plain.values()):
        _check_no_decimals(tables[0], sorted(plain.values()))
    return {text: text for text in found}


def _check_no_decimals(table: Table, numbers: Sequence[str]) -> None:
    decimal = next((text for text in numbers if not float(text).is_integer()), None)
    if decimal is not None:
        raise ValueError(
            f"{table.path}: {table.class_column} must hold classes, got numbers such as "
            f"{decimal}; make classes of them first, such as whole numbers or words."
        )


def as_labels(texts: pl.Series, meaning: dict[str, Any]) -> np.ndarray:
    """Return labels as an array of their kind.

    Parameters
    ----------
    texts : polars.Series of str of shape (n_samples,)
    meaning : dict of str to label
        As `meaning_of_labels` returns it.

    Returns
    -------
    ndarray of int64, bool, or object of str, of shape (n_samples,)
    """
    labels = np.array(list(meaning.values()))
    labels = labels.astype(object) if labels.dtype.kind == "U" else labels
    position = {text: i for i, text in enumerate(meaning)}
    return labels[texts.replace_strict(position, return_dtype=pl.UInt32).to_numpy()]


def names_of_classes(meaning: dict[str, Any]) -> list[Any]:
    """Return the classes: AG News' in the order of their numbers, others sorted.

    Parameters
    ----------
    meaning : dict of str to label
        As `meaning_of_labels` returns it.

    Returns
    -------
    list of str, int or bool
    """
    classes = set(meaning.values())
    return list(TARGET_NAMES) if classes == set(TARGET_NAMES) else sorted(classes)
