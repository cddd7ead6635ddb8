"""Label errors: cleanlab on out-of-fold probabilities of a linear classifier."""

from typing import Any

import numpy as np
import polars as pl
import scipy.sparse as sp

from agnews_sk._core.label_sets import LabelSets, as_lists
from agnews_sk._core.optional import import_optional
from agnews_sk._core.same_text import same_text_groups
from agnews_sk._core.splitting import fold_rows
from agnews_sk.auditing._report import Finding
from agnews_sk.auditing._rows import Rows, named_sets
from agnews_sk.classifiers import CalibratedLinearSVC
from agnews_sk.vectorization import NgramVectorizer

_N_FOLDS = 5
# Case and punctuation are kept, because the author of a text explains some labels.
_TOKEN = r"\w+|[^\w\s]"
# Of the rows: n-grams that are rarer cannot recur in other folds.
_MIN_DF = 3e-5


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
    probabilities = _out_of_fold(rows.texts, codes, seed)
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
    probabilities = _out_of_fold(rows.texts, indicator, seed)
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


def _out_of_fold(texts: pl.Series, codes: np.ndarray, seed: int) -> np.ndarray:
    """Return probabilities by models that were not trained on the text of the row.

    Parameters
    ----------
    texts : polars.Series of str of shape (n_rows,)
    codes : ndarray of int of shape (n_rows,), or of bool of shape (n_rows, n_labels)
        Positions of the labels among the classes; or which row has which label.
    seed : int

    Returns
    -------
    ndarray of float of shape (n_rows, n_classes)
        A class of a single text cannot be predicted without it, so that its label has the
        probability 1. Copies of a text are in one fold.
    """
    features = NgramVectorizer(
        ngram_range=(1, 2),
        lowercase=False,
        token_pattern=_TOKEN,
        sublinear_tf=True,
        min_df=_MIN_DF,
    ).fit_transform(texts)
    folds = fold_rows(codes, same_text_groups(texts), _N_FOLDS, seed)
    probabilities = codes.astype(float) if codes.ndim == 2 else np.eye(int(codes.max()) + 1)[codes]
    for fold in np.unique(folds[folds >= 0]):
        tested = folds == fold
        y = codes[~tested]
        # A single label too is one of several per row in a sparse matrix.
        y = sp.csr_array(y) if y.ndim == 2 else y
        classifier = CalibratedLinearSVC(random_state=seed).fit(features[~tested], y)
        probabilities[tested] = classifier.predict_proba(features[tested])
    return probabilities


def _label_scores(codes: np.ndarray, probabilities: np.ndarray, joint: np.ndarray) -> np.ndarray:
    """Return one score per row, which is low if the label is probably wrong.

    It is the centred logit of the label, plus the logarithm of how often rows that look like the
    predicted class have that label: if two classes are often confused, one more such row is weaker
    evidence of an error.

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
    logits = np.log(np.maximum(probabilities, np.finfo(float).tiny))
    logits -= logits.mean(axis=1, keepdims=True)
    # Share of each label (columns) among the rows that look like a class (rows), with one
    # more row each, so that none is 0.
    usual = (joint.T + 1) / (joint.T + 1).sum(axis=1, keepdims=True)
    every = np.arange(len(codes))
    return logits[every, codes] + np.log(usual[probabilities.argmax(axis=1), codes])
