"""A fitted pipeline in parts: text preparation, feature extraction, classifier."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from sklearn.utils.validation import check_is_fitted

from agnews_sk._core.columnar import to_object_array
from agnews_sk._core.delegation import predicting_estimator
from agnews_sk._core.label_sets import thresholds_of
from agnews_sk._core.mixed_rows import MixedRows
from agnews_sk._core.validation import check_texts, is_frame


@dataclass(frozen=True)
class TextModel:
    """The part of a pipeline after text preparation.

    Attributes
    ----------
    texts : ndarray of object of shape (n_texts,)
        Prepared: joined and cleaned, as the input of the first step of `readers`.
    readers : tuple of estimator
        Fitted transformers from texts to the classifier's input.
    classifier : estimator
    columns : polars.DataFrame of shape (n_texts, n_columns), optional
        Other columns of the same rows, if the classifier uses any.
    """

    texts: np.ndarray
    readers: tuple[Any, ...]
    classifier: Any
    columns: pl.DataFrame | None = None

    @property
    def classes(self) -> np.ndarray:
        """Labels in the order of the classifier's scores, ndarray of shape (n_classes,)."""
        return self.classifier.classes_

    def features(self, texts: np.ndarray) -> Any:
        """Return the classifier's input for prepared texts, beside the columns of as many rows."""
        X: Any = texts if self.columns is None else MixedRows(texts, self.columns)
        for reader in self.readers:
            X = reader.transform(X)
        return X

    def scores(self, texts: np.ndarray) -> np.ndarray:
        """Return the classifier's scores for prepared texts.

        Parameters
        ----------
        texts : ndarray of object of shape (n_texts,)

        Returns
        -------
        ndarray of float64 of shape (n_texts, n_classes)
            The decision function, or logarithms of probabilities if there is none.
        """
        features = self.features(texts)
        if hasattr(self.classifier, "decision_function"):
            return score_per_class(self.classifier.decision_function(features))
        if not hasattr(self.classifier, "predict_proba"):
            raise TypeError(
                f"{type(self.classifier).__name__} has neither decision_function nor "
                "predict_proba, so there is no score to explain."
            )
        probabilities = np.asarray(self.classifier.predict_proba(features), dtype=np.float64)
        return np.log(np.maximum(probabilities, np.finfo(np.float64).tiny))

    def predicted_labels(self) -> np.ndarray | None:
        """Return which labels are predicted for the texts, None where rows have one label.

        Returns
        -------
        ndarray of bool of shape (n_texts, n_classes), or None
        """
        thresholds = thresholds_of(self.classifier)
        if thresholds is None:
            return None
        y_proba = self.classifier.predict_proba(self.features(self.texts))
        return np.asarray(y_proba) >= thresholds


def score_per_class(scores: Any) -> np.ndarray:
    """Return decision functions with one column per class: for two, its negative and itself.

    Parameters
    ----------
    scores : array-like of float of shape (n_texts,) or (n_texts, n_classes)

    Returns
    -------
    ndarray of float64 of shape (n_texts, n_classes)
    """
    scores = np.asarray(scores, dtype=np.float64)
    return np.column_stack([-scores, scores]) if scores.ndim == 1 else scores


def fitted_steps(pipeline: Any) -> list[Any]:
    """Return the steps that act in `predict`, with nested pipelines flattened.

    Parameters
    ----------
    pipeline : estimator
        A pipeline, a classifier, or a model that predicts by one within it, such as a search.

    Returns
    -------
    list of estimator
    """
    check_is_fitted(pipeline)
    pipeline = predicting_estimator(pipeline)
    if not hasattr(pipeline, "steps") or not hasattr(pipeline, "named_steps"):
        return [pipeline]
    kept = [
        step
        for _, step in pipeline.steps
        if step is not None and step != "passthrough" and not hasattr(step, "fit_resample")
    ]
    return [inner for step in kept for inner in fitted_steps(step)]


def text_model(pipeline: Any, X: Any) -> TextModel:
    """Run the steps from texts to texts, and return their output with the remaining steps.

    Parameters
    ----------
    pipeline : fitted classifier or pipeline that ends in one
    X : DataFrame or array-like of str of shape (n_texts,)

    Returns
    -------
    TextModel

    Raises
    ------
    TypeError
        If the last step is not a fitted classifier.
    """
    *steps, classifier = fitted_steps(pipeline)
    if not hasattr(classifier, "classes_"):
        raise TypeError(
            f"the pipeline must end in a fitted classifier, got {type(classifier).__name__}."
        )
    for position, step in enumerate(steps):
        transformed = step.transform(X)
        if not _holds_texts(transformed):
            return _model(X, tuple(steps[position:]), classifier)
        X = transformed
    return _model(X, (), classifier)


def _model(X: Any, readers: tuple[Any, ...], classifier: Any) -> TextModel:
    """Return the model for prepared texts, empty where they are missing."""
    texts, columns = (X.texts, X.columns) if isinstance(X, MixedRows) else (X, None)
    return TextModel(to_object_array(check_texts(texts)), readers, classifier, columns)


def _holds_texts(X: Any) -> bool:
    """Return whether a step's output is one text per row, rather than tokens or features."""
    if isinstance(X, MixedRows):
        return True
    if is_frame(X):
        return X.shape[1] == 1 and _holds_texts(X[X.columns[0]])
    if isinstance(X, pl.Series):
        return X.dtype == pl.String
    if not isinstance(X, (list, np.ndarray, pd.Series)):
        return False
    return np.ndim(X) == 1 and all(isinstance(text, str) for text in X)


def cells_of(columns: pl.DataFrame, row: int) -> dict[str, str]:
    """Return the cells of one row as they are shown beside their contributions.

    Parameters
    ----------
    columns : polars.DataFrame of shape (n_rows, n_columns)
    row : int

    Returns
    -------
    dict of str to str
    """
    cells = columns.row(row, named=True)
    return {name: _shown(cell) for name, cell in cells.items()}


def _shown(cell: Any) -> str:
    """Return a number in short form, a date in ISO 8601, and "missing" for a missing cell."""
    if cell is None:
        return "missing"
    return f"{cell:g}" if isinstance(cell, float) else str(cell)
