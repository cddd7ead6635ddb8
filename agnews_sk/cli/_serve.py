"""`agnews-sk serve`: serve saved models over HTTP."""

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from agnews_sk.cli._output import check_is_model

_KEY_VARIABLE = "AGNEWS_SK_API_KEY"


def serve(
    models: Annotated[
        list[Path],
        typer.Argument(help="Folders or zip files of saved models; the first is the default."),
    ],
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0 chooses a free one.")
    ] = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Processes that share the port.")] = 1,
    max_batch: Annotated[
        int, typer.Option(min=1, help="Maximum number of texts predicted together.")
    ] = 64,
    max_wait_ms: Annotated[
        float,
        typer.Option(min=0, help="Milliseconds that a request waits for others to join its batch."),
    ] = 1.0,
    api_key: Annotated[
        str | None,
        typer.Option(
            help="Key that clients must send as X-API-Key; also read from "
            f"{_KEY_VARIABLE}, which other users of this machine cannot see."
        ),
    ] = None,
    samples: Annotated[
        Path | None,
        typer.Option(
            help="File of texts that the page offers to click on, the first 8: a text per line "
            "(.txt), or rows of any format."
        ),
    ] = None,
) -> None:
    """Serve saved models over HTTP, with a JSON API and a web page."""
    for path in models:
        check_is_model(path)
    from agnews_sk import serving
    from agnews_sk.serving import model_name

    named = {model_name(path): path for path in models}
    if len(named) < len(models):
        raise ValueError("two models have the same name; rename the folder of one of them.")
    console = Console()
    read = None
    if samples is not None:
        from agnews_sk.cli._samples import read_samples

        read = read_samples(samples, models[0], serving.MAX_SAMPLES, console)
    shown = f"[{host}]" if ":" in host else host
    serving.serve(
        named,
        host=host,
        port=port,
        workers=workers,
        # Not by `envvar` of the option, which ignores a variable that is set but empty.
        api_key=os.environ.get(_KEY_VARIABLE) if api_key is None else api_key,
        max_batch=max_batch,
        max_wait=max_wait_ms / 1000,
        samples=read,
        on_start=lambda port: console.print(f"Listening on http://{shown}:{port}", markup=False),
    )
