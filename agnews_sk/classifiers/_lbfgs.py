"""Directions of the limited-memory BFGS method with a diagonal start, in threads."""

from typing import Any

import numpy as np

from agnews_sk.classifiers._products import Run

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

    def add(self, step: np.ndarray, change: np.ndarray) -> None:
        """Remember a step and the change of the gradient along it; forget the oldest one.

        Unless they have about a right angle, which rounding makes of a step that changes nothing.
        """
        lengths = inner(step, step) ** 0.5 * inner(change, change) ** 0.5
        if inner(step, change) <= _RIGHT_ANGLE * lengths:
            return
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

        def products(block: slice) -> tuple[np.ndarray, ...]:
            """Return the parts of a block in the products of steps, changes and gradient."""
            steps = np.stack([step[0, block] for step in self._steps])
            scaled = np.stack([change[0, block] for change in self._changes])
            scaled /= self.diagonal[block]
            changes = np.stack([change[-1, block] for change in self._changes])
            g = gradient[-1, block]
            return steps @ changes.T, scaled @ changes.T, steps @ g, scaled @ g

        parts: Any = zip(*self._run(products, blocks))
        both, changes, of_steps, of_changes = (np.sum(part, axis=0, dtype=float) for part in parts)
        scale = both[-1, -1] / changes[-1, -1]
        upper = np.triu(both)
        solved = np.linalg.solve(upper, of_steps)
        curved = (np.diag(np.diag(both)) + scale * changes) @ solved - scale * of_changes
        weights = np.linalg.solve(upper.T, curved)
        return np.float32(scale), weights.astype(np.float32), (-scale * solved).astype(np.float32)


def inner(left: np.ndarray, right: np.ndarray) -> float:
    """Return the inner product of two vectors of shape (n_images, n_parameters)."""
    return float(np.dot(left[0], right[-1]))
