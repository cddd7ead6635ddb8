"""Penalized logistic regression by a quasi-Newton method in single precision."""

from typing import Any, NamedTuple

import numpy as np

from agnews_sk.classifiers._lbfgs import Directions
from agnews_sk.classifiers._losses import Softmax
from agnews_sk.classifiers._products import Products, Run, threads

# Iterations after which the diagonal of the second derivatives is computed again.
_AGAIN_AFTER = (3, 8, 20)
# A step is taken if the slope along it has fallen to this share; tried at most so often.
_FLATTER, _MOST_TRIES = 0.5, 10
# With an L1 norm it is taken if the objective falls by this share of what the slope promises.
_FALLS = 1e-4


class Coefficients(NamedTuple):
    """Coefficients of the margins of classes or labels.

    Attributes
    ----------
    coef : ndarray of float32 of shape (n_features, n_columns)
    intercept : ndarray of float32 of shape (n_columns,)
    n_iter : int, default=0
        Steps that were taken.
    objective : float, default=inf
    """

    coef: np.ndarray
    intercept: np.ndarray
    n_iter: int = 0
    objective: float = np.inf


def fit_logistic(
    X: Any,
    loss: Softmax,
    *,
    C: float,
    tol: float,
    max_iter: int,
    n_jobs: int | None,
    l1_ratio: float = 0.0,
    start: Coefficients | None = None,
) -> Coefficients:
    r"""Minimize the loss and a penalty of all coefficients but the intercepts.

    Parameters
    ----------
    X : {ndarray, sparse matrix} of shape (n_rows, n_features)
    loss : Softmax or Sigmoid
        Of one label or several labels per row.
    C : float
        Inverse strength of the penalty.
    tol : float
        Stops where the next step is expected to lower the objective by at most this share.
    max_iter : int
        Maximum number of steps.
    n_jobs : int or None
        Number of threads, on which the result does not depend.
    l1_ratio : float, default=0.0
        Share of the L1 norm in the penalty, from 0 to 1.
    start : Coefficients, optional
        Start here rather than at coefficients of 0.

    Returns
    -------
    Coefficients

    Notes
    -----
    With the share :math:`\rho` the penalty is

    .. math:: \left( (1 - \rho) \|w\|_2^2 / 2 + \rho \|w\|_1 \right) / C.

    L-BFGS (Liu and Nocedal 1989, "On the limited memory BFGS method for large scale optimization")
    whose first estimate of the matrix of second derivatives is not a multiple of the identity but
    its diagonal. Features of texts differ in frequency by orders of magnitude, and so do their
    second derivatives. Margins are linear along a step, so that trying its length costs no product.

    With an L1 norm, steps end where a coefficient would change its sign (Andrew and Gao 2007,
    "Scalable training of L1-regularized log-linear models").
    """
    with threads(X, n_jobs) as run:
        if l1_ratio:
            return _SparseDescent(X, loss, C, run, start, l1_ratio).descend(tol, max_iter)
        return _Descent(X, loss, C, run, start).descend(tol, max_iter)


class _Descent:
    """State of a minimization.

    Coefficients, one row per feature, and intercepts are one flat array, and so are their
    derivatives.
    """

    def __init__(
        self,
        X: Any,
        loss: Softmax,
        C: float,
        run: Run,
        start: Coefficients | None,
        l1_ratio: float = 0.0,
    ) -> None:
        self.products, self.loss, self.run = Products(X, run), loss, run
        self.penalty, self.l1_penalty = (1 - l1_ratio) / C, l1_ratio / C
        self.shape = self.products.n_features, loss.target.shape[1]
        self.point = np.zeros((self.shape[0] + 1) * self.shape[1], np.float32)
        self.margins = np.zeros(loss.target.shape, np.float32)
        self.intercept[:] = loss.start() if start is None else start.intercept
        if start is not None:
            self.coef[:] = start.coef
            self.margins += self.products.with_rows(self.coef)
        self.margins += self.intercept
        self.norm = self._squares(self.coef)
        value, self.residual = self._loss(self.margins)
        self.value = value + self.penalty * self.norm / 2 + self._l1(self.coef)

    @property
    def coef(self) -> np.ndarray:
        """Coefficients, a view of shape (n_features, n_columns)."""
        return self._split(self.point)[0]

    @property
    def intercept(self) -> np.ndarray:
        """Intercepts, a view of shape (n_columns,)."""
        return self._split(self.point)[1]

    def descend(self, tol: float, max_iter: int) -> Coefficients:
        """Take steps until the next one would gain little."""
        directions = Directions(self.run)
        directions.diagonal = self._diagonal()
        gradient, n_iter = self._gradient(), 0
        for n_iter in range(max_iter + 1):
            direction, slope = self._direction(directions, gradient)
            if n_iter == max_iter or -slope / 2 <= tol * abs(self.value):
                break
            step = self._step(direction, slope)
            if step is None:
                break
            before, gradient = gradient, self._gradient()
            directions.add(step, gradient - before)
            if n_iter + 1 in _AGAIN_AFTER:
                directions.diagonal = self._diagonal()
        return Coefficients(self.coef, self.intercept, n_iter, self.value)

    def _direction(self, directions: Directions, gradient: np.ndarray) -> tuple[np.ndarray, float]:
        """Return a direction and the slope along it."""
        return directions(gradient)

    def _step(self, direction: np.ndarray, slope: float) -> np.ndarray | None:
        """Move along a direction to where it is flat enough; return the step if there is one.

        The objective is convex, so that a length is too short where it falls steeply and too long
        where it rises; the next one is where a line through both slopes is 0.
        """
        coef, intercept = self._split(direction)
        change = self.products.with_rows(coef)
        change += intercept
        inner, norm = float(np.vdot(self.coef, coef)), self._squares(coef)
        length = 1.0
        for _ in range(_MOST_TRIES):
            margins: np.ndarray = self.margins + np.float32(length) * change
            value, residual = self._loss(margins)
            squares = self.norm + 2 * length * inner + length**2 * norm
            value += self.penalty * squares / 2
            found = float(np.vdot(residual, change)) + self.penalty * (inner + length * norm)
            if value <= self.value and abs(found) <= -_FLATTER * slope:
                step: np.ndarray = np.float32(length) * direction
                self.point += step
                self.margins, self.residual = margins, residual
                self.value, self.norm = value, squares
                return step
            ratio = slope / (slope - found) if found > slope else 4.0
            length *= float(np.clip(ratio, 0.1, 4))
        return None

    def _loss(self, margins: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the loss of all rows, and its derivatives by their margins."""
        residual = np.empty_like(margins)

        def fill(rows: slice) -> float:
            """Write the derivatives of some rows, and return their loss."""
            value, residual[rows] = self.loss.of(margins[rows], rows)
            return value

        return sum(self.run(fill, self.products.rows)), residual

    def _gradient(self) -> np.ndarray:
        """Return the derivatives of the objective by coefficients and intercepts."""
        gradient = np.empty_like(self.point)
        coef, intercept = self._split(gradient)
        coef[:] = self.products.with_transpose(self.residual)
        coef += np.float32(self.penalty) * self.coef
        intercept[:] = self.residual.sum(axis=0, dtype=float)
        return gradient

    def _diagonal(self) -> np.ndarray:
        """Return the second derivatives of the objective by each coefficient and intercept."""
        curvature = np.concatenate(
            [self.loss.curvature(self.residual[rows], rows) for rows in self.products.rows]
        )
        diagonal = np.empty_like(self.point)
        coef, intercept = self._split(diagonal)
        coef[:] = self.products.with_transpose(curvature, squared=True)
        coef += np.float32(self.penalty)
        intercept[:] = curvature.sum(axis=0, dtype=float)
        return np.maximum(diagonal, np.finfo(np.float32).tiny, out=diagonal)

    def _split(self, flat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the parts of an array as views: of coefficients, and of intercepts."""
        n_columns = self.shape[1]
        return flat[:-n_columns].reshape(self.shape), flat[-n_columns:]

    def _l1(self, coef: np.ndarray) -> float:
        """Return the penalty by the L1 norm."""
        return self.l1_penalty * float(np.abs(coef).sum(dtype=float)) if self.l1_penalty else 0.0

    @staticmethod
    def _squares(coef: np.ndarray) -> float:
        """Return the sum of squares."""
        return float(np.vdot(coef, coef))


class _SparseDescent(_Descent):
    """State of a minimization with an L1 norm.

    Its derivative is not defined at 0. There the gradient is the one on the side where the
    objective falls, or 0 if it rises on both sides, and a step stays on that side of 0.
    """

    def _direction(self, directions: Directions, gradient: np.ndarray) -> tuple[np.ndarray, float]:
        """Return a direction and the slope along it."""
        gradient = gradient.copy()
        smooth, coef = self._split(gradient)[0], self.coef
        shrunk = np.sign(smooth) * np.maximum(np.abs(smooth) - np.float32(self.l1_penalty), 0)
        smooth += np.float32(self.l1_penalty) * np.sign(coef)
        np.copyto(smooth, shrunk, where=coef == 0)
        direction, _ = directions(gradient)
        direction[direction * gradient >= 0] = 0
        self._side = np.where(coef != 0, np.sign(coef), -np.sign(smooth))
        return direction, float(np.dot(direction, gradient))

    def _step(self, direction: np.ndarray, slope: float) -> np.ndarray | None:
        """Move along a direction to a lower objective; return the step if there is one."""
        length = 1.0
        for _ in range(_MOST_TRIES):
            moved: np.ndarray = self.point + np.float32(length) * direction
            coef, intercept = self._split(moved)
            coef[np.sign(coef) != self._side] = 0
            margins = self.products.with_rows(coef)
            margins += intercept
            value, residual = self._loss(margins)
            squares = self._squares(coef)
            value += self.penalty * squares / 2 + self._l1(coef)
            if value <= self.value + _FALLS * length * slope:
                step = moved - self.point
                self.point, self.margins, self.residual = moved, margins, residual
                self.value, self.norm = value, squares
                return step
            length /= 2
        return None
