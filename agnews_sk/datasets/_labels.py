"""Labels of files: kept as they are, with AG News' names only for AG News' own files."""

import json
import re
import unicodedata
from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl

from agnews_sk._core.validation import check_labels
from agnews_sk.datasets._bunch import TARGET_NAMES
from agnews_sk.datasets._label_cells import as_lists, as_single
from agnews_sk.datasets._table import Table
from agnews_sk.files import Fault

OFFICIAL_NAMES = {str(i): name for i, name in enumerate(TARGET_NAMES, start=1)}
# Without a header and with one.
_OFFICIAL_LABELS = ("class", "Class Index")
# 007 is a code, not a number; pandas writes 1.0 in columns with missing values.
_INTEGER = re.compile(r"(0|-?[1-9]\d{0,19})(\.0)?")
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,3})?")
_BOOLEANS = {"true": True, "false": False}
# The labels of fewer rows may all differ by chance.
_FEWEST_IDS = 10


def without_label_faults(table: Table, *, is_whole: bool = True) -> Table:
    """Move rows without a label to the faults; without a header, also those without a number.

    Parameters
    ----------
    table : Table
    is_whole : bool, default=True
        Whether it has all rows of the file; a part of them may all have different labels.

    Returns
    -------
    Table
        Every row has a label.

    Raises
    ------
    ValueError
        If the file has no header, and its first column is a different number for each row.
    """
    given = table.labels
    blank = given.is_null() | (given.str.strip_chars() == "")
    wrong = blank
    if table.has_numbered_classes:
        wrong = blank | ~given.str.strip_chars().str.contains(f"^{_INTEGER.pattern}$")
        wrong = wrong.fill_null(True)
    keep = ~wrong
    faults = [
        Fault(line, _label_fault(table.label, value))
        for line, value in zip(
            table.lines[wrong.to_numpy()].tolist(), given.filter(wrong).to_list()
        )
    ]
    kept = table._replace(
        rows=table.rows.filter(keep) if table.rows.width else table.rows,
        labels=given.filter(keep),
        lines=table.lines[keep.to_numpy()],
        faults=sorted(table.faults + faults),
    )
    if is_whole and kept.has_numbered_classes:
        check_no_ids(kept.path, len(kept.labels), kept.labels.n_unique())
    return kept


def _label_fault(column: str, value: str | None) -> str:
    """Return why a value is not a label.

    Parameters
    ----------
    column : str
    value : str or None

    Returns
    -------
    str
    """
    if value is None or not value.strip():
        return f"{column} is missing, got {value!r}"
    return (
        f"{column} must be an integer in a file without a header, got {value!r:.60}; for "
        "other labels add a header such as label,text"
    )


def check_no_ids(path: Any, n_rows: int, n_different: int) -> None:
    """Reject a first column of row numbers in a file without a header.

    Parameters
    ----------
    path : object
        File, for the message.
    n_rows, n_different : int
        Number of its rows, and of their different labels.

    Raises
    ------
    ValueError
    """
    if _FEWEST_IDS <= n_rows == n_different:
        raise ValueError(
            f"{path} has no header, so that its first column is the class, but each of its "
            f"{n_rows} rows has a different number there; add a header such as label,text."
        )


def like_first(table: Table, first: Table) -> Table:
    """Return a table with one label per row, or with lists of labels, as the first table has.

    Parameters
    ----------
    table, first : Table
        The first one has rows.

    Returns
    -------
    Table

    Raises
    ------
    ValueError
        If the first one has one label per row, and a row of this one has none or several.
    """
    if (table.label_kind == "list") == (first.label_kind == "list"):
        return table
    texts = table.labels.to_list()
    if first.label_kind == "list":
        of_integers = first.labels.str.contains(r"^\[-?\d").any()
        labels = pl.Series("label", as_lists(texts, of_integers=of_integers), dtype=pl.String)
        return table._replace(labels=labels, label_kind="list")
    labels = pl.Series("label", as_single(texts), dtype=pl.String)
    if labels.null_count():
        i = labels.is_null().arg_true()[0]
        raise ValueError(
            f"{table.path}, line {table.lines[i]}: rows must have one label each, as in "
            f"{first.path}, got {texts[i]:.60}; write the labels of both files in the same way."
        )
    return table._replace(labels=labels, label_kind=None)


def meaning_of_labels(tables: Sequence[Table]) -> dict[str, Any]:
    """Return the label that each text in the files means.

    AG News is recognized by the form in which it is published and by its classes. All files must
    match: with one label more, or one less, the numbers stay as they are.

    Parameters
    ----------
    tables : sequence of Table
        All files of the dataset: a label means the same in each.

    Returns
    -------
    dict of str to str, int, bool, or list of str or int

    Raises
    ------
    ValueError
        If the labels are decimal numbers, or of two kinds, or one label has two spellings.
    """
    kind = _only_kind(tables)
    plain = {text: text.strip() for table in tables for text in _texts(table)}
    is_official = all(_is_official(table) for table in tables)
    if is_official and set(plain.values()) == OFFICIAL_NAMES.keys():
        return {text: OFFICIAL_NAMES[number] for text, number in plain.items()}
    if kind == "list":
        return _lists(plain)
    if kind == "boolean":
        return {text: _BOOLEANS[value.lower()] for text, value in plain.items()}
    if kind == "number" and (integers := _integers(plain)) is not None:
        return integers
    _check_texts(tables, kind)
    return dict(zip(plain, plain))


def _is_official(table: Table) -> bool:
    """Return whether a file is in the form of AG News, and its labels are in the first column."""
    return table.is_official and table.label in _OFFICIAL_LABELS


def _check_texts(tables: Sequence[Table], kind: str) -> None:
    """Raise a ValueError for labels that stay texts and are decimals, or spelled in two ways."""
    if kind == "number":
        _check_no_decimals(tables)
    _check_spellings(tables)


def _lists(plain: dict[str, str]) -> dict[str, list[Any]]:
    """Return the list of labels that each text represents.

    Raises
    ------
    ValueError
        If some labels are numbers and others texts.
    """
    lists = {text: list(dict.fromkeys(json.loads(value))) for text, value in plain.items()}
    kinds = {type(one) for labels in lists.values() for one in labels}
    if len(kinds) > 1:
        numbers = next(labels for labels in lists.values() if int in map(type, labels))
        texts = next(labels for labels in lists.values() if str in map(type, labels))
        raise ValueError(
            f"Labels in lists must be of one kind, got {numbers!r:.60} and {texts!r:.60}; write "
            "them in the same way."
        )
    return lists


def _integers(plain: dict[str, str]) -> dict[str, Any] | None:
    """Return the integer that each text represents.

    Parameters
    ----------
    plain : dict of str to str
        Labels as in the files, and without whitespace around them.

    Returns
    -------
    dict of str to int, or None
        None unless all are integers that fit into one NumPy array.
    """
    numbers = {text: _INTEGER.fullmatch(value) for text, value in plain.items()}
    found = {text: int(match[1]) for text, match in numbers.items() if match}
    return found if len(found) == len(plain) and _fit_into_64_bits(found.values()) else None


def _texts(table: Table) -> list[str]:
    """Return the different labels of a file, as they are written there."""
    return table.labels.unique(maintain_order=True).to_list()


def _place(table: Table, text: str) -> str:
    """Return the file and line where a label first occurs."""
    first = (table.labels == text).arg_true()[0]
    return f"{table.path}, line {table.lines[first]}"


def _only_kind(tables: Sequence[Table]) -> str:
    """Return the kind of all labels; those of a CSV may be texts even if they look like numbers.

    Raises
    ------
    ValueError
        If labels are of two kinds.
    """
    first = _first_of_each_kind(tables)
    known = sorted(first)
    kinds = {kind for _, kind in known}
    if len(kinds) < 2:
        return next(iter(kinds), "text")
    if "text" in kinds and all(is_guess or kind == "text" for is_guess, kind in known):
        return "text"
    one = known[0]
    other = next(found for found in known if found[1] != one[1])
    raise ValueError(
        f"Labels must be of one kind in all files, got {first[one]}, and {first[other]}; write "
        "them in the same way."
    )


def _first_of_each_kind(tables: Sequence[Table]) -> dict[tuple[bool, str], str]:
    """Return a description of the first label of each kind.

    The keys are whether the kind is a guess by the looks of a text in a CSV, and the kind.

    Parameters
    ----------
    tables : sequence of Table

    Returns
    -------
    dict of (bool, str) to str
    """
    first: dict[tuple[bool, str], str] = {}
    for table in tables:
        is_guess = table.label_kind is None
        for text in _texts(table):
            kind = table.label_kind or _kind_of(text.strip())
            if (is_guess, kind) not in first:
                shown = repr(text) if kind == "text" else text
                first[is_guess, kind] = f"the {kind} {shown:.60} in {_place(table, text)}"
    return first


def _kind_of(text: str) -> str:
    """Return the kind of label that a text looks like."""
    if _NUMBER.fullmatch(text):
        return "number"
    return "boolean" if text.lower() in _BOOLEANS else "text"


def _fit_into_64_bits(integers: Collection[int]) -> bool:
    """Return whether all integers fit into int64, or all into uint64."""
    low, high = min(integers, default=0), max(integers, default=0)
    return (low >= -(2**63) and high < 2**63) or (low >= 0 and high < 2**64)


def _check_no_decimals(tables: Sequence[Table]) -> None:
    """Raise a ValueError for the first number that is not an integer, which cannot be a class."""
    for table in tables:
        decimal = next((text for text in _texts(table) if not float(text).is_integer()), None)
        if decimal is not None:
            raise ValueError(
                f"{table.path}: {table.label} must hold classes, got numbers such as "
                f"{decimal:.60}; convert them to classes first, such as integers or words."
            )


def _check_spellings(tables: Sequence[Table]) -> None:
    """Reject two spellings of one label, which a classifier would treat as two classes.

    Parameters
    ----------
    tables : sequence of Table

    Raises
    ------
    ValueError
        Names both spellings with file and line.
    """
    first: dict[str | Decimal, tuple[str, Table]] = {}
    for table in tables:
        for text in _texts(table):
            other, there = first.setdefault(_sense(text), (text, table))
            if other != text:
                raise ValueError(
                    f"A label must have one spelling, got {other!r:.60} in "
                    f"{_place(there, other)}, and {text!r:.60} in {_place(table, text)}; write "
                    "it in the same way."
                )


def _sense(text: str) -> str | Decimal:
    """Return the same value for all spellings of one label: 1, 01 and 1.0, but not 1.1 and 1.10.

    Parameters
    ----------
    text : str

    Returns
    -------
    str or Decimal
        Equal for two spellings of one label.
    """
    plain = unicodedata.normalize("NFC", text.strip())
    if _NUMBER.fullmatch(plain):
        number = Decimal(plain)
        return number if number == number.to_integral_value() else plain
    return plain.lower() if plain.lower() in _BOOLEANS else plain


def as_labels(texts: pl.Series, meaning: dict[str, Any]) -> np.ndarray:
    """Return labels as an array of their kind.

    Parameters
    ----------
    texts : polars.Series of str of shape (n_samples,)
    meaning : dict of str to label
        As `meaning_of_labels` returns it.

    Returns
    -------
    ndarray of int64, uint64, bool, or object of str or list, of shape (n_samples,)
    """
    if any(isinstance(label, list) for label in meaning.values()):
        return _as_lists(texts, meaning)
    labels = check_labels(list(meaning.values()))
    labels = labels.astype(object) if labels.dtype.kind == "U" else labels
    position = {text: i for i, text in enumerate(meaning)}
    return labels[texts.replace_strict(position, return_dtype=pl.UInt32).to_numpy()]


def _as_lists(texts: pl.Series, meaning: dict[str, Any]) -> np.ndarray:
    """Return lists of labels as an array with a list of its own per row."""
    labels = np.empty(len(texts), dtype=object)
    labels[:] = [list(meaning[text]) for text in texts]
    return labels


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
    labels = meaning.values()
    if any(isinstance(label, list) for label in labels):
        return sorted({one for label in labels for one in label})
    classes = set(labels)
    return list(TARGET_NAMES) if classes == set(TARGET_NAMES) else sorted(classes)
