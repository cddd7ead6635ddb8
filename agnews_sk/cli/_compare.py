"""The command `agnews-sk compare`: its options."""

from pathlib import Path
from typing import Annotated

import typer

from agnews_sk.cli._families import Family, ModelOption
from agnews_sk.cli._rows import RowOptions, SeedOption, with_row_options


@with_row_options
def compare(
    rows: RowOptions,
    train_rows: Annotated[
        int | None,
        typer.Option(
            min=8, help="Number of training rows; by default as many as fit in 5 minutes."
        ),
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Number of epochs of a network.")] = 2,
    model: ModelOption = None,
    families: Annotated[
        list[Family] | None,
        typer.Option("--family", help="Family to compare; may be repeated. [tfidf, finetune]"),
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option(help="Folder for the report, and for a model per family, fitted and scored."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for report.html, comparison.json and confusion_matrices.png."),
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
        n_wanted=train_rows,
        models_folder=save,
        out=out,
        seed=seed,
    )
