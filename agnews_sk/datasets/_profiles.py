"""What the names and the first values of a column tell about it."""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from agnews_sk.datasets._label_cells import list_in
from agnews_sk.files import plain_name

LABEL_NAMES = frozenset({
    "label", "labels", "class", "classes", "class index", "class label", "class name", "target",
    "category",
})  # fmt: skip
_LABEL_WORDS = frozenset({
    "label", "labels", "class", "category", "categories", "topic", "topics", "intent", "queue",
    "sentiment", "emotion", "emotions", "polarity", "tag", "tags", "genre", "genres", "stance",
    "toxicity",
})  # fmt: skip
# What stands above a text, and what the text itself is called.
TITLE_NAMES = frozenset({"title", "headline", "subject", "heading", "summary"})
TEXT_NAMES = frozenset({
    "text", "content", "description", "body", "comment", "comment body", "comment text", "message",
    "message body", "review", "review text", "review body", "sentence", "tweet", "utterance",
    "question", "query", "document", "article", "post", "email", "abstract", "feedback",
    "full text",
})  # fmt: skip
_TEXT_WORDS = frozenset({
    "text", "content", "body", "comment", "message", "review", "sentence", "tweet", "utterance",
    "narrative", "transcript",
})  # fmt: skip
# Numbers under such names are rarely classes.
_MEASURES = frozenset({
    "age", "amount", "confidence", "count", "length", "likes", "number", "price", "probability",
    "rank", "rating", "score", "size", "split", "stars", "votes", "weight", "year",
})  # fmt: skip
_ID = re.compile(r"(.* )?(id|ids|idx|index|uuid|guid|key|row|no|nr|#)|unnamed: \d+|#.*id|")

_NUMBER = re.compile(r"\s*[-+]?(\d+[.,]?\d*|[.,]\d+)([eE][-+]?\d{1,3})?\s*")
_DATE = re.compile(r"\s*(\d{4}-\d{1,2}-\d{1,2}|\d{1,4}[./]\d{1,2}[./]\d{1,4})\b.*", re.DOTALL)
_LETTERS_WITHOUT_SPACES = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
)
_BOOLEANS = ("true", "false")
_KINDS = {str: "text", int: "number", float: "number", bool: "boolean"}

_MIN_WORDS_OF_TEXT = 3
_MAX_WORDS_OF_LABEL = 5
_MAX_CLASSES = 500
_MAX_NUMBERED_CLASSES = 50
# Fewer values may all differ, or be all the same, by chance.
_MIN_VALUES = 10
# Of files with thousands of columns fewer rows are looked at.
_MOST_CELLS = 200_000
_FEWEST_ROWS = 50


def words_of(name: str) -> str:
    """Return the words of a column name in lower case; of "data.reviewText" those of the end.

    Parameters
    ----------
    name : str

    Returns
    -------
    str
    """
    last = name.rpartition(".")[2] or name
    return plain_name(re.sub(r"(?<=[a-z\d])(?=[A-Z])", " ", last).replace("-", " "))


def is_known_name(name: str) -> bool:
    """Return whether a name is usual for labels, titles or texts."""
    return words_of(name) in LABEL_NAMES | TITLE_NAMES | TEXT_NAMES


def n_words(text: str) -> float:
    """Return the number of words; of scripts without spaces half the number of letters.

    Parameters
    ----------
    text : str

    Returns
    -------
    float
    """
    return len(text.split()) + len(_LETTERS_WITHOUT_SPACES.findall(text)) / 2


@dataclass(frozen=True, eq=False)
class Profile:
    """What the first values of a column are.

    Attributes
    ----------
    name : str
    values : list
        Values that are not missing.
    """

    name: str
    values: list[Any]

    @cached_property
    def kind(self) -> str:
        """Return what most values are: "text", "number", "boolean", "date", "list" or "other".

        Returns
        -------
        str
            "empty" without values. In formats without types it is what the texts look like. Values
            of another kind than most are faults of their rows, and found when all are read.
        """
        if not self.values:
            return "empty"
        counted = Counter(map(_kind_of_value, self.values))
        most = "lists" if "lists" in counted else max(counted, key=lambda kind: counted[kind])
        if most != "text":
            return "other" if most == "lists" else most
        return _kind_of_texts([value for value in self.values if isinstance(value, str)])

    @cached_property
    def n_distinct(self) -> int:
        """Return the number of different values; of lists, of what is in them."""
        if self.kind == "list":
            lists = (list_in(one) if isinstance(one, str) else one for one in self.values)
            return len({str(item) for found in lists if isinstance(found, list) for item in found})
        return len(set(map(str, self.values)))

    @cached_property
    def mean_words(self) -> float:
        """Return the mean number of words of a value."""
        return sum(n_words(str(value)) for value in self.values) / max(len(self.values), 1)

    @property
    def words(self) -> str:
        """Return the words of the name."""
        return words_of(self.name)

    @property
    def is_id(self) -> bool:
        """Return whether the name is that of an index or of keys, or there is none."""
        return _ID.fullmatch(self.words) is not None

    @property
    def is_constant(self) -> bool:
        """Return whether all values are the same, and not by chance."""
        return self.n_distinct == 1 and len(self.values) >= _MIN_VALUES

    @property
    def is_near_unique(self) -> bool:
        """Return whether nearly all values differ, and not by chance."""
        return len(self.values) >= _MIN_VALUES and self.n_distinct > 0.9 * len(self.values)

    @property
    def can_be_text(self) -> bool:
        """Return whether texts may be in this column."""
        return self.kind == "text" and not self.is_id and not self.is_constant

    @property
    def is_long(self) -> bool:
        """Return whether the values have several words, as texts do, and codes do not."""
        return self.mean_words >= _MIN_WORDS_OF_TEXT

    @property
    def is_text(self) -> bool:
        """Return whether the values are texts of several words, most of them different."""
        return self.can_be_text and self.is_long and 2 * self.n_distinct >= len(self.values)

    @property
    def has_word_for_text(self) -> bool:
        """Return whether a word of the name is usual for texts."""
        return not _TEXT_WORDS.isdisjoint(self.words.split())

    @property
    def can_be_label(self) -> bool:
        """Return whether classes may be in this column."""
        return self.kind in ("text", "number", "boolean", "list") and not self.is_near_unique

    @property
    def has_decimals(self) -> bool:
        """Return whether the values are numbers, and not all of them integers."""
        return self.kind == "number" and any(
            float(str(value).replace(",", ".")) % 1
            for value in self.values
            if _kind_of_value(value) == "number" or _NUMBER.fullmatch(str(value))
        )

    @property
    def has_word_for_label(self) -> bool:
        """Return whether classes may be here, and a word of the name is usual for labels."""
        has_word = not _LABEL_WORDS.isdisjoint(self.words.split())
        return has_word and self.can_be_label and not self.is_id and not self.has_decimals

    @property
    def is_label(self) -> bool:
        """Return whether the values are those of classes, and the name not that of a measure."""
        return self.has_classes and not self.is_measure

    @property
    def is_measure(self) -> bool:
        """Return whether the values are numbers under a name that is rarely that of classes."""
        return self.kind == "number" and not _MEASURES.isdisjoint(self.words.split())

    @cached_property
    def has_classes(self) -> bool:
        """Return whether the values are short and few, and most of them occur again."""
        if not self.can_be_label or self.is_id or self.kind == "list" or self.has_decimals:
            return False
        return self.is_recurring

    @property
    def is_flag(self) -> bool:
        """Return whether the values are 0 and 1, or true and false."""
        found = {str(value).strip().lower() for value in self.values}
        return found <= {"0", "1"} or found <= {"0.0", "1.0"} or found <= set(_BOOLEANS)

    @property
    def is_recurring(self) -> bool:
        """Return whether the values are short and few, whatever the name says."""
        is_number = self.kind == "number"
        most = min(len(self.values) // 2, _MAX_NUMBERED_CLASSES if is_number else _MAX_CLASSES)
        return 2 <= self.n_distinct <= most and self.mean_words <= _MAX_WORDS_OF_LABEL

    def describe(self) -> str:
        """Return the name and what is in the column, for a message."""
        return f"{self.name!r} ({self._content()})"

    def _content(self) -> str:
        """Return what is in the column, in a few words."""
        if self.kind == "other" and isinstance(self.values[0], list):
            inner = next((one for value in self.values for one in value if type(one) is dict), {})
            return f"lists of objects with {', '.join(map(repr, inner)):.80}"
        if self.is_label or (self.kind == "text" and self.n_distinct <= 2):
            return f"{self.n_distinct} value{'' if self.n_distinct == 1 else 's'}"
        plural = {"empty": "empty", "other": "objects", "text": "text"}
        return plural.get(self.kind, f"{self.kind}s")


def _kind_of_value(value: Any) -> str:
    """Return "text", "number", "boolean", "list" of scalars, "lists" of others, or "other"."""
    if isinstance(value, list):
        return "lists" if any(isinstance(one, dict | list) for one in value) else "list"
    return _KINDS.get(type(value), "other")


def _kind_of_texts(values: Sequence[str]) -> str:
    """Return what texts are that a format without types has for everything.

    Parameters
    ----------
    values : sequence of str

    Returns
    -------
    {"text", "number", "boolean", "date", "list"}
    """
    if all(map(_NUMBER.fullmatch, values)):
        return "number"
    if all(value.strip().lower() in _BOOLEANS for value in values):
        return "boolean"
    if values[0].lstrip().startswith("[") and all(list_in(one) is not None for one in values):
        return "list"
    n_dates = sum(_DATE.fullmatch(value) is not None for value in values)
    n_short = sum(n_words(value) <= 3 for value in values)
    return "date" if min(n_dates, n_short) >= 0.9 * len(values) else "text"


def profiles_of(names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> list[Profile]:
    """Return the profile of each column, each name once.

    Parameters
    ----------
    names : sequence of str
    rows : sequence of dict
        Cells of some rows.

    Returns
    -------
    list of Profile
    """
    n_rows = max(_FEWEST_ROWS, _MOST_CELLS // max(len(names), 1))
    some = rows[:: math.ceil(len(rows) / n_rows) or 1]
    return [
        Profile(name, [cell for row in some if not _is_missing(cell := row.get(name))])
        for name in dict.fromkeys(names)
    ]


def _is_missing(cell: Any) -> bool:
    """Return whether a cell is null, NaN or blank."""
    return cell is None or cell != cell or (isinstance(cell, str) and not cell.strip())


def is_name_like(fields: Sequence[str], later: Sequence[Sequence[str]]) -> bool | None:
    """Return whether the first record of a file names the columns; None if that is not certain.

    Parameters
    ----------
    fields : sequence of str
        The first record.
    later : sequence of sequence of str
        Records after it.

    Returns
    -------
    bool or None
    """
    n_rows = max(_FEWEST_ROWS, _MOST_CELLS // len(fields))
    rows = [record for record in later[:n_rows] if list(record) != list(fields)]
    columns = [[record[i] for record in rows if len(record) > i] for i in range(len(fields))]
    is_row = any(map(_reads_as_cell, fields, columns)) or _has_repeats(fields)
    is_known = any(map(is_known_name, fields))
    if is_row or is_known:
        return None if is_row and is_known else is_known
    return True if any(map(_differs_in_kind, fields, columns)) else None


def names_both(fields: Sequence[str]) -> bool:
    """Return whether a label and a text are named as usual, which no row does by chance."""
    words = set(map(words_of, fields))
    return not (words.isdisjoint(LABEL_NAMES) or words.isdisjoint(TITLE_NAMES | TEXT_NAMES))


def _has_repeats(fields: Sequence[str]) -> bool:
    """Return whether a value is there twice, as no name should be."""
    counted = Counter(field for field in fields if field.strip())
    return any(n > 1 for n in counted.values()) and not any(map(is_known_name, counted))


def _reads_as_cell(field: str, column: Sequence[str]) -> bool:
    """Return whether a field of the first record is a value: number, text, or one that recurs.

    Parameters
    ----------
    field : str
    column : sequence of str
        What is below it.

    Returns
    -------
    bool
    """
    plain = field.strip()
    if not plain:
        return False
    is_sentence = n_words(plain) > 6 or plain[-1] in ".!?。！？" or "\n" in plain
    return is_sentence or _NUMBER.fullmatch(plain) is not None or field in column


def _differs_in_kind(field: str, column: Sequence[str]) -> bool:
    """Return whether what is below a field is all numbers or dates, or much longer than it.

    Parameters
    ----------
    field : str
        Of the first record.
    column : sequence of str
        What is below it.

    Returns
    -------
    bool
    """
    found = Profile(field, [value for value in column if value.strip()])
    if found.kind in ("number", "date", "boolean"):
        return bool(field.strip())
    return found.is_text and found.mean_words >= 3 * max(n_words(field), 1)
