"""Sums over rows that are read block by block, more than memory holds, each computed once."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple, Protocol

import numpy as np
import scipy.sparse as sp

from agnews_sk._core.products import Run, rows_of, with_squares
from agnews_sk.classifiers._losses import Sigmoid, Softmax

_ROWS = 16_384  # of a block that a thread takes at a time
# Seconds of work that a process that is killed may lose, if a block takes less.
_SAVE_AFTER = 1.0

Arrays = dict[str, np.ndarray]


class RowBlock(NamedTuple):
    """Some consecutive rows.

    Attributes
    ----------
    X : csr_array of float32 of shape (n_rows, n_features)
    codes : ndarray of int of shape (n_rows,)
        Class of each row.
    places : ndarray of float of shape (n_rows,)
        From 0 to 1, pseudo-random and the same for equal rows: decides which rows are held out.
    """

    X: sp.csr_array
    codes: np.ndarray
    places: np.ndarray


@dataclass(frozen=True)
class RowBlocks:
    """Rows that are read block by block, always the same ones in the same order.

    Attributes
    ----------
    n_of_class : ndarray of int of shape (n_classes,)
        Number of rows of each class.
    n_features, n_blocks : int
    scale : float
        Root mean square of the norms of the rows.
    load : callable
        From the number of a block to a `RowBlock`.
    run : callable, default=map
        As `map`: where the sums of blocks are computed. Unless it is `map` itself, what it is given
        can be pickled if `load` can.
    """

    n_of_class: np.ndarray
    n_features: int
    n_blocks: int
    scale: float
    load: Callable[[int], RowBlock]
    run: Run = map


class Kept(Protocol):
    """What a fit has computed, kept where a new process finds it."""

    def load(self, name: str) -> Arrays | None:
        """Return the arrays of a name, None if there are none.

        Parameters
        ----------
        name : str

        Returns
        -------
        dict of str to ndarray, or None
        """

    def save(self, name: str, arrays: Arrays) -> None:
        """Keep arrays under a name, in place of those that it has.

        Parameters
        ----------
        name : str
        arrays : dict of str to ndarray
        """


@dataclass
class KeptInMemory:
    """What a fit has computed, kept in memory."""

    arrays: dict[str, Arrays] = field(default_factory=dict)

    def load(self, name: str) -> Arrays | None:
        """Return the arrays of a name, None if there are none.

        Parameters
        ----------
        name : str

        Returns
        -------
        dict of str to ndarray, or None
        """
        return self.arrays.get(name)

    def save(self, name: str, arrays: Arrays) -> None:
        """Keep arrays under a name, in place of those that it has.

        Parameters
        ----------
        name : str
        arrays : dict of str to ndarray
        """
        self.arrays[name] = arrays


@dataclass(frozen=True)
class BlockLoss:
    """The loss of the margins of blocks, some of whose rows are held out.

    Attributes
    ----------
    weight_of_class : ndarray of float of shape (n_classes,)
    scale : float
        Mean weight of the fitted rows.
    is_held_out : callable
        From the places of rows to which of them are held out.
    """

    weight_of_class: np.ndarray
    scale: float
    is_held_out: Callable[[np.ndarray], np.ndarray]

    @property
    def n_columns(self) -> int:
        """Number of margins of a row: one for two classes."""
        n_classes = len(self.weight_of_class)
        return 1 if n_classes == 2 else n_classes

    def of(self, codes: np.ndarray, counted: np.ndarray) -> Softmax:
        """Return the loss of some rows; those that do not count have the weight 0.

        Parameters
        ----------
        codes : ndarray of int of shape (n_rows,)
            Class of each row.
        counted : ndarray of bool of shape (n_rows,)

        Returns
        -------
        Softmax or Sigmoid
        """
        weight = np.where(counted, self.weight_of_class[codes], 0.0)
        target = codes[:, None] == np.arange(len(self.weight_of_class))
        if self.n_columns == 1:
            return Sigmoid(target[:, 1:], weight[:, None], self.scale)
        return Softmax(target, weight[:, None], self.scale)

    def start(self, n_of_class: np.ndarray) -> np.ndarray:
        """Return the best margins of rows without features, by the number of rows of classes.

        Parameters
        ----------
        n_of_class : ndarray of int of shape (n_classes,)

        Returns
        -------
        ndarray of float of shape (n_columns,)
        """
        weight = (self.weight_of_class * n_of_class / self.scale)[:, None]
        target = np.eye(len(n_of_class), dtype=bool)
        one = (
            Sigmoid(target[:, 1:], weight, 1.0)
            if self.n_columns == 1
            else Softmax(target, weight, 1.0)
        )
        return one.start()


class Sums(NamedTuple):
    """Sums over the fitted rows, at one point.

    Attributes
    ----------
    value : float
        Loss.
    held_out : float
        Mean loss of the rows that are held out, NaN without any.
    coef, intercept : ndarray of float32 of shape (n_features, n_columns) and (n_columns,)
        Derivatives of the loss.
    coef_curvature, intercept_curvature : ndarray of float32, or None
        Second derivatives by each of them, if they were asked for.
    """

    value: float
    held_out: float
    coef: np.ndarray
    intercept: np.ndarray
    coef_curvature: np.ndarray | None
    intercept_curvature: np.ndarray | None


class SumsOverBlocks:
    """Compute the sums that a descent asks for, each only once, even if the process is killed.

    They are kept by their number in the descent, with the number of blocks that they are of. A
    descent that starts again asks for the same sums and finds those that were computed, so that
    it takes the same steps without reading a row.

    Parameters
    ----------
    rows : RowBlocks
    loss : BlockLoss
    kept : Kept
    name : str
        Of the descent.
    run : callable, default=map
        As `map`, perhaps in threads.
    report : callable, optional
        Called with the number of sums so far, the held-out loss before, and blocks done.
    """

    def __init__(
        self,
        rows: RowBlocks,
        loss: BlockLoss,
        kept: Kept,
        name: str,
        run: Run = map,
        report: Callable[[int, float, int], None] | None = None,
    ) -> None:
        self.rows, self.loss, self.run = rows, loss, run
        self._kept, self._name = kept, name
        self._report = report or (lambda n_sums, held_out, n_blocks: None)
        self._n_sums, self._held_out = 0, float("nan")

    def at(self, coef: np.ndarray, intercept: np.ndarray, *, curved: bool) -> Sums:
        """Return the sums at a point.

        Parameters
        ----------
        coef : ndarray of float32 of shape (n_features, n_columns)
        intercept : ndarray of float32 of shape (n_columns,)
        curved : bool
            Whether second derivatives are needed.

        Returns
        -------
        Sums
        """
        name = f"{self._name}-{self._n_sums:04}"
        total = self._kept.load(name) or self._nothing(curved)
        left = range(int(total["done"][0]), self.rows.n_blocks)
        run = self.run if self.rows.run is map else map
        sums = _SumsOfBlock(self.rows.load, self.loss, coef, intercept, curved, run)
        found = iter(self.rows.run(sums, left))
        saved = time.monotonic()
        for number in left:
            self._report(self._n_sums, self._held_out, number)
            for key, value in next(found).items():
                total[key] += value
            total["done"] += 1
            is_last = number + 1 == self.rows.n_blocks
            if is_last:
                total = {key: _shorter(key, value) for key, value in total.items()}
            if is_last or time.monotonic() - saved >= _SAVE_AFTER:
                self._kept.save(name, total)
                saved = time.monotonic()
        self._n_sums += 1
        whole = self._as_sums(total, curved)
        self._held_out = whole.held_out
        return whole

    def _nothing(self, curved: bool) -> Arrays:
        """Return sums of no rows.

        Parameters
        ----------
        curved : bool
            Whether second derivatives are needed.

        Returns
        -------
        dict of str to ndarray
            `done` is the number of blocks; `values` are the loss, that of the rows that are held
            out, and their number; `slopes` and `curvatures` end with the row of the intercepts.
        """
        shape = self.rows.n_features, self.loss.n_columns
        zeros = {"done": np.zeros(1, np.int64), "values": np.zeros(3)}
        for name in ("slopes", "curvatures")[: 1 + curved]:
            zeros[name] = np.zeros((shape[0] + 1, shape[1]))
        return zeros

    def _as_sums(self, total: Arrays, curved: bool) -> Sums:
        """Return kept arrays as sums.

        Parameters
        ----------
        total : dict of str to ndarray
            As `_nothing` makes them, over all blocks.
        curved : bool

        Returns
        -------
        Sums
        """
        value, other, n_out = total["values"].tolist()
        slopes, bends = total["slopes"], total["curvatures"] if curved else None
        return Sums(
            value,
            other * self.loss.scale / n_out if n_out else float("nan"),
            slopes[:-1],
            slopes[-1],
            None if bends is None else bends[:-1],
            None if bends is None else bends[-1],
        )


@dataclass(frozen=True)
class _SumsOfBlock:
    """The sums over the rows of a block, in whatever process.

    Parts of a block are added up before they are added to other blocks, so that sums do not depend
    on where a block is read, nor on threads.

    Attributes
    ----------
    load : callable
        From the number of a block to a `RowBlock`.
    loss : BlockLoss
    coef : ndarray of float32 of shape (n_features, n_columns)
    intercept : ndarray of float32 of shape (n_columns,)
    curved : bool
        Whether second derivatives are needed.
    run : callable
        As `map`, perhaps in threads.
    """

    load: Callable[[int], RowBlock]
    loss: BlockLoss
    coef: np.ndarray
    intercept: np.ndarray
    curved: bool
    run: Run

    def __call__(self, number: int) -> Arrays:
        """Return the sums of a block.

        Parameters
        ----------
        number : int

        Returns
        -------
        dict of str to ndarray
        """
        block = self.load(number)
        starts = range(0, max(block.X.shape[0], 1), _ROWS)
        of_part = partial(self._of_part, block, self.loss.is_held_out(block.places))
        total: Arrays = {}
        for part in self.run(of_part, starts):
            for key, value in part.items():
                if key in total:
                    total[key] += value
                else:
                    total[key] = value
        return total

    def _of_part(self, block: RowBlock, held_out: np.ndarray, start: int) -> Arrays:
        """Return the sums of some rows of a block.

        Parameters
        ----------
        block : RowBlock
        held_out : ndarray of bool of shape (n_rows,)
        start : int
            First row.

        Returns
        -------
        dict of str to ndarray
        """
        rows = slice(start, min(start + _ROWS, block.X.shape[0]))
        X, out = rows_of(block.X, rows), held_out[rows]
        margins = X @ self.coef
        margins += self.intercept
        loss = self.loss.of(block.codes[rows], ~out)
        value, residual = loss.of(margins, slice(None))
        other = 0.0
        if out.any():
            other = self.loss.of(block.codes[rows], out).of(margins, slice(None))[0]
        sums = {"values": np.array([value, other, out.sum()])}
        sums["slopes"] = _with_transpose(X, residual)
        if self.curved:
            bends = loss.curvature(residual, slice(None))
            sums["curvatures"] = _with_transpose(with_squares(X), bends)
        return sums


def _with_transpose(X: sp.csr_array, values: np.ndarray) -> np.ndarray:
    """Return the product of transposed rows with values, and in a last row the sums of these.

    Parameters
    ----------
    X : csr_array of float32 of shape (n_rows, n_features)
    values : ndarray of float32 of shape (n_rows, n_columns)

    Returns
    -------
    ndarray of float of shape (n_features + 1, n_columns)
    """
    return np.vstack([X.T @ values, values.sum(axis=0, dtype=float)])


def _shorter(name: str, values: np.ndarray) -> np.ndarray:
    """Return sums that are complete as they are used: derivatives in single precision."""
    return values.astype(np.float32) if values.ndim == 2 else values
