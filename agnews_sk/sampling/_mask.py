"""A filter that was told which rows stay."""

from typing import Any

import numpy as np
import polars as pl

from agnews_sk.sampling._row_filter import RowFilter


class MaskFilter(RowFilter):
    """Keep the rows that a mask marks, such as the one that an audit gives.

    Parameters
    ----------
    keep : array-like of bool of shape (n_samples,)
        Which rows of the X of `fit` stay. The mask belongs to these rows: fitted on others, on a
        fold of them for example, the filter refuses; cut the frame itself then, `X[keep]`.
    columns : list of str, default=None
        Columns of a frame that must be there; None means any column of texts.

    Attributes
    ----------
    sample_indices_ : ndarray of int of shape (n_rows_out,)
        Position of each kept row.

    See Also
    --------
    agnews_sk.auditing.audit : Its findings have such masks.

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
        mask = np.asarray(self.keep)
        if mask.dtype != bool or mask.shape != (len(columns[0]),):
            raise ValueError(
                f"keep must have one bool a row of X, {len(columns[0])}, got {mask.dtype} of shape "
                f"{mask.shape}; a mask belongs to the rows that it was made for."
            )
        return mask
