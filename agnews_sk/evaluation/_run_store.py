"""Stored runs of learning curves, keyed by everything that determines them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from sklearn.base import clone

from agnews_sk._core.content import content_digest


def run_key(
    name: str, classifier: Any, size: int, rows_key: str, train: np.ndarray, test: np.ndarray
) -> str:
    """Return the key of a run: a digest of the classifier, the rows and the draw.

    Parameters
    ----------
    name : str
    classifier : estimator
        Its parameters count, not its fitted state.
    size : int
        Number of training rows.
    rows_key : str
        Digest of all rows and labels.
    train, test : ndarray of int
        Positions of the training and test rows.

    Returns
    -------
    str
        24 hexadecimal digits.
    """
    return content_digest((name, clone(classifier), int(size), rows_key, train, test))[:24]


# How each line begins, which distinguishes a line that was cut off from other content.
_START = '{"key": '


@dataclass
class RunStore:
    """Runs by key, appended to a JSON Lines file if there is a path.

    Attributes
    ----------
    path : Path or None
    runs : dict of str to dict
        Rows of `LearningCurves.runs` by their key.
    """

    path: Path | None
    runs: dict[str, dict[str, Any]]

    @classmethod
    def open(cls, path: str | Path | None) -> Self:
        """Read the runs of a file; without a path, or before the file exists, there are none.

        A last line that is incomplete, because the process ended while it was written, is removed.

        Raises
        ------
        ValueError
            If the file does not contain runs.
        """
        if path is None or not Path(path).exists():
            return cls(None if path is None else Path(path), {})
        whole = Path(path).read_text(encoding="utf-8")
        complete, _, torn = whole.rpartition("\n")
        try:
            if not torn.startswith(_START[: len(torn)]):
                raise ValueError("the last line is not a run")
            lines = [json.loads(line) for line in complete.splitlines() if line]
            runs = {line.pop("key"): line for line in lines}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(
                f"path={str(path)!r} is not a file of runs; choose another path."
            ) from error
        if torn:  # written when the process ended
            Path(path).write_text(complete + "\n" if complete else "", encoding="utf-8")
        return cls(Path(path), runs)

    def get(self, key: str) -> dict[str, Any] | None:
        """Return the run with a key, None if there is none."""
        return self.runs.get(key)

    def add(self, key: str, run: dict[str, Any]) -> None:
        """Add a run, and append it to the file."""
        self.runs[key] = run
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"key": key, **run}) + "\n")
