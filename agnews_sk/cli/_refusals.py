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
        warnings.showwarning = show_warning
        try:
            yield
        except REFUSALS as error:
            refuse(str(error), status=2, cause=error)


def refuse(message: str, *, status: int, cause: BaseException | None = None) -> NoReturn:
    """End the command with a line and a status."""
    show_error(message)
    raise typer.Exit(status) from cause


def show_error(message: str) -> None:
    """Print a line that says what is wrong."""
    typer.secho(f"Error: {' '.join(message.split())}", fg="red", err=True)


def show_warning(message: Warning | str, *place: Any, **more: Any) -> None:
    """Print a warning in a line, in the place of `warnings.showwarning`."""
    typer.secho(f"Warning: {' '.join(str(message).split())}", fg="yellow", err=True)
