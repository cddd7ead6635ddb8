"""Weights of rows in the loss, from `sample_weight` and `class_weight`."""

import copy
from typing import Any

import numpy as np

from agnews_sk._core.validation import check_sample_weight
from agnews_sk.training._rows import TextRows


def weigh_rows(
    sample_weight: Any, of_class: np.ndarray | None, target: np.ndarray, X: Any
) -> np.ndarray | None:
    """Return the weight of each row times that of its class, with mean 1.

    Parameters
    ----------
    sample_weight : None or array-like of shape (n_samples,)
    of_class : ndarray of float of shape (n_classes,), or None
        Weight of each class.
    target : ndarray of int of shape (n_samples,)
        Positions of the labels in `classes_`.
    X : container of n_samples rows
        To compare lengths with.

    Returns
    -------
    ndarray of float of shape (n_samples,), or None
        None if neither kind of weight is given.

    Raises
    ------
    ValueError
        If no row has a weight above 0.
    """
    if sample_weight is None and of_class is None:
        return None
    weight = check_sample_weight(sample_weight, X)
    weight = weight if of_class is None else weight * of_class[target]
    if not weight.any():
        raise ValueError("class_weight and sample_weight give every row a weight of 0.")
    return weight / weight.mean()


def with_mean_weight_one(valid: TextRows) -> TextRows:
    """Return validation rows with weights of mean 1: the mean loss is then the weighted mean.

    Parameters
    ----------
    valid : TextRows

    Returns
    -------
    TextRows
        The same if they have no weights.

    Raises
    ------
    ValueError
        If no row has a weight above 0.
    """
    if valid.weight is None:
        return valid
    if not valid.weight.any():
        raise ValueError("class_weight and sample_weight give every validation row a weight of 0.")
    weight = valid.weight / valid.weight.mean()
    weighted = copy.copy(valid)
    weighted.weight = weight
    return weighted
