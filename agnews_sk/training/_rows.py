"""Labelled token ids as a dataset of skorch."""

from typing import Any

import numpy as np
import pandas as pd
import torch
from skorch.dataset import Dataset
from torch import Tensor

from agnews_sk._core.mapped import hash_runs
from agnews_sk.nn import RaggedDataset, RaggedLoader


class TextRows(RaggedDataset, Dataset):
    """A `RaggedDataset` with the attributes that callbacks of skorch read.

    `X` is the dataset itself, which the net takes for predictions, and `y` the codes of the
    labels. Item i is the pair of the ids of row i and its code, -1 if there are no labels; with
    several labels per row, the second of the pair is a row of the indicator.
    """

    @property
    def X(self) -> "TextRows":
        """The rows."""
        return self

    @property
    def y(self) -> np.ndarray | None:
        """The position of each row's label in `classes_`, or an indicator of its labels."""
        return self.target

    def equal_rows(self) -> np.ndarray:
        """Return one value per row, the same for rows of equal ids, of shape (n_samples,).

        Different rows have the same one with a probability of 2 to the power of -64.
        """
        return pd.factorize(self.hashes())[0]

    def hashes(self) -> np.ndarray:
        """Return 64 bits of the ids of each row, in any dtype, of shape (n_samples,)."""
        return hash_runs(self.values, self.text_offsets)

    def __getitem__(self, row: int) -> tuple[np.ndarray, Any]:
        if not -len(self) <= row < len(self):
            raise IndexError(f"row {row} of {len(self)}")
        row %= len(self)
        start, stop = self.text_offsets[row : row + 2]
        target = -1 if self.target is None else self.target[row]
        return self.values[start:stop], target if np.ndim(target) else int(target)


def in_order(loader: RaggedLoader, batches: list[Tensor]) -> Tensor:
    """Return results that were computed by batch in the order of the rows, on the CPU.

    Parameters
    ----------
    loader : RaggedLoader
    batches : list of Tensor of shape (batch, ...)
        One for each of the loader's batches.

    Returns
    -------
    Tensor of shape (n_samples, ...)
    """
    joined = torch.cat(batches).cpu()
    ordered = torch.empty_like(joined)
    ordered[torch.from_numpy(np.concatenate(loader.batches))] = joined
    return ordered


def epoch_rng(seed: int, epoch: int) -> np.random.Generator:
    """Return the generator that draws the batches of an epoch, counted from 0.

    It does not depend on earlier epochs, so that a resumed training run draws the same batches.
    """
    return np.random.default_rng([seed, epoch])
