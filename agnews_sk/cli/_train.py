"""The command `agnews-sk train`: its options."""

from pathlib import Path
from typing import Annotated, Any

import typer

from agnews_sk.cli._cluster import DaskOption
from agnews_sk.cli._families import ColumnsOption, Family, ModelOption
from agnews_sk.cli._rows import RowOptions, SeedOption, with_row_options

ValidationOption = Annotated[
    str | None, typer.Option(help="File of rows by which a network chooses its best epoch.")
]
TestOption = Annotated[
    str | None,
    typer.Option(help="File of rows to score the model on; by default the test files of a folder."),
]
EpochsOption = Annotated[
    int | None,
    typer.Option(min=1, help="Number of epochs of a network.", show_default="those of the family"),
]
DevicesOption = Annotated[
    int,
    typer.Option(
        min=1, help="Number of GPUs to train a network on, each with its share of every batch."
    ),
]
ParamsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="Parameter of a step, such as clean__lowercase=True; may be repeated.",
    ),
]
StreamOption = Annotated[
    bool,
    typer.Option(
        "--stream",
        help="Read the rows of files in blocks, any number of them; the same command resumes a run "
        "that was stopped.",
    ),
]


@with_row_options
def train(
    rows: RowOptions,
    out: Annotated[
        Path, typer.Option(help="Folder for the model, or zip file if it ends with .zip.")
    ],
    family: Annotated[Family, typer.Option(help="Family of the pipeline.")] = Family.TFIDF,
    columns: ColumnsOption = None,
    validation: ValidationOption = None,
    test: TestOption = None,
    model: ModelOption = None,
    epochs: EpochsOption = None,
    devices: DevicesOption = 1,
    params: ParamsOption = None,
    stream: StreamOption = False,
    dask: DaskOption = None,
    seed: SeedOption = 0,
) -> None:
    """Train a model on all training rows, score it on the test rows if any, and save it."""
    common: dict[str, Any] = {"family": family, "test": test, "params": params or [], "seed": seed}
    common |= {"model": model, "epochs": epochs, "devices": devices}
    others: dict[str, Any] = {"columns": columns, "validation": validation}
    if stream:
        from agnews_sk.cli._stream_run import run_stream

        given = [f"--{name}" for name, value in others.items() if value]
        run_stream(rows, out, **common, dask=dask, unsupported=given)
        return
    if dask is not None:
        raise typer.BadParameter(
            "--dask reads the rows of files on the workers of a cluster; add --stream.",
            param_hint="--dask",
        )
    from agnews_sk.cli._train_run import run_train

    run_train(rows, out, **common, **others)
