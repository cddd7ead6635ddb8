"""Which columns hold the labels and the texts, by name or, in a file without names, by position."""

import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

_CLASS_NAMES = ("class", "class index", "label", "target", "category")
_TITLE_NAMES = ("title", "headline")
_DESCRIPTION_NAMES = ("description",)
_TEXT_NAMES = ("text", "content")
_ALL_TEXT_NAMES = {*_TITLE_NAMES, *_DESCRIPTION_NAMES, *_TEXT_NAMES}

# Columns that may hold the text of a row to predict, the first choice first.
TEXT_CHOICES = (("title", "description"), ("text",), ("content",))
# The columns of a file without a header in the layout of AG News, by their number.
_WITHOUT_HEADER = {1: ["text"], 2: ["class", "text"], 3: ["class", "title", "description"]}
# The columns of any other file without a header.
_NUMBERED = "column_{}"
_NUMBERED_NAME = re.compile(r"column[_ ]\d+")

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
    def is_header(self, records: Sequence[Sequence[str]]) -> bool:
        """Return whether the first of the records of a file names the columns."""

    @abstractmethod
    def names_without_header(self, records: Sequence[Sequence[str]]) -> list[str]:
        """Return the columns of a file without a header, by its first records."""

    @abstractmethod
    def wants(self, name: str) -> bool:
        """Return whether a column is wanted; formats that can leave out others do."""


class Chosen(NamedTuple):
    """The columns of labelled rows.

    Attributes
    ----------
    label : str
        Column of the labels.
    texts : dict of str to str
        From the name that a column of texts gets to the one that it has in the file, in the order
        in which texts are joined.
    """

    label: str
    texts: Mapping[str, str]


class LabelledRules(ColumnRules):
    """How columns of rows to learn from are interpreted, and which ones hold labels and texts."""

    @abstractmethod
    def choose(self, names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Chosen:
        """Return the columns of the labels and texts.

        Parameters
        ----------
        names : sequence of str
            All columns of the file.
        rows : sequence of dict
            Cells of its first rows.

        Returns
        -------
        Chosen

        Raises
        ------
        ValueError
            If they are not found, or not for certain; the message does not name the file.
        """

    def for_other_files(self, chosen: Chosen) -> "LabelledRules":
        """Return the rules for further files of the same rows."""
        return self


class AgNewsColumns(LabelledRules):
    """AG News, and files with its columns: class, title and description, or class and text."""

    def is_header(self, records: Sequence[Sequence[str]]) -> bool:
        """Return whether these are names: a class column, and a text column or no number first.

        A row of numbered classes may well have "Target" for its title.
        """
        first = records[0]
        plain = [plain_name(field) for field in first]
        has_class = any(name in _CLASS_NAMES for name in plain)
        has_text = any(name in _ALL_TEXT_NAMES for name in plain)
        return has_class and (has_text or not _WHOLE_NUMBER.fullmatch(first[0]))

    def names_without_header(self, records: Sequence[Sequence[str]]) -> list[str]:
        """Return class and text if more records have two fields than three, else three names."""
        n_records = Counter(map(len, records))
        return _WITHOUT_HEADER[2 if n_records[2] > n_records[3] else 3]

    def wants(self, name: str) -> bool:
        """Return whether a column may hold labels or texts."""
        return plain_name(name) in (*_CLASS_NAMES, *_ALL_TEXT_NAMES)

    def choose(self, names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Chosen:
        """Return the columns, by their names alone."""
        plain = [plain_name(name) for name in names]
        self._reject_duplicates(names, plain)

        def named(wanted: tuple[str, ...]) -> str | None:
            return next((names[plain.index(name)] for name in wanted if name in plain), None)

        title, text = named(_TITLE_NAMES), named(_TEXT_NAMES)
        description = named(_DESCRIPTION_NAMES)
        if title is not None and description is None:
            description, text = text, None
        found = {"title": title, "description": description}
        if title is None and description is None:
            found["text"] = text
        texts = {name: column for name, column in found.items() if column is not None}
        label = named(_CLASS_NAMES)
        if label is None or not texts:
            raise ValueError(
                f"has the columns {list(names)!r:.500}; it needs one for the class "
                f"({', '.join(_CLASS_NAMES)}) and title, description or text. load_texts reads "
                "files with other columns."
            )
        return Chosen(label, texts)

    def _reject_duplicates(self, names: Sequence[str], plain: Sequence[str]) -> None:
        """Reject two columns of the same name, if it is a name that is read."""
        twice = [name for name, one in zip(names, plain, strict=True) if plain.count(one) > 1]
        if any(map(self.wants, twice)):
            raise ValueError(f"has a column more than once, {twice}; rename or remove one.")


class NamedColumns(ColumnRules):
    """Rows to predict: texts without labels, in columns that the caller or the model names.

    Parameters
    ----------
    names : collection of str
        Columns that are looked for, in any case.
    header : bool, optional
        Whether the first record of a file names its columns. By default it does, unless it has
        none of `names` and reads as a row: a number before some words.
    """

    def __init__(self, names: Collection[str], *, header: bool | None = None) -> None:
        self._names = {plain_name(name) for name in names}
        self._header = header

    def is_header(self, records: Sequence[Sequence[str]]) -> bool:
        """Return whether these are names, unless the caller has specified it."""
        if self._header is not None:
            return self._header
        return any(map(self.wants, records[0])) or not _reads_as_row(records[0])

    def names_without_header(self, records: Sequence[Sequence[str]]) -> list[str]:
        """Return text; class, text; or class, title, description, as most records have fields.

        The columns have numbers instead if the first one holds texts, or if such a name is wanted.

        Raises
        ------
        ValueError
            If most records have more fields, and their numbers are not wanted.
        """
        n_fields = usual_width(records)
        is_numbered = any(map(_NUMBERED_NAME.fullmatch, self._names))
        if is_numbered or (n_fields in (2, 3) and _begins_with_text(records)):
            return numbered_names(n_fields)
        if n_fields not in _WITHOUT_HEADER:
            first = next(record for record in records if len(record) == n_fields)
            raise ValueError(
                "a file without a header has 1 to 3 fields (text; class, text; class, title, "
                f"description), got {n_fields}: {list(first)!r:.100}; name another column by its "
                "number, such as column_1."
            )
        return _WITHOUT_HEADER[n_fields]

    def wants(self, name: str) -> bool:
        """Return whether a column is looked for."""
        return plain_name(name) in self._names


def usual_width(records: Sequence[Sequence[str]]) -> int:
    """Return the number of fields that most records have."""
    return Counter(map(len, records)).most_common(1)[0][0]


def numbered_names(n_fields: int) -> list[str]:
    """Return names for the columns of a file without a header: column_1, column_2 and so on."""
    return [_NUMBERED.format(i) for i in range(1, n_fields + 1)]


def has_agnews_layout(records: Sequence[Sequence[str]]) -> bool:
    """Return whether most records are a number and then one or two texts, of at least a letter."""
    fitting = [
        record
        for record in records
        if len(record) in (2, 3)
        and _CLASS_NUMBER.fullmatch(record[0])
        and any(character.isalpha() for character in "".join(record[1:]))
    ]
    return 2 * len(fitting) > len(records)


def _begins_with_text(records: Sequence[Sequence[str]]) -> bool:
    """Return whether most records begin with a field of several words."""
    n_texts = sum(len(record[0].split()) >= _MIN_WORDS_OF_TEXT for record in records)
    return 2 * n_texts > len(records)


def _reads_as_row(fields: Sequence[str]) -> bool:
    """Return whether fields are a number and then words, rather than names of columns."""
    label, *cells = fields
    has_words = any(len(cell.split()) >= _MIN_WORDS_OF_TEXT for cell in cells)
    return len(fields) in (2, 3) and _CLASS_NUMBER.fullmatch(label) is not None and has_words
