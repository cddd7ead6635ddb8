"""The command `agnews-sk predict`: its options."""

from pathlib import Path
from typing import Annotated

import typer

from agnews_sk.cli._cluster import DaskOption
from agnews_sk.cli._rows import EncodingOption, HeaderOption, SepOption, SheetOption


def predict(
    model: Annotated[Path, typer.Argument(help="Folder or zip file of a saved model.")],
    data: Annotated[
        list[str],
        typer.Option(
            help="File of any format that is read, or a pattern such as '2026-*.csv'; may be "
            "repeated."
        ),
    ],
    out: Annotated[Path, typer.Option(help="CSV, JSON Lines or Parquet file, by its suffix.")],
    text: Annotated[
        list[str] | None,
        typer.Option(
            help="Column of the text; repeat it to join several, as the model does.",
            show_default="the columns that the model was trained on, else known names",
        ),
    ] = None,
    keep: Annotated[
        list[str] | None, typer.Option(help="Column to copy to the output, such as an id.")
    ] = None,
    sep: SepOption = None,
    encoding: EncodingOption = None,
    header: HeaderOption = None,
    sheet: SheetOption = None,
    escape_formulas: Annotated[
        bool,
        typer.Option(
            "--escape-formulas",
            help="In CSV output, put an apostrophe before texts that a spreadsheet would evaluate "
            "as formulas.",
        ),
    ] = False,
    dask: DaskOption = None,
) -> None:
    """Predict every row of files. The same command resumes an interrupted run."""
    from agnews_sk.cli._predict_run import run_predict

    run_predict(
        model,
        data,
        out,
        dask=dask,
        columns=text or None,
        keep=keep or (),
        header=header,
        sep=sep,
        encoding=encoding,
        sheet=sheet,
        escape_formulas=escape_formulas,
    )
