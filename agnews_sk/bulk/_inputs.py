"""Find the files to read, and reject those that would be overwritten."""

import glob
from collections.abc import Sequence
from pathlib import Path

from agnews_sk._core.job_folder import are_parts
from agnews_sk.files import check_format


def find_files(files: str | Path | Sequence[str | Path]) -> list[Path]:
    """Return the files for a path, a glob pattern or a list of them, in order.

    Parameters
    ----------
    files : str, path or sequence of them
        A pattern does not match the parts of an unfinished run.

    Returns
    -------
    list of pathlib.Path
        Each file once, even if several names or links lead to it.

    Raises
    ------
    FileNotFoundError
        If one of them matches no file.
    """
    given = [files] if isinstance(files, (str, Path)) else files
    found: dict[Path, Path] = {}
    for one in given:
        matches = [Path(one)] if Path(one).exists() else _matches(str(one))
        if not matches:
            raise FileNotFoundError(f"there is no file {one}.")
        for match in matches:
            found.setdefault(match.resolve(), match.absolute())
    return list(found.values())


def check_files(paths: Sequence[Path], output: Path, written: Sequence[Path]) -> None:
    """Reject files that cannot be read, and any that would be overwritten.

    Parameters
    ----------
    paths : sequence of path
        Files to read.
    output : path
    written : sequence of path
        Files and folders that a run writes; they need not exist.

    Raises
    ------
    ValueError
        If a file is one of `written`, or in such a folder, also by way of links; or if its format
        is not known.
    """
    for path in paths:
        if path.is_dir():
            raise ValueError(f"{path} is a folder; name its files, such as {path / '*.csv'}.")
        check_format(path)
        for one in written:
            if one.exists() and any(place.samefile(one) for place in _places(path)):
                raise ValueError(
                    f"{output} would overwrite the input {path}; choose another name "
                    "for the output, or move that of an earlier run."
                )


def _matches(pattern: str) -> list[Path]:
    """Return the files that match a pattern, in alphabetical order."""
    matches = [Path(match) for match in sorted(glob.glob(pattern, recursive=True))]
    return [path for path in matches if not any(map(are_parts, path.absolute().parents))]


def _places(path: Path) -> list[Path]:
    """Return a file and the folders it is in, by way of links or without."""
    real = path.resolve()
    return [path, *path.parents, real, *real.parents]
