"""The reliability diagram: accuracy by confidence."""

from typing import Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from agnews_sk._core.label_arrays import as_kind_of, plain_labels
from agnews_sk.evaluation import N_BINS, confidence_bins
from agnews_sk.reporting._axes_display import AxesDisplay
from agnews_sk.reporting._figures import COLOURS


class ReliabilityDisplay(AxesDisplay):
    """Reliability diagram: accuracy by confidence in the most probable label.

    A calibrated classifier lies on the diagonal; one below it is overconfident. The bars show the
    share of rows in each bin.

    Parameters
    ----------
    confidence : ndarray of float of shape (n_bins,)
        Mean confidence of each bin that has rows.
    accuracy : ndarray of float of shape (n_bins,)
        Accuracy of each bin.
    n_rows : ndarray of int of shape (n_bins,)
        Number of rows in each bin, none of them empty.
    name : str, default=""
        Name of the classifier, shown as the title.

    Attributes
    ----------
    calibration_error : float
        Expected calibration error: mean distance from the diagonal, weighted by rows (Guo et al.,
        2017).
    ax_ : matplotlib.axes.Axes
        Axes of the latest `plot`.
    figure_ : matplotlib.figure.Figure
        Figure they belong to.

    Examples
    --------
    >>> from agnews_sk.reporting import ReliabilityDisplay
    >>> display = ReliabilityDisplay.from_predictions(
    ...     ["World", "Sports"], [[0.1, 0.9], [0.7, 0.3]], classes=["Sports", "World"]
    ... )
    >>> round(display.calibration_error, 2)
    0.2
    """

    def __init__(
        self, confidence: np.ndarray, accuracy: np.ndarray, n_rows: np.ndarray, *, name: str = ""
    ):
        self.confidence = confidence
        self.accuracy = accuracy
        self.n_rows = n_rows
        self.name = name

    @property
    def calibration_error(self) -> float:
        """Expected calibration error: mean distance from the diagonal, weighted by rows."""
        gaps = np.abs(self.accuracy - self.confidence)
        return float(np.average(gaps, weights=self.n_rows))

    @classmethod
    def from_predictions(
        cls,
        y_true: Any,
        y_proba: Any,
        *,
        classes: Any,
        n_bins: int = N_BINS,
        name: str = "",
        ax: Any = None,
    ) -> Self:
        """Plot the reliability diagram of predicted probabilities.

        Parameters
        ----------
        y_true : array-like of shape (n_rows,)
        y_proba : array-like of float of shape (n_rows, n_classes)
        classes : array-like of shape (n_classes,)
            Labels of the columns of `y_proba`.
        n_bins : int, default=15
            Equally wide bins of confidence.
        name : str, default=""
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        ReliabilityDisplay

        Raises
        ------
        ValueError
            If labels are missing, or `y_proba` is not finite or not of shape (n_rows, n_classes).
        """
        true, y_proba = plain_labels(y_true, name="y_true"), np.asarray(y_proba)
        known = as_kind_of(
            plain_labels(classes, name="classes"), true, name="classes", whose="y_true"
        )
        if y_proba.shape != (len(true), len(known)) or not np.isfinite(y_proba).all():
            raise ValueError(
                f"y_proba must hold finite numbers of shape {(len(true), len(known))}, got shape "
                f"{y_proba.shape} with {int(np.sum(~np.isfinite(y_proba)))} that are not finite."
            )
        right = known[y_proba.argmax(axis=1)] == true
        confidence = y_proba.max(axis=1)
        bins = confidence_bins(confidence, n_bins)
        n_rows = np.bincount(bins, minlength=n_bins)
        kept = n_rows > 0
        confidence, right = (
            np.bincount(bins, values, n_bins)[kept] / n_rows[kept] for values in (confidence, right)
        )
        return cls(confidence, right, n_rows[kept], name=name).plot(ax=ax)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        n_bins: int = N_BINS,
        name: str | None = None,
        ax: Any = None,
    ) -> Self:
        """Plot the reliability diagram of a fitted classifier.

        Parameters
        ----------
        estimator : classifier with `predict_proba`
        X : DataFrame or array-like of shape (n_rows, ...)
        y : array-like of shape (n_rows,)
        n_bins : int, default=15
        name : str, optional
            The class name of the estimator by default.
        ax : matplotlib.axes.Axes, optional

        Returns
        -------
        ReliabilityDisplay
        """
        check_is_fitted(estimator)
        return cls.from_predictions(
            y,
            estimator.predict_proba(X),
            classes=estimator.classes_,
            n_bins=n_bins,
            name=type(estimator).__name__ if name is None else name,
            ax=ax,
        )

    def _draw(self, ax: Any) -> None:
        """Draw the diagram."""
        shares = self.n_rows / self.n_rows.sum()
        ax.bar(self.confidence, shares, width=0.04, color="0.6", alpha=0.5, label="share of rows")
        ax.plot([0, 1], [0, 1], linestyle=":", color="0.5", linewidth=1, label="calibrated")
        ax.plot(self.confidence, self.accuracy, marker="o", color=COLOURS[0], label="observed")
        ax.set(xlim=(0, 1.02), ylim=(0, 1.02), xlabel="confidence", ylabel="accuracy")
        ax.set_title(self.name)
        ax.legend(loc="upper left", frameon=False, fontsize="small")
