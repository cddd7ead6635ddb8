"""Logistic regressions of many labels at once, by averaged stochastic gradient descent.

All labels share the rows, so that a step of all of them is two products of a small matrix, instead
of a pass over the rows for each label.
"""

from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from joblib import Parallel, delayed
from scipy.special import expit

# Step size of AdaGrad (Duchi et al. 2011), for rows of norm 1.
_STEP, _STEP_OF_INTERCEPT = 2.0, 0.2
_FEWEST_STEPS, _FEWEST_PASSES = 400, 5
_SMALLEST_BATCH, _LARGEST_BATCH, _BATCHES = 8, 256, 20
# Weights are averaged over this many of the last 40 % of the steps.
_AVERAGED, _N_AVERAGED = 0.4, 20
_LABELS_AT_ONCE = 16
_TINY = 1e-10


class LabelRows(NamedTuple):
    """Rows to fit a classifier per label on.

    Attributes
    ----------
    X : {ndarray, CSR matrix} of shape (n_rows, n_features)
    indicator : ndarray of bool of shape (n_rows, n_labels)
        Which row has which label.
    weight : ndarray of float of shape (n_rows,)
        Of the rows, all above 0.
    of_labels : ndarray of float of shape (n_rows, n_labels) or (n_rows, 1)
        Of the rows in the loss of each label.
    """

    X: Any
    indicator: np.ndarray
    weight: np.ndarray
    of_labels: np.ndarray

    def take(self, indices: np.ndarray) -> "LabelRows":
        """Return some of the rows."""
        return LabelRows(*(part[indices] for part in self))


class LabelMargins(NamedTuple):
    """Margins of labels, linear in the features: logarithms of odds.

    Attributes
    ----------
    coef : ndarray of shape (n_labels, n_features)
    intercept : ndarray of shape (n_labels,)
    n_iter : int
        Passes over the rows.
    """

    coef: np.ndarray
    intercept: np.ndarray
    n_iter: int

    def of(self, X: Any) -> np.ndarray:
        """Return the margins of rows, ndarray of shape (n_rows, n_labels)."""
        return np.asarray(X @ self.coef.T) + self.intercept


class _Batch(NamedTuple):
    """Rows of one step.

    Attributes
    ----------
    rows : slice
        Their places in the shuffled order.
    features : ndarray of int of shape (n_used,)
        Those that any of the rows has.
    X, transposed : {ndarray, CSR matrix} of shape (n_rows, n_used) and (n_used, n_rows)
    """

    rows: slice
    features: Any
    X: Any
    transposed: Any


def fit_margins(
    rows: LabelRows, *, C: float, max_iter: int | None, n_jobs: int | None, seed: int
) -> LabelMargins:
    """Fit one logistic regression per label, with an L2 penalty.

    Parameters
    ----------
    rows : LabelRows
    C : float
        Inverse strength of the penalty.
    max_iter : int or None
        Passes over the rows; None are at least 5, and more for few rows.
    n_jobs : int or None
        Number of threads, on which the result does not depend.
    seed : int
        Random seed of the order of the rows.

    Returns
    -------
    LabelMargins
        A label that all rows have, or none, has a constant margin.
    """
    rng = np.random.default_rng(seed)
    n_rows, n_features = rows.X.shape
    rows = rows.take(rng.permutation(n_rows))
    norm = _mean_norm(rows.X)
    batches = _batches(rows.X / norm)
    n_passes = max_iter or max(_FEWEST_PASSES, -(-_FEWEST_STEPS // len(batches)))
    order = np.concatenate([rng.permutation(len(batches)) for _ in range(n_passes)])
    of_feature = np.zeros((n_features, 1), dtype=np.float32)
    for batch in batches:
        of_feature[batch.features] += 1
    # The penalty of a feature is divided among the batches that have it.
    penalty = np.float32(1 / (C * norm**2)) / of_feature.clip(min=1)
    indicator, weight = rows.indicator, np.broadcast_to(rows.of_labels, rows.indicator.shape)
    share = ((weight * indicator).sum(axis=0) + 0.5) / (weight.sum(axis=0) + 1)
    start = np.log(share / (1 - share))  # (n_labels,)
    varying = np.flatnonzero(indicator.any(axis=0) & ~indicator.all(axis=0))
    coef = np.zeros((n_features, len(share)), dtype=np.float32)
    intercept = start.copy()

    def fit_labels(labels: np.ndarray) -> None:
        """Fit the classifiers of some labels, in a thread."""
        coef[:, labels], intercept[labels] = _descend(
            [batches[i] for i in order],
            indicator[:, labels].astype(np.float32),
            weight[:, labels].astype(np.float32),
            penalty,
            start[labels].astype(np.float32),
        )

    # Of a fixed size, as sums of another number of columns are rounded otherwise.
    parts = [varying[i : i + _LABELS_AT_ONCE] for i in range(0, len(varying), _LABELS_AT_ONCE)]
    Parallel(n_jobs=n_jobs, prefer="threads")(delayed(fit_labels)(labels) for labels in parts)
    return LabelMargins(coef.T / np.float64(norm), intercept, n_passes)


def _descend(
    steps: list[_Batch],
    target: np.ndarray,
    weight: np.ndarray,
    penalty: np.ndarray,
    intercept: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the averaged coefficients and intercepts of labels.

    Parameters
    ----------
    steps : list of _Batch
    target, weight : ndarray of float32 of shape (n_rows, n_labels)
    penalty : ndarray of float32 of shape (n_features, 1)
        Of each step that has the feature.
    intercept : ndarray of float32 of shape (n_labels,)

    Returns
    -------
    coef : ndarray of float32 of shape (n_features, n_labels)
    intercept : ndarray of float32 of shape (n_labels,)
    """
    shape = len(penalty), len(intercept)
    coef, squares = np.zeros(shape, np.float32), np.full(shape, _TINY, np.float32)
    of_intercept = np.full_like(intercept, _TINY)
    mean, mean_intercept = np.zeros_like(coef), np.zeros_like(intercept)
    first = int((1 - _AVERAGED) * len(steps))
    averaged = set(np.linspace(first, len(steps) - 1, _N_AVERAGED).astype(int).tolist())
    for number, batch in enumerate(steps):
        # `take` and assignments in place: indexing and new arrays took half of the time.
        used = coef.take(batch.features, axis=0)  # (n_used, n_labels)
        residual = batch.X @ used  # (n_rows, n_labels)
        residual += intercept
        expit(residual, out=residual)
        residual -= target[batch.rows]
        residual *= weight[batch.rows]
        gradient = batch.transposed @ residual  # (n_used, n_labels)
        gradient += penalty.take(batch.features, axis=0) * used
        sums = squares.take(batch.features, axis=0)
        sums += gradient * gradient
        squares[batch.features] = sums
        np.sqrt(sums, out=sums)
        gradient /= sums
        gradient *= _STEP
        used -= gradient
        coef[batch.features] = used
        gradient = residual.sum(axis=0)
        of_intercept += gradient**2
        intercept = intercept - _STEP_OF_INTERCEPT * gradient / np.sqrt(of_intercept)
        if number in averaged:
            mean += coef
            mean_intercept += intercept
    return mean / len(averaged), mean_intercept / len(averaged)


def _batches(X: Any) -> list[_Batch]:
    """Return the rows in batches, each with the features that its rows have, in float32.

    Parameters
    ----------
    X : {ndarray, CSR matrix} of shape (n_rows, n_features)
        In the order of the batches.

    Returns
    -------
    list of _Batch
        At least 20, unless they would have fewer than 8 rows.
    """
    X = X.astype(np.float32)
    size = int(np.clip(-(-X.shape[0] // _BATCHES), _SMALLEST_BATCH, _LARGEST_BATCH))
    found = []
    for start in range(0, X.shape[0], size):
        rows = slice(start, min(start + size, X.shape[0]))
        part = X[rows]
        if not sp.issparse(X):
            found.append(_Batch(rows, np.arange(X.shape[1]), part, part.T))
            continue
        features, places = np.unique(part.indices, return_inverse=True)
        shape = (part.shape[0], len(features))
        part = sp.csr_array((part.data, places.astype(np.int32), part.indptr), shape=shape)
        found.append(_Batch(rows, features, part, part.T.tocsr()))
    return found


def _mean_norm(X: Any) -> float:
    """Return the root mean square of the norms of rows, 1 if all are zero.

    Parameters
    ----------
    X : {ndarray, CSR matrix} of shape (n_rows, n_features)

    Returns
    -------
    float
    """
    values = X.data if sp.issparse(X) else X
    return float(np.sqrt((values**2).sum() / X.shape[0])) or 1.0
