"""Labels of the torch classifiers: codes of one label per row, or an indicator of several."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from agnews_sk._core.label_sets import check_label_sets, in_format, is_multilabel
from agnews_sk._core.validation import check_labels, class_weights, encode_labels
from agnews_sk.classifiers._label_sets import label_factors
from agnews_sk.classifiers._soft_labels import check_soft_labels


@dataclass(frozen=True, eq=False)
class Target:
    """Labels as a net takes them.

    Attributes
    ----------
    classes : ndarray of shape (n_classes,)
    codes : ndarray of int64 of shape (n_samples,), or of float32 of shape (n_samples, n_classes)
        Position of each row's label in `classes`; or 1 at the labels that a row has.
    label_format : str or None
        Format of the sets of labels; None for one label per row.
    soft_labels : ndarray of float32 of shape (n_samples, n_classes), or None
        Distribution of the classes of each row, to be trained to in place of the codes.
    """

    classes: np.ndarray
    codes: np.ndarray
    label_format: str | None
    soft_labels: np.ndarray | None = None

    def labels(self) -> Any:
        """Return the labels, sets of them in the format that they came in."""
        if self.label_format is None:
            # Strings of a fixed width would take four bytes per character in each row.
            is_text = self.classes.dtype.kind == "U"
            return (self.classes.astype(object) if is_text else self.classes)[self.codes]
        return in_format(self.codes > 0, self.classes, self.label_format)


def encode_target(y: Any, X: Any, soft_labels: Any = None, loss: str = "cross_entropy") -> Target:
    """Return checked labels of training rows.

    Parameters
    ----------
    y : container of n_samples labels or sets of labels
    X : container of n_samples rows
    soft_labels : array-like of shape (n_samples, n_classes), optional
    loss : str, default="cross_entropy"
        Parameter of the classifier.

    Returns
    -------
    Target

    Raises
    ------
    ValueError
        If `soft_labels` are not one distribution per row, rows have several labels, or another loss
        is set.
    """
    if soft_labels is not None and loss != "cross_entropy":
        raise ValueError(
            f"soft_labels need loss='cross_entropy', got loss={loss!r}; set that, or leave "
            "soft_labels out."
        )
    if is_multilabel(y):
        if soft_labels is not None:
            raise ValueError("soft_labels must be None where rows have several labels.")
        sets = check_label_sets(y, X)
        return Target(sets.classes, sets.indicator.astype(np.float32), sets.format)
    classes, codes = encode_labels(y, X)
    if soft_labels is not None:
        soft_labels = check_soft_labels(soft_labels, X, classes).astype(np.float32)
    return Target(classes, codes.astype(np.int64), None, soft_labels)


def encode_validation(y_val: Any, X_val: Any, target: Target) -> np.ndarray:
    """Return the codes of the labels of validation rows.

    Parameters
    ----------
    y_val : container of n_rows labels or sets of labels
    X_val : container of n_rows rows
    target : Target
        Of the training rows.

    Returns
    -------
    ndarray of shape (n_rows,) or (n_rows, n_classes)

    Raises
    ------
    TypeError
        If one of y and y_val has several labels per row and the other has not.
    ValueError
        If y_val has labels that y lacks.
    """
    if target.label_format is None:
        y_val = check_labels(y_val, X_val, name="y_val")
        known = set(target.classes.tolist())
        unknown = [label for label in pd.unique(y_val).tolist() if label not in known]
        codes = np.searchsorted(target.classes, y_val).astype(np.int64)
    else:
        sets = check_label_sets(
            y_val,
            X_val,
            name="y_val",
            classes=target.classes,
            label_format=target.label_format,
        )
        unknown = sets.classes[len(target.classes) :].tolist()
        codes = sets.indicator.astype(np.float32)
    if unknown:
        raise ValueError(f"y_val has labels that y lacks: {unknown}.")
    return codes


def factors_of_classes(
    class_weight: Any, target: Target, sample_weight: np.ndarray | None
) -> np.ndarray | None:
    """Return the factors of `class_weight`, as `agnews_sk.training.weigh_rows` takes them.

    Parameters
    ----------
    class_weight : dict of label to float, "balanced", or None
    target : Target
    sample_weight : ndarray of float of shape (n_samples,), or None

    Returns
    -------
    ndarray of float of shape (n_classes,), or (2, n_classes) for sets of labels, or None
    """
    if class_weight is None:
        return None
    if target.label_format is None:
        return class_weights(class_weight, target.classes, target.codes, sample_weight)
    weight = np.ones(len(target.codes)) if sample_weight is None else sample_weight
    return label_factors(class_weight, target.classes, target.codes, weight)
