"""A vectorizer of texts beside other columns, around scikit-learn's ColumnTransformer."""

import copy
import re
from numbers import Real
from typing import Any

import numpy as np
import polars as pl
from sklearn import config_context
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.preprocessing import OneHotEncoder
from sklearn.utils.validation import check_is_fitted

from agnews_sk._core.base import TextInputMixin
from agnews_sk._core.mixed_rows import MixedRows
from agnews_sk._core.validation import Interval, check_texts
from agnews_sk.vectorization._encoders import DateEncoder, NumberEncoder

_KINDS_BY_DTYPE = {pl.Float64: "number", pl.Boolean: "boolean", pl.String: "category"}
# Values of a category in fewer rows share one feature, which unseen values get too.
_MIN_FREQUENCY = 3
# Relative to texts of norm 1; chosen on generated data (see the guide).
_WEIGHT = 0.3


# `auto_wrap_output_keys=None`: a sparse matrix for any `transform_output`, as in scikit-learn.
class MixedVectorizer(TextInputMixin, TransformerMixin, BaseEstimator, auto_wrap_output_keys=None):  # type: ignore[call-arg]
    """Turn texts and the columns beside them into one matrix.

    scikit-learn's :class:`~sklearn.compose.ColumnTransformer` with one encoder per kind of column.
    It takes what a :class:`~agnews_sk.cleaning.MixedColumnJoiner` returns.

    Parameters
    ----------
    text : estimator
        Vectorizer of the texts.
    number, boolean, category, date : estimator or "drop", default="drop"
        Encoder of the columns of each kind. `default_mixed_vectorizer` sets `NumberEncoder`,
        scikit-learn's `OneHotEncoder` and `DateEncoder`.
    weight : float, default=0.3
        Factor of all features that are not those of the texts, whose rows have norm 1.

    Attributes
    ----------
    transformer_ : ColumnTransformer
        With the fitted parts `text`, `number`, `boolean`, `category` and `date`, as far as there
        are such columns.
    columns_ : list of str
        Columns beside the texts.

    Examples
    --------
    >>> import pandas as pd
    >>> from agnews_sk.cleaning import MixedColumnJoiner
    >>> from agnews_sk.vectorization import MixedVectorizer, NgramVectorizer, NumberEncoder
    >>> tickets = pd.DataFrame({
    ...     "text": ["Cannot log in", "Invoice is wrong", "App is slow", "Refund, please"],
    ...     "amount": [0.5, 20.5, 3.0, 9.0],
    ... })
    >>> rows = MixedColumnJoiner().fit_transform(tickets)
    >>> vectorizer = MixedVectorizer(text=NgramVectorizer(), number=NumberEncoder()).fit(rows)
    >>> vectorizer.get_feature_names_out()[-2:].tolist()
    ['text__wrong', 'number__amount']
    """

    _parameter_constraints: dict[str, Any] = {
        "text": [object],
        "number": [object],
        "boolean": [object],
        "category": [object],
        "date": [object],
        "weight": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(
        self,
        *,
        text,
        number="drop",
        boolean="drop",
        category="drop",
        date="drop",
        weight=_WEIGHT,
    ):
        self.text = text
        self.number = number
        self.boolean = boolean
        self.category = category
        self.date = date
        self.weight = weight

    def fit(self, X: Any, y: Any = None) -> "MixedVectorizer":
        """Fit the vectorizer of texts, and the encoders of the other columns.

        Parameters
        ----------
        X : MixedRows, or array-like of str of shape (n_samples,)
        y : array-like of shape (n_samples,), optional

        Returns
        -------
        self
        """
        self.fit_transform(X, y)
        return self

    def fit_transform(self, X: Any, y: Any = None) -> Any:
        """Fit, and return the matrix of the same rows.

        Parameters
        ----------
        X : MixedRows, or array-like of str of shape (n_samples,)
        y : array-like of shape (n_samples,), optional

        Returns
        -------
        {ndarray, csr_matrix} of shape (n_samples, n_features)
            Sparse if that of the texts is.
        """
        self._validate_params()
        texts, columns = _parts(X)
        text = _text_name(columns)
        by_kind: dict[str, list[str]] = {}
        for name, column in columns.items():
            by_kind.setdefault(_KINDS_BY_DTYPE.get(type(column.dtype), "date"), []).append(name)
        parts = [(kind, getattr(self, kind), names) for kind, names in by_kind.items()]
        transformer = ColumnTransformer(
            [("text", self.text, text), *parts],
            sparse_threshold=1.0,
            transformer_weights=dict.fromkeys(by_kind, self.weight),
        )
        with config_context(transform_output="default"):
            matrix = transformer.fit_transform(_frame(text, texts, columns), y)
        self.transformer_ = transformer
        self.columns_ = list(columns)
        return matrix

    def transform(self, X: Any) -> Any:
        """Return the matrix of texts and the columns beside them.

        Parameters
        ----------
        X : MixedRows, or array-like of str of shape (n_samples,)
            With the columns seen in `fit`.

        Returns
        -------
        {ndarray, csr_matrix} of shape (n_samples, n_features)

        Raises
        ------
        ValueError
            If X lacks a column.
        """
        check_is_fitted(self)
        texts, columns = _parts(X)
        missing = [name for name in self.columns_ if name not in columns]
        if missing:
            raise ValueError(
                f"X lacks the columns {missing} beside the texts; it has {list(columns)}."
            )
        columns = {name: columns[name] for name in self.columns_}
        with config_context(transform_output="default"):
            return self.transformer_.transform(_frame(_text_name(columns), texts, columns))

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the features, each after the kind of its column.

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        ndarray of object of shape (n_features,)
        """
        check_is_fitted(self)
        return self.transformer_.get_feature_names_out()

    @property
    def text_(self) -> Any:
        """The fitted vectorizer of the texts."""
        check_is_fitted(self)
        return self.transformer_.named_transformers_["text"]

    def feature_columns(self) -> np.ndarray:
        """Return the column that each feature comes from, "" for those of the texts.

        The name of a feature where that does not tell, as of principal components of columns.

        Returns
        -------
        ndarray of object of shape (n_features,)
        """
        check_is_fitted(self)
        found = np.full(len(self.get_feature_names_out()), "", dtype=object)
        for kind, encoder, columns in self.transformer_.transformers_:
            place = self.transformer_.output_indices_[kind]
            if kind != "text" and place.stop > place.start:
                found[place] = _columns_of_features(encoder, columns)
        return found

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "transformer_")

    def _sk_visual_block_(self) -> Any:
        """Show the fitted parts with their columns, or the parts to fit."""
        if hasattr(self, "transformer_"):
            return self.transformer_._sk_visual_block_()
        kinds = ("text", "number", "boolean", "category", "date")
        return ColumnTransformer([(k, getattr(self, k), [k]) for k in kinds])._sk_visual_block_()


def default_mixed_vectorizer(text: Any, *, dense: bool = False) -> MixedVectorizer:
    """Return a `MixedVectorizer` with an encoder for each kind of column.

    Parameters
    ----------
    text : estimator
        Vectorizer of the texts.
    dense : bool, default=False
        Whether its matrix is dense.

    Returns
    -------
    MixedVectorizer
    """
    category = OneHotEncoder(
        handle_unknown="infrequent_if_exist",
        min_frequency=_MIN_FREQUENCY,
        sparse_output=not dense,
    )
    return MixedVectorizer(
        text=text,
        number=NumberEncoder(),
        boolean=NumberEncoder(scale=False),
        category=category,
        date=DateEncoder(),
    )


def _parts(X: Any) -> tuple[pl.Series, dict[str, pl.Series]]:
    """Return the texts of rows, and the columns beside them."""
    if isinstance(X, MixedRows):
        return check_texts(X.texts), X.columns.to_dict()
    return check_texts(X), {}


def _text_name(columns: Any) -> str:
    """Return the name of the column of texts, which no other column has."""
    name = "text"
    while name in columns:
        name += "_"
    return name


def _frame(text: str, texts: pl.Series, columns: dict[str, pl.Series]) -> pl.DataFrame:
    """Return texts and columns as one frame, as the ColumnTransformer takes them."""
    cells = {
        name: column.fill_null("") if column.dtype == pl.String else column
        for name, column in columns.items()
    }
    return pl.DataFrame({text: texts.fill_null(""), **cells})


def _columns_of_features(encoder: Any, columns: list[str]) -> np.ndarray:
    """Return the column that each feature of an encoder comes from.

    Encoders name features by column, but one name may begin like another: the category "usd" of
    "price" gives the same name as a column "price_usd". So the features are named again, for
    columns with names that differ.

    Parameters
    ----------
    encoder : fitted estimator
    columns : list of str
        That it was fitted on.

    Returns
    -------
    ndarray of object of shape (n_features,)
        The name of a feature where that does not tell its column.
    """
    numbered = [f"{i}\0" for i in range(len(columns))]
    try:
        names = _fitted_on(encoder, numbered).get_feature_names_out()
    except (AttributeError, ValueError):  # as a FeatureUnion, whose parts keep the names
        return np.asarray(encoder.get_feature_names_out(), dtype=object)
    found = [re.search(r"(\d+)\0", str(name)) for name in names]
    owners = [columns[int(one[1])] if one else str(name) for one, name in zip(found, names)]
    return np.array(owners, dtype=object)


def _fitted_on(encoder: Any, names: list[str]) -> Any:
    """Return a copy of an encoder with other names of the columns that it was fitted on."""
    copied = copy.copy(encoder)
    if hasattr(copied, "steps"):
        (step, first), *others = copied.steps
        copied.steps = [(step, _fitted_on(first, names)), *others]
    elif hasattr(copied, "feature_names_in_"):
        copied.feature_names_in_ = np.array(names, dtype=object)
    return copied
