"""Log losses of rows by their margins: of one label per row, and of several."""

import numpy as np


class Softmax:
    r"""Multinomial log loss, :math:`w (\log \sum_c e^{z_c} - \sum_c t_c z_c)` of each row.

    Parameters
    ----------
    target : ndarray of bool or float of shape (n_rows, n_classes)
        Distribution of the classes of each row.
    weight : ndarray of float of shape (n_rows, 1)
        Of the rows.
    scale : float, optional
        By default the mean weight.

    Attributes
    ----------
    target, weight : ndarray of float32
        Weights are divided by `scale`, so that they are far from the limits of single precision.
    scale : float
    """

    def __init__(self, target: np.ndarray, weight: np.ndarray, scale: float | None = None) -> None:
        self.scale = (float(weight.mean()) if scale is None else scale) or 1.0
        self.target = target.astype(np.float32)
        self.weight = (weight / self.scale).astype(np.float32)

    def start(self) -> np.ndarray:
        """Return the best margins of rows without features, ndarray of shape (n_classes,)."""
        share = (self.weight * self.target).sum(axis=0, dtype=float) + 0.5
        return np.log(share / share.sum())

    def of(self, margins: np.ndarray, rows: slice) -> tuple[float, np.ndarray]:
        """Return the loss of some rows, and its derivatives by their margins.

        Parameters
        ----------
        margins : ndarray of float32 of shape (n_rows, n_classes)
        rows : slice

        Returns
        -------
        loss : float
        residual : ndarray of float32 of shape (n_rows, n_classes)
        """
        target, weight = self.target[rows], self.weight[rows]
        shifted = margins - margins.max(axis=1, keepdims=True)
        residual = np.exp(shifted)
        total = residual.sum(axis=1, keepdims=True)
        shifted *= target
        loss = np.log(total) - shifted.sum(axis=1, keepdims=True)
        residual /= total
        residual -= target
        residual *= weight
        return float((weight * loss).sum(dtype=float)), residual

    def curvature(self, residual: np.ndarray, rows: slice) -> np.ndarray:
        """Return the second derivatives by each margin, ndarray of shape (n_rows, n_classes)."""
        target, weight = self.target[rows], self.weight[rows]
        probability = np.divide(residual, weight, out=np.zeros_like(residual), where=weight > 0)
        probability += target
        return weight * probability * (1 - probability)


class Sigmoid(Softmax):
    r"""Sum of the binary log losses :math:`w_c (\log(1 + e^{z_c}) - t_c z_c)` of the labels.

    Parameters
    ----------
    target : ndarray of bool or float of shape (n_rows, n_labels)
        Which row has which label.
    weight : ndarray of float of shape (n_rows, n_labels) or (n_rows, 1)
        Of the rows in the loss of each label.
    """

    def start(self) -> np.ndarray:
        """Return the best margins of rows without features, ndarray of shape (n_labels,)."""
        weight = np.broadcast_to(self.weight, self.target.shape)
        share = (weight * self.target).sum(axis=0, dtype=float) + 0.5
        share /= weight.sum(axis=0, dtype=float) + 1
        return np.log(share / (1 - share))

    def of(self, margins: np.ndarray, rows: slice) -> tuple[float, np.ndarray]:
        """Return the loss of some rows, and its derivatives by their margins."""
        target, weight = self.target[rows], self.weight[rows]
        # In single precision exp and log are many times faster than expit and logaddexp.
        smaller = np.exp(-np.abs(margins))
        total = smaller + 1
        loss = np.log(total)
        loss += np.maximum(margins, 0)
        loss -= target * margins
        loss *= weight
        residual = np.exp(np.minimum(margins, 0))  # many times faster than np.where
        residual /= total
        residual -= target
        residual *= weight
        return float(loss.sum(dtype=float)), residual
