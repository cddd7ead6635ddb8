"""The cells of a label column as texts, with the kind of label that they are."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import polars as pl

from agnews_sk._core.validation import POLARS_STRINGS

_KINDS = {str: "text", int: "number", float: "number", bool: "boolean", list: "list"}


class LabelTexts(NamedTuple):
    """Labels as texts.

    Attributes
    ----------
    texts : list of str or None, of length n_rows
        A boolean and a list as JSON writes them; None where the label is missing: null, NaN, or a
        number without a name.
    kind : {"text", "number", "boolean", "list"} or None
        None if the format has no types, or all labels are missing.
    """

    texts: Sequence[str | None]
    kind: str | None


def is_label(cell: Any) -> bool:
    """Return whether a cell is a label, a list of labels, or missing."""
    if isinstance(cell, list):
        return all(type(one) in (str, int) for one in cell)
    return isinstance(cell, str | int | float | None)


def label_texts(
    cells: Sequence[Any], lines: Sequence[int], column: str, names: Sequence[str] | None
) -> LabelTexts:
    """Return the labels of a format that has types.

    Parameters
    ----------
    cells : sequence of label, list of labels or None, of length n_rows
    lines : sequence of int of length n_rows
        Line of each row, for the message.
    column : str
        File and column, for the message.
    names : sequence of str or None
        Names of the labels 0, 1, ..., if the file has some.

    Returns
    -------
    LabelTexts

    Raises
    ------
    ValueError
        If labels are of two kinds; names the first line of each.
    """
    labels = [None if cell != cell else cell for cell in cells]  # NaN
    kind = _kind_of(labels, lines, column)
    if names is not None and all(map(_is_position, labels)):
        known = dict(enumerate(names))
        kind = "text" if kind == "number" else kind
        return LabelTexts([_named_text(label, known) for label in labels], kind)
    return LabelTexts([_text(label) for label in labels], kind)


def label_texts_of(column: pl.Series, place: str, names: Sequence[str] | None) -> LabelTexts:
    """Return the labels of a whole column of one type, each different value converted once.

    Parameters
    ----------
    column : polars.Series of shape (n_rows,)
        Strings, categories, integers, floats, booleans, or lists of strings or integers.
    place : str
        File and column, for the message.
    names : sequence of str or None
        Names of the labels 0, 1, ..., if the file has some.

    Returns
    -------
    LabelTexts
    """
    if isinstance(column.dtype, pl.List):
        cells = column.to_list()
        return label_texts(cells, range(1, len(cells) + 1), place, names)
    if column.dtype in POLARS_STRINGS:
        texts = column.cast(pl.String)
        has_labels = (texts.str.strip_chars() != "").any()
        return LabelTexts(texts.to_list(), "text" if has_labels else None)
    column = column.fill_nan(None) if column.dtype.is_float() else column
    different = column.unique(maintain_order=True).to_list()
    found, kind = label_texts(different, range(1, len(different) + 1), place, names)
    text_of = dict(zip(different, found, strict=True))
    return LabelTexts([text_of[cell] for cell in column.to_list()], kind)


def split_labels(texts: Sequence[str | None], sep: str) -> LabelTexts:
    """Return cells with several labels as lists of them.

    Parameters
    ----------
    texts : sequence of str or None, of length n_rows
    sep : str
        Stands between the labels of a cell; spaces around a label are left out.

    Returns
    -------
    LabelTexts
    """
    lists = [
        None if text is None or not text.strip() else _text(_parts(text, sep)) for text in texts
    ]
    return LabelTexts(lists, "list")


def _parts(text: str, sep: str) -> list[str]:
    """Return the labels in a cell."""
    return [part.strip() for part in text.split(sep) if part.strip()]


def _kind_of(labels: Sequence[Any], lines: Sequence[int], column: str) -> str | None:
    """Return the kind of all labels that are not missing.

    Parameters
    ----------
    labels : sequence of label or None, of length n_rows
    lines : sequence of int of length n_rows
        Line of each row, for the message.
    column : str
        File and column, for the message.

    Returns
    -------
    {"text", "number", "boolean", "list"} or None
        None if all labels are missing.

    Raises
    ------
    ValueError
        If labels are of two kinds; names the first line of each.
    """
    first: dict[str, int] = {}
    for label, line in zip(labels, lines, strict=True):
        if label is not None and str(label).strip():
            first.setdefault(_KINDS[type(label)], line)
    if len(first) > 1:
        found = " and ".join(f"a {kind} on line {line}" for kind, line in first.items())
        raise ValueError(
            f'{column} must hold labels of one kind, got {found}; 1 is a number and "1" a text, '
            "so write all labels in the same way."
        )
    return next(iter(first), None)


def _is_position(label: Any) -> bool:
    """Return whether a label can be the position of a name, or a list of such, or is missing."""
    if isinstance(label, list):
        return all(type(one) is int for one in label)
    return label is None or type(label) is int


def _named_text(label: Any, known: Mapping[int, str]) -> str | None:
    """Return the name of a label, or the names of a list as text; None if one is not known."""
    if not isinstance(label, list):
        return known.get(label)
    return _text([known[one] for one in label]) if known.keys() >= set(label) else None


def _text(label: Any) -> str | None:
    """Return a label as text, a boolean and a list as JSON writes them."""
    if label is None or isinstance(label, str):
        return label
    return json.dumps(label, ensure_ascii=False) if isinstance(label, bool | list) else str(label)
