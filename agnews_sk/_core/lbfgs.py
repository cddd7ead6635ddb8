"""Directions of the limited-memory BFGS method with a diagonal start, in threads."""

import numpy as np

from agnews_sk._core.products import Run

_RIGHT_ANGLE = 1e-6  # cosine
_BLOCK = 1 << 14  # elements of a block; sums over blocks do not depend on threads


class Directions:
    r"""Estimate of the inverse of the matrix of second derivatives, from the last steps.

    In compact form (Byrd, Nocedal and Schnabel 1994, "Representations of quasi-Newton matrices and
    their use in limited memory methods", theorem 2.2), so that a direction takes two passes over
    the steps, which can be divided into blocks:

    .. math:: H = \gamma D^{-1} + [S, \gamma D^{-1} Y]
        \begin{bmatrix} R^{-T} (E + \gamma Y^T D^{-1} Y) R^{-1} & -R^{-T} \\ -R^{-1} & 0
        \end{bmatrix} [S, \gamma D^{-1} Y]^T

    with the diagonal :math:`D` of the matrix at some point, the steps :math:`S` and the changes
    :math:`Y` of the gradient as columns, the upper triangle :math:`R` of :math:`S^T Y` and its
    diagonal :math:`E`.

    Vectors are of shape (n_images, n_parameters). The first of their rows has the coordinates, and
    the last one their image, by which an inner product with other coordinates is a sum of products:
    the coordinates again if these are orthonormal.

    Parameters
    ----------
    run : callable
        As `map`.
    pairs : int, default=5
        Number of steps that are remembered.

    Attributes
    ----------
    diagonal : ndarray of float32 of shape (n_parameters,)
        Set it before the first direction, and again at later points for better directions.
    """

    def __init__(self, run: Run, pairs: int = 5) -> None:
        self._run, self._pairs = run, pairs
        self._steps: list[np.ndarray] = []
        self._changes: list[np.ndarray] = []
        self.diagonal = np.ones(0, np.float32)

    @property
    def diagonal(self) -> np.ndarray:
        """Diagonal of the matrix of second derivatives at some point."""
        return self._diagonal

    @diagonal.setter
    def diagonal(self, diagonal: np.ndarray) -> None:
        self._diagonal = diagonal
        self._inner = np.zeros((2, 0, 0))  # of steps with changes, and of changes

    def add(self, step: np.ndarray, change: np.ndarray) -> None:
        """Remember a step and the change of the gradient along it; forget the oldest one.

        Unless they have about a right angle, which rounding makes of a step that changes nothing.
        """
        lengths = inner(step, step) ** 0.5 * inner(change, change) ** 0.5
        if inner(step, change) <= _RIGHT_ANGLE * lengths:
            return
        if len(self._steps) == self._pairs:
            self._inner = self._inner[:, 1:, 1:]
        self._steps = [*self._steps, step][-self._pairs :]
        self._changes = [*self._changes, change][-self._pairs :]

    def __call__(self, gradient: np.ndarray) -> tuple[np.ndarray, float]:
        """Return the direction from a point with this gradient, and the slope along it.

        Parameters
        ----------
        gradient : ndarray of float32 of shape (n_images, n_parameters)

        Returns
        -------
        direction : ndarray of float32 of shape (n_images, n_parameters)
        slope : float
            Below 0, unless the gradient is 0.
        """
        blocks = [slice(start, start + _BLOCK) for start in range(0, gradient.shape[1], _BLOCK)]
        scale, of_steps, of_changes = self._weights(gradient, blocks)
        direction = np.empty_like(gradient)

        def fill(block: slice) -> float:
            """Write a block of the direction, and return its part of the slope."""
            part = scale * gradient[:, block]
            for weight, change in zip(of_changes, self._changes):
                part += weight * change[:, block]
            part /= self.diagonal[block]
            for weight, step in zip(of_steps, self._steps):
                part += weight * step[:, block]
            np.negative(part, out=direction[:, block])
            return -float(np.dot(part[0], gradient[-1, block]))

        return direction, sum(self._run(fill, blocks))

    def _weights(
        self, gradient: np.ndarray, blocks: list[slice]
    ) -> tuple[np.float32, np.ndarray, np.ndarray]:
        """Return the weights of the gradient, of the steps and of the changes in a direction.

        Returns
        -------
        scale : float32
        of_steps, of_changes : ndarray of float32 of shape (n_pairs,)
        """
        if not self._steps:
            return np.float32(1), np.empty(0, np.float32), np.empty(0, np.float32)

        added = self._changes[self._inner.shape[1] :]

        def products(block: slice) -> np.ndarray:
            """Return a block's part of the inner products of new changes and the gradient."""
            found = []
            for vector in (*added, gradient):
                scaled = vector[-1, block] / self.diagonal[block]
                of_steps = [np.dot(step[0, block], vector[-1, block]) for step in self._steps]
                found.append((of_steps, [np.dot(c[0, block], scaled) for c in self._changes]))
            return np.array(found)  # (n_added + 1, 2, n_pairs)

        *new, (of_steps, of_changes) = np.sum([*self._run(products, blocks)], axis=0, dtype=float)
        both, changes = self._inner = self._with(new)
        scale = both[-1, -1] / changes[-1, -1]
        solved = np.linalg.solve(both, of_steps)
        curved = (np.diag(np.diag(both)) + scale * changes) @ solved - scale * of_changes
        weights = np.linalg.solve(both.T, curved)
        return np.float32(scale), weights.astype(np.float32), (-scale * solved).astype(np.float32)

    def _with(self, new: list[np.ndarray]) -> np.ndarray:
        """Return the inner products of the steps with the changes, and of the changes.

        Parameters
        ----------
        new : list of ndarray of float of shape (2, n_pairs)
            Those of the last changes.

        Returns
        -------
        ndarray of float of shape (2, n_pairs, n_pairs)
            The first of the matrices is an upper triangle, the second one symmetric.
        """
        n_known, n_pairs = self._inner.shape[1], len(self._steps)
        found = np.zeros((2, n_pairs, n_pairs))
        found[:, :n_known, :n_known] = self._inner
        for place, column in enumerate(new, start=n_known):
            found[:, : place + 1, place] = column[:, : place + 1]
            found[1, place, :place] = column[1, :place]
        return found


def inner(left: np.ndarray, right: np.ndarray) -> float:
    """Return the inner product of two vectors of shape (n_images, n_parameters)."""
    return float(np.dot(left[0], right[-1]))
