"""Studies in journal files, which several processes may append to."""

import json
from pathlib import Path

from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

# More than the first line of any journal, and little to read of any other file.
_FIRST_LINE_BYTES = 2**20
# Keys that every record of a journal has.
_KEYS = {"op_code", "worker_id"}


def open_journal(path: Path) -> JournalStorage:
    """Open a journal, or create one if there is no file or an empty one.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    optuna.storages.JournalStorage

    Raises
    ------
    OSError
        If it cannot be read or created.
    ValueError
        If the file is not a journal; it is left unchanged.
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
        f"storage must name an Optuna journal or a new file, got {path}: {problem}; use "
        "another path."
    )


def _problem(path: Path) -> str | None:
    """Return why a file is not a journal, judged by its first line, or None.

    Optuna itself would append to any file.
    """
    if not path.exists():
        return None
    if not path.is_file():
        return "it is a folder" if path.is_dir() else "it is not a regular file"
    with path.open("rb") as file:
        line = file.readline(_FIRST_LINE_BYTES)
    return None if not line or _is_record(line) else "its first line is not a record of Optuna"


def _is_record(line: bytes) -> bool:
    """Return whether a line is a whole record of a journal."""
    try:
        record = json.loads(line)
    except ValueError:
        return False
    return line.endswith(b"\n") and isinstance(record, dict) and record.keys() >= _KEYS
