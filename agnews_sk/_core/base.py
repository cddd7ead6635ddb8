"""Base classes: tags of text estimators, parts to save, classifiers, row samplers."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.utils.metadata_routing import MetadataRequest

from agnews_sk._core.label_sets import check_target, equal_sets, label_format_of
from agnews_sk._core.validation import (
    as_frame,
    check_labels,
    check_sample_weight,
    check_texts,
    is_frame,
    n_rows,
    take_rows,
    text_columns,
)

_columns: ContextVar[Sequence[str] | None] = ContextVar("columns", default=None)


@contextmanager
def sampled_columns(columns: Sequence[str] | None) -> Iterator[None]:
    """Let samplers that name no columns read these, within the block and in this thread.

    Parameters
    ----------
    columns : sequence of str or None
        Those that a pipeline joins; None are all that hold texts.
    """
    token = _columns.set(columns)
    try:
        yield
    finally:
        _columns.reset(token)


class StateParts(NamedTuple):
    """The attributes of a fitted estimator, divided so that they can be saved without pickle.

    Attributes
    ----------
    state : dict of str to Any
        The plain attributes.
    tensors : dict of str to ndarray
        The weights.
    documents : dict of str to str
        JSON documents by file name.
    """

    state: dict[str, Any]
    tensors: dict[str, np.ndarray] = {}
    documents: dict[str, str] = {}


class HasParts(ABC):
    """Base of the estimators with attributes that are more than plain values.

    Plain values are numbers, texts, arrays, containers of them and other estimators. Anything
    else, such as a module of torch, is saved as the parts that the estimator is divided into.
    """

    @abstractmethod
    def get_parts(self) -> StateParts:
        """Return the parts of the estimator, fitted or not; it stays as it is."""

    @abstractmethod
    def set_parts(self, parts: StateParts) -> None:
        """Set the attributes that `parts.state` lacks from the other parts.

        Parameters
        ----------
        parts : StateParts
            The instance has the attributes of `state` already. Parts come from a file and may be
            forged: everything that is used later is checked.

        Raises
        ------
        ValueError
            If the parts do not fit each other.
        """


class TextInputMixin:
    """Tag an estimator as one that takes 1-D texts, missing ones among them."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()  # type: ignore[misc]
        tags.input_tags.two_d_array = False
        tags.input_tags.one_d_array = True
        tags.input_tags.string = True
        tags.input_tags.allow_nan = True
        return tags


class JoinsColumns:
    """Base of a step that joins the cells of each row of a frame into one text."""

    columns: Sequence[str] | None


class StatelessMixin:
    """Let a transformer that learns nothing be used without `fit`."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()  # type: ignore[misc]
        tags.requires_fit = False
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        return True


class ProbabilisticClassifierMixin(ClassifierMixin):
    """Log probabilities and the accuracy of a classifier that has `predict_proba`."""

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Return the logarithm of the probability of each class.

        Parameters
        ----------
        X : as `predict_proba` takes it

        Returns
        -------
        ndarray of float of shape (n_samples, n_classes)
            Minus infinity where a probability is zero.
        """
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the accuracy on these rows; with several labels per row, of whole sets.

        Parameters
        ----------
        X : as `predict` takes it
        y : array-like of shape (n_samples,), or sets of labels, or an indicator
            Labels in any container and dtype, one per row or several as in `fit`.
        sample_weight : array-like of shape (n_samples,), optional

        Returns
        -------
        float
        """
        predicted = self.predict(X)
        label_format = label_format_of(self)
        if label_format is None:
            return accuracy_score(check_labels(y, X), predicted, sample_weight=sample_weight)
        right = equal_sets(y, predicted, X, self.classes_, label_format=label_format)
        return float(np.average(right, weights=sample_weight))


class RowSampler(TextInputMixin, BaseEstimator, ABC):
    """Base of the samplers that keep, drop or add training rows.

    A subclass implements `_sample`. It acts in `fit` only: an `imblearn.pipeline.Pipeline` skips
    it in `predict`.

    Attributes
    ----------
    sample_indices_ : ndarray of int of shape (n_rows_out,)
        For each output row, the position of the input row that it comes from.
    """

    def fit(self, X: Any, y: Any = None) -> "RowSampler":
        """Set `sample_indices_`, without returning rows.

        Parameters
        ----------
        X : DataFrame or array-like of str of shape (n_samples,)
        y : array-like of shape (n_samples,), optional

        Returns
        -------
        self
        """
        self.fit_resample(X, y)
        return self

    def fit_resample(self, X: Any, y: Any = None, sample_weight: Any = None) -> tuple[Any, ...]:
        """Return the rows that this sampler keeps or makes, their labels and their weights.

        Parameters
        ----------
        X : DataFrame or array-like of str of shape (n_samples,)
            Frame, list, tuple, array or Series; the kind is kept, but an Arrow table becomes a
            Polars frame.
        y : array-like of shape (n_samples,), or sets of labels, or an indicator, optional
            Labels.
        sample_weight : array-like of shape (n_samples,), optional
            Weights; the row made from another has its weight.

        Returns
        -------
        X_resampled, y_resampled : containers of length n_rows_out
        sample_weight_resampled : ndarray of shape (n_rows_out,)
            Only if `sample_weight` was given.

        Raises
        ------
        ValueError
            If lengths differ, a label is missing or no row remains.
        """
        self._validate_params()
        X, y = as_frame(X), as_frame(y)
        self._check_rows(X, y)
        weights = None if sample_weight is None else check_sample_weight(sample_weight, X)
        indices, X_out = self._sample(X, y)
        if len(indices) == 0:
            raise ValueError(
                f"{type(self).__name__} dropped all {n_rows(X)} rows; relax its parameters."
            )
        self.sample_indices_ = np.asarray(indices, dtype=np.intp)
        y_out = None if y is None else take_rows(y, self.sample_indices_)
        if weights is None:
            return X_out, y_out
        return X_out, y_out, weights[self.sample_indices_]

    def get_metadata_routing(self) -> MetadataRequest:
        """Ask a pipeline for no metadata.

        imbalanced-learn's pipeline unpacks two values of `fit_resample`, so it cannot pass on
        weights; `agnews_sk.pipeline.TextPipeline` makes them follow by `sample_indices_`.

        Returns
        -------
        MetadataRequest
            Empty.
        """
        return MetadataRequest(owner=self)

    def _text_columns(self, X: Any, columns: Sequence[str] | None) -> dict[str, pl.Series]:
        """Return the text columns to read: those named, else those that the pipeline joins."""
        joined = _columns.get() or ()
        if columns is None and joined and is_frame(X) and set(joined) <= set(X.columns):
            columns = list(joined)
        return text_columns(X, columns)

    def _check_rows(self, X: Any, y: Any) -> None:
        """Reject rows without texts, and labels that are missing or of another length."""
        if not is_frame(X):
            check_texts(X)
        if y is not None:
            check_target(y, X)

    @abstractmethod
    def _sample(self, X: Any, y: Any) -> tuple[np.ndarray, Any]:
        """Return the output rows, and the input row that each comes from.

        Parameters
        ----------
        X : DataFrame or array-like of str of shape (n_samples,)
        y : array-like of shape (n_samples,) or None

        Returns
        -------
        indices : ndarray of int of shape (n_rows_out,)
            For each output row, the position of the input row that it comes from; with repeats,
            if rows are added.
        X_out : container of n_rows_out rows
        """
