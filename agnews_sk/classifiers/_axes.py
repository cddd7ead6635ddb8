"""Principal axes of dense rows, in which second derivatives are nearly a diagonal."""

from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp

from agnews_sk._core.products import threads

# The axes of more features take longer than what they save.
_MOST_AXES = 1_024
# Times the number of features: the axes of so many rows are close to those of all.
_ROWS_OF_AXES = 8
_ROWS = 4_096  # of a block


class Axes(NamedTuple):
    """Coordinates to fit margins in: an origin and orthonormal axes.

    Distances and norms are the same as in the features, and so are L2 penalties.

    Attributes
    ----------
    origin : ndarray of float of shape (n_features,), or None
        None for the features themselves.
    axes : ndarray of float of shape (n_features, n_axes), or None
    """

    origin: np.ndarray | None = None
    axes: np.ndarray | None = None

    def of(self, X: Any, n_jobs: int | None = None) -> Any:
        """Return the coordinates of rows, ndarray of shape (n_rows, n_axes)."""
        if self.axes is None:
            return X
        found = np.empty((len(X), self.axes.shape[1]), X.dtype)

        def fill(start: int) -> None:
            """Write a block of rows."""
            rows = slice(start, start + _ROWS)
            found[rows] = (X[rows] - self.origin) @ self.axes

        with threads(X, n_jobs) as run:
            list(run(fill, range(0, len(X), _ROWS)))
        return found

    def from_features(
        self, coef: np.ndarray, intercept: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return coefficients of the axes, and intercepts, for those of the features.

        Parameters
        ----------
        coef : ndarray of shape (n_margins, n_features)
        intercept : ndarray of shape (n_margins,)

        Returns
        -------
        coef : ndarray of shape (n_margins, n_axes)
        intercept : ndarray of shape (n_margins,)
        """
        if self.axes is None:
            return coef, intercept
        return coef @ self.axes, intercept + coef @ self.origin

    def to_features(self, coef: np.ndarray, intercept: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return coefficients of the features, and intercepts, for those of the axes."""
        if self.axes is None:
            return coef, intercept
        coef = coef @ self.axes.T
        return coef, intercept - coef @ self.origin


def principal_axes(X: Any) -> Axes:
    """Return the mean of rows and their principal axes, those along which they vary.

    Parameters
    ----------
    X : {ndarray, sparse matrix} of shape (n_rows, n_features)

    Returns
    -------
    Axes
        The features themselves if X is sparse, has many features, or values that are too large.
    """
    if sp.issparse(X) or min(X.shape) > _MOST_AXES:
        return Axes()
    with np.errstate(over="ignore", invalid="ignore"):
        origin = X.mean(axis=0, dtype=float).astype(X.dtype)
        some = X[:: max(1, len(X) // (_ROWS_OF_AXES * X.shape[1]))] - origin
        largest = float(np.ptp(X))
    if not (0 < largest < np.inf and np.isfinite(origin).all()):
        return Axes()
    some /= largest
    with threads(X, 1):
        if len(X) >= X.shape[1]:
            return Axes(origin, np.linalg.eigh(some.T @ some)[1])
        basis = np.linalg.qr(some.T)[0]  # (n_features, n_rows)
        some = some @ basis
        return Axes(origin, basis @ np.linalg.eigh(some.T @ some)[1])
