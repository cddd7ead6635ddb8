"""Which columns of labelled rows hold the labels and the texts: those of AG News, by name."""

import re
from abc import abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from agnews_sk.files import AGNEWS_COLUMNS, ColumnRules, plain_name

_CLASS_NAMES = ("class", "class index", "label", "target", "category")
_TITLE_NAMES = ("title", "headline")
_DESCRIPTION_NAMES = ("description",)
_TEXT_NAMES = ("text", "content")
_ALL_TEXT_NAMES = {*_TITLE_NAMES, *_DESCRIPTION_NAMES, *_TEXT_NAMES}

_WHOLE_NUMBER = re.compile(r"\s*-?\d+\s*")
_CLASS_NUMBER = re.compile(r"\s*\d{1,9}\s*")


class Chosen(NamedTuple):
    """The columns of labelled rows.

    Attributes
    ----------
    label : str
        Column of the labels.
    texts : dict of str to str
        From the name that a column of texts gets to the one that it has in the file, in the order
        in which texts are joined.
    others : sequence of str
        Columns to keep beside them.
    indicators : sequence of str
        Columns of 0 and 1, one per label, of which `label` lists the names; empty if one column
        holds the labels.
    """

    label: str
    texts: Mapping[str, str]
    others: Sequence[str] = ()
    indicators: Sequence[str] = ()

    @property
    def label_columns(self) -> list[str]:
        """Return the columns that hold labels."""
        return list(self.indicators) or [self.label]


class MissingLabelError(ValueError):
    """A file lacks the column of the labels that the files before it have."""


class LabelledRules(ColumnRules):
    """How columns of rows to learn from are interpreted, and which ones hold labels and texts."""

    @property
    def looks_at_values(self) -> bool:
        """Return whether the choice of columns depends on their values."""
        return False

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

    def for_other_files(self, chosen: Chosen, *, has_names: bool = True) -> "LabelledRules":
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
        return AGNEWS_COLUMNS[2 if n_records[2] > n_records[3] else 3]

    def wants(self, name: str) -> bool:
        """Return whether a column may hold labels or texts."""
        return plain_name(name) in (*_CLASS_NAMES, *_ALL_TEXT_NAMES)

    def choose(self, names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Chosen:
        """Return the columns, by their names alone.

        Parameters
        ----------
        names : sequence of str
        rows : sequence of dict
            Ignored.

        Returns
        -------
        Chosen
            Texts get the names title and description, or text.

        Raises
        ------
        ValueError
            If there is no class or no text, or one of these columns occurs twice.
        """
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


def has_agnews_layout(records: Sequence[Sequence[str]]) -> bool:
    """Return whether most records are a number and then one or two texts, of at least a letter.

    Parameters
    ----------
    records : sequence of sequence of str

    Returns
    -------
    bool
    """
    fitting = [
        record
        for record in records
        if len(record) in (2, 3)
        and _CLASS_NUMBER.fullmatch(record[0])
        and any(character.isalpha() for character in "".join(record[1:]))
    ]
    return 2 * len(fitting) > len(records)
