"""How a command says in one line why it cannot do what was asked."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import typer

# What the library refuses with; anything else is a fault of its own, and shows where.
REFUSALS = (OSError, TypeError, ValueError, ImportError)


@contextmanager
def refusing() -> Iterator[None]:
    """End the command with status 2 and a line where the library refuses; warn in a line, too."""
    with warnings.catch_warnings():
        warnings.showwarning = _show
        try:
            yield
        except REFUSALS as error:
            refuse(str(error), status=2, cause=error)


def refuse(message: str, *, status: int, cause: BaseException | None = None) -> NoReturn:
    """End the command with a line and a status."""
    typer.secho(f"Error: {' '.join(message.split())}", fg="red", err=True)
    raise typer.Exit(status) from cause


def _show(message: Warning | str, *place: Any, **more: Any) -> None:
    typer.secho(f"Warning: {' '.join(str(message).split())}", fg="yellow", err=True)
