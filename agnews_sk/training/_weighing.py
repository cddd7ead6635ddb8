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
    of_class : ndarray of float of shape (n_classes,), or (2, n_classes), or None
        Weight of each class; of several labels per row, of the rows without and with each.
    target : ndarray of shape (n_samples,) or (n_samples, n_classes)
        Positions of the labels in `classes_`; or 1 at the labels that a row has.
    X : container of n_samples rows
        To compare lengths with.

    Returns
    -------
    ndarray of float of shape (n_samples,), or (n_samples, n_classes) if labels differ, or None
        None if neither kind of weight is given.

    Raises
    ------
    ValueError
        If no row has a weight above 0.
    """
    if sample_weight is None and of_class is None:
        return None
    weight = check_sample_weight(sample_weight, X)
    if of_class is not None:
        factors = factors_of_rows(of_class, target)
        weight = weight * factors if factors.ndim == 1 else weight[:, None] * factors
    if not weight.any():
        raise ValueError("class_weight and sample_weight give every row a weight of 0.")
    return weight / weight.mean()


def factors_of_rows(of_class: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return the weight that each row has for its class, or for each of its labels.

    Parameters
    ----------
    of_class, target
        As `weigh_rows` takes them.

    Returns
    -------
    ndarray of float of the shape of `target`
    """
    if target.ndim == 1:
        return of_class[target]
    return np.where(target > 0, of_class[1], of_class[0])


def rows_with_weight(rows: TextRows) -> np.ndarray:
    """Return the positions of the rows that have a weight above 0, for a label at least.

    Parameters
    ----------
    rows : TextRows of n_samples rows

    Returns
    -------
    ndarray of int of shape (n_kept,)
        All positions if the rows have no weights.
    """
    if rows.weight is None:
        return np.arange(len(rows))
    return np.flatnonzero(rows.weight.reshape(len(rows), -1).any(axis=1))


def with_mean_weight_one(rows: TextRows) -> TextRows:
    """Return rows with weights of mean 1: the mean loss is then the weighted mean.

    Parameters
    ----------
    rows : TextRows
        To train or to validate on.

    Returns
    -------
    TextRows
        The same if they have no weights.

    Raises
    ------
    ValueError
        If no row has a weight above 0; training rows without weight are left out before.
    """
    if rows.weight is None:
        return rows
    if not rows.weight.any():
        raise ValueError("class_weight and sample_weight give every validation row a weight of 0.")
    weighted = copy.copy(rows)
    weighted.weight = rows.weight / rows.weight.mean()
    return weighted
