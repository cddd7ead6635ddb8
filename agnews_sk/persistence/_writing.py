"""Write a saved model completely or not at all."""

import ctypes
import os
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from agnews_sk.persistence._manifest import MANIFEST

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def write_files(files: Mapping[str, bytes], path: Path) -> None:
    """Write files to a folder, or to a zip if the path ends with `.zip`.

    They are written under a temporary name in the same folder, flushed to the disk, and renamed. A
    process that is killed before that leaves what was there before.

    Parameters
    ----------
    files : mapping of str to bytes
        Contents by name, the manifest among them.
    path : path
        A saved model there is replaced.

    Raises
    ------
    FileExistsError
        If something else is there.
    """
    _check_replaceable(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as temporary:
        new = Path(temporary) / path.name
        if path.suffix == ".zip":
            _write_zip(files, new)
            new.replace(path)
        else:
            _write_folder(files, new)
            _replace_folder(new, path)
        _sync(path.parent)


def saved_files(path: Path) -> set[str]:
    """Return the names of the files of a saved or exported model, without checking them.

    Parameters
    ----------
    path : path
        Folder, or zip file if it ends with `.zip`.

    Returns
    -------
    set of str
        Empty if something else is there, or nothing: what has no manifest is no model.
    """
    if path.suffix != ".zip":
        names = {one.name for one in path.iterdir()} if path.is_dir() else set()
    elif path.is_file() and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    else:
        names = set()
    return names if MANIFEST in names else set()


def _check_replaceable(path: Path) -> None:
    """Raise an error unless the path is a saved model, an empty folder or nothing."""
    is_empty = path.suffix != ".zip" and path.is_dir() and not any(path.iterdir())
    if path.exists() and not is_empty and not saved_files(path):
        raise FileExistsError(
            f"{path} exists and is not a saved model; use another path, or remove it first."
        )


def _write_folder(files: Mapping[str, bytes], folder: Path) -> None:
    """Write files into a folder and flush them, and the folders that list them, to the disk."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    for inner in (folder, *filter(Path.is_dir, folder.rglob("*"))):
        _sync(inner)


def _write_zip(files: Mapping[str, bytes], path: Path) -> None:
    """Write files to a zip without compression, as `load` requires, and flush it to the disk."""
    with path.open("wb") as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        file.flush()
        os.fsync(file.fileno())


def _replace_folder(new: Path, path: Path) -> None:
    """Replace a folder by another: in one step where the system can, else in two renames.

    Between two renames, a reader finds nothing at the path.
    """
    if not path.exists():
        new.rename(path)
    elif not _exchange(new, path):
        old = new.with_name("old")
        path.rename(old)
        new.rename(path)
        shutil.rmtree(old)


def _exchange(a: Path, b: Path) -> bool:
    """Exchange two names in one step; return whether the system could.

    Linux can, by `renameat2` with RENAME_EXCHANGE: at no time is there nothing at the path.

    Parameters
    ----------
    a, b : path
        Both must exist.

    Returns
    -------
    bool
    """
    if sys.platform != "linux":
        return False
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is None:
        return False
    a_name, b_name = os.fsencode(a), os.fsencode(b)
    return renameat2(_AT_FDCWD, a_name, _AT_FDCWD, b_name, _RENAME_EXCHANGE) == 0


def _sync(folder: Path) -> None:
    """Flush a folder's list of files to the disk."""
    if os.name == "nt":  # folders cannot be opened there
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
