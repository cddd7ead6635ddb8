"""The rows that a net does not train on, and the thresholds of labels that they decide."""

from typing import Any, NamedTuple

import numpy as np
from scipy.special import expit, logit

from agnews_sk.classifiers._label_thresholds import choose_thresholds
from agnews_sk.classifiers._linear_sets import calibrate
from agnews_sk.training import TextNet, TextRows, hold_out, rows_with_weight, split_off

# Of the training rows, to choose thresholds on where there are no validation rows.
_HELD_OUT = 0.1


class Parts(NamedTuple):
    """The rows of a fit.

    Attributes
    ----------
    train : TextRows
    valid : TextRows or None
        Rows to validate on after each epoch.
    chosen_on : TextRows or None
        Rows to choose thresholds on, none of them trained on; None if there are no such rows, or
        thresholds are not chosen.
    weight : ndarray of float or None
        Their `sample_weight`; None if they have none.
    held_out : ndarray of int
        Positions of the rows of the fit that are not trained on.
    """

    train: TextRows
    valid: TextRows | None
    chosen_on: TextRows | None = None
    weight: np.ndarray | None = None
    held_out: np.ndarray = np.empty(0, dtype=np.intp)


def divide_rows(
    rows: TextRows,
    valid: TextRows | None,
    *,
    fraction: float | None,
    chooses: bool,
    groups: np.ndarray | None,
    sample_weight: np.ndarray | None,
    classes: np.ndarray,
    seed: int,
) -> Parts:
    """Divide the rows of a fit into those to train on, to validate on, and to choose thresholds on.

    Rows of weight 0 are in none of them: a fit is that without them.

    Parameters
    ----------
    rows : TextRows of n_samples rows
    valid : TextRows or None
        Given by the user.
    fraction : float or None
        Share of the rows to validate on.
    chooses : bool
        Whether thresholds are chosen: on the validation rows or, if there are none, on a tenth of
        the rows.
    groups, sample_weight : ndarray of shape (n_samples,) or None
    classes : ndarray of shape (n_classes,)
    seed : int

    Returns
    -------
    Parts
    """
    counted = rows_with_weight(rows)
    if len(counted) < len(rows):
        rows = rows.take(counted)
        groups = None if groups is None else groups[counted]
        sample_weight = None if sample_weight is None else sample_weight[counted]
    if fraction is not None:
        kept, out = hold_out(rows, fraction, groups, classes, seed)
    elif chooses and valid is None:
        kept, out = split_off(rows, _HELD_OUT, groups, seed)
    else:
        return Parts(rows, valid, valid if chooses else None)
    if len(out) == 0:
        return Parts(rows, None)
    train, tested = rows.take(kept), rows.take(out)
    tested.soft_labels = None  # rows are validated by their labels
    valid = None if fraction is None else tested
    if not chooses:
        return Parts(train, valid, held_out=counted[out])
    weight = None if sample_weight is None else sample_weight[out]
    return Parts(train, valid, tested, weight, counted[out])


def thresholds_of_net(
    threshold: Any, net: TextNet, parts: Parts, indicator: np.ndarray
) -> np.ndarray:
    """Return the threshold of each label.

    A label that no training row has gets the threshold 1, one that all rows have 0, if thresholds
    are chosen.

    Parameters
    ----------
    threshold : "f1" or float
    net : TextNet
        Trained.
    parts : Parts
    indicator : ndarray of bool of shape (n_samples, n_labels)
        Which row of the fit has which label.

    Returns
    -------
    ndarray of float of shape (n_labels,)
    """
    if threshold != "f1":
        return np.full(indicator.shape[1], float(threshold))
    thresholds = np.full(indicator.shape[1], 0.5)
    rows, weight = parts.chosen_on, parts.weight
    if rows is not None and (weight is None or weight.any()):
        assert rows.target is not None
        weight = np.ones(len(rows)) if weight is None else weight
        thresholds = _chosen(net.logits(rows).astype(np.float64), rows.target > 0, weight)
    thresholds[~indicator.any(axis=0)] = 1.0
    thresholds[indicator.all(axis=0)] = 0.0
    return thresholds


def _chosen(logits: np.ndarray, indicator: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the thresholds with the highest F1 on rows, chosen on calibrated probabilities.

    Those of a net are too high or too low after many epochs, or with class weights or smoothed
    labels. Calibration keeps their order, so that the thresholds can be mapped back.

    Parameters
    ----------
    logits : ndarray of float of shape (n_rows, n_labels)
    indicator : ndarray of bool of shape (n_rows, n_labels)
    weight : ndarray of float of shape (n_rows,)

    Returns
    -------
    ndarray of float of shape (n_labels,)
    """
    slope, shift = calibrate(logits, indicator, weight[:, None])
    chosen = choose_thresholds(expit(slope * logits + shift), indicator, weight)
    return expit((logit(chosen) - shift) / slope)
