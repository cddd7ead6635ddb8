"""The transformer that joins the text columns of a frame and keeps others beside the texts."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from sklearn.utils.validation import check_is_fitted

from agnews_sk._core.column_kinds import (
    KINDS,
    ColumnRoles,
    as_kind,
    as_polars,
    find_roles,
    frame_columns,
    kind_of,
)
from agnews_sk._core.label_sets import LabelSets, check_label_sets, is_multilabel
from agnews_sk._core.labels import reject_labels, warn_of_labels
from agnews_sk._core.mixed_rows import MixedRows
from agnews_sk._core.validation import as_frame, check_frame, check_texts, is_frame, text_columns
from agnews_sk.cleaning._joiner import ColumnJoiner


# `auto_wrap_output_keys=None`: the output is for the next steps, and no matrix.
class MixedColumnJoiner(ColumnJoiner, auto_wrap_output_keys=None):  # type: ignore[call-arg]
    """Join the text columns of a frame, and keep numbers, categories and dates beside the texts.

    The first step of a pipeline whose vectorizer takes more than texts, a
    :class:`~agnews_sk.vectorization.MixedVectorizer`.

    Parameters
    ----------
    columns : list of str or None, default=None
        Columns of texts to join, in this order. None takes every column of texts that `others`
        does not name; with `others="auto"`, strings with few distinct values are categories, and
        single words that are different in nearly every row are left out.
    others : "auto", list of str or dict of str to str, default="auto"
        Columns to keep beside the texts. A dict has their kinds: "number", "boolean", "category"
        or "date". A list leaves the kinds to dtype and content. "auto" keeps every column except
        identifiers and those with a single value.
    separator : str, default=" "
        Put between two cells of text. An empty cell takes no separator.
    missing : str, default=""
        Replaces a missing cell of text.
    verbose : bool, default=False
        Print `summary_`.

    Attributes
    ----------
    columns_ : list of str or None
        Columns that are joined; None if fitted on texts.
    column_kinds_ : dict of str to str
        Kind of each column beside the texts.
    left_out_ : dict of str to str
        Why each other column is not used.
    summary_ : str
        What each column is used as, in one line.
    feature_names_in_ : ndarray of object of shape (n_columns,)
        All columns of the frame seen in `fit`; only if it was a frame.

    See Also
    --------
    ColumnJoiner : Joins texts only.

    Notes
    -----
    A value is read in the same way wherever it comes from: in any dtype, or as a string, as in
    CSV files. Dates are read as ISO 8601; those with a time zone are converted to UTC. Numbers that
    are not finite, and empty strings, are missing.

    Examples
    --------
    >>> import pandas as pd
    >>> from agnews_sk.cleaning import MixedColumnJoiner
    >>> tickets = pd.DataFrame({
    ...     "text": ["Cannot log in", "Invoice is wrong", "App is slow", "Refund, please"],
    ...     "country": ["DE", "FR", "DE", "FR"],
    ...     "amount": [0.5, 20.5, None, 9.0],
    ... })
    >>> joiner = MixedColumnJoiner().fit(tickets)
    >>> joiner.summary_
    'text: text; category: country; number: amount'
    >>> rows = joiner.transform(tickets)
    >>> rows.texts[0], rows.columns["amount"].to_list()
    ('Cannot log in', [0.5, 20.5, None, 9.0])
    """

    _parameter_constraints: dict[str, list[Any]] = {
        **ColumnJoiner._parameter_constraints,
        "others": [str, bool, list, tuple, dict],
        "verbose": ["verbose"],
    }

    def __init__(self, *, columns=None, others="auto", separator=" ", missing="", verbose=False):
        super().__init__(columns=columns, separator=separator, missing=missing)
        self.others = others
        self.verbose = verbose

    def fit(self, X: Any, y: Any = None) -> "MixedColumnJoiner":
        """Choose the columns to join, and those to keep with their kinds.

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
            If the frame lacks a column that is named, has no column of texts, or has one that
            equals the labels, or a value is not of the kind of its column.

        Warns
        -----
        UserWarning
            If the values of a column and the labels have a one-to-one relation.
        """
        self._validate_params()
        X = as_frame(X)
        roles = self.find_roles(X, y)
        self.__dict__.pop("feature_names_in_", None)
        self.columns_ = roles.texts if is_frame(X) else None
        self.column_kinds_ = roles.kinds
        self.left_out_ = roles.left_out
        self.summary_ = _summary(roles)
        if is_frame(X):
            self.feature_names_in_ = np.array(X.columns, dtype=object)
            columns = {**text_columns(X, roles.texts), **_as_texts(self._kept(X))}
            if y is not None and not is_multilabel(y):
                warn_of_labels(columns, y)
        if self.verbose:
            print(f"[{type(self).__name__}] {self.summary_}")
        return self

    def find_roles(self, X: Any, y: Any = None) -> ColumnRoles:
        """Return what `fit` would use each column as.

        Parameters
        ----------
        X : DataFrame, Arrow table or array-like of str of shape (n_samples,)
        y : array-like of shape (n_samples,), or sets of labels, or an indicator, optional
            Labels; no column that is chosen by its content may equal them, or one of several.

        Returns
        -------
        ColumnRoles
        """
        others, X = self._checked_others(), as_frame(X)
        if not is_frame(X):
            check_texts(X)
            if others != "auto":
                raise ValueError(
                    f"X must be a frame with the columns {list(others)} (columns, join__others), "
                    f"got texts alone, a {type(X).__name__}."
                )
            return ColumnRoles(["text"], {}, {})
        self._check_named(X, [] if others == "auto" else list(others))
        roles = self._roles_of(X, others)
        if y is None or others != "auto":
            return roles
        kept = {name: as_polars(X[name]) for name in roles.kinds}
        if is_multilabel(y):
            _reject_label_columns(kept, check_label_sets(y, X))
        else:
            found = {} if self.columns else text_columns(X, roles.texts)
            reject_labels({**found, **_as_texts(kept)}, y)
        return roles

    def _check_named(self, X: Any, others: list[str]) -> None:
        """Reject a frame without the columns that are named, or with one that is named twice."""
        joined = list(self.columns or ())
        check_frame(X, columns=[*joined, *others])
        unnamed = [name for name in X.columns if not isinstance(name, str)]
        if unnamed:
            raise TypeError(
                f"the columns of X must have names of str beside texts, got {unnamed[0]!r}; rename "
                "them."
            )
        twice = sorted(set(joined) & set(others))
        if twice:
            raise ValueError(
                f"the columns {twice} are joined as texts (join__columns) and kept beside them "
                "(columns, join__others); name each once."
            )

    def _checked_others(self) -> Any:
        """Return `others` as "auto", a list or a dict, and reject other values and kinds."""
        others = self.others
        if others is True or (isinstance(others, str) and others == "auto"):
            return "auto"
        if isinstance(others, (str, bool)):
            raise ValueError(
                "columns (join__others) must be 'auto', a list of names, or a dict of names to "
                f"kinds, got {others!r}."
            )
        unknown = (
            {}
            if not isinstance(others, Mapping)
            else {name: kind for name, kind in others.items() if kind not in KINDS}
        )
        if unknown:
            raise ValueError(
                f"the kinds of columns (join__others) must be among {list(KINDS)}, got {unknown}; "
                "columns of texts are named in join__columns."
            )
        return others if isinstance(others, dict) else list(others)

    def _roles_of(self, X: Any, others: Any) -> ColumnRoles:
        """Return what each column of a frame is used as, given the checked `others`."""
        if others == "auto":
            roles = find_roles(frame_columns(X), self.columns)
            text_columns(X, roles.texts or None)  # raises the error for a frame without texts
            return roles
        rest = [c for c in X.columns if c not in others]
        texts = self.columns or list(text_columns(X[rest], None))
        kinds = dict(others) if isinstance(others, dict) else self._kinds_of(X, others)
        left_out = {str(c): "not named" for c in rest if str(c) not in map(str, texts)}
        return ColumnRoles(list(map(str, texts)), kinds, left_out)

    @staticmethod
    def _kinds_of(X: Any, names: list[str]) -> dict[str, str]:
        """Return the kind of each named column, and reject those that have none."""
        kinds = {name: kind_of(as_polars(X[name])) for name in names}
        strange = [name for name, kind in kinds.items() if kind is None]
        if strange:
            raise ValueError(
                f"X[{strange[0]!r}] must hold numbers, truth values, categories or dates, got "
                f"{X[strange[0]].dtype}; convert it, or leave it out of columns (join__others)."
            )
        return {name: str(kind) for name, kind in kinds.items()}

    def transform(self, X: Any) -> Any:
        """Return one text per row, beside the columns that are kept.

        Parameters
        ----------
        X : DataFrame or Arrow table of shape (n_samples, n_columns)
            With the columns of texts and those in `column_kinds_`, in any order. If there are
            none, texts of any kind are accepted too.

        Returns
        -------
        MixedRows
            With `texts`, an ndarray of object, and `columns`, a Polars frame with the columns of
            `column_kinds_`; the texts alone if there are none.

        Raises
        ------
        TypeError
            If X is one row of the frame as a Series.
        ValueError
            If X lacks a column, or a value is not of the kind of its column.
        """
        check_is_fitted(self)
        if not self.column_kinds_:
            return super().transform(X)
        X = as_frame(X)
        self._reject_one_row(X)
        if not is_frame(X):
            raise ValueError(
                f"X must be a frame, since the model uses the columns {list(self.column_kinds_)} "
                f"beside texts, got a {type(X).__name__} without them; pass them too, with missing "
                "values where they are unknown."
            )
        check_frame(X, columns=[*(self.columns_ or ()), *self.column_kinds_])
        return MixedRows(super().transform(X), pl.DataFrame(self._kept(X)))

    def _kept(self, X: Any) -> dict[str, pl.Series]:
        """Return the columns beside the texts, each as its kind."""
        return {
            name: as_kind(X[name], kind, name=name) for name, kind in self.column_kinds_.items()
        }

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return "text" and the names of the columns beside it.

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        ndarray of object of shape (1 + n_columns,)
        """
        check_is_fitted(self)
        return np.array(["text", *self.column_kinds_], dtype=object)


def _reject_label_columns(columns: Mapping[str, pl.Series], sets: LabelSets) -> None:
    """Reject columns that say which rows have a label, as a frame with an indicator in it does.

    Parameters
    ----------
    columns : mapping of str to polars.Series of shape (n_samples,)
    sets : LabelSets of n_samples rows
    """
    for name, column in columns.items():
        try:
            truth = as_kind(column, "boolean", name=name)
        except ValueError:
            continue
        equal = (sets.indicator == truth.to_numpy()[:, None]).all(axis=0)
        if truth.n_unique() > 1 and equal.any():
            label = sets.classes[equal].tolist()[0]
            raise ValueError(
                f"X[{name!r}] holds a label: it says which rows have {label!r}. Drop the column, "
                "or, to use it anyway, name it in columns (join__others)."
            )


def _as_texts(columns: Mapping[str, pl.Series]) -> dict[str, pl.Series]:
    """Return columns as strings, to compare them with labels."""
    return {
        name: as_kind(column, "category", name=name) if column.dtype != pl.List else column
        for name, column in columns.items()
    }


def _summary(roles: ColumnRoles) -> str:
    """Return what each column is used as, in one line."""
    by_kind: dict[str, list[str]] = {"text": roles.texts}
    for name, kind in roles.kinds.items():
        by_kind.setdefault(kind, []).append(name)
    if roles.left_out:
        by_kind["left out"] = [f"{name} ({why})" for name, why in roles.left_out.items()]
    return "; ".join(f"{kind}: {', '.join(names)}" for kind, names in by_kind.items())
