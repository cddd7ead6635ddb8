"""Penalized logistic regression with a coefficient per row, for fewer rows than features."""

from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp

from agnews_sk._core.lbfgs import Directions, inner
from agnews_sk._core.products import Products, Run, mean_norm
from agnews_sk.classifiers._losses import Softmax
from agnews_sk.classifiers._quasi_newton import Descent

# Steps by rows are cheaper where there are so many features per row, but they are more: not if
# products, with so many values per feature, take most of the time.
_FEATURES_PER_ROW, _VALUES_PER_FEATURE = 8, 16
# Share of a column, or of a row, in the sum of squares: a larger one bends the objective far more
# than the others do, which one second derivative for all does not describe.
_LARGEST_SHARE = 0.3
# Root mean squares of the norms of rows whose squares are far from the limits of single precision.
_LEAST_SCALE, _LARGEST_SCALE = 1e-15, 1e15
# Columns of a product whose coefficients of all features are in memory.
_COLUMNS = 32
# Steps that are remembered, and the number of elements from which on there are fewer.
_PAIRS, _FEWER_PAIRS, _MANY_ELEMENTS = 8, 4, 1 << 20
# Times the mean second derivative of a row: the second derivative by a typical coefficient.
_TYPICAL = 5.0


class RowCoefficients(NamedTuple):
    """Coefficients of the margins of classes or labels, as sums of rows.

    Attributes
    ----------
    X : {ndarray, CSR matrix} of shape (n_rows, n_features)
    of_rows : ndarray of float32 of shape (n_rows, n_columns)
        Factors of the rows in the sum.
    intercept : ndarray of float of shape (n_columns,)
    n_iter : int
    objective : float
    converged : bool
    """

    X: Any
    of_rows: np.ndarray
    intercept: np.ndarray
    n_iter: int
    objective: float
    converged: bool

    @property
    def coef(self) -> np.ndarray:
        """Coefficients of the features, ndarray of float of shape (n_features, n_columns)."""
        coef = np.empty((self.X.shape[1], self.of_rows.shape[1]))
        for columns in _blocks(self.of_rows):
            coef[:, columns] = self._coef_of(columns)
        return coef

    def margins(self, X: Any) -> np.ndarray:
        """Return the margins of other rows, ndarray of float32 of shape (n_rows, n_columns)."""
        X = X.astype(np.float32)
        margins = np.empty((X.shape[0], self.of_rows.shape[1]), np.float32)
        for columns in _blocks(self.of_rows):
            margins[:, columns] = X @ self._coef_of(columns)
        margins += self.intercept
        return margins

    def _coef_of(self, columns: slice) -> np.ndarray:
        """Return the coefficients of the features in some columns, in single precision."""
        coef = self.X.T @ np.ascontiguousarray(self.of_rows[:, columns], dtype=self.X.dtype)
        return coef.astype(np.float32)


def has_few_rows(X: Any) -> bool:
    """Return whether there are so few rows for the features that `fit_rows` is faster.

    Parameters
    ----------
    X : {ndarray, CSR matrix} of shape (n_rows, n_features)

    Returns
    -------
    bool
        Also False if one column or row outweighs the others, or squares could overflow.
    """
    n_rows, n_features = X.shape
    n_values = X.nnz if sp.issparse(X) else X.size
    cheap = n_values <= _VALUES_PER_FEATURE * n_features
    return bool(cheap and n_features >= _FEATURES_PER_ROW * n_rows and _is_even(X))


def _is_even(X: Any) -> bool:
    """Return whether no column or row outweighs the others, and squares are representable."""
    with np.errstate(over="ignore", invalid="ignore"):
        if sp.issparse(X):
            squares = X.data[: X.nnz].astype(float) ** 2  # (n_values,)
            rows = np.repeat(np.arange(X.shape[0]), np.diff(X.indptr))
            parts = np.bincount(X.indices, squares), np.bincount(rows, squares)
        else:
            dense = X.astype(float) ** 2
            parts = dense.sum(axis=0), dense.sum(axis=1)
        total = parts[0].sum()
        scale = np.sqrt(total / X.shape[0])
        largest = max(part.max(initial=0) for part in parts)
    return bool(_LEAST_SCALE < scale < _LARGEST_SCALE and largest <= _LARGEST_SHARE * total)


def fit_rows(
    X: Any,
    run: Run,
    loss: Softmax,
    *,
    C: float,
    tol: float,
    max_iter: int,
    start: tuple[np.ndarray, np.ndarray] | None = None,
) -> RowCoefficients:
    r"""Minimize the loss and an L2 penalty of all coefficients but the intercepts.

    Parameters
    ----------
    X : {ndarray, sparse matrix} of shape (n_rows, n_features)
    run : callable
        As `map`, see `threads`.
    loss : Softmax or Sigmoid
        Of one label or several labels per row.
    C, tol, max_iter
        As in `fit_logistic`.
    start : tuple of ndarray of shape (n_rows, n_columns) and (n_columns,), optional
        Coefficients of rows, and intercepts, to start at.

    Returns
    -------
    RowCoefficients

    Notes
    -----
    At the optimum, and at each step of L-BFGS from 0, the coefficients of the features are a sum of
    the rows: :math:`W = X^T A`. With the inner products :math:`K = X X^T` of the rows, the
    objective and its gradient depend on :math:`A` and :math:`K A` only,

    .. math:: \sum_i \ell(K A)_i + \frac{1}{2 C} \mathrm{tr}(A^T K A), \quad
        \nabla_W = X^T (\ell' + A / C),

    so that L-BFGS takes the same steps with as many numbers as there are rows. These are far fewer
    than features where there are few rows, or many classes. Features of a single row, most of them
    in a small corpus, add to the diagonal of :math:`K` only.
    """
    gram = _Gram(X, run)
    if start is not None:
        start = start[0] * np.float32(gram.scale**2), start[1]
    descent = _RowDescent(gram, loss, 1 / (C * loss.scale * gram.scale**2), start)
    n_iter, converged = descent.descend(tol, max_iter)
    return RowCoefficients(
        X,
        descent.coef / np.float32(gram.scale**2),
        descent.intercept.astype(float),
        n_iter,
        descent.value * loss.scale,
        converged,
    )


class _Gram:
    """The matrix of the inner products of rows with each other, in its factors.

    Parameters
    ----------
    X : {ndarray, sparse matrix} of shape (n_rows, n_features)
    run : callable
    """

    def __init__(self, X: Any, run: Run) -> None:
        self.run, self.n_rows = run, X.shape[0]
        self.scale = mean_norm(X)
        self._alone: np.ndarray | None = None
        if sp.issparse(X):
            X = sp.csr_array(X)
            alone = np.bincount(X.indices, minlength=X.shape[1]) <= 1
            values = np.where(alone[X.indices], X.data / self.scale, 0)
            rows = np.repeat(np.arange(self.n_rows), np.diff(X.indptr))
            squares = np.bincount(rows, values**2, minlength=self.n_rows)
            self._alone = squares.astype(np.float32)[:, None]  # (n_rows, 1)
            X = X[:, np.flatnonzero(~alone)]
        self._products = Products(X, run, self.scale)
        self.rows = self._products.rows

    def with_columns(self, values: np.ndarray) -> np.ndarray:
        """Return the product with values, ndarray of float32 of shape (n_rows, n_columns)."""
        found = np.empty_like(values)
        for columns in _blocks(values):
            part = np.ascontiguousarray(values[:, columns])
            found[:, columns] = self._products.with_rows(self._products.with_transpose(part))
        if self._alone is not None:
            found += self._alone * values
        return found


class _RowDescent(Descent):
    """State of a minimization by the coefficients of rows.

    Coefficients of rows and intercepts are one vector, and so are their derivatives; its image are
    the products of the coefficients with the matrix K.
    """

    def __init__(
        self,
        gram: _Gram,
        loss: Softmax,
        l2: float,
        start: tuple[np.ndarray, np.ndarray] | None,
    ) -> None:
        self.gram, self.loss, self.l2, self.l1 = gram, loss, l2, 0.0
        self.run, self.rows = gram.run, gram.rows
        self.shape = loss.target.shape
        self.point = np.zeros((2, (self.shape[0] + 1) * self.shape[1]), np.float32)
        self.intercept[:] = loss.start() if start is None else start[1]
        self.point[1] = self.point[0]
        if start is not None:
            self.coef[:] = start[0]
            self._split(self.point[1:])[0][:] = self.gram.with_columns(start[0])
        self.margins = self._margins(self.point)
        self.norm = self._norm_with(self.point, self.point)
        value, self.residual = self._loss(self.margins)
        self.value = value + self.l2 * self.norm / 2

    def _directions(self) -> Directions:
        """Return the memory of steps: shorter if there are many numbers."""
        few = self.point.shape[1] < _MANY_ELEMENTS
        return Directions(self.run, _PAIRS if few else _FEWER_PAIRS)

    def _step(self, direction: np.ndarray, slope: float) -> np.ndarray | None:
        """Move along a direction to where it is flat enough; return the step if there is one."""
        inner_product = self._norm_with(self.point, direction)
        squares = self._norm_with(direction, direction)
        length = self._move(self._margins(direction), inner_product, squares, slope)
        if not length:
            return None
        step: np.ndarray = np.float32(length) * direction
        self.point += step
        return step

    def _gradient(self) -> np.ndarray:
        """Return the derivatives of the objective by coefficients and intercepts."""
        gradient = np.zeros_like(self.point)
        coef, intercept = self._split(gradient)
        coef[:] = self.residual
        self._split(gradient[1:])[0][:] = self.gram.with_columns(self.residual)
        gradient += np.float32(self.l2) * self.point
        intercept[:] = self.residual.sum(axis=0, dtype=float)
        self._split(gradient[1:])[1][:] = intercept
        return gradient

    def _diagonal(self) -> np.ndarray:
        """Return second derivatives: one of all coefficients, and that of each intercept."""
        diagonal = np.empty_like(self.point[:1])
        coef, intercept = self._split(diagonal)
        total = np.zeros(self.shape[1])
        for rows in self.rows:
            total += self.loss.curvature(self.residual[rows], rows).sum(axis=0, dtype=float)
        coef[:] = self.l2 + _TYPICAL * total.mean() / self.shape[0]
        intercept[:] = total
        return np.maximum(diagonal, np.finfo(np.float32).tiny, out=diagonal)[0]

    def _margins(self, vector: np.ndarray) -> np.ndarray:
        """Return the margins of the rows by a vector, of shape (n_rows, n_columns)."""
        products, intercept = self._split(vector[1:])
        return products + intercept

    def _norm_with(self, left: np.ndarray, right: np.ndarray) -> float:
        """Return the inner product of the coefficients of features."""
        n_columns = self.shape[1]
        return inner(left[:, :-n_columns], right[:, :-n_columns])


def _blocks(values: np.ndarray) -> list[slice]:
    """Return slices of the columns."""
    return [slice(start, start + _COLUMNS) for start in range(0, values.shape[1], _COLUMNS)]
