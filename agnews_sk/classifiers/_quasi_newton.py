"""Penalized logistic regression by a quasi-Newton method in single precision."""

from typing import NamedTuple

import numpy as np

from agnews_sk._core.lbfgs import Directions
from agnews_sk._core.products import Products
from agnews_sk.classifiers._losses import Softmax

# Iterations after which the diagonal of the second derivatives is computed again.
AGAIN_AFTER = (3, 8, 20)
# A step is taken if the slope along it has fallen to this share; tried at most so often.
FLATTER, MOST_TRIES = 0.5, 20
# With an L1 norm it is taken if the objective falls by this share of what the slope promises.
_FALLS = 1e-4
# Share of the mean second derivative that none is below, where no L2 norm bounds them: those of
# features of rows that are classified correctly are nearly 0.
_LEAST_CURVATURE = 0.1


class Coefficients(NamedTuple):
    """Coefficients of the margins of classes or labels.

    Attributes
    ----------
    coef : ndarray of float of shape (n_features, n_columns)
    intercept : ndarray of float of shape (n_columns,)
    n_iter : int, default=0
        Steps that were taken.
    objective : float, default=inf
    converged : bool, default=False
        Whether the next step was expected to gain little.
    """

    coef: np.ndarray
    intercept: np.ndarray
    n_iter: int = 0
    objective: float = np.inf
    converged: bool = False


def fit_logistic(
    products: Products,
    loss: Softmax,
    *,
    C: float,
    tol: float,
    max_iter: int,
    l1_ratio: float = 0.0,
    start: Coefficients | None = None,
) -> Coefficients:
    r"""Minimize the loss and a penalty of all coefficients but the intercepts.

    Parameters
    ----------
    products : Products
        With the rows.
    loss : Softmax or Sigmoid
        Of one label or several labels per row.
    C : float
        Inverse strength of the penalty.
    tol : float
        Stops where the next step is expected to lower the objective by at most this share.
    max_iter : int
        Maximum number of steps.
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
    scale = products.scale
    if start is not None:
        start = Coefficients(start.coef * scale, start.intercept)
    l2, l1 = (1 - l1_ratio) / (C * loss.scale * scale**2), l1_ratio / (C * loss.scale * scale)
    descent = (_SparseDescent if l1 else Descent)(products, loss, l2, l1, start)
    n_iter, converged = descent.descend(tol, max_iter)
    coef, intercept = descent.coef / np.float64(scale), descent.intercept.astype(float)
    return Coefficients(coef, intercept, n_iter, descent.value * loss.scale, converged)


class _State(NamedTuple):
    """Margins, derivatives of the loss by them, objective, and squared norm of the coefficients."""

    margins: np.ndarray
    residual: np.ndarray
    value: float
    norm: float


class Ends:
    """Ends of the lengths of a step between which the objective is lowest.

    Parameters
    ----------
    slope : float
        At length 0.
    """

    def __init__(self, slope: float) -> None:
        self.low, self.slope_at_low = 0.0, slope
        self.high, self.slope_at_high = np.inf, np.inf
        self._rose = False  # whether the objective rose at the length before

    def narrow(self, length: float, slope: float) -> None:
        """Move an end to a length, by the sign of the slope there.

        If the same end moves twice, the slope at the other one is halved (the Illinois method;
        Dowell and Jarratt 1971), since a curved slope would else keep it in its place.
        """
        rises = slope >= 0
        if rises:
            self.high, self.slope_at_high = length, slope
            self.slope_at_low /= 2 if self._rose else 1
        else:
            self.low, self.slope_at_low = length, slope
            self.slope_at_high /= 1 if self._rose else 2
        self._rose = rises

    def between(self) -> float:
        """Return the length where a line through both slopes is 0, not close to an end."""
        if not np.isfinite(self.high):
            return 4 * max(self.low, 1.0)
        share = self.slope_at_low / (self.slope_at_low - self.slope_at_high)
        return self.low + float(np.clip(share, 0.05, 0.95)) * (self.high - self.low)


class Descent:
    """State of a minimization.

    Coefficients, one row per feature, and intercepts are one array of shape (1, n_parameters), and
    so are their derivatives.

    Parameters
    ----------
    products : Products
    loss : Softmax or Sigmoid
    l2, l1 : float
        Weights of half the squared L2 norm and of the L1 norm of the coefficients.
    start : Coefficients or None
    """

    def __init__(
        self, products: Products, loss: Softmax, l2: float, l1: float, start: Coefficients | None
    ) -> None:
        self.products, self.loss, self.l2, self.l1 = products, loss, l2, l1
        self.run, self.rows = products.run, products.rows
        self.shape = self.products.n_features, loss.target.shape[1]
        self._begin(
            start, None if start is None else products.with_rows(start.coef.astype(np.float32))
        )

    def _begin(self, start: Coefficients | None, margins: np.ndarray | None) -> None:
        """Set the state at a start, whose margins without the intercepts are given."""
        loss = self.loss
        self.point = np.zeros((1, (self.shape[0] + 1) * self.shape[1]), np.float32)
        self.margins = np.zeros(loss.target.shape, np.float32)
        self.intercept[:] = loss.start() if start is None else start.intercept
        if start is not None and margins is not None:
            self.coef[:] = start.coef
            self.margins += margins
        self.margins += self.intercept
        self.norm = self._squares(self.coef)
        value, self.residual = self._loss(self.margins)
        self.value = value + self._penalty(self.norm, self.coef)

    @property
    def coef(self) -> np.ndarray:
        """Coefficients, a view of shape (n_features, n_columns)."""
        return self._split(self.point)[0]

    @property
    def intercept(self) -> np.ndarray:
        """Intercepts, a view of shape (n_columns,)."""
        return self._split(self.point)[1]

    def descend(self, tol: float, max_iter: int) -> tuple[int, bool]:
        """Take steps until the next one would gain little; return their number, and whether so."""
        directions = self._directions()
        directions.diagonal = self._diagonal()
        gradient, n_iter = self._gradient(), 0
        for n_iter in range(max_iter + 1):
            direction, slope = self._direction(directions, gradient)
            converged = -slope / 2 <= tol * abs(self.value)
            step = None if converged or n_iter == max_iter else self._step(direction, slope)
            if step is None:
                break
            before, gradient = gradient, self._gradient()
            directions.add(step, gradient - before)
            if n_iter + 1 in AGAIN_AFTER:
                directions.diagonal = self._diagonal()
        return n_iter, converged

    def _directions(self) -> Directions:
        """Return the memory of steps."""
        return Directions(self.run)

    def _direction(self, directions: Directions, gradient: np.ndarray) -> tuple[np.ndarray, float]:
        """Return a direction and the slope along it."""
        return directions(gradient)

    def _step(self, direction: np.ndarray, slope: float) -> np.ndarray | None:
        """Move along a direction to where it is flat enough; return the step if there is one.

        The objective is convex, so that a length is too short where it falls steeply and too long
        where it rises; the next one is between both.
        """
        coef, _ = self._split(direction)
        return self._along(direction, self.products.with_rows(coef), slope)

    def _along(self, direction: np.ndarray, change: np.ndarray, slope: float) -> np.ndarray | None:
        """Move along a direction, given its product with the rows; both are overwritten."""
        coef, intercept = self._split(direction)
        change += intercept
        inner, norm = float(np.vdot(self.coef, coef)), self._squares(coef)
        length = self._move(change, inner, norm, slope)
        if not length:
            return None
        direction *= np.float32(length)  # now the step
        self.point += direction
        return direction

    def _move(self, change: np.ndarray, inner: float, norm: float, slope: float) -> float:
        """Change the margins to where the objective is flat enough, and return the length.

        Parameters
        ----------
        change : ndarray of float32 of shape (n_rows, n_columns)
            Of the margins by a step of length 1.
        inner, norm : float
            Inner product of the step with the coefficients, and its squared norm.
        slope : float
            Along the step.

        Returns
        -------
        float
            0 if there is no lower objective, or it overflows.
        """

        def move(length: float) -> tuple[_State, float]:
            """Return the state after a step of some length, and the slope there."""
            margins: np.ndarray = self.margins + np.float32(length) * change
            value, residual = self._loss(margins)
            squares = self.norm + 2 * length * inner + length**2 * norm
            value += self.l2 * squares / 2
            found = float(np.vdot(residual, change)) + self.l2 * (inner + length * norm)
            return _State(margins, residual, value, squares), found

        length, ends = 1.0, Ends(slope)
        for _ in range(MOST_TRIES):
            state, found = move(length)
            if state.value <= self.value and abs(found) <= -FLATTER * slope:
                break
            ends.narrow(length, found)
            length = ends.between()
        else:
            length = ends.low  # lower than the start, since the objective falls all the way to it
            state, _ = move(length)
        if not length or not np.isfinite(state.value):
            return 0.0
        self.margins, self.residual, self.value, self.norm = state
        return length

    def _loss(self, margins: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the loss of all rows, and its derivatives by their margins."""
        residual = np.empty_like(margins)

        def fill(rows: slice) -> float:
            """Write the derivatives of some rows, and return their loss."""
            value, residual[rows] = self.loss.of(margins[rows], rows)
            return value

        return sum(self.run(fill, self.rows)), residual

    def _gradient(self) -> np.ndarray:
        """Return the derivatives of the objective by coefficients and intercepts."""
        return self._gradient_by(self.products.with_transpose(self.residual))

    def _gradient_by(self, product: np.ndarray) -> np.ndarray:
        """Return the gradient by the product of the transposed rows with the residual."""
        gradient = np.empty_like(self.point)
        coef, intercept = self._split(gradient)
        coef[:] = product
        coef += np.float32(self.l2) * self.coef
        intercept[:] = self.residual.sum(axis=0, dtype=float)
        return gradient

    def _diagonal(self) -> np.ndarray:
        """Return the second derivatives of the objective by each coefficient and intercept."""
        curvature = self._curvature()
        return self._diagonal_by(self.products.with_transpose(curvature, squared=True), curvature)

    def _curvature(self) -> np.ndarray:
        """Return the second derivatives of the loss by the margins."""
        return np.concatenate(
            [self.loss.curvature(self.residual[rows], rows) for rows in self.rows]
        )

    def _diagonal_by(self, product: np.ndarray, curvature: np.ndarray) -> np.ndarray:
        """Return the diagonal by the product of the transposed squared rows with the curvature."""
        diagonal = np.empty_like(self.point)
        coef, intercept = self._split(diagonal)
        coef[:] = product
        coef += np.float32(self.l2)
        if self.l1:
            np.maximum(coef, np.float32(_LEAST_CURVATURE) * coef.mean(), out=coef)
        intercept[:] = curvature.sum(axis=0, dtype=float)
        return np.maximum(diagonal, np.finfo(np.float32).tiny, out=diagonal)[0]

    def _split(self, flat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the parts of an array as views: of coefficients, and of intercepts."""
        n_columns = self.shape[1]
        return flat[0, :-n_columns].reshape(self.shape), flat[0, -n_columns:]

    def _penalty(self, norm: float, coef: np.ndarray) -> float:
        """Return the penalty of coefficients with this squared norm."""
        l1 = self.l1 * float(np.abs(coef).sum(dtype=float)) if self.l1 else 0.0
        return self.l2 * norm / 2 + l1

    @staticmethod
    def _squares(coef: np.ndarray) -> float:
        """Return the sum of squares."""
        return float(np.vdot(coef, coef))


class _SparseDescent(Descent):
    """State of a minimization with an L1 norm.

    Its derivative is not defined at 0. There the gradient is the one on the side where the
    objective falls, or 0 if it rises on both sides, and a step stays on that side of 0.
    """

    def _direction(self, directions: Directions, gradient: np.ndarray) -> tuple[np.ndarray, float]:
        """Return a direction and the slope along it."""
        gradient = gradient.copy()
        smooth, coef = self._split(gradient)[0], self.coef
        shrunk = np.sign(smooth) * np.maximum(np.abs(smooth) - np.float32(self.l1), 0)
        smooth += np.float32(self.l1) * np.sign(coef)
        np.copyto(smooth, shrunk, where=coef == 0)
        direction, _ = directions(gradient)
        direction[direction * gradient >= 0] = 0
        self._side = np.where(coef != 0, np.sign(coef), -np.sign(smooth))
        return direction, float(np.vdot(direction, gradient))

    def _step(self, direction: np.ndarray, slope: float) -> np.ndarray | None:
        """Move along a direction to a lower objective; return the step if there is one."""
        length = 1.0
        for _ in range(MOST_TRIES):
            moved: np.ndarray = self.point + np.float32(length) * direction
            coef, intercept = self._split(moved)
            coef[np.sign(coef) != self._side] = 0
            margins = self.products.with_rows(coef)
            margins += intercept
            value, residual = self._loss(margins)
            squares = self._squares(coef)
            value += self._penalty(squares, coef)
            if value <= self.value + _FALLS * length * slope:
                step = moved - self.point
                self.point, self.margins, self.residual = moved, margins, residual
                self.value, self.norm = value, squares
                return step
            length /= 2
        return None
