"""The transformer that joins the text columns of a frame into one text per row."""

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from sklearn.base import BaseEstimator, TransformerMixin

from agnews_sk._core.base import JoinsColumns, TextInputMixin
from agnews_sk._core.columnar import to_object_array
from agnews_sk._core.few_texts import few_texts
from agnews_sk._core.fitted import check_fitted
from agnews_sk._core.joining import join_columns
from agnews_sk._core.label_sets import is_multilabel
from agnews_sk._core.labels import reject_labels, warn_of_labels
from agnews_sk._core.user_warnings import warn_user
from agnews_sk._core.validation import as_frame, is_frame, text_columns
from agnews_sk.cleaning._text_output import TextOutputMixin


class ColumnJoiner(JoinsColumns, TextInputMixin, TextOutputMixin, TransformerMixin, BaseEstimator):
    """Join the text columns of a frame into one text per row.

    Texts that are already joined pass through unchanged, so that a pipeline fitted on a frame of
    titles and descriptions also predicts for texts, and vice versa.

    Parameters
    ----------
    columns : list of str or None, default=None
        Columns to join, in this order. None takes every column of texts, in the order of the
        frame seen in `fit`: strings, categories and enums of strings, and objects that are all
        `str` or missing. A column that equals the labels raises an error unless it is named here.
    separator : str, default=" "
        Put between two cells. An empty cell takes no separator.
    missing : str, default=""
        Replaces a missing cell or text (`None`, NaN, `pandas.NA`).

    Attributes
    ----------
    columns_ : list of str or None
        Columns to join; None if fitted on texts without `columns`.
    feature_names_in_ : ndarray of object of shape (n_columns,)
        All columns of the frame seen in `fit`; only if it was a frame.

    See Also
    --------
    TextCleaner : Cleans the joined texts.

    Notes
    -----
    `missing` replaces missing cells only, not empty ones. A row whose cells are all empty becomes
    the empty string.

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
        """Choose the columns to join.

        Parameters
        ----------
        X : DataFrame, Arrow table or array-like of str of shape (n_samples,)
        y : array-like of shape (n_samples,), optional
            Labels; no column may equal them.

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
            If columns are left out since they hold no texts, or the values of a column and the
            labels have a one-to-one relation.
        """
        self._validate_params()
        X = as_frame(X)
        found = text_columns(X, self.columns)
        self.__dict__.pop("feature_names_in_", None)
        self.columns_ = None if self.columns is None else list(self.columns)
        if is_frame(X):
            if self.columns is None:
                self._check_found_columns(X, found, y)
            self.columns_ = self.columns_ or [c for c in X.columns if str(c) in found]
            self.feature_names_in_ = np.array(X.columns, dtype=object)
        return self

    @staticmethod
    def _check_found_columns(X: Any, found: dict[str, pl.Series], y: Any) -> None:
        """Reject or warn of columns that hold the labels, and name those that are left out."""
        if y is not None and not is_multilabel(y):
            reject_labels(found, y)
            warn_of_labels(found, y)
        left_out = [str(column) for column in X.columns if str(column) not in found]
        if left_out:
            warn_user(
                f"the columns {left_out} hold no texts and are left out; {list(found)} are joined. "
                "Choose with join__columns (columns of ColumnJoiner), or use the others too, with "
                "columns='auto' of make_tfidf_pipeline or make_embedding_pipeline.",
            )

    def transform(self, X: Any) -> np.ndarray:
        """Return one text per row.

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
            If the frame lacks a column, or has several although `fit` saw texts.
        """
        check_fitted(self)
        few = few_texts(X)
        if few is not None:
            return np.array(few, dtype=object)
        X = as_frame(X)
        self._reject_one_row(X)
        if self.columns_ is None and is_frame(X) and X.shape[1] > 1:
            raise ValueError(
                "X must be texts, as in fit, got a frame with the columns "
                f"{list(map(str, X.columns))}; fit ColumnJoiner on a frame, or name columns."
            )
        cells = list(text_columns(X, self.columns_).values())
        return to_object_array(join_columns(cells, separator=self.separator, missing=self.missing))

    def _reject_one_row(self, X: Any) -> None:
        """Raise a TypeError for a row of a frame, whose cells would be taken for texts."""
        columns = self.columns_ or ()
        named = columns and all(isinstance(column, str) for column in columns)
        if named and isinstance(X, pd.Series) and set(columns) <= set(X.index):
            raise TypeError(
                "X must hold one text per row, got one row of the frame as a Series; pass "
                "X.iloc[[i]], a frame of one row."
            )
