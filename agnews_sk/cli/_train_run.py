"""The command `agnews-sk train`: its work."""

import ast
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import typer
from rich.console import Console
from rich.markup import escape
from sklearn.base import clone

from agnews_sk._core.validation import n_rows
from agnews_sk.cli._families import NETS, PRETRAINED, Family, check_pretrained, make_pipeline
from agnews_sk.cli._output import check_model_path
from agnews_sk.cli._progress import stages
from agnews_sk.cli._rows import (
    RowOptions,
    check_classes,
    is_file,
    load_rows,
    print_rows,
    read_texts,
)
from agnews_sk.cli._saving import model_card, print_next
from agnews_sk.cli._stopping import check_stopped, terminable
from agnews_sk.datasets import TrainTest
from agnews_sk.evaluation import ComparisonResult, evaluate_fitted
from agnews_sk.persistence import save
from agnews_sk.pipeline import TextPipeline
from agnews_sk.reporting import comparison_table

# Epochs without improvement after which a network with validation rows stops.
PATIENCE = 2

# Rows and their labels.
Part = tuple[Any, np.ndarray]


def run_train(
    options: RowOptions,
    output: Path,
    *,
    family: Family,
    validation: str | None,
    test: str | None,
    model: str | None,
    epochs: int | None,
    params: Sequence[str],
    seed: int,
) -> None:
    """Fit a pipeline on all training rows, score it if there are test rows, and save it.

    Parameters
    ----------
    options : RowOptions
    output : pathlib.Path
        Folder or zip file of the model.
    family : Family
    validation, test : str or None
        Files of further rows.
    model : str or None
        Pretrained model of the families that have one.
    epochs : int or None
    params : sequence of str
        Parameters of steps, each as NAME=VALUE.
    seed : int
    """
    console = Console()
    check_model_path(output, "OUTPUT")
    if family in PRETRAINED:
        check_pretrained(model)
    pipeline = make_pipeline(
        family, model=model, epochs=epochs, seed=seed, show=console.is_terminal
    )
    _set(pipeline, params)
    with terminable():
        rows = _load(options, test, console)
        valid = None if validation is None else _further(validation, "--validation", rows, options)
        seconds = _fit(pipeline, family, rows, valid, console)
        remarks = [] if valid is None else [_validated(pipeline, family, *valid)]
        for remark in remarks:
            console.print(remark, highlight=False)
        result = _score(pipeline, family, rows, seconds, seed, console)
        card = model_card(pipeline, rows, result, family, remarks=remarks)
        check_stopped()
        save(pipeline, output, card=card)
    console.print("[bold]Saved:[/]", escape(str(output)), soft_wrap=True)
    print_next(console, output)


def _set(pipeline: TextPipeline, params: Sequence[str]) -> None:
    """Set parameters of steps, each given as NAME=VALUE, or reject them by the option."""
    given = {}
    for one in params:
        name, equals, value = one.partition("=")
        if not equals:
            raise typer.BadParameter(f"NAME=VALUE is needed, got {one!r}.", param_hint="--set")
        given[name.strip()] = _value(value.strip())
    try:
        pipeline.set_params(**given)
    except (TypeError, ValueError) as error:
        raise typer.BadParameter(str(error), param_hint="--set") from error


def _value(text: str) -> Any:
    """Return a Python literal such as 0.5, True or (1, 3); any other text as it is."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def _load(options: RowOptions, test: str | None, console: Console) -> TrainTest:
    """Load all training rows, and the test rows if there are any.

    All rows of a file are for training. A folder, or the default data, has test rows.

    Parameters
    ----------
    options : RowOptions
    test : str or None
        File of test rows.
    console : rich.console.Console

    Returns
    -------
    TrainTest
        With `X_test` None without test rows.
    """
    if not is_file(options):
        rows = load_rows(options, console)
        return rows if test is None else _with_test(rows, test, options)
    read = read_texts(str(options.path), options, "--data")
    check_classes(read.target, f"{options.path}: the rows have")
    source = f"{options.path}: {len(read.target):,} training rows"
    no_labels = np.empty(0, dtype=object)
    rows = TrainTest(read.data, None, read.target, no_labels, source, summary=read.summary)
    rows = rows if test is None else _with_test(rows, test, options)
    print_rows(rows, console)
    return rows


def _with_test(rows: TrainTest, test: str, options: RowOptions) -> TrainTest:
    """Return training rows with the test rows of a file."""
    X_test, y_test = _further(test, "--test", rows, options)
    source = f"{rows.source}; {test}: {len(y_test):,} test rows"
    return rows._replace(X_test=X_test, y_test=y_test, source=source)


def _further(path: str, hint: str, rows: TrainTest, options: RowOptions) -> Part:
    """Read rows that must have the columns of the training rows."""
    read = read_texts(path, options, hint)
    wanted, found = list(rows.X_train.columns), list(read.data.columns)
    if found != wanted:
        raise typer.BadParameter(
            f"{path} must have the text columns of the training rows, {wanted}, got {found}; "
            "name them with --text.",
            param_hint=hint,
        )
    return read.data, read.target


def _fit(
    pipeline: TextPipeline, family: Family, rows: TrainTest, valid: Part | None, console: Console
) -> float:
    """Fit the pipeline, print how long that took, and return the seconds."""
    params = {}
    if valid is not None and family in NETS:
        params = _validation(pipeline, rows, *valid)
    n_train = n_rows(rows.X_train)
    start = time.perf_counter()
    own_bar = "fitting" if family in NETS else ""
    with stages(console, f"{family}: fitting on {n_train:,} rows", own_bar=own_bar):
        pipeline.fit(rows.X_train, rows.y_train, **params)
    seconds = time.perf_counter() - start
    console.print(f"[bold]Fitted:[/] {family} on {n_train:,} rows in {seconds:.1f} s")
    return seconds


def _validated(pipeline: TextPipeline, family: Family, X_val: Any, y_val: np.ndarray) -> str:
    """Return the accuracy on the validation rows, as a sentence."""
    used = ", by which the epoch was chosen" if family in NETS else ""
    accuracy = pipeline.score(X_val, y_val)
    return f"Accuracy on {len(y_val):,} validation rows{used}: {accuracy:.4f}."


def _validation(
    pipeline: TextPipeline, rows: TrainTest, X_val: Any, y_val: np.ndarray
) -> dict[str, Any]:
    """Let the network stop by its validation loss, and return the rows as its `fit` takes them.

    The steps before the network are fitted for that, as they are in the fit of the pipeline.
    """
    if pipeline.get_params()["classify__patience"] is None:
        pipeline.set_params(classify__patience=PATIENCE)
    before = clone(pipeline[:-1]).fit(rows.X_train, rows.y_train)
    return {"classify__X_val": before.transform(X_val), "classify__y_val": y_val}


def _score(
    pipeline: TextPipeline,
    family: Family,
    rows: TrainTest,
    seconds: float,
    seed: int,
    console: Console,
) -> ComparisonResult | None:
    """Score the pipeline on the test rows and print the scores; None without test rows."""
    if rows.X_test is None:
        console.print(
            "There are no test rows: pass --test to score the model, or use `agnews-sk compare`, "
            "which holds out a fifth of the rows.",
            soft_wrap=True,
        )
        return None
    with stages(console, f"{family}: test rows") as shown:
        evaluation = evaluate_fitted(
            family, pipeline, rows.X_test, rows.y_test, progress=shown.show
        )
    evaluation = replace(evaluation, n_train_rows=n_rows(rows.X_train), fit_seconds=seconds)
    result = ComparisonResult.from_evaluations([evaluation], random_state=seed)
    console.print(comparison_table(result))
    console.print(result.summary(), highlight=False, markup=False)
    return result
