"""Temperatures and shifts that calibrate margins on held-out rows."""

import numpy as np
from scipy.optimize import minimize, minimize_scalar

_MOST = 5.0  # of the logarithm of a temperature, and of a shift


def calibrate(
    margins: np.ndarray, codes: np.ndarray, weight: np.ndarray, *, shifts: bool = True
) -> tuple[float, np.ndarray]:
    """Return the temperature and the shift of each class with the lowest log loss.

    Bias-corrected temperature scaling (Alexandari et al. 2020, arXiv 1901.06852) for smoothed
    targets (Platt 1999, "Probabilistic outputs for support vector machines"): if n rows are all
    classified correctly, the probability of an error is not 0 but about 1 / (n + 2). Shifts have a
    standard normal prior, so that classes with few rows are hardly shifted.

    Parameters
    ----------
    margins : ndarray of float of shape (n_rows, n_classes)
    codes : ndarray of int of shape (n_rows,)
        Of the labels.
    weight : ndarray of float of shape (n_rows,)
        n is the effective sample size, sum(weight)**2 / sum(weight**2).
    shifts : bool, default=True
        Whether to choose shifts too, which change labels; without, they are 0.

    Returns
    -------
    temperature : float
    shift : ndarray of float of shape (n_classes,)
        Of the margins after division by the temperature.
    """
    weight = weight / weight.sum()
    size = 1 / (weight**2).sum()
    n_classes, positions = margins.shape[1], np.arange(len(codes))
    of_others = 1 / (size + 2) / (n_classes - 1)  # target of classes that a row has not
    of_class = 1 - n_classes * of_others  # and what that of its class is above it
    own = margins[positions, codes]
    # Sums of the margins by the targets, which the objective is linear in.
    of_margins = weight @ (of_others * margins.sum(axis=1) + of_class * own)
    of_shifts = of_others + of_class * np.bincount(codes, weight, minlength=n_classes)

    def objective(point: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the log loss with the prior, and its gradient by log(1 / T) and the shifts."""
        slope, shift = np.exp(point[0]), point[1:]
        proba = margins * slope
        proba += shift
        largest = proba.max(axis=1, keepdims=True)
        proba -= largest
        np.exp(proba, out=proba)
        total = proba.sum(axis=1, keepdims=True)
        proba *= weight[:, None] / total
        loss = weight @ (largest + np.log(total))[:, 0] - slope * of_margins - of_shifts @ shift
        of_slope = slope * (np.vdot(proba, margins) - of_margins)
        of_shift = proba.sum(axis=0) - of_shifts + shift / size
        return loss + (shift @ shift) / (2 * size), np.concatenate([[of_slope], of_shift])

    bounds = [(-_MOST, _MOST)] * (1 + n_classes)
    # The right temperature may be far from 1, where the loss is not convex in its logarithm.
    start = minimize_scalar(
        lambda x: objective(np.r_[x, np.zeros(n_classes)])[0],
        bounds=(-_MOST, _MOST),
        method="bounded",
    ).x
    if not shifts:
        return float(np.exp(-start)), np.zeros(n_classes)
    found = minimize(
        objective, np.r_[start, np.zeros(n_classes)], jac=True, method="L-BFGS-B", bounds=bounds
    ).x
    return float(np.exp(-found[0])), found[1:]
