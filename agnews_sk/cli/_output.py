"""Where a command writes: tried before the work, and filled at its end as a whole."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.console import Console
from rich.markup import escape

from agnews_sk.cli._stopping import check_stopped, terminable


@contextmanager
def output_folder(out: Path | None) -> Iterator[Path | None]:
    """Make a folder, and move into it at the end what was written, unless the work was broken off.

    Parameters
    ----------
    out : pathlib.Path or None
        What `--out` names; made if it is not there.

    Yields
    ------
    pathlib.Path or None
        The folder to write into meanwhile; None if there is no `--out`.

    Raises
    ------
    typer.BadParameter
        If nothing can be written there.
    """
    if out is None:
        yield None
        return
    with (
        terminable(),
        _folders_made(out),
        tempfile.TemporaryDirectory(prefix=".unfinished-", dir=out) as unfinished,
    ):
        yield Path(unfinished)
        check_stopped()
        for file in sorted(Path(unfinished).iterdir()):
            os.replace(file, out / file.name)


@contextmanager
def _folders_made(out: Path) -> Iterator[None]:
    """Make a folder that can be written into, and remove what was made if the work fails."""
    new = [folder for folder in (out, *out.parents) if not folder.exists()]
    try:
        try:
            out.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=out).close()
        except OSError as error:
            reason = error.strerror or error
            raise typer.BadParameter(
                f"cannot write into {out}: {reason}.", param_hint="--out"
            ) from error
        yield
    except BaseException:
        if new:
            shutil.rmtree(new[-1], ignore_errors=True)
        raise


def say_written(console: Console, out: Path, *names: str) -> None:
    """Print the paths of the files that were written."""
    console.print(
        "[bold]Written:[/]", escape(", ".join(str(out / n) for n in names)), soft_wrap=True
    )


def check_writable(path: Path, hint: str) -> None:
    """Refuse a path that cannot be written, without leaving anything there.

    Parameters
    ----------
    path : pathlib.Path
        A file or folder that is to be made or replaced.
    hint : str
        The option or argument that names it.

    Raises
    ------
    typer.BadParameter
        If the folder that it is to stand in cannot be written into.
    """
    folder = next(folder for folder in path.absolute().parents if folder.exists())
    try:
        with tempfile.TemporaryDirectory(dir=folder):
            pass
    except OSError as error:
        reason = error.strerror or error
        raise typer.BadParameter(f"cannot write {path}: {reason}.", param_hint=hint) from error
