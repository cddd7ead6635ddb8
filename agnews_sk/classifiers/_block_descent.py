"""The quasi-Newton method for rows that are read block by block, more than memory holds."""

import numpy as np

from agnews_sk.classifiers._block_sums import Sums, SumsOverBlocks
from agnews_sk.classifiers._quasi_newton import (
    AGAIN_AFTER,
    FLATTER,
    MOST_TRIES,
    Coefficients,
    Descent,
    Ends,
)


class BlockDescent(Descent):
    """State of a minimization whose rows are not in memory, and neither are their margins.

    It takes the steps of `Descent` but for rounding. Each length of a step that is tried costs a
    pass over the rows, since their margins are not kept; most steps have the length 1.

    Parameters
    ----------
    sums : SumsOverBlocks
    l2 : float
        Weight of half the squared L2 norm of the coefficients.
    start : Coefficients
    """

    def __init__(self, sums: SumsOverBlocks, l2: float, start: Coefficients) -> None:
        self.sums, self.l2, self.l1, self.run = sums, l2, 0.0, sums.run
        self.shape = sums.rows.n_features, sums.loss.n_columns
        self.point = np.zeros((1, (self.shape[0] + 1) * self.shape[1]), np.float32)
        self.coef[:], self.intercept[:] = start.coef, start.intercept
        self._n_steps = 0
        self._take(self.point, self._at(self.point, curved=True))

    def _at(self, point: np.ndarray, *, curved: bool) -> Sums:
        """Return the sums at a point, whose derivatives are by features divided by the scale.

        Parameters
        ----------
        point : ndarray of float32 of shape (1, n_parameters)
        curved : bool
            Whether second derivatives are needed.

        Returns
        -------
        Sums
        """
        coef, intercept = self._split(point)
        scale = np.float32(self.sums.rows.scale)
        found = self.sums.at(coef / scale, intercept, curved=curved)
        bends = found.coef_curvature
        bends = None if bends is None else bends / scale**2
        return found._replace(coef=found.coef / scale, coef_curvature=bends)

    def _take(self, point: np.ndarray, found: Sums) -> None:
        """Move to a point.

        Parameters
        ----------
        point : ndarray of float32 of shape (1, n_parameters)
        found : Sums
            At this point.
        """
        self.point, self._found = point, found
        self.norm = self._squares(self.coef)
        self.value = found.value + self._penalty(self.norm, self.coef)

    def _step(self, direction: np.ndarray, slope: float) -> np.ndarray | None:
        """Move along a direction to where it is flat enough; return the step if there is one.

        Parameters
        ----------
        direction : ndarray of float32 of shape (1, n_parameters)
        slope : float
            Along the direction, below 0.

        Returns
        -------
        ndarray of float32 of shape (1, n_parameters), or None
        """
        curved, ends, length = self._n_steps + 1 in AGAIN_AFTER, Ends(slope), 1.0
        for _ in range(MOST_TRIES):
            point = self.point + np.float32(length) * direction
            found = self._at(point, curved=curved)
            coef = self._split(point)[0]
            value = found.value + self._penalty(self._squares(coef), coef)
            rises = float(np.vdot(self._gradient_at(point, found), direction))
            if value <= self.value and abs(rises) <= -FLATTER * slope:
                break
            ends.narrow(length, rises)
            length = ends.between()
        else:
            length = ends.low
            point = self.point + np.float32(length) * direction
            found = self._at(point, curved=curved)
        if not length or not np.isfinite(found.value):
            return None
        step = point - self.point
        self._take(point, found)
        self._n_steps += 1
        return step

    def _gradient(self) -> np.ndarray:
        """Return the derivatives of the objective by coefficients and intercepts."""
        return self._gradient_at(self.point, self._found)

    def _gradient_at(self, point: np.ndarray, found: Sums) -> np.ndarray:
        """Return the gradient at a point.

        Parameters
        ----------
        point : ndarray of float32 of shape (1, n_parameters)
        found : Sums
            At this point.

        Returns
        -------
        ndarray of float32 of shape (1, n_parameters)
        """
        gradient = np.empty_like(point)
        coef, intercept = self._split(gradient)
        np.multiply(self._split(point)[0], np.float32(self.l2), out=coef)
        coef += found.coef
        intercept[:] = found.intercept
        return gradient

    def _diagonal(self) -> np.ndarray:
        """Return the second derivatives of the objective by each coefficient and intercept."""
        diagonal = np.empty_like(self.point)
        coef, intercept = self._split(diagonal)
        coef[:], intercept[:] = self._found.coef_curvature, self._found.intercept_curvature
        coef += np.float32(self.l2)
        return np.maximum(diagonal, np.finfo(np.float32).tiny, out=diagonal)[0]


def fit_descent(
    sums: SumsOverBlocks, *, C: float, tol: float, max_iter: int, start: Coefficients
) -> Coefficients:
    """Minimize the loss of blocks of rows and an L2 penalty, as `fit_logistic` does.

    Parameters
    ----------
    sums : SumsOverBlocks
    C, tol, max_iter
        As `fit_logistic` takes them.
    start : Coefficients

    Returns
    -------
    Coefficients
    """
    scale = sums.rows.scale
    start = Coefficients(start.coef * scale, start.intercept)
    l2 = 1 / (C * sums.loss.scale * scale**2)
    descent = BlockDescent(sums, l2, start)
    n_iter, converged = descent.descend(tol, max_iter)
    coef, intercept = descent.coef / np.float64(scale), descent.intercept.astype(float)
    return Coefficients(coef, intercept, n_iter, descent.value * sums.loss.scale, converged)
