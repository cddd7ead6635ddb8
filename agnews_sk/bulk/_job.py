"""What decides the parts of a run, and the folder that keeps them for the next one."""

import hashlib
import json
import os
import shutil
import uuid
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import agnews_sk

_MARK = "job.json"
_FORMAT = "agnews_sk bulk parts"


@dataclass(frozen=True)
class Job:
    """All that decides what is predicted for which row: contents, not names and dates.

    Parameters
    ----------
    model : str
        SHA-256 of the saved model.
    inputs : list of list of str
        Name and SHA-256 of each file, in order.
    options : dict
    version : str
        Of this package.
    """

    model: str
    inputs: list[list[str]]
    options: dict[str, Any]
    version: str = agnews_sk.__version__

    @property
    def key(self) -> str:
        """Return a sum of it all, the same in every process."""
        return hashlib.sha256(json.dumps(asdict(self)).encode()).hexdigest()[:32]

    def as_dict(self) -> dict[str, Any]:
        """Return it all as JSON gives it back."""
        return json.loads(json.dumps(asdict(self)))


class Inputs:
    """Files that are expected to stay as they are while they are read.

    Parameters
    ----------
    paths : sequence of path
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._states = {path: _state(path) for path in paths}
        self.contents = [[str(path), _sha256(path)] for path in paths]

    def changed(self, path: Path) -> bool:
        """Tell whether a file has got another content since."""
        if _state(path) == self._states[path]:
            return False
        return [str(path), _sha256(path)] not in self.contents


def take_up(parts: Path, job: Job) -> None:
    """Make a folder ready for the parts of a job, with those that an earlier run of it left.

    Parameters
    ----------
    parts : path
    job : Job

    Raises
    ------
    ValueError
        If the folder holds something else.

    Warns
    -----
    UserWarning
        If it holds the parts of another job, which are removed.
    """
    parts.mkdir(parents=True, exist_ok=True)
    earlier = _read_mark(parts)
    if earlier is None and any(not one.match(f"{_MARK}.*.tmp") for one in parts.iterdir()):
        raise ValueError(f"{parts} is not of an earlier run; give the output another name.")
    asked = job.as_dict()
    if earlier is not None and earlier != asked:
        differing = [name for name in asked if earlier.get(name) != asked[name]]
        warnings.warn(
            f"{parts} is of a run that was not finished and had other {', '.join(differing)}; "
            "all rows are predicted anew.",
            stacklevel=3,
        )
        _empty(parts)
    write_whole(parts / _MARK, json.dumps({"format": _FORMAT, **asked}).encode())


def are_parts(folder: Path) -> bool:
    """Tell whether a folder keeps the parts of a run, of whatever job."""
    return _read_mark(folder) is not None


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that has its name only when it is whole."""
    unfinished = path.with_name(f"{path.name}.{uuid.uuid4().hex}.tmp")
    unfinished.write_bytes(content)
    unfinished.replace(path)


def _read_mark(folder: Path) -> Mapping[str, Any] | None:
    """Return the job whose parts a folder keeps; None if it keeps none."""
    try:
        mark = json.loads((folder / _MARK).read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    if not isinstance(mark, dict) or mark.pop("format", None) != _FORMAT:
        return None
    return mark


def _empty(parts: Path) -> None:
    """Remove all but the file that says whose parts these are."""
    for one in parts.iterdir():
        if one.is_dir():
            shutil.rmtree(one)
        elif one.name != _MARK:
            one.unlink()


def remove(parts: Path) -> None:
    """Remove a folder of parts, what says whose they are last."""
    _empty(parts)
    shutil.rmtree(parts)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _state(path: Path) -> tuple[int, ...]:
    found: os.stat_result = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
