"""Logistic regressions of several labels on the same rows, with one product for all of them."""

from collections.abc import Callable, Generator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from agnews_sk._core.products import Products, Run
from agnews_sk.classifiers._losses import Sigmoid
from agnews_sk.classifiers._quasi_newton import AGAIN_AFTER, Coefficients, Descent

_ROWS = 4096  # of columns that are put side by side at a time


class _Wanted(NamedTuple):
    """A product that a label needs.

    Attributes
    ----------
    product : callable
        Of `Products`.
    column : ndarray of float32 of shape (n_features, 1) or (n_rows, 1)
    """

    product: Callable[[np.ndarray], np.ndarray]
    column: np.ndarray


_Steps = Generator[_Wanted, np.ndarray, Coefficients]


def fit_labels(
    products: Products,
    losses: Sequence[Sigmoid],
    *,
    C: float,
    tol: float,
    max_iter: int,
    starts: Sequence[Coefficients] | None = None,
) -> list[Coefficients]:
    """Minimize the loss of each label and an L2 penalty of its coefficients.

    Each label takes the steps that `fit_logistic` would take for it alone, and as many. All labels
    take a step at the same time: a product with a column per label reads the rows once, and takes
    a third of the time of a product per label.

    Parameters
    ----------
    products : Products
        With the rows.
    losses : sequence of Sigmoid
        Of one label each.
    C, tol, max_iter
        As in `fit_logistic`.
    starts : sequence of Coefficients, optional
        Where to start each label, rather than at coefficients of 0.

    Returns
    -------
    list of Coefficients
        Of one label each.
    """
    begins = [None] * len(losses) if starts is None else starts
    fits = [
        _OneLabel(products, loss, C).fit(tol, max_iter, begin)
        for loss, begin in zip(losses, begins)
    ]
    found: dict[int, Coefficients] = {}

    def resume(place: int, column: np.ndarray | None) -> _Wanted | None:
        """Give a label its product; return what it wants next, None if it has converged."""
        try:
            return fits[place].send(column)  # type: ignore[arg-type]  # None starts it
        except StopIteration as end:
            found[place] = end.value
            return None

    places: list[int] = [*range(len(losses))]
    columns: Sequence[np.ndarray | None] = [None] * len(losses)
    while places:
        wanted = dict(zip(places, products.run(lambda given: resume(*given), zip(places, columns))))
        # Labels that started together want products of one kind, and as many as they take steps.
        left = {place: one for place, one in wanted.items() if one is not None}
        places = [*left]
        if places:
            asked = [one.column for one in left.values()]
            product = left[places[0]].product(_side_by_side(products.run, asked))
            columns = np.split(product, len(places), axis=1)
    return [found[place] for place in range(len(losses))]


def _side_by_side(run: Run, columns: list[np.ndarray]) -> np.ndarray:
    """Return columns as one matrix, some rows at a time, which stay in the cache."""
    joined = np.empty((len(columns[0]), len(columns)), np.float32)

    def fill(start: int) -> None:
        """Write some rows."""
        rows = slice(start, start + _ROWS)
        joined[rows] = np.stack([column[rows, 0] for column in columns]).T

    for _ in run(fill, range(0, len(joined), _ROWS)):
        pass
    return joined


class _OneLabel(Descent):
    """State of the minimization of the loss of one label, which asks for its products.

    Parameters
    ----------
    products : Products
        To ask for; they are not called here.
    loss : Sigmoid
        Of one label.
    C : float
    """

    def __init__(self, products: Products, loss: Sigmoid, C: float) -> None:
        self.products, self.loss, self.l1, self.run = products, loss, 0.0, map
        self.l2 = 1 / (C * loss.scale * products.scale**2)
        self.rows = [slice(0, len(loss.target))]
        self.shape = products.n_features, 1

    def fit(self, tol: float, max_iter: int, start: Coefficients | None) -> _Steps:
        """Fit the label as `fit_logistic` does."""
        margins = None
        if start is not None:
            start = start._replace(coef=(start.coef * self.products.scale).astype(np.float32))
            margins = yield _Wanted(self.products.with_rows, start.coef)
        self._begin(start, margins)
        n_iter, converged = yield from self._steps(tol, max_iter)
        coef = self.coef / np.float64(self.products.scale)
        value = self.value * self.loss.scale
        return Coefficients(coef, self.intercept.astype(float), n_iter, value, converged)

    def _steps(self, tol: float, max_iter: int) -> Generator[_Wanted, np.ndarray, tuple[int, bool]]:
        """Take the steps of `descend`, and return what it returns."""
        directions = self._directions()
        directions.diagonal = yield from self._asked_diagonal()
        gradient, n_iter = (yield from self._asked_gradient()), 0
        for n_iter in range(max_iter + 1):
            direction, slope = directions(gradient)
            converged = -slope / 2 <= tol * abs(self.value)
            if converged or n_iter == max_iter:
                break
            change = yield _Wanted(self.products.with_rows, self._split(direction)[0])
            step = self._along(direction, change, slope)
            if step is None:
                break
            before, gradient = gradient, (yield from self._asked_gradient())
            np.subtract(gradient, before, out=before)
            directions.add(step, before)
            if n_iter + 1 in AGAIN_AFTER:
                directions.diagonal = yield from self._asked_diagonal()
        return n_iter, converged

    def _asked_gradient(self) -> Generator[_Wanted, np.ndarray, np.ndarray]:
        """Ask for the product of the gradient, and return it."""
        product = yield _Wanted(self.products.with_transpose, self.residual)
        return self._gradient_by(product)

    def _asked_diagonal(self) -> Generator[_Wanted, np.ndarray, np.ndarray]:
        """Ask for the product of the second derivatives, and return their diagonal."""
        curvature = self._curvature()
        product = yield _Wanted(partial(self.products.with_transpose, squared=True), curvature)
        return self._diagonal_by(product, curvature)
