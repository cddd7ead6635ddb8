"""What the classifiers of rows with several labels share: weights, held-out rows, thresholds."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from agnews_sk._core.label_sets import LabelSets
from agnews_sk._core.splitting import fold_rows

# Rows to choose thresholds on, if there are this many: rare labels need many.
_ROWS_TO_CHOOSE_ON = 10_000


def label_weights(class_weight: Any, sets: LabelSets, weight: np.ndarray) -> np.ndarray:
    """Return the weight of each row in the loss of each label.

    Parameters
    ----------
    class_weight : dict of label to float, "balanced", or None
        Weight of the rows that have the label; "balanced" gives those that have it and those that
        do not the same total weight.
    sets : LabelSets of n_samples rows
    weight : ndarray of float of shape (n_samples,)

    Returns
    -------
    ndarray of float of shape (n_samples, n_labels), or (n_samples, 1) without class weights

    Raises
    ------
    ValueError
        If a weight is negative or not finite, or a label in `class_weight` is not known.
    """
    if class_weight is None:
        return weight[:, None]
    without, with_label = label_factors(class_weight, sets.classes, sets.indicator, weight)
    return weight[:, None] * np.where(sets.indicator, with_label, without)


def label_factors(
    class_weight: Any, classes: np.ndarray, indicator: np.ndarray, weight: np.ndarray
) -> np.ndarray:
    """Return the factors of the rows without each label, and of those with it.

    Parameters
    ----------
    class_weight : dict of label to float, or "balanced"
    classes : ndarray of shape (n_labels,)
    indicator : ndarray of shape (n_samples, n_labels)
    weight : ndarray of float of shape (n_samples,)

    Returns
    -------
    ndarray of float of shape (2, n_labels)

    Raises
    ------
    ValueError
        As `label_weights`.
    """
    if class_weight == "balanced":
        share = np.clip(weight @ indicator / weight.sum(), 1e-9, 1 - 1e-9)  # (n_labels,)
        return np.stack([0.5 / (1 - share), 0.5 / share])
    labels = classes.tolist()
    unknown = [label for label in class_weight if label not in labels]
    factors = np.array([float(class_weight.get(label, 1)) for label in labels])
    if unknown or not (np.isfinite(factors) & (factors >= 0)).all():
        raise ValueError(
            f"class_weight must map labels of y to finite weights that are not negative, got "
            f"{class_weight!r:.200}."
        )
    return np.stack([np.ones(len(labels)), factors])


def held_out_rows(
    indicator: np.ndarray, groups: np.ndarray, fraction: float, seed: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the rows to fit on and to hold out, until enough were held out.

    Parameters
    ----------
    indicator : ndarray of bool of shape (n_samples, n_labels)
    groups : ndarray of int of shape (n_samples,)
        Rows of one group are held out together.
    fraction : float
        Share of the rows of each part, rounded to 1/2, 1/3, ...
    seed : int

    Yields
    ------
    fitted, held_out : ndarray of int
    """
    folds = fold_rows(indicator, groups, round(1 / fraction), seed)
    n_held_out = 0
    for fold in range(folds.max() + 1):
        fitted, out = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        if len(out) and n_held_out < _ROWS_TO_CHOOSE_ON:
            n_held_out += len(out)
            yield fitted, out
