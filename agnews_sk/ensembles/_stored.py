"""Arrays that are kept in a folder, so that an interrupted computation can be resumed."""

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from agnews_sk._core.content import content_digest


class StoredArrays:
    """Lists of arrays by key, one file each; without a folder, nothing is kept.

    Parameters
    ----------
    folder : str or Path, optional
        Made if it does not exist.
    """

    def __init__(self, folder: str | Path | None) -> None:
        self.folder = None if folder is None else Path(folder)

    @property
    def is_kept(self) -> bool:
        """Whether there is a folder."""
        return self.folder is not None

    def key_of(self, *content: Any) -> str:
        """Return a key for what decides arrays, or an empty one if nothing is kept."""
        return content_digest(content) if self.is_kept else ""

    def get_or_put(self, key: str, compute: Callable[[], list[np.ndarray]]) -> list[np.ndarray]:
        """Return the arrays of a key, computed and kept if they are not there yet.

        Parameters
        ----------
        key : str
        compute : callable
            Returns them.

        Returns
        -------
        list of ndarray
        """
        arrays = self.get(key)
        if arrays is None:
            arrays = compute()
            self.put(key, arrays)
        return arrays

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
        unfinished = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
        with unfinished.open("wb") as file:
            np.savez_compressed(file, *arrays)
        unfinished.replace(path)

    def _path(self, key: str) -> Path | None:
        return None if self.folder is None else self.folder / f"{key}.npz"
