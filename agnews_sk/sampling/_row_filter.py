"""The base class of filters: each returns a mask of the rows to keep."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from agnews_sk._core.base import RowSampler
from agnews_sk._core.validation import take_rows


class RowFilter(RowSampler):
    """Base class of samplers that only drop rows; the others keep their content and order.

    A subclass has a parameter `columns` and implements `_kept`.

    Attributes
    ----------
    judges_rows_alone : bool
        Whether it depends on a row alone if it is kept, so that rows can be filtered in parts.
    """

    columns: Sequence[str] | None
    judges_rows_alone = False

    _parameter_constraints: dict = {"columns": [list, tuple, None]}

    def _sample(self, X: Any, y: Any) -> tuple[np.ndarray, Any]:
        """Return the positions of the rows to keep, and these rows."""
        indices = np.flatnonzero(self._kept(self.read_columns(X), y))
        return indices, take_rows(X, indices)

    def keeps(self, X: Any) -> np.ndarray:
        """Return which rows of a part to keep, perhaps none; nothing is recorded.

        Parameters
        ----------
        X : DataFrame or array-like of str of shape (n_samples,)

        Returns
        -------
        ndarray of bool of shape (n_samples,)
        """
        self._validate_params()
        return self._kept(self.read_columns(X), None)

    def read_columns(self, X: Any) -> list[pl.Series]:
        """Return the text columns that it reads, each of shape (n_samples,)."""
        return list(self._text_columns(X, self.columns).values())

    @abstractmethod
    def _kept(self, columns: list[pl.Series], y: Any) -> np.ndarray:
        """Return which rows to keep.

        Parameters
        ----------
        columns : list of polars.Series of str of shape (n_samples,)
            The text columns.
        y : array-like of shape (n_samples,) or None

        Returns
        -------
        ndarray of bool of shape (n_samples,)
        """
