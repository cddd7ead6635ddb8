"""The cells of a label column as texts, with the kind of label that they are."""

import ast
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import polars as pl

from agnews_sk._core.validation import POLARS_STRINGS

_STRING = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\""""
_ITEM = re.compile(rf"{_STRING}|-?\d{{1,19}}(?!\d)", re.DOTALL)
# Of JSON, of Python, and of NumPy, which writes no commas.
_LIST = re.compile(
    rf"\s*\[\s*(?:(?:{_ITEM.pattern})(?:(?:\s*,\s*|\s+)(?:{_ITEM.pattern}))*\s*,?\s*)?\]\s*",
    re.DOTALL,
)
_MOST_CHARACTERS_OF_LIST = 10_000
_WHOLE = re.compile(r"-?\d{1,18}")
_FLAGS = {"1": True, "1.0": True, "true": True, "0": False, "0.0": False, "false": False}

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
    form : str
        How several labels are written, for the summary; empty for lists of a format with types.
    """

    texts: Sequence[str | None]
    kind: str | None
    form: str = ""


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
    found = label_texts(different, range(1, len(different) + 1), place, names)
    text_of = dict(zip(different, found.texts, strict=True))
    return LabelTexts([text_of[cell] for cell in column.to_list()], found.kind)


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
    return LabelTexts(lists, "list", f"separated by {sep!r}")


def list_in(text: str) -> list[str | int] | None:
    r"""Return the list that a text is, as JSON, Python or NumPy writes one; None if it is none.

    Parameters
    ----------
    text : str

    Returns
    -------
    list of str or int, or None

    Examples
    --------
    >>> from agnews_sk.datasets._label_cells import list_in
    >>> list_in("['oil' 'war']"), list_in("[1]"), list_in("[oil]")
    (['oil', 'war'], [1], None)
    """
    if len(text) > _MOST_CHARACTERS_OF_LIST or not _LIST.fullmatch(text):
        return None
    try:
        return [_item(match[0]) for match in _ITEM.finditer(text)]
    except (ValueError, SyntaxError):  # an escape that neither knows
        return None


def _item(written: str) -> str | int:
    """Return an item of a list, a string or an integer as JSON or Python writes it."""
    if written.startswith('"'):
        try:
            return json.loads(written)
        except ValueError:
            pass
    return ast.literal_eval(written) if written[0] in "'\"" else int(written)


def lists_in_cells(
    texts: Sequence[str | None], lines: Sequence[int], place: str
) -> LabelTexts | None:
    """Return the labels of a column of texts of which most are lists; None if they are not.

    Parameters
    ----------
    texts : sequence of str or None, of length n_rows
    lines : sequence of int of length n_rows
    place : str
        File and column, for the message.

    Returns
    -------
    LabelTexts or None

    Raises
    ------
    ValueError
        If most texts are lists and one is none.
    """
    filled = list(dict.fromkeys(text for text in texts if not _is_missing(text)))
    if not any("[" in str(text) for text in (*filled[:1], *filled[-1:])):
        return None
    found = {text: list_in(str(text)) for text in filled}
    n_others = list(found.values()).count(None)
    if 2 * n_others > len(found):
        return None
    if n_others:
        by_kind = {one is None: text for text, one in found.items()}
        listed, other = by_kind[False], by_kind[True]
        raise ValueError(
            f"{place} must hold lists such as {listed!r:.60} in all rows, got {other!r:.60} on "
            f"line {lines[list(texts).index(other)]}; write the labels of each row as a list."
        )
    return LabelTexts([_text(found.get(text)) for text in texts], "list", "lists in cells")


def labels_of_indicators(
    columns: Mapping[str, Sequence[Any]], lines: Sequence[int], path: Any
) -> LabelTexts:
    """Return the labels of rows that have a column of 0 and 1 for each label.

    Parameters
    ----------
    columns : mapping of str to sequence of length n_rows
        Cells by label.
    lines : sequence of int of length n_rows
    path : object
        File, for the message.

    Returns
    -------
    LabelTexts
        Missing where a cell is.

    Raises
    ------
    ValueError
        If a cell is neither 0, 1, true nor false.
    """
    flags = [_flags(name, cells, lines, path) for name, cells in columns.items()]
    rows = [
        None if None in row else _text([name for name, flag in zip(columns, row) if flag])
        for row in zip(*flags)
    ]
    return LabelTexts(rows, "list", "columns of 0 and 1")


def _flags(name: str, cells: Sequence[Any], lines: Sequence[int], path: Any) -> list[bool | None]:
    """Return a column of 0 and 1 as booleans, None where a cell is missing; reject other cells."""
    known = {cell: _flag(cell) for cell in dict.fromkeys(cells) if not _is_missing(cell)}
    for cell, line in zip(cells, lines):
        if cell in known and known[cell] is None:
            raise ValueError(
                f"{path}, line {line}: {name} must be 0 or 1, as several columns are named for the "
                f"labels, got {cell!r:.60}; pass one label= (--label) for a column of labels."
            )
    return [known.get(cell) for cell in cells]


def _is_missing(cell: Any) -> bool:
    """Return whether a cell is null, NaN or blank."""
    return cell is None or cell != cell or (isinstance(cell, str) and not cell.strip())


def _flag(cell: Any) -> bool | None:
    """Return what a cell of 0, 1, true or false means; None for any other."""
    return _FLAGS.get(str(cell).strip().lower())


def as_lists(texts: Sequence[str], *, of_integers: bool) -> list[str | None]:
    """Return labels, one per row, as lists of one label.

    Parameters
    ----------
    texts : sequence of str of length n_rows
    of_integers : bool
        Whether labels that are integers become such.

    Returns
    -------
    list of str
        Lists as JSON writes them.
    """
    return [
        _text([int(text) if of_integers and _WHOLE.fullmatch(text.strip()) else text.strip()])
        for text in texts
    ]


def as_single(texts: Sequence[str]) -> list[str | None]:
    """Return lists of one label as labels; None for lists of none or several.

    Parameters
    ----------
    texts : sequence of str of length n_rows
        As JSON writes them.

    Returns
    -------
    list of str or None
    """
    lists = map(json.loads, texts)
    return [str(one[0]) if len(one) == 1 else None for one in lists]


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
