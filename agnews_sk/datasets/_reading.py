"""Read labelled rows of several files as one dataset: columns, labels and faults together."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
from sklearn.utils import Bunch

from agnews_sk._core.counted import counted
from agnews_sk._core.user_warnings import warn_user
from agnews_sk.datasets._bunch import check_choice, make_bunch, summarize
from agnews_sk.datasets._columns import AgNewsColumns, LabelledRules, MissingLabelError
from agnews_sk.datasets._labels import (
    OFFICIAL_NAMES,
    as_labels,
    like_first,
    meaning_of_labels,
    names_of_classes,
    without_label_faults,
)
from agnews_sk.datasets._parts import Sources, files_of, find_sources
from agnews_sk.datasets._recognize import RecognizedColumns
from agnews_sk.datasets._table import Table, read_table
from agnews_sk.files import ReadOptions


@dataclass(frozen=True)
class Reading:
    """How labelled rows are read.

    Attributes
    ----------
    rules : LabelledRules
        Choose the columns.
    options : ReadOptions
        What the caller says about the form of files.
    label_sep : str or None
        Separates several labels in a cell.
    on_bad_rows : {"error", "skip"}
    """

    rules: LabelledRules = field(default_factory=AgNewsColumns)
    options: ReadOptions = field(default_factory=ReadOptions)
    label_sep: str | None = None
    on_bad_rows: str = "error"

    def __post_init__(self) -> None:
        """Check the choice and the separator of labels."""
        check_choice(self.on_bad_rows, ("error", "skip"), name="on_bad_rows")
        if self.label_sep == "":
            raise ValueError("label_sep must be one or more characters, got ''.")


def reading_of(
    *,
    text: str | Sequence[str] | None = None,
    label: str | Sequence[str] | None = None,
    sep: str | None = None,
    encoding: str | None = None,
    header: bool | None = None,
    sheet: str | None = None,
    label_sep: str | None = None,
    columns: str | Sequence[str] | None = None,
    on_bad_rows: str = "error",
) -> Reading:
    """Return how labelled rows of any columns are read; parameters as of `load_texts`."""
    texts, labels = _checked_names(text, "text"), _checked_names(label, "label")
    rules = RecognizedColumns(texts, labels, header=header, others=_checked_others(columns))
    return Reading(rules, ReadOptions(sep, encoding, sheet), label_sep, on_bad_rows)


def _checked_names(given: Any, parameter: str) -> list[str] | None:
    """Return the names of columns that the caller gives, one or several; reject other values."""
    names = [given] if isinstance(given, str) else given
    is_list = isinstance(names, (list, tuple)) and names
    if names is not None and not (is_list and all(isinstance(name, str) for name in names)):
        raise TypeError(
            f"{parameter} must be the name of a column or a list of names, got {given!r:.100}."
        )
    return None if names is None else list(names)


def _checked_others(columns: Any) -> Sequence[str]:
    """Return the columns to keep beside the texts, or "auto"; reject other values."""
    others = [] if columns is None else columns
    named = isinstance(others, (list, tuple)) and all(isinstance(one, str) for one in others)
    if not named and not (isinstance(others, str) and others == "auto"):
        raise TypeError(f"columns must be 'auto' or a list of names, got {columns!r:.100}.")
    return others


def load_parts(given: Any, subsets: Sequence[str], reading: Reading) -> list[Bunch]:
    """Read a file or parts of a folder, each file once, with the same meaning of labels in all.

    Parameters
    ----------
    given : object
        As `find_sources` takes it.
    subsets : sequence of {"train", "validation", "test", "all"}
        The subset of each Bunch; ignored for rows that are not divided.
    reading : Reading

    Returns
    -------
    list of Bunch
    """
    sources = find_sources(given)
    wanted = [files_of(sources, subset, given) for subset in subsets]
    return load_sources(sources, wanted, reading)


def load_sources(
    sources: Sources, wanted: Sequence[Sequence[str]], reading: Reading
) -> list[Bunch]:
    """Read all files, and return the rows of some parts.

    Files of parts that are not wanted decide on the meaning of labels too, if they have labels.

    Parameters
    ----------
    sources : dict of str to list
        Files or datasets by part.
    wanted : sequence of sequence of str
        The parts of each Bunch.
    reading : Reading

    Returns
    -------
    list of Bunch
    """
    tables = _read_tables(sources, {part for parts in wanted for part in parts}, reading)
    tables = _as_in_training(tables)
    meaning = meaning_of_labels([table for found in tables.values() for table in found])
    bunches = []
    for parts in wanted:
        of_parts = [table for part in parts for table in tables[part]]
        bunches.append(_make_bunch(of_parts, meaning, reading))
    return bunches


def _as_in_training(tables: Mapping[str, list[Table]]) -> dict[str, list[Table]]:
    """Return tables with one label per row, or with several, as the first one has.

    Parameters
    ----------
    tables : mapping of str to list of Table
        By part, training rows first.

    Returns
    -------
    dict of str to list of Table

    Raises
    ------
    ValueError
        If the first one has one label per row, and a row of another has none or several.
    """
    filled = [table for found in tables.values() for table in found if len(table.labels)]
    if not filled or len({table.label_kind == "list" for table in filled}) == 1:
        return dict(tables)
    return {
        part: [like_first(table, filled[0]) for table in found] for part, found in tables.items()
    }


def read_agnews(paths: Sequence[Path]) -> Bunch:
    """Read files that are known to be those of AG News.

    Parameters
    ----------
    paths : sequence of pathlib.Path

    Returns
    -------
    Bunch
    """
    reading = Reading(options=ReadOptions(detects=False))
    tables = [read_table(path, reading.rules, reading.options) for path in paths]
    return _make_bunch(tables, OFFICIAL_NAMES, reading)


def _read_tables(
    sources: Sources, wanted: Collection[str], reading: Reading
) -> dict[str, list[Table]]:
    """Return the tables of each part; the columns of the first file are those of all.

    Parameters
    ----------
    sources : dict of str to list
    wanted : collection of str
        Parts of which every file must have labels.
    reading : Reading

    Returns
    -------
    dict of str to list of Table
        Without files of other parts that have no labels, such as the rows of a competition to be
        labelled.
    """
    rules = reading.rules
    tables: dict[str, list[Table]] = {part: [] for part in sources}
    for part, found in sources.items():
        for source in found:
            try:
                table = read_table(source, rules, reading.options, label_sep=reading.label_sep)
            except MissingLabelError:
                if part in wanted:
                    raise
                continue
            tables[part].append(without_label_faults(table))
            if table.chosen is not None:
                has_names = not table.has_numbered_classes
                rules = reading.rules.for_other_files(table.chosen, has_names=has_names)
    return tables


def _make_bunch(tables: Sequence[Table], meaning: Mapping[str, Any], reading: Reading) -> Bunch:
    """Concatenate tables, whose labels have been checked, to a Bunch.

    Parameters
    ----------
    tables : sequence of Table
    meaning : mapping of str to label
    reading : Reading

    Returns
    -------
    Bunch
    """
    _report_faults(tables, reading.on_bad_rows)
    filled = [table for table in tables if len(table.labels)]
    if not filled:
        raise ValueError(_no_rows(tables))
    paths = ", ".join(str(table.path) for table in tables)
    target = as_labels(pl.concat([table.labels for table in filled]), dict(meaning))
    rows = _joined_rows(filled)
    bunch = make_bunch(
        rows,
        target,
        f"Labelled rows read from {paths}",
        target_names=names_of_classes(dict(meaning)),
        label_name=_label_name(filled[0]),
        text_names=list(filled[0].chosen.texts if filled[0].chosen else rows.columns),
    )
    bunch.label_form = filled[0].label_form
    bunch.summary = summarize([bunch])
    return bunch


def _label_name(table: Table) -> str | list[str]:
    """Return the column of the labels, or those of 0 and 1."""
    indicators = list(table.chosen.indicators) if table.chosen else []
    return indicators or table.label


def _joined_rows(tables: Sequence[Table]) -> pl.DataFrame:
    """Return the rows of all tables, in columns of a type that holds the values of all.

    Parameters
    ----------
    tables : sequence of Table

    Returns
    -------
    polars.DataFrame of shape (n_rows, n_columns)

    Raises
    ------
    ValueError
        If a column beside the texts has types that do not go together.
    """
    try:
        return pl.concat([table.rows for table in tables], how="diagonal_relaxed")
    except pl.exceptions.PolarsError as error:
        raise ValueError(_types_apart(tables)) from error


def _types_apart(tables: Sequence[Table]) -> str:
    """Return which column has types that do not go together, and in which files."""
    first: dict[str, Table] = {}
    for table in tables:
        for name in table.rows.columns:
            other = first.setdefault(name, table)
            one, two = other.rows[name], table.rows[name]
            try:
                pl.concat([one.to_frame(), two.to_frame()], how="vertical_relaxed")
            except pl.exceptions.PolarsError:
                return (
                    f"{name!r} must have the same type in all files, got {one.dtype} in "
                    f"{other.path} and {two.dtype} in {table.path}; convert one of them, or leave "
                    "the column out of columns= (--columns)."
                )
    names = ", ".join(str(table.path) for table in tables)
    return f"The columns of {names} have types that do not go together."


def _no_rows(tables: Sequence[Table]) -> str:
    """Return why there are no rows: files are empty, or have a header only.

    Parameters
    ----------
    tables : sequence of Table

    Returns
    -------
    str
    """
    paths = ", ".join(str(table.path) for table in tables)
    if any(table.faults for table in tables):
        return f"No rows in {paths} that can be used."
    names = next((table.names for table in tables if table.names), None)
    if names is None:
        return f"No rows in {paths}: it is empty." if len(tables) == 1 else f"No rows in {paths}."
    return f"No rows in {paths}, only the names of columns: {', '.join(map(repr, names)):.300}."


def _report_faults(tables: Sequence[Table], on_bad_rows: str) -> None:
    """Raise the first fault as an error, or warn of all.

    Parameters
    ----------
    tables : sequence of Table
    on_bad_rows : {"error", "skip"}

    Raises
    ------
    ValueError
        Names the file and line of the first fault, and how to leave such rows out.
    """
    faults = [(table.path, line, why) for table in tables for line, why in table.faults]
    if not faults:
        return
    path, line, why = faults[0]
    if on_bad_rows == "error":
        raise ValueError(why_fault(path, line, why))
    warn_user(
        f"Skipped {counted(len(faults), 'broken row')}; the first is {path}, line {line}: {why}.",
        UserWarning,
    )


def why_fault(path: Any, line: int, why: str) -> str:
    """Return the message for a faulty row that is not to be skipped."""
    return (
        f'{path}, line {line}: {why}. Pass on_bad_rows="skip" (--on-bad-rows skip) to leave '
        "such rows out."
    )
