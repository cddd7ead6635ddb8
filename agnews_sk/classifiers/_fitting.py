"""Training rows of a meta-estimator, and the fits on them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.utils import get_tags

from agnews_sk._core.appending import append_rows
from agnews_sk._core.label_arrays import codes_of
from agnews_sk._core.label_sets import is_multilabel
from agnews_sk._core.validation import (
    as_frame,
    check_groups,
    check_labels,
    check_sample_weight,
    take_rows,
    text_columns,
)
from agnews_sk.classifiers._pseudo_labels import PseudoLabels
from agnews_sk.classifiers._wrapped import name_of, params_of_fit
from agnews_sk.sampling import MissingTextFilter

_LEAST = 0.05  # probability of a class that a repeated row stands for


@dataclass(frozen=True, eq=False)
class TrainingRows:
    """Rows to fit a classifier on.

    Attributes
    ----------
    X : container of n_samples rows
    y : ndarray of shape (n_samples,)
    weight : ndarray of float of shape (n_samples,), or None
    groups : ndarray of int of shape (n_samples,), or None
        Origin of each row.
    """

    X: Any
    y: np.ndarray
    weight: np.ndarray | None = None
    groups: np.ndarray | None = None

    def take(self, indices: np.ndarray) -> "TrainingRows":
        """Return the rows at these positions."""
        per_row = (None if v is None else v[indices] for v in (self.weight, self.groups))
        return TrainingRows(take_rows(self.X, indices), self.y[indices], *per_row)

    def plus(self, unlabelled: Any, labels: PseudoLabels, classes: np.ndarray) -> "TrainingRows":
        """Return these rows, and after them unlabelled ones with pseudo-labels.

        Parameters
        ----------
        unlabelled : container of n_unlabelled rows
        labels : PseudoLabels
        classes : ndarray of shape (n_classes,)
            Labels by their codes.

        Returns
        -------
        TrainingRows
            With weights if these rows have some, or the pseudo-labels are weighted; copies of an
            unlabelled row are then one group.
        """
        X = append_rows(self.X, take_rows(unlabelled, labels.rows), name="X_unlabelled")
        y = np.concatenate([self.y, classes[labels.codes]])
        n, is_weighted = len(self.y), (labels.weight != 1).any()
        weight, groups = self.weight, self.groups
        if weight is not None or is_weighted:
            weight = np.concatenate([np.ones(n) if weight is None else weight, labels.weight])
        if groups is not None or is_weighted:
            groups = np.arange(n) if groups is None else groups
            groups = np.concatenate([groups, groups.max() + 1 + labels.rows])
        return TrainingRows(X, y, weight, groups)


def training_rows(
    estimator: Any,
    X: Any,
    y: Any,
    sample_weight: Any,
    groups: Any,
    *,
    reason: str,
    read: Callable[[Any, Any], np.ndarray] = check_labels,
) -> TrainingRows:
    """Return the arguments of the `fit` of a meta-estimator as rows with one label each.

    Parameters
    ----------
    estimator : estimator
        The meta-estimator: its tags say whether X are texts.
    X, y, sample_weight, groups
        As its `fit` takes them.
    reason : str
        Why there is one label per row, and the way out, for the message.
    read : callable, default=check_labels
        Returns y as an array of shape (n_samples,), given y and X.

    Returns
    -------
    TrainingRows

    Raises
    ------
    TypeError, ValueError
        If X is of no kind that the estimator takes, y has several labels per row, or one of the
        others is not one valid value per row.
    """
    X = as_frame(X)
    if get_tags(estimator).input_tags.string:
        text_columns(X, None)  # raises the error for an invalid X first
    if is_multilabel(y):
        raise ValueError(f"y must have one label per row, got several: {reason}")
    return TrainingRows(
        X,
        read(y, X),
        None if sample_weight is None else check_sample_weight(sample_weight, X),
        None if groups is None else check_groups(groups, X),
    )


def fit_on(
    estimator: Any,
    rows: TrainingRows,
    fit_params: dict[str, Any],
    *,
    name: str = "estimator and teacher",
) -> Any:
    """Return a clone of a classifier, fitted on rows.

    Parameters
    ----------
    estimator : classifier with `predict_proba`
    rows : TrainingRows
    fit_params : dict of str to object
        Further arguments of its `fit`.
    name : str, default="estimator and teacher"
        Name in messages.

    Returns
    -------
    classifier

    Raises
    ------
    TypeError
        If it has no `predict_proba`, or takes no weights and the rows have some.
    """
    params = params_of_fit(estimator, rows.X, fit_params, rows.weight, rows.groups)
    fitted = clone(estimator).fit(rows.X, rows.y, **params)
    if not hasattr(fitted, "predict_proba"):
        raise TypeError(
            f"{name} must have predict_proba, got {type(estimator).__name__}; wrap it in "
            "CalibratedClassifierCV."
        )
    return fitted


def fit_to_soft_labels(
    estimator: Any, rows: TrainingRows, classes: np.ndarray, soft_labels: np.ndarray
) -> Any:
    """Return a clone of a classifier, fitted to distributions of the classes.

    Parameters
    ----------
    estimator : classifier
        If its `fit`, or that of the last step of a pipeline, takes no `soft_labels`, each row is
        given once for each class of a probability of 5 % and more, or the most probable ones, with
        weights that add up to 1.
    rows : TrainingRows of n_samples rows
    classes : ndarray of shape (n_classes,)
        Sorted.
    soft_labels : ndarray of float of shape (n_samples, n_classes)

    Returns
    -------
    classifier

    Raises
    ------
    TypeError
        If it has no `predict_proba`, takes neither `soft_labels` nor weights, or is a pipeline
        without `soft_labels` in which a step compares rows.
    ValueError
        If a class has the probability 0 in all rows.
    """
    name = name_of(estimator, "soft_labels")
    if name is not None:
        return fit_on(estimator, rows, {name: soft_labels})
    _check_samplers(estimator)
    never = classes[soft_labels.max(axis=0) <= 0]
    if len(never):
        raise ValueError(
            f"soft_labels must be above 0 for each class in some row, got 0 for {never.tolist()}; "
            "raise label_share, or leave out rows of these classes."
        )
    largest = soft_labels.max(axis=1, keepdims=True)
    kept = np.where(soft_labels >= np.minimum(_LEAST, largest), soft_labels, 0.0)
    # Each class keeps a row, so that the classifier knows it.
    best, every = soft_labels.argmax(axis=0), np.arange(len(classes))
    kept[best, every] = soft_labels[best, every]
    kept /= kept.sum(axis=1, keepdims=True)
    positions, codes = np.nonzero(kept)
    weight = kept[positions, codes]
    repeated = rows.take(positions)
    groups = positions if repeated.groups is None else repeated.groups
    weight = weight if repeated.weight is None else weight * repeated.weight
    return fit_on(estimator, TrainingRows(repeated.X, classes[codes], weight, groups), {})


def _check_samplers(estimator: Any) -> None:
    """Reject steps that would compare the repetitions of a row, such as filters of duplicates."""
    for name, step in getattr(estimator, "steps", []):
        if hasattr(step, "fit_resample") and not isinstance(step, MissingTextFilter):
            raise TypeError(
                f"the step {name!r} ({type(step).__name__}) of the student drops or adds rows, and "
                "rows are repeated for a student whose fit takes no soft_labels; set the step to "
                "'passthrough', or choose a student such as CalibratedLogisticRegression."
            )


def probabilities(fitted: Any, X: Any, classes: np.ndarray) -> np.ndarray:
    """Return the probabilities of a classifier, with columns in the order of these classes.

    Parameters
    ----------
    fitted : classifier
    X : container of n_rows rows
    classes : ndarray of shape (n_classes,)

    Returns
    -------
    ndarray of float64 of shape (n_rows, n_classes)

    Raises
    ------
    ValueError
        If the classifier does not know one of the classes.
    """
    columns = codes_of(classes, np.asarray(fitted.classes_))
    if (columns < 0).any():
        raise ValueError(
            f"{type(fitted).__name__} must know the classes {classes.tolist()!r:.60}, got one "
            f"without {classes[columns < 0].tolist()!r:.60}; fit it on rows of all classes."
        )
    return np.asarray(fitted.predict_proba(X), dtype=np.float64)[:, columns]
