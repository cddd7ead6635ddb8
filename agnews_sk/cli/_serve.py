"""`agnews-sk serve`: models over HTTP."""

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

_KEY_VARIABLE = "AGNEWS_SK_API_KEY"


def serve(
    models: Annotated[
        list[Path],
        typer.Argument(help="Folders or zips of saved models; the first answers by default."),
    ],
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Processes that share the port.")] = 1,
    max_batch: Annotated[int, typer.Option(min=1, help="Texts predicted together.")] = 64,
    max_wait_ms: Annotated[
        float, typer.Option(min=0, help="How long a request waits for others to join it.")
    ] = 1.0,
    api_key: Annotated[
        str | None,
        typer.Option(help=f"What clients must send as X-API-Key; also as {_KEY_VARIABLE}."),
    ] = None,
) -> None:
    """Answer over HTTP with saved models, and show them on a web page."""
    for path in models:
        if not path.exists():
            raise FileNotFoundError(f"there is nothing at {path}.")
    from agnews_sk import serving
    from agnews_sk.serving import model_name

    named = {model_name(path): path for path in models}
    if len(named) < len(models):
        raise ValueError("two models have the same name; rename the folder of one.")
    console = Console()
    shown = f"[{host}]" if ":" in host else host
    serving.serve(
        named,
        host=host,
        port=port,
        workers=workers,
        # An option would take a variable that is set and empty for one that is not set.
        api_key=os.environ.get(_KEY_VARIABLE) if api_key is None else api_key,
        max_batch=max_batch,
        max_wait=max_wait_ms / 1000,
        on_start=lambda taken: console.print(f"Listening on http://{shown}:{taken}", markup=False),
    )
