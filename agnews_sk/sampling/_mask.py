"""A filter by a mask over the rows."""

from typing import Any

import numpy as np
import polars as pl

from agnews_sk.sampling._row_filter import RowFilter


class MaskFilter(RowFilter):
    """Keep the rows where a mask is True, such as the mask of an audit.

    Parameters
    ----------
    keep : array-like of bool of shape (n_samples,)
        Which rows to keep of the X that is passed to `fit_resample`. Other rows, such as a fold of
        a cross-validation, raise an error; select rows of the frame itself then, `X[keep]`.
    columns : list of str, default=None
        Columns of a frame that must be there; None means any column of texts.

    Attributes
    ----------
    sample_indices_ : ndarray of int of shape (n_rows_out,)
        Position of each kept row.

    See Also
    --------
    agnews_sk.auditing.audit : Returns such masks for its findings.

    Examples
    --------
    >>> from agnews_sk.sampling import MaskFilter
    >>> MaskFilter(keep=[True, False, True]).fit_resample(["Oil", "Oil", "Cup"], [0, 0, 1])
    (['Oil', 'Cup'], [0, 1])
    """

    _parameter_constraints: dict = {**RowFilter._parameter_constraints, "keep": ["array-like"]}

    def __init__(self, *, keep, columns=None):
        self.keep = keep
        self.columns = columns

    def _kept(self, columns: list[pl.Series], y: Any) -> np.ndarray:
        """Return the mask, if it has one value per row."""
        mask = np.asarray(self.keep)
        if mask.dtype != bool or mask.shape != (len(columns[0]),):
            raise ValueError(
                f"keep must have one bool per row of X, {len(columns[0])}, got {mask.dtype} of "
                f"shape {mask.shape}; a mask applies only to the rows that it was computed on."
            )
        return mask
