"""Outputs of commands: checked before the work, and written at its end completely or not at all."""

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
    """Yield a temporary folder whose files are moved to the output folder at the end of the block.

    If the block fails or is interrupted, nothing is moved, and folders made for it are removed.

    Parameters
    ----------
    out : pathlib.Path or None
        Value of `--out`; made if it does not exist.

    Yields
    ------
    pathlib.Path or None
        Folder to write into; None without `--out`.

    Raises
    ------
    typer.BadParameter
        If the output folder cannot be written into.
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
    """Make a folder and check that it can be written into; remove what was made if the block fails.

    Parameters
    ----------
    out : pathlib.Path

    Raises
    ------
    typer.BadParameter
    """
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


def print_written(console: Console, out: Path, *names: str) -> None:
    """Print the paths of the files that were written.

    Parameters
    ----------
    console : rich.console.Console
    out : pathlib.Path
        Their folder.
    *names : str
    """
    console.print(
        "[bold]Written:[/]", escape(", ".join(str(out / n) for n in names)), soft_wrap=True
    )


def check_writable(path: Path, hint: str) -> None:
    """Reject a path that cannot be written, without leaving anything there.

    Parameters
    ----------
    path : pathlib.Path
        File or folder to be made or replaced.
    hint : str
        Option or argument that names it, for the message.

    Raises
    ------
    typer.BadParameter
        If its parent folder, or the nearest one that exists, cannot be written into.
    """
    folder = next(folder for folder in path.absolute().parents if folder.exists())
    try:
        with tempfile.TemporaryDirectory(dir=folder):
            pass
    except OSError as error:
        reason = error.strerror or error
        raise typer.BadParameter(f"cannot write {path}: {reason}.", param_hint=hint) from error
