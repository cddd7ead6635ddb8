"""Rows to score a saved model on, read by the columns that it was trained on."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import typer
from rich.console import Console

from agnews_sk._core.joining import column_kinds, fitted_columns
from agnews_sk._core.label_sets import is_multilabel, thresholds_of
from agnews_sk._core.labels import check_labels
from agnews_sk.cli._rows import RowOptions, as_input_of, load_rows, print_rows, read_texts
from agnews_sk.datasets import TrainTest
from agnews_sk.persistence import saved_label_options


def options_of(options: RowOptions, model: Path) -> RowOptions:
    """Return the options with how the labels were read that a saved model was trained on.

    Parameters
    ----------
    options : RowOptions
    model : pathlib.Path

    Returns
    -------
    RowOptions
        The same if they say it themselves, or no file is read.
    """
    if options.path is None:
        return options
    saved = saved_label_options(model)
    if "label" in saved:
        saved["label"] = [saved["label"]] if isinstance(saved["label"], str) else saved["label"]
    given = {name: getattr(options, name) for name in saved}
    return replace(options, **{name: given[name] or value for name, value in saved.items()})


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
    target = _as_predicted(read.target, model)
    rows = TrainTest(None, read.data, no_labels, target, source, summary=read.summary)
    print_rows(rows, console)
    return rows._replace(X_test=as_input_of(model, rows.X_test, read.text_names))


def _as_predicted(y: np.ndarray, model: Any) -> np.ndarray:
    """Return labels as the model predicts them: one per row, or lists of them.

    Parameters
    ----------
    y : ndarray of shape (n_rows,)
        Labels, or lists of them.
    model : fitted pipeline or `OnnxClassifier`

    Returns
    -------
    ndarray of shape (n_rows,)

    Raises
    ------
    typer.BadParameter
        If the model predicts one label per row, and a row has none or several.
    """
    several = thresholds_of(model) is not None
    if several == is_multilabel(y):
        return y
    if several:
        lists = np.empty(len(y), dtype=object)
        lists[:] = [[label] for label in y.tolist()]
        return lists
    other = next((labels for labels in y if len(labels) != 1), None)
    if other is not None:
        raise typer.BadParameter(
            f"the model predicts one label per row, but rows have none or several, such as "
            f"{other!r:.60}; leave such rows out.",
            param_hint="--data",
        )
    return check_labels([label for (label,) in y])


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
