"""Products of rows and of their transpose with few columns, in threads and single precision."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import Any, Literal

import numpy as np
import scipy.sparse as sp
from joblib import effective_n_jobs
from threadpoolctl import ThreadpoolController

_ROWS = 4096  # of a block; its margins fit in the cache of a core
_PARTS = 16  # of the transpose
_VALUES = 1 << 16  # of a block of stored values
# Values per feature from which on products with rows go over features.
_VALUES_PER_FEATURE = 8
# With fewer stored values, starting threads takes longer than the products.
_FEWEST_FOR_THREADS = 200_000

Run = Callable[[Callable[[Any], Any], Iterable[Any]], Iterator[Any]]


@contextmanager
def threads(X: Any, n_jobs: int | None) -> Iterator[Run]:
    """Yield a `map` that uses threads if X is large.

    Parameters
    ----------
    X : {ndarray, sparse matrix}
    n_jobs : int or None
        Number of threads.

    Yields
    ------
    callable
        As `map`. Meanwhile BLAS uses one thread, so that sums do not depend on their number.
    """
    n_values = X.nnz if sp.issparse(X) else X.size
    n = effective_n_jobs(n_jobs) if n_values >= _FEWEST_FOR_THREADS else 1
    with _blas().limit(limits=1, user_api="blas"):
        if n == 1:
            yield map
            return
        with ThreadPoolExecutor(n) as pool:
            yield pool.map


@cache
def _blas() -> ThreadpoolController:
    """Return the BLAS libraries of NumPy and SciPy, searched for once per process.

    The search reads the memory map of the process, which takes longer than a fit on few rows.
    """
    return ThreadpoolController()


def mean_norm(X: Any) -> float:
    """Return the root mean square of the norms of rows, 1 if all are zero."""
    values = X.data if sp.issparse(X) else np.ravel(X)
    largest = max(float(values.max(initial=0)), -float(values.min(initial=0)))
    if not largest:
        return 1.0
    # Of the values over the largest one, whose squares do not overflow.
    total = 0.0
    for start in range(0, len(values), _VALUES):
        part = values[start : start + _VALUES] / np.float64(largest)
        total += float(np.dot(part, part))
    return largest * float(np.sqrt(total / X.shape[0]))


class Products:
    """Products with the rows of a matrix, which is divided into blocks.

    Each element of a product is a sum within a block, or of blocks in their order, so that results
    do not depend on threads.

    Parameters
    ----------
    X : {ndarray, sparse matrix} of shape (n_rows, n_features)
        Divided by `scale`.
    run : callable, default=map
        As `map`, see `threads`.
    scale : float, optional
        By default the root mean square of the norms of the rows.
    order : {"C", "F"}, default="C"
        Of products in memory: "F" where their columns are used one by one.

    Attributes
    ----------
    run : callable
    n_rows, n_features : int
    rows : list of slice
        Of the blocks.
    scale : float
        What X is divided by, so that products are far from the limits of single precision.
    """

    def __init__(
        self,
        X: Any,
        run: Run = map,
        scale: float | None = None,
        order: Literal["C", "F"] = "C",
    ) -> None:
        self.run, self._order = run, order
        self.n_rows, self.n_features = X.shape
        self.scale = mean_norm(X) if scale is None else scale
        self.rows = _slices(range(0, self.n_rows, _ROWS), self.n_rows)
        self._blocks: list[tuple[slice, Any]] = []  # of rows
        self._parts: list[tuple[slice, sp.csr_array]] = []  # of the transpose of sparse rows
        if not sp.issparse(X):
            X = np.ascontiguousarray(X / self.scale, dtype=np.float32)
            self._blocks = [(block, X[block]) for block in self.rows]
            return
        X = _scaled(sp.csr_array(X), self.scale)
        transposed = X.T.tocsr()
        # Parts of about as many values each: a few features have most of them.
        ends = np.arange(1, _PARTS) * (transposed.nnz // _PARTS)
        starts = np.unique(np.searchsorted(transposed.indptr[:-1], ends))
        features = _slices([0, *starts[starts > 0].tolist()], self.n_features)
        self._parts = [(part, rows_of(transposed, part)) for part in features]
        # Else feature by feature, since the sum of several columns over the features of a row waits
        # for each of them: a product takes half the time, and the rows are not kept.
        if order == "F" or X.nnz < _VALUES_PER_FEATURE * self.n_features:
            self._blocks = [(block, rows_of(X, block)) for block in self.rows]

    def with_rows(self, coef: np.ndarray) -> np.ndarray:
        """Return the product of the rows with coefficients.

        Parameters
        ----------
        coef : ndarray of float32 of shape (n_features, n_columns)

        Returns
        -------
        ndarray of float32 of shape (n_rows, n_columns)
        """
        shape = self.n_rows, coef.shape[1]
        if self._blocks:
            return self._filled(shape, self._blocks, lambda block: block @ coef)
        return self._sum(shape, self._parts, lambda features, part: part.T @ coef[features])

    def with_transpose(self, values: np.ndarray, squared: bool = False) -> np.ndarray:
        """Return the product of the transposed rows with values.

        Parameters
        ----------
        values : ndarray of float32 of shape (n_rows, n_columns)
        squared : bool, default=False
            Whether the elements of the rows are squared.

        Returns
        -------
        ndarray of float32 of shape (n_features, n_columns)
        """
        shape = self.n_features, values.shape[1]

        def factor(block: Any) -> Any:
            """Return a block, squared if asked for."""
            return with_squares(block) if squared else block

        if not self._parts:
            return self._sum(shape, self._blocks, lambda rows, X: factor(X).T @ values[rows])
        return self._filled(shape, self._parts, lambda part: factor(part) @ values)

    def _filled(
        self,
        shape: tuple[int, int],
        parts: Iterable[tuple[slice, Any]],
        product: Callable[[Any], np.ndarray],
    ) -> np.ndarray:
        """Return the products of parts, each in its rows."""
        found = np.empty(shape, np.float32, self._order)

        def fill(part: tuple[slice, Any]) -> None:
            """Write one part."""
            found[part[0]] = product(part[1])

        for _ in self.run(fill, parts):
            pass
        return found

    def _sum(
        self,
        shape: tuple[int, int],
        parts: Iterable[tuple[slice, Any]],
        product: Callable[[slice, Any], np.ndarray],
    ) -> np.ndarray:
        """Return the sum of the products of parts, in their order."""
        found = np.zeros(shape, np.float32, self._order)
        for part in self.run(lambda part: product(*part), parts):
            found += part
        return found


def _scaled(X: sp.csr_array, scale: float) -> sp.csr_array:
    """Return a matrix divided by a number, in single precision; the positions are shared."""
    values = np.empty(X.nnz, np.float32)
    np.divide(X.data[: X.nnz], scale, out=values, casting="same_kind")
    return sp.csr_array((values, X.indices, X.indptr), shape=X.shape)


def rows_of(X: sp.csr_array, rows: slice) -> sp.csr_array:
    """Return some rows of a matrix, as a view."""
    offsets = X.indptr[rows.start : rows.stop + 1]
    values = slice(offsets[0], offsets[-1])
    parts = X.data[values], X.indices[values], offsets - offsets[0]
    return sp.csr_array(parts, shape=(rows.stop - rows.start, X.shape[1]))


def _slices(starts: Iterable[int], end: int) -> list[slice]:
    """Return slices from each start to the next."""
    starts = list(starts)
    return [slice(start, stop) for start, stop in zip(starts, [*starts[1:], end])]


def with_squares(X: Any) -> Any:
    """Return a matrix of the squares of its elements."""
    if not sp.issparse(X):
        return X * X
    return sp.csr_array((X.data * X.data, X.indices, X.indptr), shape=X.shape)
