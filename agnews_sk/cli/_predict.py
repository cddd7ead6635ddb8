"""`agnews-sk predict`: the rows of files."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from agnews_sk.cli._group import show_error


def predict(
    model: Annotated[Path, typer.Argument(help="Folder or zip of a saved model.")],
    input: Annotated[
        list[str], typer.Option(help="CSV, JSON lines or Parquet; may have wildcards.")
    ],
    output: Annotated[Path, typer.Option(help="CSV, JSON lines or Parquet, by its ending.")],
    column: Annotated[
        list[str] | None,
        typer.Option(help="Column of the text; several are joined as the model does."),
    ] = None,
    keep: Annotated[
        list[str] | None, typer.Option(help="Column to copy to the output, such as an id.")
    ] = None,
    header: Annotated[
        bool | None,
        typer.Option(
            "--header/--no-header",
            help="Whether the first line of a CSV file names its columns. Without it: unless it "
            "has no known name and is a number before some words.",
        ),
    ] = None,
    escape_formulas: Annotated[
        bool,
        typer.Option(
            "--escape-formulas",
            help="In a CSV output, put an apostrophe before a text that a spreadsheet would "
            "compute.",
        ),
    ] = False,
    dask: Annotated[
        str | None,
        typer.Option(help="Address of a Dask scheduler, or 'local' for a cluster of this machine."),
    ] = None,
) -> None:
    """Predict every row of some files; a run that was killed is resumed by the same command."""
    from agnews_sk.bulk import predict_files

    console = Console()
    columns = (SpinnerColumn(), TextColumn("{task.description}"), MofNCompleteColumn())
    hidden = not console.is_terminal
    with Progress(*columns, TimeElapsedColumn(), console=console, disable=hidden) as bar:
        task = bar.add_task("rows" if dask is None else "files", total=None)
        with _client(dask) as client:
            report = predict_files(
                model,
                input,
                output,
                columns=column or None,
                keep=keep or (),
                header=header,
                escape_formulas=escape_formulas,
                client=client,
                progress=lambda n_done: bar.advance(task, n_done),
            )
    if report.skipped is not None:
        typer.secho(f"{report.n_skipped:,} rows skipped: {report.skipped}", fg="yellow", err=True)
    if not report.n_predicted:
        columns_found = ", ".join(map(repr, report.columns)) or "none"
        show_error(f"no row was predicted; the columns of the files: {columns_found}.")
        raise typer.Exit(1)
    typer.echo(f"{report.n_predicted:,} rows of {report.n_files} files: {report.output}")


def _client(address: str | None):
    """Return a Dask client as a context manager, or one that gives None."""
    from contextlib import nullcontext

    if address is None:
        return nullcontext()
    from agnews_sk._core.optional import import_optional

    distributed = import_optional("distributed", extra="dask", needed_by="--dask")
    if address == "local":
        return distributed.Client(threads_per_worker=1, dashboard_address=None)
    return distributed.Client(address)
