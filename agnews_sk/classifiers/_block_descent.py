"""The quasi-Newton method for rows that are read block by block, more than memory holds."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np
import scipy.sparse as sp

from agnews_sk._core.products import Run, rows_of, with_squares
from agnews_sk.classifiers._losses import Sigmoid, Softmax
from agnews_sk.classifiers._quasi_newton import (
    AGAIN_AFTER,
    FLATTER,
    MOST_TRIES,
    Coefficients,
    Descent,
    Ends,
)

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
    """

    n_of_class: np.ndarray
    n_features: int
    n_blocks: int
    scale: float
    load: Callable[[int], RowBlock]


class Kept(Protocol):
    """What a fit has computed, kept where a new process finds it."""

    def load(self, name: str) -> Arrays | None:
        """Return the arrays of a name, None if there are none."""

    def save(self, name: str, arrays: Arrays) -> None:
        """Keep arrays under a name, in place of those that it has."""


@dataclass
class KeptInMemory:
    """What a fit has computed, kept in memory."""

    arrays: dict[str, Arrays] = field(default_factory=dict)

    def load(self, name: str) -> Arrays | None:
        """Return the arrays of a name, None if there are none."""
        return self.arrays.get(name)

    def save(self, name: str, arrays: Arrays) -> None:
        """Keep arrays under a name, in place of those that it has."""
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
        """Return the loss of some rows; those that do not count have the weight 0."""
        weight = np.where(counted, self.weight_of_class[codes], 0.0)
        target = codes[:, None] == np.arange(len(self.weight_of_class))
        if self.n_columns == 1:
            return Sigmoid(target[:, 1:], weight[:, None], self.scale)
        return Softmax(target, weight[:, None], self.scale)

    def start(self, n_of_class: np.ndarray) -> np.ndarray:
        """Return the best margins of rows without features, by the number of rows of classes."""
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
        first = int(total["done"][0])
        saved = time.monotonic()
        for number in range(first, self.rows.n_blocks):
            self._report(self._n_sums, self._held_out, number)
            for part in self._of_block(self.rows.load(number), coef, intercept, curved):
                for key, value in part.items():
                    total[key] += value
            total["done"] += 1
            is_last = number + 1 == self.rows.n_blocks
            if is_last:
                total = {key: _shorter(key, value) for key, value in total.items()}
            if is_last or time.monotonic() - saved >= _SAVE_AFTER:
                self._kept.save(name, total)
                saved = time.monotonic()
        self._n_sums += 1
        found = self._as_sums(total, curved)
        self._held_out = found.held_out
        return found

    def _nothing(self, curved: bool) -> Arrays:
        """Return sums of no rows."""
        shape = self.rows.n_features, self.loss.n_columns
        zeros = {"done": np.zeros(1, np.int64), "values": np.zeros(3)}
        for name in ("slopes", "curvatures")[: 1 + curved]:
            zeros[name] = np.zeros((shape[0] + 1, shape[1]))
        return zeros

    def _of_block(
        self, block: RowBlock, coef: np.ndarray, intercept: np.ndarray, curved: bool
    ) -> Iterable[Arrays]:
        """Yield the sums of the parts of a block, in their order."""
        starts = range(0, max(block.X.shape[0], 1), _ROWS)
        held_out = self.loss.is_held_out(block.places)

        def of_part(start: int) -> Arrays:
            """Return the sums of some rows."""
            rows = slice(start, min(start + _ROWS, block.X.shape[0]))
            X, out = rows_of(block.X, rows), held_out[rows]
            margins = X @ coef
            margins += intercept
            loss = self.loss.of(block.codes[rows], ~out)
            value, residual = loss.of(margins, slice(None))
            other = (
                self.loss.of(block.codes[rows], out).of(margins, slice(None))[0]
                if out.any()
                else 0.0
            )
            sums = {"values": np.array([value, other, out.sum()])}
            sums["slopes"] = _with_transpose(X, residual)
            if curved:
                sums["curvatures"] = _with_transpose(
                    with_squares(X), loss.curvature(residual, slice(None))
                )
            return sums

        return self.run(of_part, starts)

    def _as_sums(self, total: Arrays, curved: bool) -> Sums:
        """Return kept arrays as sums."""
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


def _with_transpose(X: sp.csr_array, values: np.ndarray) -> np.ndarray:
    """Return the product of transposed rows with values, and in a last row the sums of these."""
    return np.vstack([X.T @ values, values.sum(axis=0, dtype=float)])


def _shorter(name: str, values: np.ndarray) -> np.ndarray:
    """Return sums that are complete as they are used: derivatives in single precision."""
    return values.astype(np.float32) if values.ndim == 2 else values


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
        """Return the sums at a point, whose derivatives are by features divided by the scale."""
        coef, intercept = self._split(point)
        scale = np.float32(self.sums.rows.scale)
        found = self.sums.at(coef / scale, intercept, curved=curved)
        bends = found.coef_curvature
        bends = None if bends is None else bends / scale**2
        return found._replace(coef=found.coef / scale, coef_curvature=bends)

    def _take(self, point: np.ndarray, found: Sums) -> None:
        """Move to a point."""
        self.point, self._found = point, found
        self.norm = self._squares(self.coef)
        self.value = found.value + self._penalty(self.norm, self.coef)

    def _step(self, direction: np.ndarray, slope: float) -> np.ndarray | None:
        """Move along a direction to where it is flat enough; return the step if there is one."""
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
        """Return the gradient at a point."""
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
