"""A study in a file that any number of processes append to."""

import json
from pathlib import Path

from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

# More than Optuna writes into a line that creates a study, and little to read of another file.
_FIRST_LINE_BYTES = 2**20
# What each line of a journal has, whatever it records.
_KEYS = {"op_code", "worker_id"}


def open_journal(path: Path) -> JournalStorage:
    """Open a journal, or begin one where there is no file or an empty one.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    optuna.storages.JournalStorage

    Raises
    ------
    OSError
        If it cannot be read or made.
    ValueError
        If something else is there, which is left as it is.
    """
    try:
        problem = _problem(path)
        if problem is None:
            path.parent.mkdir(parents=True, exist_ok=True)
            return JournalStorage(JournalFileBackend(str(path)))
    except OSError as error:
        reason = error.strerror or error
        raise OSError(f"storage: the journal {path} cannot be opened: {reason}.") from error
    except (AssertionError, LookupError, TypeError, ValueError):  # what its replay may raise
        problem = "one of its lines is damaged"
    raise ValueError(
        f"storage must name a journal of Optuna's or a new file, got {path}: {problem}; give "
        "another path."
    )


def _problem(path: Path) -> str | None:
    """Tell why a file is no journal, by its first line: Optuna would append to any file."""
    if not path.exists():
        return None
    if not path.is_file():
        return "it is a folder" if path.is_dir() else "it is no regular file"
    with path.open("rb") as file:
        line = file.readline(_FIRST_LINE_BYTES)
    return None if not line or _is_record(line) else "its first line is no record of Optuna's"


def _is_record(line: bytes) -> bool:
    try:
        record = json.loads(line)
    except ValueError:
        return False
    return line.endswith(b"\n") and isinstance(record, dict) and record.keys() >= _KEYS
