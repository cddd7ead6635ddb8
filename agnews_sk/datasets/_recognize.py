"""Recognize the columns of the labels and texts of any file, by name and content, or refuse."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from agnews_sk.datasets._columns import (
    Chosen,
    LabelledRules,
    MissingLabelError,
    has_agnews_layout,
)
from agnews_sk.datasets._profiles import (
    LABEL_NAMES,
    TEXT_NAMES,
    TITLE_NAMES,
    Profile,
    is_name_like,
    names_both,
    profiles_of,
)
from agnews_sk.files import AGNEWS_COLUMNS, numbered_names, plain_name, usual_width

_MOST_COLUMNS_SHOWN = 40


class RecognizedColumns(LabelledRules):
    """Labelled rows with any columns, which the caller names or which are recognized.

    Parameters
    ----------
    text : sequence of str, optional
        Columns of the text, in the order in which they are joined.
    label : str or sequence of str, optional
        Column of the labels, or columns of 0 and 1, one per label.
    header : bool, optional
        Whether the first record of a file names its columns.
    first_labels : sequence of str, default=()
        Columns of the labels in the first file of the same rows, which the others must have too.
    others : sequence of str or "auto", default=()
        Columns to keep beside text and label; "auto" keeps all.
    """

    def __init__(
        self,
        text: Sequence[str] | None = None,
        label: str | Sequence[str] | None = None,
        *,
        header: bool | None = None,
        first_labels: Sequence[str] = (),
        others: Sequence[str] | str = (),
    ) -> None:
        self._text = None if text is None else list(text)
        self._labels = [label] if isinstance(label, str) else list(label or ())
        self._header = header
        self._first_labels = first_labels
        self._others = others

    def is_header(self, records: Sequence[Sequence[str]]) -> bool:
        """Return whether the first record names the columns.

        Raises
        ------
        ValueError
            If it does not, or not for certain, and the layout is not that of AG News.
        """
        if self._header is not None:
            return self._header
        first, later = records[0], records[1:]
        named = [*(self._text or ()), *self._labels]
        is_named = named and {*map(plain_name, first)}.issuperset(map(plain_name, named))
        if is_named or names_both(first):
            return True
        if _is_agnews(records) and has_agnews_layout([first]):
            return False
        found = is_name_like(first, later)
        if found:
            return True
        what = "it is not certain whether the first line names the columns"
        if found is False:
            what = "the first line reads as a row, and not as the names of columns"
        raise ValueError(
            f"{what}, {list(first)!r:.100}; pass header=True (--header) if it names them, or "
            "header=False (--no-header) if it is a row: the columns are then column_1, column_2 "
            "and so on."
        )

    def names_without_header(self, records: Sequence[Sequence[str]]) -> list[str]:
        """Return class and one or two names of texts in the layout of AG News, else numbers."""
        n_fields = usual_width(records)
        return AGNEWS_COLUMNS[n_fields] if _is_agnews(records) else numbered_names(n_fields)

    def wants(self, name: str) -> bool:
        """Return whether a column is read: any one may be recognized."""
        return True

    def choose(self, names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Chosen:
        """Return the columns, by the caller's names, by usual names, or by their content.

        Parameters
        ----------
        names : sequence of str
        rows : sequence of dict

        Returns
        -------
        Chosen
            Texts keep the names that they have in the file.
        """
        profiles = profiles_of(names, rows)
        texts = self._text
        if texts is not None:
            texts = [_named(one, names, "text") for one in texts]
        labels = self._label_columns(names, profiles, texts or ())
        if texts is None:
            texts = _recognized_texts(profiles, labels)
            for name in texts:
                _reject_duplicates(name, names)
        both = next((name for name in labels if name in texts), None)
        if both is not None:
            raise ValueError(f"has one column for text and label, {both!r}; name another one.")
        others = self._kept(names, {*labels, *texts})
        indicators = labels if len(labels) > 1 else ()
        return Chosen(", ".join(labels), {name: name for name in texts}, others, indicators)

    @property
    def looks_at_values(self) -> bool:
        """Return whether a column has to be recognized."""
        return self._text is None or not (self._labels or self._first_labels)

    def _label_columns(
        self, names: Sequence[str], profiles: Sequence[Profile], texts: Collection[str]
    ) -> list[str]:
        """Return the columns of the labels: as in the first file, as named, or as recognized."""
        if self._first_labels:
            return [_as_in_first(name, names) for name in self._first_labels]
        if self._labels:
            return list(dict.fromkeys(_named(one, names, "label") for one in self._labels))
        label = _recognized_label(profiles, texts)
        _reject_duplicates(label, names)
        return [label]

    def _kept(self, names: Sequence[str], used: Collection[str]) -> Sequence[str]:
        """Return the columns to keep beside the used ones, and reject one that is used."""
        if self._others == "auto":
            return [name for name in dict.fromkeys(names) if name not in used]
        kept = [_named(name, names, "columns") for name in self._others]
        twice = [name for name in kept if name in used]
        if twice:
            raise ValueError(f"has {twice[0]!r} for text or label and beside them; name it once.")
        return kept

    def for_other_files(self, chosen: Chosen, *, has_names: bool = True) -> "RecognizedColumns":
        """Return the rules that take the same columns from other files.

        A file without a header does not say what others call the column of the labels.
        """
        return RecognizedColumns(
            list(chosen.texts),
            self._labels,
            header=self._header,
            first_labels=chosen.label_columns if has_names else (),
            others=list(chosen.others),
        )


def _is_agnews(records: Sequence[Sequence[str]]) -> bool:
    """Return whether rows are those of AG News, whose third field is a text and not a label.

    Parameters
    ----------
    records : sequence of sequence of str

    Returns
    -------
    bool
    """
    n_fields = usual_width(records)
    if n_fields not in (2, 3) or not has_agnews_layout(records):
        return False
    if n_fields == 2:
        return True
    of_three = [record for record in records if len(record) == 3]
    title, third = (Profile("", [one[i] for one in of_three if one[i].strip()]) for i in (1, 2))
    is_text = third.is_long or third.mean_words >= title.mean_words
    return is_text and not third.is_recurring


def _named(name: str, names: Sequence[str], option: str) -> str:
    """Return the column that the caller means, in any case unless several differ in case only.

    Parameters
    ----------
    name : str
        As the caller writes it.
    names : sequence of str
        All columns of the file.
    option : {"text", "label", "columns"}

    Returns
    -------
    str
        As the file has it.

    Raises
    ------
    ValueError
        If there is none, or more than one.
    """
    found = _same(name, names)
    if not found:
        raise ValueError(
            f"has no column {name!r}, which {option}= (--{option}) names; its columns are "
            f"{_listed(names)}."
        )
    if len(found) > 1:
        raise ValueError(f"has a column more than once, {found}; rename or remove one.")
    return found[0]


def _same(name: str, names: Sequence[str]) -> list[str]:
    """Return the columns of a name, or of that name in any case if none has exactly it."""
    exact = [one for one in names if one == name]
    return exact or [one for one in names if plain_name(one) == plain_name(name)]


def _as_in_first(name: str, names: Sequence[str]) -> str:
    """Return the column of the labels of the first file, as a further file writes its name.

    Parameters
    ----------
    name : str
        In the first file.
    names : sequence of str
        All columns of the further file.

    Returns
    -------
    str

    Raises
    ------
    MissingLabelError
        If it has no such column.
    """
    if not _same(name, names):
        raise MissingLabelError(
            f"has no column {name!r}, which holds the labels of the first file; pass label= "
            "(--label) if another column does that all files have, or leave this file out. Its "
            f"columns are {_listed(names)}."
        )
    return _named(name, names, "label")


def _reject_duplicates(name: str, names: Sequence[str]) -> None:
    """Reject a file in which a column that was recognized has a name twice."""
    same = [one for one in names if plain_name(one) == plain_name(name)]
    if len(same) > 1:
        raise ValueError(f"has a column more than once, {same}; rename or remove one.")


def _recognized_label(profiles: Sequence[Profile], taken: Collection[str]) -> str:
    """Return the column of the labels, or raise a ValueError if none is certain.

    Parameters
    ----------
    profiles : sequence of Profile
        All columns.
    taken : collection of str
        Those of the text.

    Returns
    -------
    str
    """
    free = [profile for profile in profiles if profile.name not in taken]
    known = _with_words(free, LABEL_NAMES)
    if len(known) == 1 and not known[0].can_be_label:
        raise _doubt("label", _no_classes(known[0]), profiles)
    found = known or _likely_labels(free)
    if len(found) == 1:
        return found[0].name
    flags = [profile.name for profile in free if profile.is_flag]
    several = f"; if {_listed(flags)} have a 1 for each label of a row, name all of them"
    why = _why(found, "none is certain to hold the labels") + several * (len(flags) > 1)
    raise _doubt("label", why, profiles)


def _likely_labels(profiles: Sequence[Profile]) -> list[Profile]:
    """Return the columns that may hold labels though none has a usual name for them.

    Parameters
    ----------
    profiles : sequence of Profile

    Returns
    -------
    list of Profile
        Those with a word for labels in their names, and those whose values are few and recur. Stars
        and other measures are among them beside columns for which their values speak alone.
    """
    texts = _with_words(profiles, TITLE_NAMES | TEXT_NAMES)
    found = [p for p in profiles if p.has_word_for_label or (p.is_label and p not in texts)]
    if not found or any(profile.has_word_for_label for profile in found):
        return found
    return [p for p in profiles if p in found or (p.is_measure and p.has_classes)]


def _recognized_texts(profiles: Sequence[Profile], labels: Collection[str]) -> list[str]:
    """Return the columns of the texts, a title first, or raise a ValueError if not certain.

    Parameters
    ----------
    profiles : sequence of Profile
        All columns.
    labels : collection of str
        Those of the labels.

    Returns
    -------
    list of str
    """
    able = [profile for profile in profiles if profile.can_be_text and profile.name not in labels]
    titles, bodies = _titles_and_bodies(able)
    doubtful = next((found for found in (titles, bodies) if len(found) > 1), [])
    if doubtful or not (titles or bodies):
        raise _doubt("text", _why(doubtful, "none is certain to hold the text"), profiles)
    return [profile.name for profile in (*titles, *bodies)]


def _titles_and_bodies(profiles: Sequence[Profile]) -> tuple[list[Profile], list[Profile]]:
    """Return the columns that may be titles, and those that may be what stands below one.

    Parameters
    ----------
    profiles : sequence of Profile
        Columns in which texts may be.

    Returns
    -------
    titles, bodies : list of Profile
        Several where it is not certain which one is meant.
    """
    titles = _with_words(profiles, TITLE_NAMES)
    bodies = _with_words(profiles, TEXT_NAMES)
    bodies = bodies or [profile for profile in profiles if profile.has_word_for_text]
    others = [profile for profile in profiles if profile.is_text and profile not in titles]
    if not bodies and others:
        return [], [*titles, *others]  # another text may belong to a title, or be something else
    if any(body.is_long for body in bodies):
        return titles, bodies
    return titles, [*bodies, *others]  # what has the name may be codes, and the text elsewhere


def _with_words(profiles: Sequence[Profile], names: Collection[str]) -> list[Profile]:
    """Return the columns with one of these names, however it is written."""
    return [profile for profile in profiles if profile.words in names]


def _no_classes(profile: Profile) -> str:
    """Return why a column with a usual name cannot be that of the labels."""
    if profile.is_near_unique:
        n_values = len(profile.values)
        return f"{profile.name!r} has {profile.n_distinct} different values in {n_values} rows"
    return f"{profile.name!r} holds no classes"


def _why(found: Sequence[Profile], otherwise: str) -> str:
    """Return why columns are not certain: several may be meant.

    Parameters
    ----------
    found : sequence of Profile
        Columns that may be meant.
    otherwise : str
        What to say if these are less than two.

    Returns
    -------
    str
    """
    if len(found) < 2:
        return otherwise
    return f"several may be meant, {_listed([profile.name for profile in found])}"


def _doubt(option: str, why: str, profiles: Sequence[Profile]) -> ValueError:
    """Return the error for columns that are not certain, with all columns and the way out.

    Parameters
    ----------
    option : {"text", "label", "columns"}
    why : str
    profiles : sequence of Profile
        All columns.

    Returns
    -------
    ValueError
    """
    what = {"label": "labels", "text": "text"}[option]
    shown = [profile.describe() for profile in profiles[:_MOST_COLUMNS_SHOWN]]
    more = len(profiles) - len(shown)
    columns = ", ".join(shown) + (f" and {more:,} more" if more else "")
    way_out = f"pass {option}= (--{option})"
    if option == "text":
        way_out += ", or several in the order in which to join them"
    if len(profiles) == 1:
        way_out += ", or sep= (--sep) if there is another separator"
    return ValueError(f"needs a column for the {what}: {why}; {way_out}. The columns: {columns}.")


def _listed(names: Sequence[str]) -> str:
    """Return names for a message, cut where there are very many."""
    shown = ", ".join(map(repr, names[:_MOST_COLUMNS_SHOWN]))
    more = len(names) - _MOST_COLUMNS_SHOWN
    return f"{shown} and {more:,} more" if more > 0 else shown
