"""The command `agnews-sk label`: its options."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from agnews_sk.cli._families import Family, ModelOption
from agnews_sk.cli._rows import (
    EncodingOption,
    HeaderOption,
    RowOptions,
    SeedOption,
    SepOption,
    SheetOption,
    TextOption,
)


class Strategy(StrEnum):
    """How texts to label are chosen."""

    MARGIN = "margin"
    UNCERTAINTY = "uncertainty"
    DIVERSE = "diverse"
    RANDOM = "random"


def label(
    file: Annotated[
        Path,
        typer.Argument(help="File of texts to label, or an export of Label Studio or doccano."),
    ],
    classes: Annotated[
        list[str] | None,
        typer.Option("--class", help="Label to choose from; repeat it. More can be added later."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="CSV file of the labels, continued if it exists.", show_default="FILE_labels.csv"
        ),
    ] = None,
    text: TextOption = None,
    label: Annotated[
        str | None, typer.Option(help="Column of labels that some rows have already.")
    ] = None,
    sep: SepOption = None,
    encoding: EncodingOption = None,
    header: HeaderOption = None,
    sheet: SheetOption = None,
    family: Annotated[
        Family, typer.Option(help="Family of the pipeline that chooses texts and suggests labels.")
    ] = Family.EMBEDDING,
    model: ModelOption = None,
    strategy: Annotated[Strategy, typer.Option(help="How texts are chosen.")] = Strategy.MARGIN,
    target_accuracy: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            help="Accuracy at which the page says that you can stop.",
            show_default="when predictions hardly change",
        ),
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the page; 0 chooses a free one.")
    ] = 0,
    browser: Annotated[bool, typer.Option(help="Whether to open the page in a browser.")] = True,
    seed: SeedOption = 0,
) -> None:
    """Label texts on a web page of this machine, the most informative ones first."""
    from agnews_sk.cli._label_run import run_label

    options = RowOptions(str(file), text, [label] if label else None, sep, encoding, header, sheet)
    run_label(
        options,
        out=out,
        classes=classes or [],
        family=family,
        model=model,
        strategy=strategy.value,
        target_accuracy=target_accuracy,
        port=port,
        browser=browser,
        seed=seed,
    )
