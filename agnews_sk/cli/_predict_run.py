"""The command `agnews-sk predict`: its work."""

from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from agnews_sk._core.counted import counted
from agnews_sk.bulk import BulkReport, predict_files
from agnews_sk.cli._cluster import open_client
from agnews_sk.cli._group import show_error
from agnews_sk.cli._output import check_is_model
from agnews_sk.cli._stopping import terminable


def run_predict(
    model: Path, files: list[str], output: Path, *, dask: str | None, **options: Any
) -> None:
    """Predict the rows of files with a progress bar, and print how many were predicted.

    Parameters
    ----------
    model : pathlib.Path
    files : list of str
        Names, which may have wildcards.
    output : pathlib.Path
    dask : str or None
        Address of a scheduler, or "local".
    **options
        As `predict_files` takes them.
    """
    check_is_model(model)
    console = Console()
    columns = (SpinnerColumn(), TextColumn("{task.description}"), MofNCompleteColumn())
    hidden = not console.is_terminal
    bar = Progress(*columns, TimeElapsedColumn(), console=console, disable=hidden)
    with terminable(), bar:
        task = bar.add_task("rows" if dask is None else "files", total=None)
        with open_client(dask) as client:
            report = predict_files(
                model,
                files,
                output,
                client=client,
                progress=lambda n_done: bar.advance(task, n_done),
                **options,
            )
    _print_report(report)


def _print_report(report: BulkReport) -> None:
    """Print how many rows were predicted and skipped; exit with status 1 if none was predicted.

    Parameters
    ----------
    report : BulkReport
    """
    if report.skipped is not None:
        skipped = counted(report.n_skipped, "row")
        typer.secho(f"{skipped} skipped: {report.skipped}", fg="yellow", err=True)
    if not report.n_predicted:
        columns_found = ", ".join(map(repr, report.columns)) or "none"
        show_error(f"no row was predicted; the columns of the files: {columns_found}.")
        raise typer.Exit(1)
    rows, files = counted(report.n_predicted, "row"), counted(report.n_files, "file")
    typer.echo(f"{rows} of {files}: {report.output}")
