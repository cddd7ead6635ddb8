"""Runs of learning curves, kept by everything that decided them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from sklearn.base import clone

from agnews_sk._core.content import content_digest


def run_key(
    name: str, pipeline: Any, size: int, rows_key: str, train: np.ndarray, test: np.ndarray
) -> str:
    """Return a name for a run, made of its pipeline, its rows and its draw.

    Parameters
    ----------
    name : str
    pipeline : estimator
    size : int
    rows_key : str
        What all rows and labels hash to.
    train, test : ndarray of int
        Positions of the rows of the run.

    Returns
    -------
    str
    """
    return content_digest((name, clone(pipeline), int(size), rows_key, train, test))[:24]


_START = '{"key": '


@dataclass
class RunStore:
    """Runs by key, kept in a JSON lines file if there is one."""

    path: Path | None
    runs: dict[str, dict[str, Any]]

    @classmethod
    def open(cls, path: str | Path | None) -> Self:
        """Return the runs of a file; none if there is no file yet, or no path."""
        if path is None or not Path(path).exists():
            return cls(None if path is None else Path(path), {})
        whole = Path(path).read_text(encoding="utf-8")
        complete, _, torn = whole.rpartition("\n")
        try:
            if not torn.startswith(_START[: len(torn)]):
                raise ValueError("the last line is no run")
            lines = [json.loads(line) for line in complete.splitlines() if line]
            runs = {line.pop("key"): line for line in lines}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"path={str(path)!r} is no file of runs; name another.") from error
        if torn:  # a run that was broken off while it was written
            Path(path).write_text(complete + "\n" if complete else "", encoding="utf-8")
        return cls(Path(path), runs)

    def get(self, key: str) -> dict[str, Any] | None:
        """Return the run of a key, None if there is none."""
        return self.runs.get(key)

    def add(self, key: str, run: dict[str, Any]) -> None:
        """Keep a run, in the file too."""
        self.runs[key] = run
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"key": key, **run}) + "\n")
