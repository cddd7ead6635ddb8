"""The files in which a run keeps what is done, so that it can be resumed after any end."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from agnews_sk._core.job_folder import renamed_when_complete

# Rows of a group in a Parquet file: a part of its keys is read without the others.
_ROWS_OF_GROUP = 32_768


class WorkFolder:
    """A folder of files by stage and block, each of which gets its name when it is complete.

    Parameters
    ----------
    path : pathlib.Path
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def stage(self, name: str) -> "WorkFolder":
        """Return the folder of a stage, which is made.

        Parameters
        ----------
        name : str

        Returns
        -------
        WorkFolder
        """
        path = self.path / name
        path.mkdir(exist_ok=True, parents=True)
        return WorkFolder(path)

    def file(self, name: int | str, kind: str) -> Path:
        """Return the file of a block, or of another name.

        Parameters
        ----------
        name : int or str
            Number of a block, or a name.
        kind : str
            Ending of the file.

        Returns
        -------
        pathlib.Path
        """
        name = f"{name:08}" if isinstance(name, int) else name
        return self.path / f"{name}.{kind}"

    def read_json(self, name: int | str) -> Any:
        """Return what was written under a name, None if nothing was.

        Parameters
        ----------
        name : int or str

        Returns
        -------
        object
        """
        try:
            return json.loads(self.file(name, "json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None

    def write_json(self, name: int | str, value: Any) -> None:
        """Write a plain value under a name.

        Parameters
        ----------
        name : int or str
        value : object
            Numbers, texts, and lists and dictionaries of them.
        """
        with renamed_when_complete(self.file(name, "json")) as unfinished:
            unfinished.write_text(json.dumps(value), encoding="utf-8")

    def read_arrays(self, name: int | str, kind: str) -> list[np.ndarray]:
        """Return the arrays that were written under a name.

        They are read, not mapped: mapped pages would count as memory of the process.

        Parameters
        ----------
        name : int or str
        kind : str

        Returns
        -------
        list of ndarray
        """
        found = []
        path = self.file(name, kind)
        size = path.stat().st_size
        with path.open("rb") as file:
            while file.tell() < size:
                found.append(np.load(file, allow_pickle=False))
        return found

    def write_arrays(self, name: int | str, kind: str, arrays: Sequence[np.ndarray]) -> None:
        """Write arrays under a name.

        Parameters
        ----------
        name : int or str
        kind : str
        arrays : sequence of ndarray
            Of numbers.
        """
        with renamed_when_complete(self.file(name, kind)) as unfinished, unfinished.open("wb") as f:
            for array in arrays:
                np.save(f, array, allow_pickle=False)

    def write_frame(self, name: int | str, kind: str, frame: pl.DataFrame) -> None:
        """Write a frame as Parquet under a name.

        Parameters
        ----------
        name : int or str
        kind : str
        frame : polars.DataFrame
        """
        with renamed_when_complete(self.file(name, kind)) as unfinished:
            frame.write_parquet(unfinished, compression="lz4", row_group_size=_ROWS_OF_GROUP)

    def has(self, name: int | str, kind: str) -> bool:
        """Return whether something was written under a name.

        Parameters
        ----------
        name : int or str
        kind : str

        Returns
        -------
        bool
        """
        return self.file(name, kind).exists()

    def discard(self, kind: str) -> None:
        """Delete all files of a kind, which nothing needs any more.

        Parameters
        ----------
        kind : str
        """
        for path in self.path.glob(f"*.{kind}"):
            path.unlink()


class KeptInFolder:
    """What a fit has computed, kept in a folder.

    Parameters
    ----------
    folder : WorkFolder
    """

    def __init__(self, folder: WorkFolder) -> None:
        self._folder = folder

    def load(self, name: str) -> dict[str, np.ndarray] | None:
        """Return the arrays of a name, None if there are none.

        Parameters
        ----------
        name : str

        Returns
        -------
        dict of str to ndarray, or None
        """
        try:
            with np.load(self._folder.file(name, "npz"), allow_pickle=False) as found:
                return dict(found)
        except FileNotFoundError:
            return None

    def save(self, name: str, arrays: dict[str, np.ndarray]) -> None:
        """Keep arrays under a name, in place of those that it has.

        Parameters
        ----------
        name : str
        arrays : dict of str to ndarray
        """
        path = self._folder.file(name, "npz")
        with renamed_when_complete(path) as unfinished, unfinished.open("wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
