"""Label errors: cleanlab on probabilities by the other rows."""

from typing import Any

import numpy as np

from agnews_sk._core.label_sets import LabelSets, as_lists
from agnews_sk._core.optional import import_optional
from agnews_sk.auditing._label_probabilities import label_probabilities
from agnews_sk.auditing._report import Finding
from agnews_sk.auditing._rows import Rows, named_sets


def check_label_errors(rows: Rows, seed: int) -> Finding:
    """Find rows whose label is improbable for a baseline that is trained on other rows.

    Parameters
    ----------
    rows : Rows
        With at least two rows per class, or a label of which `checkable_labels` says so.
    seed : int
        Of the folds and of the baseline.

    Returns
    -------
    Finding
        The rows that confident learning flags (Northcutt et al., 2021, arXiv 1911.00068).

    Notes
    -----
    Rows are ordered by `_label_scores`, the most probable errors first.
    """
    filters = import_optional("cleanlab.filter", extra="audit", needed_by="audit of labels")
    if rows.sets is not None:
        return _check_sets(rows, rows.sets, filters, seed)
    counts = import_optional("cleanlab.count", extra="audit", needed_by="audit of labels")
    classes, codes = np.unique(rows.labels, return_inverse=True)
    probabilities = label_probabilities(rows.texts, codes, seed)
    flagged = filters.find_label_issues(codes, probabilities, n_jobs=1)
    joint = counts.compute_confident_joint(codes, probabilities, calibrate=False)
    scores = _label_scores(codes, probabilities, joint)
    found = np.flatnonzero(flagged)
    found = found[np.argsort(scores[found], kind="stable")]
    best = probabilities.argmax(axis=1)
    return rows.finding(
        "label_errors",
        "Rows whose label is improbable for a baseline trained on the other rows, the least "
        "probable first; review them before you drop or change any.",
        found,
        suggested=classes[best[found]],
        p_label=probabilities[found, codes[found]],
    )


def checkable_labels(indicator: np.ndarray) -> np.ndarray:
    """Return which labels some rows have and others lack, with two of each at least.

    Parameters
    ----------
    indicator : ndarray of bool of shape (n_rows, n_labels)

    Returns
    -------
    ndarray of bool of shape (n_labels,)
    """
    counts = indicator.sum(axis=0)
    return np.minimum(counts, len(indicator) - counts) > 1


def _check_sets(rows: Rows, sets: LabelSets, filters: Any, seed: int) -> Finding:
    """Find rows of which a label is improbable, or one that they lack is probable.

    Parameters
    ----------
    rows : Rows
    sets : LabelSets
        Their labels.
    filters : module
        `cleanlab.filter`, applied to one label at a time.
    seed : int

    Returns
    -------
    Finding
    """
    kept = np.flatnonzero(checkable_labels(sets.indicator))
    indicator = sets.indicator[:, kept]
    probabilities = label_probabilities(rows.texts, indicator, seed)
    flagged = np.column_stack(
        [
            filters.find_label_issues(has.astype(int), np.column_stack([1 - p, p]), n_jobs=1)
            for has, p in zip(indicator.T, probabilities.T)
        ]
    )  # (n_rows, n_kept)
    # Of what the row says about each label: that it has it, or that it lacks it.
    agreement = np.where(flagged, np.where(indicator, probabilities, 1 - probabilities), 1.0)
    found = np.flatnonzero(flagged.any(axis=1))
    found = found[np.argsort(agreement.min(axis=1)[found], kind="stable")]
    suggested = sets.indicator[found]
    suggested[:, kept] ^= flagged[found]
    return rows.finding(
        "label_errors",
        "Rows of which a label is improbable, or a label that they lack is probable, for a "
        "baseline trained on the other rows, the least probable first; review them before you "
        "drop or change any.",
        found,
        suggested=named_sets(as_lists(suggested, sets.classes)),
        p_label=agreement.min(axis=1)[found],
    )


def _label_scores(codes: np.ndarray, probabilities: np.ndarray, joint: np.ndarray) -> np.ndarray:
    """Return one score per row, which is low if the label is probably wrong.

    It is how far the logarithm of the label's probability is below the middle of the highest and
    the mean one, plus the logarithm of how often rows that look like the predicted class have that
    label: if two classes are often confused, one more such row is weaker evidence of an error. In
    `bench_audit.py`, the middle finds more errors than the highest or the mean.

    Parameters
    ----------
    codes : ndarray of int of shape (n_rows,)
    probabilities : ndarray of float of shape (n_rows, n_classes)
    joint : ndarray of int of shape (n_classes, n_classes)
        Confident joint: number of rows by label (rows) and predicted class (columns).

    Returns
    -------
    ndarray of float of shape (n_rows,)
    """
    logs = np.log(np.maximum(probabilities, np.finfo(float).tiny))
    middle = (logs.max(axis=1) + logs.mean(axis=1)) / 2
    # Share of each label (columns) among the rows that look like a class (rows), with one
    # more row each, so that none is 0.
    usual = (joint.T + 1) / (joint.T + 1).sum(axis=1, keepdims=True)
    every = np.arange(len(codes))
    return logs[every, codes] - middle + np.log(usual[probabilities.argmax(axis=1), codes])
