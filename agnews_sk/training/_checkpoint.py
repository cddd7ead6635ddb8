"""The file that holds the state of a training run, to resume from after a kill."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

SECONDS_BETWEEN = 300.0  # between two saves within an epoch
_ALWAYS_THERE = {"epoch", "steps_before", "losses", "is_over", "seed", "module", "history", "begun"}


class Checkpoint:
    """The file of one training run, written completely or not at all.

    Parameters
    ----------
    folder : str or path
        Created if it does not exist.
    name : str
        Of the file, without its suffix: a digest of data and parameters, so that another
        training run has another file.
    parameter : str, default="checkpoint_dir"
        What messages call the folder.

    Attributes
    ----------
    path : pathlib.Path

    Raises
    ------
    NotADirectoryError
        If the folder is a file.
    """

    def __init__(self, folder: str | Path, name: str, *, parameter: str = "checkpoint_dir") -> None:
        self.path = Path(folder) / f"{name}.pt"
        self._saved_at = time.monotonic()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise NotADirectoryError(
                f"{parameter} must be a folder, or a name for a new one, got {folder}."
            ) from error

    @property
    def is_due(self) -> bool:
        """Whether the last save is `SECONDS_BETWEEN` ago."""
        return time.monotonic() - self._saved_at >= SECONDS_BETWEEN

    def save(self, state: dict[str, Any]) -> None:
        """Write the state to a temporary file, which then replaces the last one.

        Parameters
        ----------
        state : dict of str to Any
            Tensors and plain values.
        """
        _write(self.path, state)
        self._saved_at = time.monotonic()

    def load(self, device: str) -> dict[str, Any] | None:
        """Return the saved state.

        Parameters
        ----------
        device : str
            Torch device to load tensors to.

        Returns
        -------
        dict of str to Any, or None
            None if nothing was saved.

        Raises
        ------
        ValueError
            If the file is damaged or no checkpoint.
        """
        if not self.path.exists():
            return None
        with self.path.open("rb") as file, self.rejecting_damage():
            # Tensors and plain values only: a file in the folder can run no code.
            state = torch.load(file, map_location=device, weights_only=True)
            if not isinstance(state, dict) or not state.keys() >= _ALWAYS_THERE:
                raise ValueError("it has other contents")
        return state

    def remember(self, name: str, compute: Callable[[], Tensor]) -> Tensor:
        """Return what was computed before training, from a file beside the state if it is there.

        Parameters
        ----------
        name : str
            Part of the name of the file.
        compute : callable
            Called if there is no file, and its result is then saved.

        Returns
        -------
        Tensor
            On the CPU.

        Raises
        ------
        ValueError
            If the file is damaged or holds something else.
        """
        path = self.path.with_suffix(f".{name}.pt")
        if not path.exists():
            found = compute()
            _write(path, found)
            return found
        with path.open("rb") as file, self.rejecting_damage(path):
            found = torch.load(file, map_location="cpu", weights_only=True)
            if not isinstance(found, Tensor):
                raise ValueError("it has other contents")
        return found

    @contextmanager
    def rejecting_damage(self, path: Path | None = None) -> Iterator[None]:
        """Within the block, turn any error into a ValueError that names the file to delete."""
        try:
            yield
        except Exception as error:  # torch's readers may raise anything on damaged bytes
            raise ValueError(
                f"{path or self.path} is damaged, or not a checkpoint of this training run: "
                f"{_first_line(error)}. Delete it, and what it holds is computed again."
            ) from error


def _write(path: Path, value: Any) -> None:
    """Write a file completely or not at all."""
    unfinished = path.with_suffix(f".{os.getpid()}.{threading.get_ident()}.tmp")
    torch.save(value, unfinished)
    unfinished.replace(path)


def _first_line(error: Exception) -> str:
    """Return the first line of a message, at most 200 characters, or the name of the error."""
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".")[:200] if lines else type(error).__name__
