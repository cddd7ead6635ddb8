"""Make one text a row of a frame."""

import warnings
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from agnews_sk._core.base import JoinsColumns, TextInputMixin
from agnews_sk._core.columnar import to_object_array
from agnews_sk._core.joining import join_columns
from agnews_sk._core.labels import refuse_labels, warn_of_labels
from agnews_sk._core.validation import as_frame, is_frame, text_columns


class ColumnJoiner(JoinsColumns, TextInputMixin, TransformerMixin, BaseEstimator):
    """Join the text columns of a frame into one text a row.

    Texts that are already joined pass through, so that a pipeline fitted on a frame of titles
    and descriptions also answers for single texts, and the other way round.

    Parameters
    ----------
    columns : list of str or None, default=None
        Columns to join, in this order. None takes every column of texts, in the order of the
        frame seen in `fit`, whatever its dtype: strings, categories and enums of strings, and
        objects that are all `str` or missing. A column that equals the labels is refused unless
        it is named here.
    separator : str, default=" "
        What stands between two cells. An empty cell takes no separator.
    missing : str, default=""
        What stands for a missing cell or text (`None`, NaN, `pandas.NA`).

    Attributes
    ----------
    columns_ : list of str or None
        Columns that are joined; None if fitted on texts without `columns`.
    feature_names_in_ : ndarray of object of shape (n_columns,)
        All columns of the frame seen in `fit`; only if it was a frame.

    See Also
    --------
    TextCleaner : Cleans the joined texts.

    Notes
    -----
    An empty cell stays empty: `missing` is for missing cells only. A row whose cells are all
    empty becomes the empty string.

    Examples
    --------
    >>> import pandas as pd
    >>> from agnews_sk.cleaning import ColumnJoiner
    >>> news = pd.DataFrame({"title": ["Oil rises", None], "description": ["By a cent.", "Hm."]})
    >>> joiner = ColumnJoiner(separator=": ").fit(news)
    >>> joiner.transform(news).tolist()
    ['Oil rises: By a cent.', 'Hm.']
    >>> joiner.transform(["Oil falls"]).tolist()
    ['Oil falls']
    """

    _parameter_constraints: dict[str, list[Any]] = {
        "columns": [list, tuple, None],
        "separator": [str],
        "missing": [str],
    }

    def __init__(self, *, columns=None, separator=" ", missing=""):
        self.columns = columns
        self.separator = separator
        self.missing = missing

    def fit(self, X: Any, y: Any = None) -> "ColumnJoiner":
        """Note which columns are joined.

        Parameters
        ----------
        X : DataFrame, Arrow table or array-like of str of shape (n_samples,)
        y : array-like of shape (n_samples,), optional
            Labels, which no column may equal.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If the frame lacks one of `columns`, has no column of texts, or has one that equals
            the labels.

        Warns
        -----
        UserWarning
            If columns are left out, since they hold no texts, or the values of one stand for the
            labels one for one.
        """
        self._validate_params()
        X = as_frame(X)
        found = text_columns(X, self.columns)
        self.__dict__.pop("feature_names_in_", None)
        self.columns_ = None if self.columns is None else list(self.columns)
        if is_frame(X):
            if self.columns is None:
                self._look_at_columns(X, found, y)
            self.columns_ = self.columns_ or [c for c in X.columns if str(c) in found]
            self.feature_names_in_ = np.array(X.columns, dtype=object)
        return self

    @staticmethod
    def _look_at_columns(X: Any, found: dict[str, pl.Series], y: Any) -> None:
        if y is not None:
            refuse_labels(found, y)
            warn_of_labels(found, y)
        left_out = [str(column) for column in X.columns if str(column) not in found]
        if left_out:
            warnings.warn(
                f"the columns {left_out} hold no texts and are left out; {list(found)} are joined. "
                "Choose with join__columns (columns of ColumnJoiner).",
                stacklevel=3,
            )

    def transform(self, X: Any) -> np.ndarray:
        """Return one text a row.

        Parameters
        ----------
        X : DataFrame, Arrow table or array-like of str of shape (n_samples,)
            A frame with the columns seen in `fit`, or texts of any kind.

        Returns
        -------
        ndarray of object of shape (n_samples,)

        Raises
        ------
        TypeError
            If X is one row of the frame as a Series.
        ValueError
            If the frame lacks a column, or has several and `fit` saw texts.
        """
        check_is_fitted(self)
        X = as_frame(X)
        self._refuse_one_row(X)
        if self.columns_ is None and is_frame(X) and X.shape[1] > 1:
            raise ValueError(
                "X must be texts, as in fit, got a frame with the columns "
                f"{list(map(str, X.columns))}; fit ColumnJoiner on a frame, or name columns."
            )
        cells = list(text_columns(X, self.columns_).values())
        return to_object_array(join_columns(cells, separator=self.separator, missing=self.missing))

    def _refuse_one_row(self, X: Any) -> None:
        columns = self.columns_ or ()
        named = columns and all(isinstance(column, str) for column in columns)
        if named and isinstance(X, pd.Series) and set(columns) <= set(X.index):
            raise TypeError(
                "X must hold one text per row, got one row of the frame as a Series; pass "
                "X.iloc[[i]], a frame of one row."
            )

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the name of the one column that comes out, "text".

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        ndarray of object of shape (1,)
        """
        check_is_fitted(self)
        return np.array(["text"], dtype=object)
