"""The command `agnews-sk evaluate`: its options."""

from pathlib import Path
from typing import Annotated

import typer

from agnews_sk.cli._rows import (
    EncodingOption,
    HeaderOption,
    LabelOption,
    LabelSepOption,
    OnBadRowsOption,
    RowOptions,
    SeedOption,
    SepOption,
    SheetOption,
    TextOption,
)


def evaluate(
    model: Annotated[Path, typer.Argument(help="Folder or zip file of a saved model.")],
    data: Annotated[str, typer.Option(help="File of labelled rows, or a folder with test files.")],
    text: TextOption = None,
    label: LabelOption = None,
    sep: SepOption = None,
    encoding: EncodingOption = None,
    header: HeaderOption = None,
    sheet: SheetOption = None,
    label_sep: LabelSepOption = None,
    on_bad_rows: OnBadRowsOption = "error",
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for report.html, comparison.json, misclassified.csv and "
            "confusion_matrices.png."
        ),
    ] = None,
    seed: SeedOption = 0,
) -> None:
    """Score a saved model, as `compare` does, on labelled rows that it was not trained on."""
    from agnews_sk.cli._evaluate_run import run_evaluate

    rows = RowOptions(data, text, label, sep, encoding, header, sheet, label_sep, on_bad_rows)
    run_evaluate(model, rows, out=out, seed=seed)
