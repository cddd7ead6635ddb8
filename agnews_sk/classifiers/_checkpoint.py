"""The state of a training on disk, to go on from after a kill."""

import hashlib
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch

SECONDS_BETWEEN = 300.0


class Checkpoint:
    """One file that holds how far one training has come.

    Parameters
    ----------
    folder : str or path
        Made if it is not there.
    fingerprint : str
        Names the file, so that trainings on other data or with other parameters have others.
    """

    def __init__(self, folder: str | Path, fingerprint: str) -> None:
        self.path = Path(folder) / f"{fingerprint}.pt"
        self._saved_at = time.monotonic()

    @property
    def is_due(self) -> bool:
        """Whether the last save is long ago."""
        return time.monotonic() - self._saved_at >= SECONDS_BETWEEN

    def save(self, state: dict[str, Any]) -> None:
        """Write the state; a kill meanwhile leaves the last one whole."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.path.with_suffix(f".{os.getpid()}.tmp")
        torch.save(state, unfinished)
        unfinished.replace(self.path)
        self._saved_at = time.monotonic()

    def load(self, device: str) -> dict[str, Any] | None:
        """Return the saved state, or None if there is none."""
        if not self.path.exists():
            return None
        # Tensors and plain values only: a file in the folder can run no code.
        return torch.load(self.path, map_location=device, weights_only=True)


def fingerprint(arrays: Iterable[np.ndarray | None], settings: Any) -> str:
    """Return a name for a training: a hash of its data and its settings.

    Parameters
    ----------
    arrays : iterable of ndarray or None
    settings : object
        Its `repr` counts.

    Returns
    -------
    str
        32 hexadecimal digits.
    """
    digest = hashlib.blake2b(repr(settings).encode(), digest_size=16)
    for array in arrays:
        if array is None:
            digest.update(b"none")
        else:
            digest.update(f"{array.dtype}{array.shape}".encode())
            digest.update(np.ascontiguousarray(array).view(np.uint8).data)
    return digest.hexdigest()
