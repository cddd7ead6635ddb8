"""Decide which columns hold the text, once for all files and before any row is scored."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from agnews_sk.bulk._rows import column_names, plain

_WAY_OUT = (
    "name those of the text with columns= (--column), or pass header=False (--no-header) if the "
    "first line of a CSV file is a row"
)


class Columns(NamedTuple):
    """The columns of some files.

    Attributes
    ----------
    text : list of str
        Those of the text.
    found : list of str
        All that there are.
    """

    text: list[str]
    found: list[str]


def choose_columns(
    paths: Sequence[Path],
    choices: Sequence[Sequence[str]],
    keep: Sequence[str],
    *,
    header: bool | None = None,
) -> Columns:
    """Return the first choice of which every file has every column.

    Parameters
    ----------
    paths : sequence of path
        A file without a single line says nothing.
    choices : sequence of sequence of str
        Columns of a text, the best first.
    keep : sequence of str
        Further columns that every file must have.
    header : bool, optional
        As in `read_batches`.

    Returns
    -------
    Columns

    Raises
    ------
    ValueError
        If a file lacks a column, or has several of its name.
    """
    wanted = {name for fields in [*choices, keep] for name in fields}
    named = [(path, column_names(path, wanted, header=header)) for path in paths]
    files = [(path, names) for path, names in named if names]
    found = list(dict.fromkeys(name for _, names in files for name in names))
    text = next((one for one in choices if all(_has(names, one) for _, names in files)), None)
    if text is None:
        raise ValueError(_lack_of_text(files, choices))
    for path, names in files:
        _check_file(path, names, [*text, *keep])
    return Columns(list(text), found)


def _has(names: Sequence[str], wanted: Sequence[str]) -> bool:
    return all(_count(names, one) for one in wanted)


def _count(names: Sequence[str], name: str) -> int:
    """Return how many columns a name may mean: those spelled so, else those but for the case."""
    return names.count(name) or [plain(one) for one in names].count(plain(name))


def _lack_of_text(files: Sequence[tuple[Path, list[str]]], choices: Sequence[Sequence[str]]) -> str:
    """Say which file lacks what, of the choice that suits the most files."""
    best = max(choices, key=lambda one: sum(_has(names, one) for _, names in files))
    path, names = next((path, names) for path, names in files if not _has(names, best))
    if any(_has(others, best) for _, others in files):
        lack = f"{path} lacks a column that other files have, {_listed(best)}"
    else:
        lack = f"{path} has no column {' or '.join(map(_listed, choices))}"
    return f"{lack}; {_WAY_OUT}. Its columns are {_listed(names)}."


def _check_file(path: Path, names: Sequence[str], wanted: Sequence[str]) -> None:
    for name in wanted:
        n_columns = _count(names, name)
        if not n_columns:
            raise ValueError(f"{path} has no column {name!r}; its columns are {_listed(names)}.")
        if n_columns > 1:
            raise ValueError(f"{path} has {n_columns} columns {name!r}; rename all but one.")


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(map(repr, names)):.500}"
