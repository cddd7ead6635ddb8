"""The display of learning curves."""

from typing import Any, Self

import pandas as pd

from agnews_sk.evaluation import LearningCurves
from agnews_sk.reporting._axes_display import AxesDisplay
from agnews_sk.reporting._figures import styles


class LearningCurvesDisplay(AxesDisplay):
    """Learning curves: score by number of training rows, with intervals.

    Parameters
    ----------
    curve : pandas.DataFrame
        What `LearningCurves.curve` returns.
    score : str
        Name of the score, shown as the label of the axis.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        Axes of the latest `plot`.
    figure_ : matplotlib.figure.Figure
        Figure they belong to.

    Examples
    --------
    >>> import pandas as pd
    >>> from agnews_sk.reporting import LearningCurvesDisplay
    >>> curve = pd.DataFrame({
    ...     "classifier": "tfidf", "train_size": [8, 16], "score": [0.5, 0.7],
    ...     "low": [0.4, 0.6], "high": [0.6, 0.8],
    ... })
    >>> LearningCurvesDisplay(curve, score="accuracy").plot().ax_.get_xlabel()
    'training rows'
    """

    def __init__(self, curve: pd.DataFrame, *, score: str):
        self.curve = curve
        self.score = score

    @classmethod
    def from_curves(
        cls, curves: LearningCurves, *, score: str = "accuracy", ax: Any = None
    ) -> Self:
        """Plot a score of learning curves.

        Parameters
        ----------
        curves : LearningCurves
        score : {"accuracy", "macro_f1"}, default="accuracy"
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        LearningCurvesDisplay
        """
        return cls(curves.curve(score), score=score).plot(ax=ax)

    def _draw(self, ax: Any) -> None:
        """Draw a line and a band for each classifier, sizes on a logarithmic axis."""
        groups = self.curve.groupby("classifier", sort=False)
        for (name, curve), style in zip(groups, styles(groups.ngroups)):
            ax.plot(curve["train_size"], curve["score"], label=name, **style)
            ax.fill_between(
                curve["train_size"], curve["low"], curve["high"], color=style["color"], alpha=0.15
            )
        sizes = sorted(set(self.curve["train_size"]))
        ax.set(xscale="log", xlabel="training rows", ylabel=self.score.replace("_", " "))
        ax.set_xticks(sizes, labels=[f"{size:,}" for size in sizes])
        ax.minorticks_off()
        ax.legend(frameon=False, fontsize="small")
