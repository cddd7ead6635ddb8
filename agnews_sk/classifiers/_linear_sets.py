"""Linear classifiers of several labels at once, and the calibration of their margins."""

from typing import Any, NamedTuple

import numpy as np
from scipy.special import expit, logit

from agnews_sk._core.products import Products, threads
from agnews_sk.classifiers._label_descents import fit_labels
from agnews_sk.classifiers._label_sets import held_out_rows
from agnews_sk.classifiers._label_thresholds import thresholds_for
from agnews_sk.classifiers._losses import Sigmoid
from agnews_sk.classifiers._quasi_newton import Coefficients, fit_logistic
from agnews_sk.classifiers._unseen import as_unseen, finite

CLOSE_ENOUGH = 3e-3
# Labels that are fitted at the same time, by their coefficients: the steps of all of them are in
# memory, and with more than the most products take no less time per label.
_FEWEST_TOGETHER, _MOST_TOGETHER, _COEFFICIENTS = 4, 16, 1 << 20
_MOST_STEPS, _SHORTEST, _TOLERANCE, _TINY = 20, 1e-6, 1e-6, 1e-12


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
    coef : ndarray of float of shape (n_features, n_labels)
        0 for labels that all rows have, or none.
    intercept : ndarray of float of shape (n_labels,)
    n_iter : int
        Most steps of a label.
    """

    coef: np.ndarray
    intercept: np.ndarray
    n_iter: int

    def of_label(self, label: int, loss: Sigmoid) -> Coefficients:
        """Return where to fit a label from; one that was not fitted starts as without margins."""
        coef = self.coef[:, [label]]
        return Coefficients(coef, self.intercept[[label]] if coef.any() else loss.start())

    def of(self, X: Any) -> np.ndarray:
        """Return the margins of rows, ndarray of shape (n_rows, n_labels)."""
        return np.asarray(X @ self.coef, dtype=np.float64) + self.intercept


class FittedLabels(NamedTuple):
    """Calibrated margins and thresholds of labels.

    Attributes
    ----------
    coef : ndarray of shape (n_labels, n_features)
    intercept : ndarray of shape (n_labels,)
    thresholds : ndarray of float of shape (n_labels,)
    n_iter : int
    """

    coef: np.ndarray
    intercept: np.ndarray
    thresholds: np.ndarray
    n_iter: int


def fit_label_sets(
    rows: LabelRows,
    groups: np.ndarray,
    *,
    fraction: float | None,
    threshold: Any,
    seed: int,
    start: LabelMargins | None = None,
    **settings: Any,
) -> FittedLabels:
    """Fit a classifier per label, and calibrate them and choose thresholds on held-out rows.

    Parameters
    ----------
    rows : LabelRows
    groups : ndarray of int of shape (n_rows,)
        Rows of one group are held out together.
    fraction : float or None
        Share of the rows to hold out.
    threshold : "f1" or float
    seed : int
    start : LabelMargins, optional
        Start the final fit here rather than at the margins of a part of the rows.
    **settings
        Of `fit_margins`.

    Returns
    -------
    FittedLabels
    """
    y_proba, held_out, margins = np.empty((0, 0)), np.empty(0, dtype=np.intp), None
    if fraction is not None:
        of_held_out = []
        for fitted, out in held_out_rows(rows.indicator, groups, fraction, seed):
            margins = fit_margins(rows.take(fitted), **settings)
            of_held_out.append(margins.of(as_unseen(rows.X[out], rows.X[fitted])))
            held_out = np.append(held_out, out)
    margins = fit_margins(rows, start=start or margins, **settings)
    tested = rows.indicator[held_out], rows.weight[held_out]
    coef, intercept = margins.coef.T, margins.intercept
    if not len(held_out):
        thresholds = thresholds_for(threshold, y_proba, *tested, fitted=rows.indicator)
        return FittedLabels(coef, intercept, thresholds, margins.n_iter)
    found = finite(np.concatenate(of_held_out))
    # Thresholds are chosen on probabilities without weights of labels, and mapped to those with.
    slope, shift = plain = calibrate(found, tested[0], tested[1][:, None])
    if rows.of_labels.shape[1] > 1:
        slope, shift = calibrate(found, tested[0], rows.of_labels[held_out])
    y_proba = expit(plain[0] * found + plain[1])
    thresholds = thresholds_for(threshold, y_proba, *tested, fitted=rows.indicator)
    if threshold == "f1":
        margin = (logit(thresholds) - plain[1]) / plain[0]
        thresholds = expit(slope * margin + shift)
    coef, intercept = coef * slope, intercept * slope + shift
    return FittedLabels(coef, intercept, thresholds, margins.n_iter)


def fit_margins(
    rows: LabelRows,
    *,
    C: float,
    max_iter: int,
    n_jobs: int | None,
    tol: float = CLOSE_ENOUGH,
    l1_ratio: float = 0.0,
    start: LabelMargins | None = None,
) -> LabelMargins:
    """Fit one logistic regression per label.

    Labels with similar frequencies, which take as many steps, are fitted at the same time; with an
    L1 norm one after the other.

    Parameters
    ----------
    rows : LabelRows
    C, l1_ratio : float
        Inverse strength of the penalty, and the share of the L1 norm in it.
    max_iter : int
        Maximum number of steps.
    n_jobs : int or None
        Number of threads, on which the result does not depend.
    tol : float, default=3e-3
        As in `fit_logistic`; smaller ones are not more accurate on other rows.
    start : LabelMargins, optional
        Start at the margins of similar rows, which takes fewer steps.

    Returns
    -------
    LabelMargins
    """
    n_positive = rows.indicator.sum(axis=0)
    varying = np.flatnonzero((n_positive > 0) & (n_positive < len(rows.indicator)))
    weight = np.broadcast_to(rows.of_labels, rows.indicator.shape)
    coef = np.zeros((len(n_positive), rows.X.shape[1])).T  # a label is one block of memory
    intercept = Sigmoid(rows.indicator, weight).start()
    settings: dict[str, Any] = {"C": C, "tol": tol, "max_iter": max_iter}
    n_iter = 0
    by_frequency = varying[np.argsort(n_positive[varying], kind="stable")]
    size = int(np.clip(_COEFFICIENTS // len(coef), _FEWEST_TOGETHER, _MOST_TOGETHER))
    parts = [by_frequency[i : i + size] for i in range(0, len(varying), size)]
    with threads(rows.X, n_jobs) as run:
        products = Products(rows.X, run, order="F")
        for labels in parts:
            losses = [Sigmoid(rows.indicator[:, [i]], weight[:, [i]]) for i in labels]
            starts = start and [start.of_label(i, loss) for i, loss in zip(labels, losses)]
            if l1_ratio:
                begins = [None] * len(losses) if starts is None else starts
                found = [
                    fit_logistic(products, loss, l1_ratio=l1_ratio, start=begin, **settings)
                    for loss, begin in zip(losses, begins)
                ]
            else:
                found = fit_labels(products, losses, starts=starts, **settings)
            for label, one in zip(labels, found):
                coef[:, label], intercept[label] = one.coef[:, 0], one.intercept[0]
                n_iter = max(n_iter, one.n_iter)
    return LabelMargins(coef, intercept, n_iter)


def calibrate(
    margins: np.ndarray, indicator: np.ndarray, weight: np.ndarray
) -> tuple[float, np.ndarray]:
    """Return the slope of all margins and the shift of each label with the lowest log loss.

    Platt (1999), "Probabilistic outputs for support vector machines", with one slope for all
    labels, as few positive rows do not determine one each, and with his smoothed targets.

    Parameters
    ----------
    margins : ndarray of float of shape (n_rows, n_labels)
        Of rows that the classifiers were not fitted on.
    indicator : ndarray of bool of shape (n_rows, n_labels)
    weight : ndarray of float of shape (n_rows, n_labels) or (n_rows, 1)
        Of the rows in the loss of each label.

    Returns
    -------
    slope : float
    shift : ndarray of float of shape (n_labels,)
        Of the logarithm of odds, `slope * margin + shift`.
    """
    scaled = np.broadcast_to(weight, margins.shape)
    scaled = scaled / (scaled.sum(axis=0) + _TINY)
    n_rows = 1 / ((scaled**2).sum(axis=0) + _TINY)  # effective sample sizes of the labels
    share = (scaled * indicator).sum(axis=0)  # (n_labels,)
    doubt = 1 / (n_rows * np.stack([1 - share, share]) + 2)  # of rows without and with the label
    target = np.where(indicator, 1 - doubt[1], doubt[0])

    def log_loss(slope: float, shift: np.ndarray) -> float:
        """Return the log loss."""
        odds = slope * margins + shift
        loss = np.log1p(np.exp(-np.abs(odds)))  # many times faster than logaddexp(0, odds)
        loss += np.maximum(odds, 0)
        loss -= target * odds
        return float(np.vdot(scaled, loss))

    slope, shift = 1.0, np.zeros(margins.shape[1])
    loss = log_loss(slope, shift)
    for _ in range(_MOST_STEPS):
        step, steps = _newton_step(slope * margins + shift, margins, target, scaled)
        # Halved until the loss decreases, as far from the optimum Newton's steps are too long.
        size, before = 1.0, loss
        loss = log_loss(slope + step, shift + steps)
        while size > _SHORTEST and not loss < before:
            size /= 2
            loss = log_loss(slope + size * step, shift + size * steps)
        slope, shift = slope + size * step, shift + size * steps
        if before - loss < _TOLERANCE * before:
            break
    return max(slope, _TOLERANCE), shift


def _newton_step(
    odds: np.ndarray, margins: np.ndarray, target: np.ndarray, weight: np.ndarray
) -> tuple[float, np.ndarray]:
    """Return the change of the slope and of the shifts by one step of Newton's method.

    The matrix of second derivatives has entries in its diagonal and for the slope only, so that
    the shifts can be eliminated.

    Parameters
    ----------
    odds, margins, target : ndarray of float of shape (n_rows, n_labels)
    weight : ndarray of float of shape (n_rows, n_labels)

    Returns
    -------
    step : float
    steps : ndarray of float of shape (n_labels,)
    """
    probability = expit(odds)
    residual = weight * (target - probability)
    curvature = weight * probability * (1 - probability)
    of_both = (curvature * margins).sum(axis=0)  # (n_labels,)
    of_shift = curvature.sum(axis=0) + _TINY
    of_slope = (curvature * margins**2).sum() + _TINY
    down, downs = (residual * margins).sum(), residual.sum(axis=0)
    step = (down - (of_both * downs / of_shift).sum()) / (
        of_slope - (of_both**2 / of_shift).sum() + _TINY
    )
    return float(step), (downs - of_both * step) / of_shift
