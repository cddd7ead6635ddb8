"""The command `agnews-sk train`: its work."""

import ast
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape
from sklearn.base import clone

from agnews_sk._core.label_sets import is_multilabel
from agnews_sk._core.validation import n_rows
from agnews_sk.auditing import MIN_TEXTS, TextReference
from agnews_sk.cli._families import (
    NETS,
    PRETRAINED,
    TRAINS_NET,
    Family,
    check_columns,
    check_devices,
    check_one_label,
    check_pretrained,
    make_pipeline,
)
from agnews_sk.cli._output import check_model_path
from agnews_sk.cli._progress import stages
from agnews_sk.cli._rows import RowOptions, load_rows
from agnews_sk.cli._saving import model_card, print_next
from agnews_sk.cli._stopping import check_stopped, terminable
from agnews_sk.datasets import TrainTest
from agnews_sk.evaluation import ComparisonResult, evaluate_fitted
from agnews_sk.persistence import save, store_reference
from agnews_sk.pipeline import TextPipeline
from agnews_sk.reporting import comparison_table

# Epochs without improvement after which a network with validation rows stops, unless its classifier
# chooses their number too.
PATIENCE = 2


def run_train(
    options: RowOptions,
    out: Path,
    *,
    family: Family,
    columns: list[str] | None,
    validation: str | None,
    test: str | None,
    model: str | None,
    epochs: int | None,
    devices: int,
    params: Sequence[str],
    seed: int,
) -> None:
    """Fit a pipeline on all training rows, score it if there are test rows, and save it.

    Parameters
    ----------
    options : RowOptions
    out : pathlib.Path
        Folder or zip file of the model.
    family : Family
    columns : list of str or None
        Columns to use beside texts, or ["auto"].
    validation, test : str or None
        Files of further rows.
    model : str or None
        Pretrained model of the families that have one.
    epochs : int or None
    devices : int
        Number of devices that a network is trained on.
    params : sequence of str
        Parameters of steps, each as NAME=VALUE.
    seed : int
    """
    console = Console()
    check_model_path(out)
    if family in PRETRAINED:
        check_pretrained(model)
    check_devices(devices, family)
    others = check_columns(columns, [family])
    pipeline = make_pipeline(
        family,
        model=model,
        epochs=epochs,
        devices=devices,
        seed=seed,
        show=console.is_terminal,
        columns=others,
    )
    set_params(pipeline, params)
    with terminable():
        rows = load_rows(
            options, console, test=test, validation=validation, columns=others, test_size=0
        )
        check_one_label(is_multilabel(rows.y_train), [family])
        if others is not None:
            joiners = [name for name in pipeline.get_params() if name.endswith("join__columns")]
            pipeline.set_params(**{name: list(rows.texts) for name in joiners})
        seconds = _fit(pipeline, family, rows, console)
        remarks = _validated(pipeline, family, rows)
        for remark in remarks:
            console.print(remark, highlight=False)
        n_train = n_rows(rows.X_train)
        result = score_fitted(pipeline, family, rows, n_train, seconds, seed, console)
        card = model_card(pipeline, rows, result, family, remarks=remarks)
        check_stopped()
        if family in NETS:
            pipeline.set_params(classify__devices=1)  # which is not saved
        save(pipeline, out, card=card)
        _store_reference(pipeline, rows, out)
    console.print("[bold]Saved:[/]", escape(str(out)), soft_wrap=True)
    print_next(console, out)


def _store_reference(pipeline: Any, rows: TrainTest, out: Path) -> None:
    """Store what held-out texts look like, if there are enough of them.

    Parameters
    ----------
    pipeline : TextPipeline, or classifier made of them
        Fitted.
    rows : TrainTest
        Test rows are used, or validation rows if there are none.
    out : pathlib.Path
        The saved model.
    """
    held_out = rows.X_validation if rows.X_test is None else rows.X_test
    if held_out is not None and n_rows(held_out) >= MIN_TEXTS:
        store_reference(out, TextReference.of(pipeline, held_out, rows.X_train).to_dict())


def set_params(pipeline: Any, params: Sequence[str]) -> None:
    """Set parameters of steps, each given as NAME=VALUE, or reject them by the option.

    Parameters
    ----------
    pipeline : TextPipeline, or classifier made of them
    params : sequence of str

    Raises
    ------
    typer.BadParameter
        If one has no value, or there is no such parameter.
    """
    given = {}
    for one in params:
        name, equals, value = one.partition("=")
        if not equals:
            raise typer.BadParameter(f"NAME=VALUE is needed, got {one!r}.", param_hint="--set")
        given[name.strip()] = _value(value.strip())
    try:
        pipeline.set_params(**given)
    except AttributeError as error:  # a parameter of what is no estimator
        message = f"there is no such parameter within a step: {error}."
        raise typer.BadParameter(message, param_hint="--set") from error
    except (TypeError, ValueError) as error:
        raise typer.BadParameter(str(error), param_hint="--set") from error


def _value(text: str) -> Any:
    """Return a Python literal such as 0.5, True or (1, 3); any other text as it is.

    Parameters
    ----------
    text : str

    Returns
    -------
    object
        Whether it is a valid value is checked by the step that has the parameter.
    """
    try:
        return ast.literal_eval(text)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return text


def _fit(pipeline: Any, family: Family, rows: TrainTest, console: Console) -> float:
    """Fit the pipeline, print how long that took, and return the seconds.

    Parameters
    ----------
    pipeline : TextPipeline, or classifier made of them
    family : Family
        A network uses validation rows, and shows its epochs itself.
    rows : TrainTest
    console : rich.console.Console

    Returns
    -------
    float
    """
    params = _validation(pipeline, rows) if family in NETS else {}
    n_train = n_rows(rows.X_train)
    start = time.perf_counter()
    own_bar = "fitting" if family in TRAINS_NET else ""
    with stages(console, f"{family}: fitting on {n_train:,} rows", own_bar=own_bar):
        pipeline.fit(rows.X_train, rows.y_train, **params)
    seconds = time.perf_counter() - start
    console.print(f"[bold]Fitted:[/] {family} on {n_train:,} rows in {seconds:.1f} s")
    steps = getattr(pipeline, "named_steps", {})
    used = getattr(steps.get("join"), "summary_", None)
    if used is not None:
        console.print("[bold]Columns:[/]", escape(used), soft_wrap=True)
    return seconds


def _validated(pipeline: Any, family: Family, rows: TrainTest) -> list[str]:
    """Return the accuracy on the validation rows as a sentence, if there are any.

    Parameters
    ----------
    pipeline : TextPipeline, or classifier made of them
    family : Family
    rows : TrainTest

    Returns
    -------
    list of str
        One sentence, or none.
    """
    if rows.y_validation is None:
        return []
    used = ", by which the epoch was chosen" if family in NETS else ""
    accuracy = pipeline.score(rows.X_validation, rows.y_validation)
    score = "Share of right label sets" if is_multilabel(rows.y_validation) else "Accuracy"
    return [f"{score} on {len(rows.y_validation):,} validation rows{used}: {accuracy:.4f}."]


def _validation(pipeline: TextPipeline, rows: TrainTest) -> dict[str, Any]:
    """Let the network stop by its validation loss, and return the rows as its `fit` takes them.

    The steps before the network are fitted for that, as they are in the fit of the pipeline.
    Without validation rows nothing changes.

    Parameters
    ----------
    pipeline : TextPipeline
        It ends in a network.
    rows : TrainTest

    Returns
    -------
    dict of str to object
        Parameters of `fit`.
    """
    if rows.X_validation is None:
        return {}
    params = pipeline.get_params()
    if params["classify__patience"] is None and params["classify__max_epochs"] is not None:
        pipeline.set_params(classify__patience=PATIENCE)
    before = clone(pipeline[:-1]).fit(rows.X_train, rows.y_train)
    X_val = before.transform(rows.X_validation)
    return {"classify__X_val": X_val, "classify__y_val": rows.y_validation}


def score_fitted(
    pipeline: Any,
    family: Family,
    rows: TrainTest,
    n_train: int,
    seconds: float,
    seed: int,
    console: Console,
) -> ComparisonResult | None:
    """Score the pipeline on the test rows and print the scores; None without test rows.

    Parameters
    ----------
    pipeline : TextPipeline, or classifier made of them
        Fitted.
    family : Family
        Its name in the result.
    rows : TrainTest
    n_train : int
        Number of training rows.
    seconds : float
        Time of the fit.
    seed : int
        Of the bootstrap.
    console : rich.console.Console

    Returns
    -------
    ComparisonResult or None
    """
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
    evaluation = replace(evaluation, n_train_rows=n_train, fit_seconds=seconds)
    result = ComparisonResult.from_evaluations([evaluation], random_state=seed)
    console.print(comparison_table(result))
    console.print(result.summary(), highlight=False, markup=False)
    return result
