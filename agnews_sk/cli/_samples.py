"""The sample texts of `agnews-sk serve`, read from a file."""

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from agnews_sk._core.joining import column_kinds, fitted_columns
from agnews_sk.bulk import choose_columns
from agnews_sk.files import TEXT_CHOICES, NamedColumns, open_rows, plain_name
from agnews_sk.onnx import load_model

_HINT = "--samples"


def read_samples(path: Path, model: Path, n_shown: int, console: Console) -> list[Any]:
    """Read the first texts or rows of a file, and say so if it has more.

    Parameters
    ----------
    path : pathlib.Path
        A text file (.txt) with a text per line, or rows of any format.
    model : pathlib.Path
        Saved model, whose columns are read if the file has them.
    n_shown : int
        Number of texts to read.
    console : rich.console.Console

    Returns
    -------
    list of (str or dict)
        Texts, or cells by column.

    Raises
    ------
    typer.BadParameter
        If it cannot be read or has no text.
    """
    try:
        read = _lines if path.suffix.lower() == ".txt" else _rows
        found = read(path, model, n_shown + 1)
    except (OSError, TypeError, ValueError) as error:
        raise typer.BadParameter(str(error), param_hint=_HINT) from error
    if not found:
        raise typer.BadParameter(f"{path} has no text.", param_hint=_HINT)
    if len(found) > n_shown:
        message = f"Samples: the first {n_shown} texts of {path}, which has more."
        console.print(message, highlight=False, markup=False, soft_wrap=True)
    return found[:n_shown]


def _lines(path: Path, model: Path, n_wanted: int) -> list[Any]:
    """Return the first lines that are not empty, without the spaces around them."""
    try:
        with open(path, encoding="utf-8-sig") as file:
            return list(islice(filter(None, map(str.strip, file)), n_wanted))
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} must be a text in UTF-8: {error}; convert it.") from error


def _rows(path: Path, model: Path, n_wanted: int) -> list[Any]:
    """Return the first rows that can be read and have text."""
    loaded = load_model(model)
    columns, kinds = fitted_columns(loaded), list(column_kinds(loaded))
    choices = [columns] * bool(columns) + [list(names) for names in TEXT_CHOICES]
    texts = choose_columns([path], choices, kinds).text
    found = _first_rows(path, texts, kinds, n_wanted)
    if texts == columns:
        return found
    # The model was trained on texts or on other columns.
    joined = [" ".join(filter(None, (row[name] for name in texts))) for row in found]
    if not kinds:
        return joined
    beside = [{name: row[name] for name in kinds} for row in found]
    return [{columns[0]: text, **cells} for text, cells in zip(joined, beside, strict=True)]


def _first_rows(
    path: Path, texts: list[str], kinds: list[str], n_wanted: int
) -> list[dict[str, Any]]:
    """Return columns of the first rows of a file that can be read and have text."""
    found: list[dict[str, Any]] = []
    for batch in open_rows(path, NamedColumns([*texts, *kinds])).batches(n_wanted):
        rows = [_named([*texts, *kinds], row) for row in batch.rows]
        rows = [row | {name: _as_text(row[name]) for name in texts} for row in rows]
        found += [row for row in rows if any(row[name].strip() for name in texts)]
        if len(found) >= n_wanted:
            break
    return found[:n_wanted]


def _as_text(cell: Any) -> str:
    """Return a cell as text; a missing one is empty."""
    return "" if cell is None or cell != cell else str(cell)  # NaN


def _named(wanted: Sequence[str], row: dict[str, Any]) -> dict[str, Any]:
    """Return the cells of columns under the names that are wanted, which may differ in case."""
    by_plain = {plain_name(name): cell for name, cell in row.items()}
    return {name: row.get(name, by_plain.get(plain_name(name))) for name in wanted}
