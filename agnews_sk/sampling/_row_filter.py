"""The base of the filters: a mask over the text columns decides which rows stay."""

from abc import abstractmethod
from typing import Any

import numpy as np
import polars as pl

from agnews_sk._core.base import RowSampler
from agnews_sk._core.validation import take_rows


class RowFilter(RowSampler):
    """Base of the samplers that only drop rows: what stays is unchanged and in order.

    A subclass has the parameter `columns` and implements `_kept`.
    """

    _parameter_constraints: dict = {"columns": [list, tuple, None]}

    def _sample(self, X: Any, y: Any) -> tuple[np.ndarray, Any]:
        columns = list(self._text_columns(X, self.columns).values())
        indices = np.flatnonzero(self._kept(columns, y))
        return indices, take_rows(X, indices)

    @abstractmethod
    def _kept(self, columns: list[pl.Series], y: Any) -> np.ndarray:
        """Return which rows stay.

        Parameters
        ----------
        columns : list of polars.Series of str of shape (n_samples,)
        y : array-like of shape (n_samples,) or None

        Returns
        -------
        ndarray of bool of shape (n_samples,)
        """
