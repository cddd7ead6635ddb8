"""Predictions that were made elsewhere, as evaluations."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from agnews_sk._core.label_arrays import as_kind_of, plain_labels
from agnews_sk._core.label_sets import LabelSets, as_lists, check_label_sets, is_multilabel
from agnews_sk.evaluation._evaluation import Evaluation
from agnews_sk.evaluation._set_evaluation import read_sets


def evaluations_of(y_true: Any, predictions: Any) -> list[Evaluation]:
    """Return an evaluation per classifier, with unknown costs.

    Parameters
    ----------
    y_true : container of n_rows labels or sets of labels
    predictions : mapping of str to container of n_rows labels or sets of labels
        By name of the classifier.

    Returns
    -------
    list of Evaluation

    Raises
    ------
    TypeError
        If `predictions` is not a mapping, or predicted labels are of another kind than the true
        ones.
    ValueError
        If labels are missing or not one, or not one set, per row.
    """
    if not isinstance(predictions, Mapping):
        raise TypeError(
            f"predictions must map names to labels, got {type(predictions).__name__}; give "
            'each a name, such as {"a": y_pred}.'
        )
    labels, sets = _true_labels(y_true)
    return [
        Evaluation(
            name=name,
            estimator=None,
            y_true=labels,
            y_pred=_predictions(y_pred, labels, sets, name),
            classes=None if sets is None else sets.classes,
            n_train_rows=0,
            fit_seconds=np.nan,
            predict_seconds=np.nan,
            size_bytes=None,
        )
        for name, y_pred in predictions.items()
    ]


def _true_labels(y_true: Any) -> tuple[np.ndarray, LabelSets | None]:
    """Return the labels of the rows, as lists if they are sets, and these sets."""
    if not is_multilabel(y_true):
        return plain_labels(y_true, name="y_true"), None
    sets = check_label_sets(y_true, name="y_true")
    return as_lists(sets.indicator, sets.classes), sets


def _predictions(y_pred: Any, y_true: np.ndarray, sets: LabelSets | None, name: str) -> np.ndarray:
    """Return the predicted labels of one classifier, of the kind of the true ones."""
    whose = f"predictions[{name!r}]"
    if sets is not None:
        return read_sets(y_pred, len(y_true), sets.classes, whose, sets.format)
    labels = plain_labels(y_pred, name=whose)
    if len(labels) != len(y_true):
        raise ValueError(
            f"{whose} must have one label per row, {len(y_true)} as y_true, got {len(labels)}."
        )
    return as_kind_of(labels, y_true, name=whose, whose="y_true")
