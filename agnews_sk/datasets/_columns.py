"""Which columns hold the labels and the texts, by name or, in a file without names, by position."""

import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path

_CLASS_NAMES = ("class", "class index", "label", "target", "category")
_TITLE_NAMES = ("title", "headline")
_DESCRIPTION_NAMES = ("description",)
_TEXT_NAMES = ("text", "content")
_ALL_TEXT_NAMES = {*_TITLE_NAMES, *_DESCRIPTION_NAMES, *_TEXT_NAMES}

# Columns that may hold the text of a row to predict, the first choice first.
TEXT_CHOICES = (("title", "description"), ("text",), ("content",))
# The columns of a CSV file without a header, by their number.
_WITHOUT_HEADER = {1: ["text"], 2: ["class", "text"], 3: ["class", "title", "description"]}

_WHOLE_NUMBER = re.compile(r"\s*-?\d+\s*")
# Without a header: a class as a number, and a text that is unlikely to name a column.
_CLASS_NUMBER = re.compile(r"\s*\d{1,9}\s*")
_MIN_WORDS_OF_TEXT = 3


def plain_name(name: str) -> str:
    """Return a column name in lower case, without spaces around it and with no underscores."""
    return name.strip().lower().replace("_", " ")


class ColumnRules(ABC):
    """How a reader interprets columns: headers, names, and which ones to read."""

    @abstractmethod
    def is_header(self, fields: Sequence[str]) -> bool:
        """Return whether the first record of a CSV file names the columns."""

    @abstractmethod
    def names_without_header(self, records: Sequence[Sequence[str]]) -> list[str]:
        """Return the columns of a CSV file without a header, by its first records."""

    @abstractmethod
    def wants(self, name: str) -> bool:
        """Return whether a column is wanted; formats that can leave out others do."""


class LabelledColumns(ColumnRules):
    """Rows to learn from: a header has a name for the class, and rows begin with the class."""

    def is_header(self, fields: Sequence[str]) -> bool:
        """Return whether these are names: a class column, and a text column or no number first.

        A row of numbered classes may well have "Target" for its title.
        """
        plain = [plain_name(field) for field in fields]
        has_class = any(name in _CLASS_NAMES for name in plain)
        has_text = any(name in _ALL_TEXT_NAMES for name in plain)
        return has_class and (has_text or not _WHOLE_NUMBER.fullmatch(fields[0]))

    def names_without_header(self, records: Sequence[Sequence[str]]) -> list[str]:
        """Return class and text if more records have two fields than three, else three names."""
        n_records = Counter(map(len, records))
        return _WITHOUT_HEADER[2 if n_records[2] > n_records[3] else 3]

    def wants(self, name: str) -> bool:
        """Return whether a column may hold labels or texts."""
        return plain_name(name) in (*_CLASS_NAMES, *_ALL_TEXT_NAMES)


class NamedColumns(ColumnRules):
    """Rows to predict: texts without labels, in columns that the caller or the model names.

    Parameters
    ----------
    names : collection of str
        Columns that are looked for, in any case.
    header : bool, optional
        Whether the first record of a CSV file names its columns. By default it does, unless it
        has none of `names` and reads as a row: a number before some words.
    """

    def __init__(self, names: Collection[str], *, header: bool | None = None) -> None:
        self._names = {plain_name(name) for name in names}
        self._header = header

    def is_header(self, fields: Sequence[str]) -> bool:
        """Return whether these are names, unless the caller has specified it."""
        if self._header is not None:
            return self._header
        return any(map(self.wants, fields)) or not _reads_as_row(fields)

    def names_without_header(self, records: Sequence[Sequence[str]]) -> list[str]:
        """Return text; class, text; or class, title, description, as most records have fields.

        Raises
        ------
        ValueError
            If most records have more fields.
        """
        ((n_fields, _),) = Counter(map(len, records)).most_common(1)
        if n_fields not in _WITHOUT_HEADER:
            first = next(record for record in records if len(record) == n_fields)
            raise ValueError(
                "a CSV file without a header has 1 to 3 fields (text; class, text; class, title, "
                f"description), got {n_fields}: {list(first)!r:.100}."
            )
        return _WITHOUT_HEADER[n_fields]

    def wants(self, name: str) -> bool:
        """Return whether a column is looked for."""
        return plain_name(name) in self._names


def _reads_as_row(fields: Sequence[str]) -> bool:
    """Return whether fields are a number and then words, rather than names of columns."""
    label, *cells = fields
    has_words = any(len(cell.split()) >= _MIN_WORDS_OF_TEXT for cell in cells)
    return len(fields) in (2, 3) and _CLASS_NUMBER.fullmatch(label) is not None and has_words


def choose_labelled_columns(names: Sequence[str], path: Path) -> dict[str, int]:
    """Return where the class and the texts are among the columns of a file.

    Parameters
    ----------
    names : sequence of str
        All columns of the file.
    path : pathlib.Path
        For messages.

    Returns
    -------
    dict of str to int
        Position of "class", and of "title" and "description", one of them, or "text".

    Raises
    ------
    ValueError
        If there is no class or no text, or one of these columns occurs twice.
    """
    plain = [plain_name(name) for name in names]
    _reject_duplicates(names, plain, path)

    def position(wanted: tuple[str, ...]) -> int | None:
        return next((plain.index(name) for name in wanted if name in plain), None)

    title, text = position(_TITLE_NAMES), position(_TEXT_NAMES)
    description = position(_DESCRIPTION_NAMES)
    if title is not None and description is None:
        description, text = text, None
    found = {"class": position(_CLASS_NAMES), "title": title, "description": description}
    if title is None and description is None:
        found["text"] = text
    chosen = {name: i for name, i in found.items() if i is not None}
    if "class" not in chosen or len(chosen) < 2:
        raise ValueError(
            f"{path} has the columns {list(names)}; it needs one for the class "
            f"({', '.join(_CLASS_NAMES)}) and title, description or text."
        )
    return chosen


def _reject_duplicates(names: Sequence[str], plain: Sequence[str], path: Path) -> None:
    """Reject a file in which two columns have the same name, if it is a name that is read."""
    twice = [name for name, one in zip(names, plain, strict=True) if plain.count(one) > 1]
    if any(plain_name(name) in (*_CLASS_NAMES, *_ALL_TEXT_NAMES) for name in twice):
        raise ValueError(f"{path} has a column more than once, {twice}; rename or remove one.")
