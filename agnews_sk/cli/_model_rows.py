"""Rows to score a saved model on, read by the columns that it was trained on."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import typer
from rich.console import Console

from agnews_sk._core.joining import column_kinds, fitted_columns
from agnews_sk.cli._rows import RowOptions, as_input_of, load_rows, print_rows, read_texts
from agnews_sk.datasets import TrainTest
from agnews_sk.persistence import saved_label_name


def options_of(options: RowOptions, model: Path) -> RowOptions:
    """Return the options with the column of the labels that a saved model was trained on.

    Parameters
    ----------
    options : RowOptions
    model : pathlib.Path

    Returns
    -------
    RowOptions
        The same if they name a column, or no file is read.
    """
    if options.label is not None or options.path is None:
        return options
    return replace(options, label=saved_label_name(model))


def load_test_rows(options: RowOptions, model: Any, console: Console) -> TrainTest:
    """Load the rows to test a model on, with the columns that it reads, and print their source.

    Parameters
    ----------
    options : RowOptions
        All rows of a file are test rows; of a folder, those of its test files.
    model : fitted pipeline or `OnnxClassifier`
        Its columns are read where no others are named.
    console : rich.console.Console

    Returns
    -------
    TrainTest
        Without training rows if a file was read.
    """
    if options.path is None:
        rows = load_rows(options, console)
        return rows._replace(X_test=as_input_of(model, rows.X_test))
    read = _read(options, fitted_columns(model), list(column_kinds(model)))
    source = f"{options.path}: {len(read.target):,} test rows"
    no_labels = np.empty(0, dtype=object)
    rows = TrainTest(None, read.data, no_labels, read.target, source, summary=read.summary)
    print_rows(rows, console)
    return rows._replace(X_test=as_input_of(model, rows.X_test, read.text_names))


def _read(options: RowOptions, columns: list[str], beside: list[str]) -> Any:
    """Read rows by the columns of the model if there are such, else as recognized.

    Parameters
    ----------
    options : RowOptions
    columns : list of str
        Those that the model was trained on; empty for texts.
    beside : list of str
        Those that it uses beside texts.

    Returns
    -------
    Bunch

    Raises
    ------
    typer.BadParameter
        If they cannot be read either way; with the reason of the first attempt.
    """
    path = str(options.path)
    of_test: dict[str, Any] = {"subset": "test", "columns": beside}
    if options.text or not columns:
        return read_texts(path, options, **of_test)
    try:
        return read_texts(path, replace(options, text=columns), **of_test)
    except typer.BadParameter as error:
        try:
            return read_texts(path, options, **of_test)
        except typer.BadParameter:
            raise error from None
