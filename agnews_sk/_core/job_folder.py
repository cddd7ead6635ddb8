"""What a run depends on, and the folder of parts from which it can be resumed."""

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from agnews_sk import __version__
from agnews_sk._core.user_warnings import warn_user

# The file in a folder of parts that identifies their job.
_MARK = "job.json"
_FORMAT = "agnews_sk bulk parts"


@dataclass(frozen=True)
class Job:
    """Everything that the result of a run depends on: contents of files, not their dates.

    Parameters
    ----------
    model : str
        SHA-256 of the saved model that predicts, or digest of the pipeline to train.
    inputs : list of list of str
        Name and SHA-256 of each file, in order.
    options : dict
    version : str
        Of this package.
    """

    model: str
    inputs: list[list[str]]
    options: dict[str, Any]
    version: str = __version__

    @property
    def key(self) -> str:
        """Return a hash of the job, the same in every process."""
        return hashlib.sha256(json.dumps(asdict(self)).encode()).hexdigest()[:32]

    def as_dict(self) -> dict[str, Any]:
        """Return the job as it is after a round trip through JSON."""
        return json.loads(json.dumps(asdict(self)))


class Inputs:
    """Files that must not change while they are read.

    Parameters
    ----------
    paths : sequence of path

    Attributes
    ----------
    contents : list of list of str
        Name and SHA-256 of each file, in order.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._states = {path: _state(path) for path in paths}
        self.contents = [[str(path), _sha256(path)] for path in paths]

    def changed(self, path: Path) -> bool:
        """Return whether a file's content has changed since; reads it only if its state has."""
        if _state(path) == self._states[path]:
            return False
        return [str(path), _sha256(path)] not in self.contents


def prepare_parts(parts: Path, job: Job, *, again: str = "all rows are predicted again") -> None:
    """Make the folder of a job's parts, and keep the parts of an unfinished run of the same job.

    Parameters
    ----------
    parts : path
    job : Job
    again : str, default="all rows are predicted again"
        What the warning says of a run that cannot be resumed.

    Raises
    ------
    ValueError
        If the folder exists and was not made by a run.

    Warns
    -----
    UserWarning
        If it holds the parts of another job, which are deleted.
    """
    parts.mkdir(parents=True, exist_ok=True)
    earlier = _read_mark(parts)
    if earlier is None and not all(one.match(f"{_MARK}.*.tmp") for one in parts.iterdir()):
        raise ValueError(
            f"{parts} was not made by an earlier run; choose another name for the output."
        )
    asked = job.as_dict()
    if earlier is not None and earlier != asked:
        differing = [name for name in asked if earlier.get(name) != asked[name]]
        warn_user(
            f"{parts} holds an unfinished run with other {', '.join(differing)}; it is deleted, "
            f"and {again}.",
        )
        _empty(parts)
    with renamed_when_complete(parts / _MARK) as unfinished:
        unfinished.write_text(json.dumps({"format": _FORMAT, **asked}))


def are_parts(folder: Path) -> bool:
    """Return whether a folder holds the parts of a run, of any job."""
    return _read_mark(folder) is not None


@contextmanager
def renamed_when_complete(path: Path) -> Iterator[Path]:
    """Yield a path to write to; the file gets its name when the block is left without an error."""
    unfinished = path.with_name(f"{path.name}.{uuid.uuid4().hex}.tmp")
    yield unfinished
    unfinished.replace(path)


def _read_mark(folder: Path) -> Mapping[str, Any] | None:
    """Return the job whose parts a folder holds; None if it holds none."""
    try:
        mark = json.loads((folder / _MARK).read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    if not isinstance(mark, dict) or mark.pop("format", None) != _FORMAT:
        return None
    return mark


def _empty(parts: Path) -> None:
    """Delete all parts, but not the file that identifies their job."""
    for one in parts.iterdir():
        if one.is_dir():
            shutil.rmtree(one)
        elif one.name != _MARK:
            one.unlink()


def delete_parts(parts: Path) -> None:
    """Delete a folder of parts; the file that marks it as one is deleted last."""
    _empty(parts)
    shutil.rmtree(parts)


def _sha256(path: Path) -> str:
    """Return the SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _state(path: Path) -> tuple[int, ...]:
    """Return what changes when a file is written to or replaced: inode, size and times."""
    found: os.stat_result = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
