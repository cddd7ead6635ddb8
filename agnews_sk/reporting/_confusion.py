"""Confusion matrices of a comparison, drawn by scikit-learn's display."""

import math
from typing import Any

import numpy as np
from sklearn.metrics import ConfusionMatrixDisplay

from agnews_sk.evaluation import ComparisonResult
from agnews_sk.reporting._figures import new_figure
from agnews_sk.reporting._fonts import add_fonts

_PANELS_PER_ROW = 3


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

    See Also
    --------
    sklearn.metrics.ConfusionMatrixDisplay : Draws a single matrix, from a classifier or from
        predictions.

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
    n_columns = min(len(result.names), _PANELS_PER_ROW)
    n_rows = math.ceil(len(result.names) / n_columns)
    side = _side(result)
    figure = new_figure(
        side * n_columns,
        side * n_rows,
        needed_by="plot_confusion_matrices",
        layout="compressed",
    )
    for position, name in enumerate(result.names, start=1):
        ax = figure.add_subplot(n_rows, n_columns, position)
        confusion_display(result, name, ax=ax)
        ax.set_title(with_abstentions(result, name))
    add_fonts(figure)
    return figure


def confusion_display(
    result: ComparisonResult, name: str, *, ax: Any = None
) -> ConfusionMatrixDisplay:
    """Draw the confusion matrix of one compared classifier.

    Parameters
    ----------
    result : ComparisonResult
    name : str
        Name of the classifier.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    ConfusionMatrixDisplay
        Cells show the number of rows and their share of the true class; the colour is the share,
        in one hue from light to dark, which is readable without colour too.
    """
    if ax is None:
        side = _side(result)
        ax = new_figure(side, side, needed_by="plot_confusion_matrices").add_subplot()
    counts = result.confusion_matrix(name).to_numpy()  # (n_classes, n_classes)
    # A class without true rows has shares of 0.
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    display = ConfusionMatrixDisplay(shares, display_labels=result.classes)
    display.plot(ax=ax, cmap="Blues", colorbar=False, im_kw={"vmin": 0, "vmax": 1})
    # By rotation alone, long labels would be centred and overlap their neighbours.
    ax.set_xticks(ax.get_xticks(), labels=result.classes, rotation=45, ha="right")
    for cell, share in np.ndenumerate(shares):
        display.text_[cell].set(
            text=f"{counts[cell]:,}\n{share:.1%}",
            color="white" if share > 0.5 else "black",
            fontsize="small",
        )
    return display


def with_abstentions(result: ComparisonResult, name: str) -> str:
    """Return the name of a classifier, with the number of rows on which it abstains, if any."""
    abstained = result.abstained.get(name)
    return name if abstained is None else f"{name}, {int(abstained.sum()):,} abstained"


def _side(result: ComparisonResult) -> float:
    """Return the inches of a side of one panel: labels, and cells of two short lines."""
    return 1.5 + 0.75 * len(result.classes)
