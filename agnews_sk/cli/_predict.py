"""`agnews-sk predict`: predict the rows of files with a saved model."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from agnews_sk.cli._group import show_error
from agnews_sk.cli._output import check_is_model
from agnews_sk.cli._rows import EncodingOption, SepOption


def predict(
    model: Annotated[Path, typer.Argument(help="Folder or zip file of a saved model.")],
    input: Annotated[
        list[str],
        typer.Option(help="Files of rows, of any format that is read; wildcards are allowed."),
    ],
    output: Annotated[Path, typer.Option(help="CSV, JSON Lines or Parquet file, by its suffix.")],
    text: Annotated[
        list[str] | None,
        typer.Option(help="Column with the text; several are joined as the model does."),
    ] = None,
    keep: Annotated[
        list[str] | None, typer.Option(help="Column to copy to the output, such as an id.")
    ] = None,
    header: Annotated[
        bool | None,
        typer.Option(
            "--header/--no-header",
            help="Whether the first line of CSV files has the names of the columns. By default, it "
            "has unless it consists of a number and texts, none of them a known name.",
        ),
    ] = None,
    sep: SepOption = None,
    encoding: EncodingOption = None,
    escape_formulas: Annotated[
        bool,
        typer.Option(
            "--escape-formulas",
            help="In CSV output, put an apostrophe before texts that a spreadsheet would evaluate "
            "as formulas.",
        ),
    ] = False,
    dask: Annotated[
        str | None,
        typer.Option(help="Address of a Dask scheduler, or 'local' for a cluster on this machine."),
    ] = None,
) -> None:
    """Predict every row of files. The same command resumes an interrupted run."""
    from rich.progress import (
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    from agnews_sk.bulk import predict_files

    check_is_model(model)
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
                columns=text or None,
                keep=keep or (),
                header=header,
                sep=sep,
                encoding=encoding,
                escape_formulas=escape_formulas,
                client=client,
                progress=lambda n_done: bar.advance(task, n_done),
            )
    _print_report(report)


def _print_report(report: Any) -> None:
    """Print how many rows were predicted and skipped; exit with status 1 if none was predicted.

    Parameters
    ----------
    report : agnews_sk.bulk.BulkReport
        As `predict_files` returns it.
    """
    if report.skipped is not None:
        typer.secho(f"{report.n_skipped:,} rows skipped: {report.skipped}", fg="yellow", err=True)
    if not report.n_predicted:
        columns_found = ", ".join(map(repr, report.columns)) or "none"
        show_error(f"no row was predicted; the columns of the files: {columns_found}.")
        raise typer.Exit(1)
    typer.echo(f"{report.n_predicted:,} rows of {report.n_files} files: {report.output}")


def _client(address: str | None) -> Any:
    """Return a context manager that yields a Dask client, or None without an address.

    Parameters
    ----------
    address : str or None
        Address of a scheduler; "local" starts a cluster of one process per core on this machine.

    Raises
    ------
    ImportError
        If the `dask` extra is not installed.
    """
    from contextlib import nullcontext

    if address is None:
        return nullcontext()
    from agnews_sk._core.optional import import_optional

    distributed = import_optional("distributed", extra="dask", needed_by="--dask")
    if address == "local":
        return distributed.Client(threads_per_worker=1, dashboard_address=None)
    return distributed.Client(address)
