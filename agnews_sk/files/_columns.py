"""Which columns a reader looks for, and how it tells a header from a row."""

import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Collection, Sequence

# Columns that may hold the text of a row to predict, the first choice first.
TEXT_CHOICES = (("title", "description"), ("text",), ("content",))
# The columns of a file without a header in the layout of AG News, by their number.
AGNEWS_COLUMNS = {1: ["text"], 2: ["class", "text"], 3: ["class", "title", "description"]}
# The columns of any other file without a header.
_NUMBERED = "column_{}"
_NUMBERED_NAME = re.compile(r"column[_ ]\d+")

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
        if n_fields not in AGNEWS_COLUMNS:
            first = next(record for record in records if len(record) == n_fields)
            raise ValueError(
                "a file without a header has 1 to 3 fields (text; class, text; class, title, "
                f"description), got {n_fields}: {list(first)!r:.100}; name another column by its "
                "number, such as column_1."
            )
        return AGNEWS_COLUMNS[n_fields]

    def wants(self, name: str) -> bool:
        """Return whether a column is looked for."""
        return plain_name(name) in self._names


def usual_width(records: Sequence[Sequence[str]]) -> int:
    """Return the number of fields that most records have."""
    return Counter(map(len, records)).most_common(1)[0][0]


def numbered_names(n_fields: int) -> list[str]:
    """Return names for the columns of a file without a header: column_1, column_2 and so on."""
    return [_NUMBERED.format(i) for i in range(1, n_fields + 1)]


def _begins_with_text(records: Sequence[Sequence[str]]) -> bool:
    """Return whether most records begin with a field of several words."""
    n_texts = sum(len(record[0].split()) >= _MIN_WORDS_OF_TEXT for record in records)
    return 2 * n_texts > len(records)


def _reads_as_row(fields: Sequence[str]) -> bool:
    """Return whether fields are a number and then words, rather than names of columns."""
    label, *cells = fields
    has_words = any(len(cell.split()) >= _MIN_WORDS_OF_TEXT for cell in cells)
    return len(fields) in (2, 3) and _CLASS_NUMBER.fullmatch(label) is not None and has_words
