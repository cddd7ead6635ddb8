"""Choose the columns of the text, once for all files and before any row is predicted."""

from collections.abc import Sequence
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

from agnews_sk.files import NamedColumns, open_rows, plain_name

_WAY_OUT = (
    "name those of the text with columns= (--text), or pass header=False (--no-header) if the "
    "first line of a file is a row"
)


class Columns(NamedTuple):
    """The columns of some files.

    Attributes
    ----------
    text : list of str
        Those that hold the text.
    found : list of str
        All columns of all files.
    """

    text: list[str]
    found: list[str]


def choose_columns(
    paths: Sequence[Path],
    choices: Sequence[Sequence[str]],
    keep: Sequence[str],
    *,
    header: bool | None = None,
    **options: Any,
) -> Columns:
    """Return the first choice of columns that every file has.

    Parameters
    ----------
    paths : sequence of path
        An empty file is ignored.
    choices : sequence of sequence of str
        Columns that may hold the text, the first choice first.
    keep : sequence of str
        Further columns that every file must have.
    header : bool, optional
        As `NamedColumns` takes it.
    **options
        As `open_rows` takes them.

    Returns
    -------
    Columns

    Raises
    ------
    ValueError
        If a file lacks a column, or has several of its name.
    """
    rules = NamedColumns({name for names in [*choices, keep] for name in names}, header=header)
    named = [(path, open_rows(path, rules, **options).column_names()) for path in paths]
    files = list(filter(itemgetter(1), named))
    found = list(dict.fromkeys(name for _, names in files for name in names))
    text = next((one for one in choices if all(_has(names, one) for _, names in files)), None)
    if text is None:
        raise ValueError(_lack_of_text(files, choices))
    for path, names in files:
        _check_file(path, names, [*text, *keep])
    return Columns(list(text), found)


def _has(names: Sequence[str], wanted: Sequence[str]) -> bool:
    """Return whether a file has all wanted columns."""
    return all(_count(names, one) for one in wanted)


def _count(names: Sequence[str], name: str) -> int:
    """Return how many columns a name may mean: those spelled so, else those in another case."""
    return names.count(name) or [plain_name(one) for one in names].count(plain_name(name))


def _lack_of_text(files: Sequence[tuple[Path, list[str]]], choices: Sequence[Sequence[str]]) -> str:
    """Return which file lacks which column, of the choice that most files have.

    Parameters
    ----------
    files : sequence of (path, list of str)
        With their columns.
    choices : sequence of sequence of str

    Returns
    -------
    str
    """
    best = max(choices, key=lambda one: sum(_has(names, one) for _, names in files))
    path, names = next((path, names) for path, names in files if not _has(names, best))
    if any(_has(others, best) for _, others in files):
        lack = f"{path} lacks a column that other files have, {_listed(best)}"
    else:
        lack = f"{path} has no column {' or '.join(map(_listed, choices))}"
    return f"{lack}; {_WAY_OUT}. Its columns are {_listed(names)}."


def _check_file(path: Path, names: Sequence[str], wanted: Sequence[str]) -> None:
    """Raise a ValueError unless a file has each wanted column once."""
    for name in wanted:
        n_columns = _count(names, name)
        if not n_columns:
            raise ValueError(f"{path} has no column {name!r}; its columns are {_listed(names)}.")
        if n_columns > 1:
            raise ValueError(f"{path} has {n_columns} columns {name!r}; rename all but one.")


def _listed(names: Sequence[str]) -> str:
    """Return names as a message shows them, cut where there are very many."""
    return f"{', '.join(map(repr, names)):.500}"
