"""`agnews-sk fetch`: download AG News."""

from pathlib import Path
from typing import Annotated

import typer


def fetch(
    data_home: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the data.", show_default="AGNEWS_SK_HOME, else the user's cache folder"
        ),
    ] = None,
) -> None:
    """Download the AG News data set, unless it is there; for research and non-commercial use."""
    from agnews_sk.datasets import download_agnews

    typer.echo(f"AG News: {download_agnews(data_home)}")
