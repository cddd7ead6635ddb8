"""Pictures of results, in scikit-learn's manner."""

import math
from typing import Any, Self

import numpy as np
from sklearn.metrics import confusion_matrix
from sklearn.utils.validation import check_is_fitted

from agnews_sk._core.label_arrays import as_kind_of, labels_given, plain_labels, union_of
from agnews_sk._core.optional import import_optional
from agnews_sk.evaluation import ComparisonResult, read_predictions

_PANELS_A_ROW = 3


class ConfusionMatrix:
    """Picture of a confusion matrix: counts, and the share of each true class.

    One blue from light to dark shows the share, so it reads the same to colour-blind eyes and
    in grey print.

    Parameters
    ----------
    counts : ndarray of int of shape (n_classes, n_classes)
        Rows, true labels down and predicted labels across.
    classes : array-like of shape (n_classes,)
        Labels, in the order of `counts`.
    name : str, default=""
        Classifier's name, shown as the title.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        Axes of the latest `plot`.
    figure_ : matplotlib.figure.Figure
        Figure they belong to.

    Examples
    --------
    >>> from agnews_sk.reporting import ConfusionMatrix
    >>> display = ConfusionMatrix.from_predictions(
    ...     ["Sports", "World", "World"], ["Sports", "Sports", "World"], name="tfidf"
    ... )
    >>> display.counts.tolist()
    [[1, 0], [1, 1]]
    >>> display.ax_.get_title()
    'tfidf'
    """

    def __init__(self, counts: np.ndarray, *, classes: Any, name: str = ""):
        self.counts = counts
        self.classes = classes
        self.name = name

    @classmethod
    def from_predictions(cls, y_true: Any, y_pred: Any, *, name: str = "", ax: Any = None) -> Self:
        """Plot the confusion matrix of predicted labels.

        Parameters
        ----------
        y_true, y_pred : array-like of shape (n_rows,)
        name : str, default=""
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        ConfusionMatrix
        """
        true = plain_labels(y_true, name="y_true")
        predicted = plain_labels(y_pred, name="y_pred")
        predicted = as_kind_of(predicted, true, name="y_pred", whose="y_true")
        classes = union_of(true, predicted)
        counts = confusion_matrix(true, predicted, labels=classes)
        return cls(counts, classes=classes, name=name).plot(ax=ax)

    @classmethod
    def from_estimator(
        cls, estimator: Any, X: Any, y: Any, *, name: str | None = None, ax: Any = None
    ) -> Self:
        """Plot the confusion matrix of a fitted classifier.

        Parameters
        ----------
        estimator : classifier
        X : DataFrame or array-like of shape (n_rows, ...)
        y : array-like of shape (n_rows,)
        name : str, optional
            The class name of the estimator by default.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        ConfusionMatrix
            Of the rows that it does not abstain on; the title says on how many it does.
        """
        check_is_fitted(estimator)
        name = type(estimator).__name__ if name is None else name
        true = plain_labels(y, X)
        predicted, abstained = read_predictions(estimator.predict(X), estimator, true, name)
        if abstained is None:
            return cls.from_predictions(true, predicted, name=name, ax=ax)
        labelled = ~abstained
        if not labelled.any():
            raise ValueError(
                f"{name} abstains on all {len(true):,} rows: there is nothing to draw."
            )
        title = with_abstentions(name, abstained)
        predicted = labels_given(predicted, abstained, true)
        return cls.from_predictions(true[labelled], predicted, name=title, ax=ax)

    def plot(self, ax: Any = None) -> Self:
        """Draw the matrix.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        ConfusionMatrix

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        if ax is None:
            ax = _new_figure(1, len(self.classes)).axes[0]
        shares = self.counts / np.maximum(self.counts.sum(axis=1, keepdims=True), 1)
        edges = np.arange(len(self.classes) + 1) - 0.5
        ax.pcolormesh(edges, edges, shares, cmap="Blues", vmin=0, vmax=1)
        ax.set_aspect("equal")
        ax.invert_yaxis()
        for (row, column), share in np.ndenumerate(shares):
            ax.text(
                column,
                row,
                f"{self.counts[row, column]:,}\n{share:.1%}",
                ha="center",
                va="center",
                fontsize="small",
                color="white" if share > 0.5 else "black",
            )
        positions = range(len(self.classes))
        ax.set_xticks(positions, labels=self.classes, rotation=45, ha="right")
        ax.set_yticks(positions, labels=self.classes)
        ax.set(title=self.name, xlabel="predicted", ylabel="true")
        self.ax_, self.figure_ = ax, ax.figure
        return self


def plot_confusion_matrices(result: ComparisonResult) -> Any:
    """Draw the confusion matrix of each compared classifier, one panel each.

    Parameters
    ----------
    result : ComparisonResult

    Returns
    -------
    matplotlib.figure.Figure
        Not tied to a window; `savefig` writes it.

    Raises
    ------
    ImportError
        If matplotlib is not installed.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> from agnews_sk.evaluation import compare_classifiers
    >>> from agnews_sk.reporting import plot_confusion_matrices
    >>> texts, labels = ["oil rises", "team wins"], ["Business", "Sports"]
    >>> result = compare_classifiers(
    ...     {"constant": DummyClassifier(), "random": DummyClassifier(strategy="uniform")},
    ...     texts, labels, texts, labels,
    ... )
    >>> [ax.get_title() for ax in plot_confusion_matrices(result).axes]
    ['constant', 'random']
    """
    figure = _new_figure(len(result.names), len(result.classes))
    for name, ax in zip(result.names, figure.axes):
        title = with_abstentions(name, result.abstained.get(name))
        counts = result.confusion(name).to_numpy()
        ConfusionMatrix(counts, classes=result.classes, name=title).plot(ax=ax)
    return figure


def with_abstentions(name: str, abstained: np.ndarray | None) -> str:
    """Return the name of a classifier, with the number of rows it abstains on if it does."""
    return name if abstained is None else f"{name}, {int(abstained.sum()):,} abstained"


def _new_figure(n_panels: int, n_classes: int) -> Any:
    """Return a figure with this many square panels, large enough to read the cells."""
    figures = import_optional("matplotlib.figure", extra="plot", needed_by="ConfusionMatrix")
    n_columns = min(n_panels, _PANELS_A_ROW)
    n_rows = math.ceil(n_panels / n_columns)
    side = 1.5 + 0.75 * n_classes  # inches: labels, and cells of two short lines
    figure = figures.Figure(figsize=(side * n_columns, side * n_rows), layout="compressed")
    for position in range(1, n_panels + 1):
        figure.add_subplot(n_rows, n_columns, position)
    return figure
