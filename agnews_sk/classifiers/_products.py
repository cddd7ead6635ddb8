"""Products of rows and of their transpose with few columns, in threads and single precision."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np
import scipy.sparse as sp
from joblib import effective_n_jobs
from threadpoolctl import threadpool_limits

_ROWS = 4096  # of a block; its margins fit in the cache of a core
_PARTS = 16  # of the transpose
_VALUES = 1 << 16  # of a block of stored values
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
    with threadpool_limits(1, "blas"):
        if n == 1:
            yield map
            return
        with ThreadPoolExecutor(n) as pool:
            yield pool.map


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

    Each element of a product is one sum within a block, so results do not depend on threads.

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
        if sp.issparse(X):
            X = _scaled(sp.csr_array(X), self.scale)
            transposed = X.T.tocsr()
            # Parts of about as many values each: a few features have most of them.
            ends = np.arange(1, _PARTS) * (transposed.nnz // _PARTS)
            starts = np.unique(np.searchsorted(transposed.indptr[:-1], ends))
            features = _slices([0, *starts[starts > 0].tolist()], self.n_features)
        else:
            X = np.ascontiguousarray(X / self.scale, dtype=np.float32)
            transposed, features = X.T, []  # the transposes of the blocks are views
        self._blocks = [(block, _rows_of(X, block)) for block in self.rows]
        self._transposed = [(part, _rows_of(transposed, part)) for part in features]

    def with_rows(self, coef: np.ndarray) -> np.ndarray:
        """Return the product of the rows with coefficients.

        Parameters
        ----------
        coef : ndarray of float32 of shape (n_features, n_columns)

        Returns
        -------
        ndarray of float32 of shape (n_rows, n_columns)
        """
        found = np.empty((self.n_rows, coef.shape[1]), np.float32, self._order)
        _fill(self.run, found, self._blocks, lambda block: block @ coef)
        return found

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
        found = np.zeros((self.n_features, values.shape[1]), np.float32, self._order)
        if self._transposed:
            transposed = self._transposed
            _fill(self.run, found, transposed, lambda p: (_squared(p) if squared else p) @ values)
            return found

        def of_block(part: tuple[slice, np.ndarray]) -> np.ndarray:
            """Return the part of the product that a block adds."""
            rows, block = part
            product: np.ndarray = (_squared(block) if squared else block).T @ values[rows]
            return product

        for product in self.run(of_block, self._blocks):
            found += product
        return found


def _scaled(X: sp.csr_array, scale: float) -> sp.csr_array:
    """Return a matrix divided by a number, in single precision; the positions are shared."""
    values = np.empty(X.nnz, np.float32)
    np.divide(X.data[: X.nnz], scale, out=values, casting="same_kind")
    return sp.csr_array((values, X.indices, X.indptr), shape=X.shape)


def _rows_of(X: Any, rows: slice) -> Any:
    """Return some rows of a matrix, as a view."""
    if not sp.issparse(X):
        return X[rows]
    offsets = X.indptr[rows.start : rows.stop + 1]
    values = slice(offsets[0], offsets[-1])
    parts = X.data[values], X.indices[values], offsets - offsets[0]
    return sp.csr_array(parts, shape=(rows.stop - rows.start, X.shape[1]))


def _slices(starts: Iterable[int], end: int) -> list[slice]:
    """Return slices from each start to the next."""
    starts = list(starts)
    return [slice(start, stop) for start, stop in zip(starts, [*starts[1:], end])]


def _fill(
    run: Run,
    into: np.ndarray,
    parts: list[tuple[slice, Any]],
    product: Callable[[Any], np.ndarray],
) -> None:
    """Write the product of each part into its rows."""

    def fill(part: tuple[slice, Any]) -> None:
        """Write one part."""
        into[part[0]] = product(part[1])

    for _ in run(fill, parts):
        pass


def _squared(X: Any) -> Any:
    """Return a matrix of the squares of its elements."""
    if not sp.issparse(X):
        return X * X
    return sp.csr_array((X.data * X.data, X.indices, X.indptr), shape=X.shape)
