"""Probabilities of the labels of a text, by models and by texts other than it."""

from typing import Any

import numpy as np
import polars as pl
import scipy.sparse as sp
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from agnews_sk._core.same_text import same_text_groups
from agnews_sk._core.splitting import fold_rows
from agnews_sk.auditing._neighbours import neighbour_votes
from agnews_sk.classifiers import CalibratedLogisticRegression
from agnews_sk.vectorization import NgramVectorizer

_N_FOLDS = 5
# Case and punctuation are kept, because the author of a text explains some labels.
_TOKEN = r"\w+|[^\w\s]"
# Of the rows: n-grams that are rarer cannot recur in other folds.
_MIN_DF = 3e-5
# Enough for suspicious rows; they are found as precisely with 1e-3, at a quarter more time.
_C, _TOLERANCE = 3.0, 1e-2
# Votes that the frequencies of the classes have, in squared cosine similarities.
_PRIOR_VOTES = 0.03
# Rows that decide how much the neighbours count.
_ROWS_TO_POOL_ON = 50_000


def label_probabilities(texts: pl.Series, codes: np.ndarray, seed: int) -> np.ndarray:
    """Return the probabilities of labels by the other texts.

    Parameters
    ----------
    texts : polars.Series of str of shape (n_rows,)
    codes : ndarray of int of shape (n_rows,), or of bool of shape (n_rows, n_labels)
        Positions of the labels among the classes; or which row has which label.
    seed : int

    Returns
    -------
    ndarray of float of shape (n_rows, n_classes)
        With one label per row pooled from logistic regressions and neighbours, with several those
        of the former. A class of a single text cannot be predicted without it, so that its label
        has the probability 1. Copies of a text do not count.
    """
    groups = same_text_groups(texts)
    features = NgramVectorizer(
        ngram_range=(1, 2),
        lowercase=False,
        token_pattern=_TOKEN,
        sublinear_tf=True,
        min_df=_MIN_DF,
    ).fit_transform(texts)
    folds = fold_rows(codes, groups, _N_FOLDS, seed)
    probabilities = _out_of_fold(features, codes, folds, seed)
    if codes.ndim == 2:
        return probabilities
    votes = neighbour_votes(features, codes, groups)
    return np.where((folds >= 0)[:, None], pool(probabilities, votes, codes, seed), probabilities)


def _out_of_fold(features: Any, codes: np.ndarray, folds: np.ndarray, seed: int) -> np.ndarray:
    """Return probabilities by classifiers that were not trained on the fold of the row.

    Parameters
    ----------
    features : sparse matrix of shape (n_rows, n_features)
    codes : ndarray of int of shape (n_rows,), or of bool of shape (n_rows, n_labels)
    folds : ndarray of int of shape (n_rows,)
        Rows of fold -1 have the probability 1 of their labels.
    seed : int

    Returns
    -------
    ndarray of float of shape (n_rows, n_classes)
    """
    probabilities = codes.astype(float) if codes.ndim == 2 else np.eye(int(codes.max()) + 1)[codes]
    for fold in np.unique(folds[folds >= 0]):
        tested = folds == fold
        y = codes[~tested]
        # A single label too is one of several per row in a sparse matrix.
        y = sp.csr_array(y) if y.ndim == 2 else y
        classifier = CalibratedLogisticRegression(
            C=_C, tol=_TOLERANCE, calibration_fraction=None, threshold=0.5, random_state=seed
        )
        probabilities[tested] = classifier.fit(features[~tested], y).predict_proba(features[tested])
    return probabilities


def pool(
    probabilities: np.ndarray, votes: np.ndarray, codes: np.ndarray, seed: int = 0
) -> np.ndarray:
    """Return the logarithmic pool of two opinions that predicts the labels best.

    It is proportional to the product of both, each to a power of its own, and of a factor per class
    (Genest and Zidek 1986, "Combining probability distributions"), which also corrects their
    confidence. They minimize the log loss, without overfit: neither opinion is based on the row's
    own label.

    Parameters
    ----------
    probabilities, votes : ndarray of float of shape (n_rows, n_classes)
        The votes need not add up to 1.
    codes : ndarray of int of shape (n_rows,)
    seed : int
        Of the rows to choose powers and factors on, if there are many.

    Returns
    -------
    ndarray of float of shape (n_rows, n_classes)
    """
    frequency = np.bincount(codes, minlength=votes.shape[1]) / len(codes)
    share = (votes + _PRIOR_VOTES * frequency) / (votes.sum(axis=1, keepdims=True) + _PRIOR_VOTES)
    opinions = np.stack([_log(probabilities), _log(share)], axis=2)  # (n_rows, n_classes, 2)
    chosen = np.random.default_rng(seed).permutation(len(codes))[:_ROWS_TO_POOL_ON]
    powers, shift = _fit_pool(opinions[chosen], codes[chosen])
    return softmax(opinions @ powers + shift, axis=1)


def _fit_pool(opinions: np.ndarray, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the pool with the lowest log loss, with a normal prior for a few rows.

    Parameters
    ----------
    opinions : ndarray of float of shape (n_rows, n_classes, n_opinions)
        Logarithms of probabilities.
    codes : ndarray of int of shape (n_rows,)

    Returns
    -------
    powers : ndarray of float of shape (n_opinions,)
        Not negative. Without evidence, the first opinion counts alone.
    shift : ndarray of float of shape (n_classes,)
        Logarithms of the factors.
    """
    _, n_classes, n_opinions = opinions.shape
    rows = np.arange(len(codes))
    alone = np.zeros(n_opinions + n_classes)
    alone[0] = 1

    def objective(point: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the log loss with the prior, and its gradient."""
        log_proba = log_softmax(opinions @ point[:n_opinions] + point[n_opinions:], axis=1)
        residual = np.exp(log_proba)
        residual[rows, codes] -= 1
        away = point - alone
        loss = -log_proba[rows, codes].sum() + away @ away / 2
        of_powers = np.einsum("ij,ijk->k", residual, opinions)
        return loss, np.concatenate([of_powers, residual.sum(axis=0)]) + away

    bounds = [(0, None)] * n_opinions + [(None, None)] * n_classes
    found = minimize(objective, alone, jac=True, method="L-BFGS-B", bounds=bounds).x
    return found[:n_opinions], found[n_opinions:]


def _log(probabilities: np.ndarray) -> np.ndarray:
    """Return finite logarithms."""
    return np.log(np.maximum(probabilities, np.finfo(np.float32).tiny))
