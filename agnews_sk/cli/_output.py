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
    """Yield a temporary folder whose content moves to the output folder at the end of the block.

    If the block fails or is interrupted, nothing is moved, and folders made for it are removed.

    Parameters
    ----------
    out : pathlib.Path or None
        Made if it does not exist.

    Yields
    ------
    pathlib.Path or None
        Folder to write into; None without an output folder.

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
        for path in sorted(Path(unfinished).iterdir()):
            _move(path, out / path.name)


def _move(path: Path, target: Path) -> None:
    """Move a file or folder out of the temporary folder, into which a folder it replaces moves.

    Parameters
    ----------
    path : pathlib.Path
        In the temporary folder.
    target : pathlib.Path
    """
    if path.is_dir() and target.is_dir():
        os.replace(target, path.with_name(f".old-{path.name}"))
    os.replace(path, target)


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


def check_writable(path: Path) -> None:
    """Reject a path that cannot be written, without leaving anything there.

    Parameters
    ----------
    path : pathlib.Path
        File or folder to be made or replaced.

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
        raise typer.BadParameter(f"cannot write {path}: {reason}.", param_hint="--out") from error


def check_model_path(path: Path, *, exported: bool = False) -> None:
    """Reject a path at which no model can be saved, without leaving anything there.

    Parameters
    ----------
    path : pathlib.Path
        Folder, or zip file if it ends with `.zip`; a saved model there would be replaced.
    exported : bool, default=False
        Whether an export is written, which may replace an export only: the pipeline that it was
        made from cannot be had back from it.

    Raises
    ------
    typer.BadParameter
        If something else is there, or the path cannot be written.
    """
    from agnews_sk.persistence import saved_files

    check_writable(path)
    names = saved_files(path)
    is_empty = path.suffix != ".zip" and path.is_dir() and not any(path.iterdir())
    if path.exists() and not names and not is_empty:
        raise typer.BadParameter(
            f"{path} exists and is not a saved model; remove it first.", param_hint="--out"
        )
    if exported and names and "model.onnx" not in names:
        raise typer.BadParameter(
            f"{path} is a saved pipeline, which its export would replace; choose another path.",
            param_hint="--out",
        )


def check_is_model(path: Path) -> None:
    """Reject a path with nothing there, and a folder of models, as `compare --out` writes it.

    Parameters
    ----------
    path : pathlib.Path
        What a command takes for a saved model; its content is not checked.

    Raises
    ------
    FileNotFoundError
        If there is nothing.
    typer.BadParameter
        If models are in its subfolders; the message names one.
    """
    if not path.exists():
        raise FileNotFoundError(f"there is no file or folder {path}.")
    within = sorted(path.glob("*/manifest.json")) if path.is_dir() else []
    if within and not (path / "manifest.json").is_file():
        raise typer.BadParameter(
            f"{path} is not a model but holds {len(within)}; name one, such as {within[0].parent}.",
            param_hint="MODEL",
        )
