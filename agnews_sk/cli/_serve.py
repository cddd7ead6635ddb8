"""`agnews-sk serve`: models over HTTP."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console


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
        typer.Option(envvar="AGNEWS_SK_API_KEY", help="What clients must send as X-API-Key."),
    ] = None,
) -> None:
    """Answer over HTTP with saved models, and show them on a web page."""
    for path in models:
        if not path.exists():
            raise typer.BadParameter(f"there is nothing at {path}.", param_hint="MODELS")
    console = Console()
    try:
        from agnews_sk import serving
        from agnews_sk.serving._models import name_of

        named = {name_of(path): path for path in models}
        if len(named) < len(models):
            raise typer.BadParameter("two models have the same name.", param_hint="MODELS")
        serving.serve(
            named,
            host=host,
            port=port,
            workers=workers,
            api_key=api_key,
            max_batch=max_batch,
            max_wait=max_wait_ms / 1000,
            on_start=lambda taken: console.print(f"Listening on http://{host}:{taken}"),
        )
    except (OSError, ValueError, ImportError) as error:
        raise typer.BadParameter(str(error)) from error
