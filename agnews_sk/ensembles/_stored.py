"""Arrays that are kept in a folder, so that an interrupted computation goes on."""

import os
from pathlib import Path

import numpy as np


class StoredArrays:
    """Lists of arrays by key, one file each; without a folder, nothing is kept.

    Parameters
    ----------
    folder : str or Path, optional
        Made if it does not exist.
    """

    def __init__(self, folder: str | Path | None) -> None:
        self.folder = None if folder is None else Path(folder)

    def get(self, key: str) -> list[np.ndarray] | None:
        """Return the arrays of a key, or None.

        Parameters
        ----------
        key : str

        Returns
        -------
        list of ndarray, or None

        Raises
        ------
        ValueError
            If its file is damaged.
        """
        path = self._path(key)
        if path is None or not path.exists():
            return None
        try:
            with np.load(path, allow_pickle=False) as stored:
                return [stored[f"arr_{i}"] for i in range(len(stored.files))]
        except Exception as error:  # zipfile and NumPy raise errors of many kinds
            raise ValueError(f"{path} is damaged: {error}; remove it.") from error

    def put(self, key: str, arrays: list[np.ndarray]) -> None:
        """Keep arrays: the whole file, or none if the program ends meanwhile.

        Parameters
        ----------
        key : str
        arrays : list of ndarray
        """
        path = self._path(key)
        if path is None:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f".{path.name}.{os.getpid()}")
        with unfinished.open("wb") as file:
            np.savez_compressed(file, *arrays)
        unfinished.replace(path)

    def _path(self, key: str) -> Path | None:
        return None if self.folder is None else self.folder / f"{key}.npz"
