"""Texts beside the other columns of their rows, as the steps of a pipeline pass them on."""

from typing import Any, NoReturn

import numpy as np
import polars as pl


class MixedRows:
    """Texts, and the values of other columns in the same rows.

    A step that changes texts changes only these; a vectorizer takes both.

    Parameters
    ----------
    texts : array-like of str of shape (n_samples,)
    columns : polars.DataFrame of shape (n_samples, n_columns)

    Examples
    --------
    >>> import polars as pl
    >>> from agnews_sk._core.mixed_rows import MixedRows
    >>> rows = MixedRows(["Oil", "Cup"], pl.DataFrame({"views": [3.0, 4.0]}))
    >>> len(rows), rows.with_texts(["oil", "cup"]).texts, rows[[1]].columns["views"].to_list()
    (2, ['oil', 'cup'], [4.0])
    """

    def __init__(self, texts: Any, columns: pl.DataFrame) -> None:
        self.texts = texts
        self.columns = columns

    def __len__(self) -> int:
        return len(self.columns)

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows, and of columns with the texts."""
        return len(self.columns), 1 + self.columns.width

    def __getitem__(self, rows: Any) -> "MixedRows":
        texts = np.asarray(self.texts, dtype=object)
        return MixedRows(texts[rows], self.columns[np.arange(len(self))[rows]])

    def __array__(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise ValueError(
            "texts beside other columns are no array or frame before they are vectorized; where "
            "transform_output is set, reset it to 'default'."
        )

    def with_texts(self, texts: Any) -> "MixedRows":
        """Return the same columns beside other texts.

        Parameters
        ----------
        texts : array-like of str of shape (n_samples,)

        Returns
        -------
        MixedRows
        """
        return MixedRows(texts, self.columns)
