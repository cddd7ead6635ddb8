"""The command `agnews-sk compare`: its options."""

from pathlib import Path
from typing import Annotated

import typer

from agnews_sk.cli._families import ColumnsOption, Family, ModelOption
from agnews_sk.cli._rows import RowOptions, SeedOption, with_row_options


@with_row_options
def compare(
    rows: RowOptions,
    train_rows: Annotated[
        int | None,
        typer.Option(
            min=8,
            help="Number of training rows, drawn at random.",
            show_default="as many as fit in 5 minutes, of the sample in 1",
        ),
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(
            min=1, help="Number of epochs of a network.", show_default="those of the family"
        ),
    ] = None,
    model: ModelOption = None,
    families: Annotated[
        list[Family] | None,
        typer.Option(
            "--family",
            help="Family to compare; may be repeated.",
            show_default="tfidf, finetune",
        ),
    ] = None,
    columns: ColumnsOption = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for a model per family, fitted and scored, and for report.html, "
            "comparison.json and confusion_matrices.png."
        ),
    ] = None,
    seed: SeedOption = 0,
) -> None:
    """Compare TF-IDF and a linear classifier with a fine-tuned transformer on the same rows."""
    from agnews_sk.cli._compare_run import run_compare

    run_compare(
        rows,
        families=families or [Family.TFIDF, Family.FINETUNE],
        model=model,
        epochs=epochs,
        columns=columns,
        n_wanted=train_rows,
        out=out,
        seed=seed,
    )
