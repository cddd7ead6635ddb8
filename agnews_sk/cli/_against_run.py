"""The command `agnews-sk audit --against MODEL`: its work."""

from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from agnews_sk.auditing import DriftReport, TextReference, audit_against
from agnews_sk.cli._label_run import read_rows
from agnews_sk.cli._output import check_is_model, output_folder, print_written
from agnews_sk.cli._progress import stages
from agnews_sk.cli._rows import RowOptions, as_input_of
from agnews_sk.onnx import load_model
from agnews_sk.persistence import saved_reference, store_reference


def run_against(
    options: RowOptions, model: Path, *, set_reference: bool, out: Path | None, seed: int
) -> None:
    """Compare rows with the reference of a saved model, or make them its reference.

    Parameters
    ----------
    options : RowOptions
        Its `data` is a file; labels are not read.
    model : pathlib.Path
        Folder or zip file.
    set_reference : bool
        Whether to store the reference instead of comparing.
    out : pathlib.Path or None
        Folder for the files.
    seed : int
    """
    console = Console()
    check_is_model(model)
    path = options.path
    if path is None or not path.is_file():
        raise typer.BadParameter("the file of the rows is needed.", param_hint="--data")
    reference = None if set_reference else _reference_of(model)
    loaded = load_model(model)
    rows = as_input_of(loaded, _read(path, options))
    if reference is None:
        _store(loaded, rows, model, seed, console)
        return
    with output_folder(out) as folder:
        with stages(console, "audit") as shown:
            report = audit_against(loaded, rows, reference, progress=shown.show)
        console.print(_table(report, model))
        console.print(_verdict(report), highlight=False)
        if folder is not None:
            source = f"{path}, compared with {model}"
            report.to_json(folder / "audit.json", source=source)
            report.to_html(folder / "audit.html", source=source)
    if out is not None:
        print_written(console, out, "audit.json", "audit.html")


def _reference_of(model: Path) -> TextReference:
    """Return the reference of a saved model, or reject one without."""
    saved = saved_reference(model)
    if saved is None:
        raise typer.BadParameter(
            f"{model} has no reference to compare with. Store one, from rows that the model was "
            f"not trained on: agnews-sk audit --against {model} --data FILE --set-reference",
            param_hint="--against",
        )
    try:
        return TextReference.from_dict(saved)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--against") from error


def _read(path: Path, options: RowOptions) -> Any:
    """Return the text columns of a file."""
    try:
        return read_rows(path, options).frame
    except (OSError, TypeError, ValueError) as error:
        raise typer.BadParameter(str(error), param_hint="--data") from error


def _store(loaded: Any, rows: Any, model: Path, seed: int, console: Console) -> None:
    """Make rows the reference of a saved model."""
    try:
        reference = TextReference.of(loaded, rows, random_state=seed)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--data") from error
    store_reference(model, reference.to_dict())
    message = f"Stored: the reference of {model}, of {reference.n_texts:,} texts."
    console.print(message, highlight=False, markup=False, soft_wrap=True)


def _table(report: DriftReport, model: Path) -> Table:
    """Return the tests as a table for the terminal."""
    table = Table(title=f"{report.n_rows:,} rows and the reference of {model}")
    table.add_column("statistic")
    for column in ("mean", "reference", "p"):
        table.add_column(column, justify="right")
    for name, test in report.tests.iterrows():
        p_value = f"{test['p_value']:.2g}"
        table.add_row(str(name), f"{test['mean']:.3f}", f"{test['reference']:.3f}", p_value)
    return table


def _verdict(report: DriftReport) -> str:
    """Return in one sentence whether the rows differ."""
    if report.drifted:
        return "The rows do not look like the texts of the reference."
    return (
        "No significant difference from the texts of the reference "
        f"(at most {report.max_false_alarms:.0%} false alarms)."
    )
