"""Displays of a comparison: scores with intervals, and scores against costs."""

from typing import Any, Self

import numpy as np
import pandas as pd

from agnews_sk.evaluation import ComparisonResult, interval_columns
from agnews_sk.reporting._axes_display import AxesDisplay
from agnews_sk.reporting._figures import logarithmic, styles

# Axis label of each column of costs.
COSTS = {
    "fit_seconds": "fit time in seconds",
    "cpu_seconds": "CPU time of the fit in seconds",
    "texts_per_second": "prediction speed in texts/s",
    "latency_p50_ms": "latency of one text in ms, median",
    "latency_p95_ms": "latency of one text in ms, 95th percentile",
    "latency_p99_ms": "latency of one text in ms, 99th percentile",
    "peak_memory_bytes": "peak memory in bytes",
    "size_bytes": "size on disk in bytes",
    "n_parameters": "number of parameters",
}


class ScoresDisplay(AxesDisplay):
    """One score of each classifier with its interval.

    Parameters
    ----------
    intervals : pandas.DataFrame of shape (n_classifiers, 3)
        Columns `score`, `low` and `high`, one row per classifier.
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
    >>> from agnews_sk.reporting import ScoresDisplay
    >>> display = ScoresDisplay.from_predictions(
    ...     ["Sports", "World"], {"tfidf": ["Sports", "World"]}, random_state=0
    ... )
    >>> display.intervals.round(2).to_dict("index")
    {'tfidf': {'score': 1.0, 'low': 0.16, 'high': 1.0}}
    """

    def __init__(self, intervals: pd.DataFrame, *, score: str):
        self.intervals = intervals
        self.score = score

    @classmethod
    def from_result(
        cls, result: ComparisonResult, *, score: str = "accuracy", ax: Any = None
    ) -> Self:
        """Plot a score of a comparison.

        Parameters
        ----------
        result : ComparisonResult
        score : str, default="accuracy"
            A column of `result.scores` that can have an interval.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        ScoresDisplay

        Raises
        ------
        ValueError
            If no such column has this name.
        """
        ends = interval_columns(result.classes, multilabel=result.multilabel)
        if score not in ends:
            raise ValueError(f"score must be one of {list(ends)}, got {score!r}.")
        intervals = result.scores[[score, *ends[score]]].set_axis(["score", "low", "high"], axis=1)
        return cls(intervals, score=score).plot(ax=ax)

    @classmethod
    def from_predictions(
        cls,
        y_true: Any,
        predictions: Any,
        *,
        score: str = "accuracy",
        random_state: Any = None,
        ax: Any = None,
    ) -> Self:
        """Plot a score of predicted labels.

        Parameters
        ----------
        y_true : array-like of shape (n_rows,)
        predictions : mapping of str to array-like of shape (n_rows,)
            Predicted labels, by name of the classifier.
        score : str, default="accuracy"
        random_state : int, Generator, RandomState or None, default=None
            Random seed of the bootstrap.
        ax : matplotlib.axes.Axes, optional

        Returns
        -------
        ScoresDisplay
        """
        result = ComparisonResult.from_predictions(y_true, predictions, random_state=random_state)
        return cls.from_result(result, score=score, ax=ax)

    @property
    def _size(self) -> tuple[float, float]:
        """As high as the classifiers need."""
        return 4.6, 0.9 + 0.42 * len(self.intervals)

    def _draw(self, ax: Any) -> None:
        """Draw scores as markers and intervals as lines, the first classifier at the top."""
        n_classifiers = len(self.intervals)
        for position, style in enumerate(styles(n_classifiers)):
            score, low, high = self.intervals.iloc[position]
            ax.plot([low, high], [position, position], color=style["color"], linewidth=2)
            ax.plot([score], [position], **style)
        ax.set_yticks(range(n_classifiers), labels=self.intervals.index)
        ax.set(ylim=(n_classifiers - 0.5, -0.5), xlabel=self.score.replace("_", " "))


class CostQualityDisplay(AxesDisplay):
    """A score of each classifier against a cost, on a logarithmic axis.

    A line joins the classifiers of which no other is both better and cheaper, each named beside
    its point; the others are in the legend.

    Parameters
    ----------
    data : pandas.DataFrame of shape (n_classifiers, 5)
        Columns `score`, `low`, `high`, `cost` and `frontier`, which is True for those on the line;
        one row per classifier.
    score, cost : str
        Names of the columns of `ComparisonResult.scores`, which label the axes.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        Axes of the latest `plot`.
    figure_ : matplotlib.figure.Figure
        Figure they belong to.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> from agnews_sk.reporting import CostQualityDisplay
    >>> from agnews_sk.evaluation import compare_classifiers
    >>> texts, labels = ["oil rises", "team wins"], ["Business", "Sports"]
    >>> result = compare_classifiers({"constant": DummyClassifier()}, texts, labels, texts, labels)
    >>> CostQualityDisplay.from_result(result, cost="fit_seconds").ax_.get_xlabel()
    'fit time in seconds'
    """

    def __init__(self, data: pd.DataFrame, *, score: str, cost: str):
        self.data = data
        self.score = score
        self.cost = cost

    @classmethod
    def from_result(
        cls,
        result: ComparisonResult,
        *,
        score: str = "accuracy",
        cost: str = "fit_seconds",
        ax: Any = None,
    ) -> Self:
        """Plot a score of a comparison against a cost.

        Parameters
        ----------
        result : ComparisonResult
        score : str, default="accuracy"
        cost : str, default="fit_seconds"
            A column of `result.scores` that is a cost.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        CostQualityDisplay

        Raises
        ------
        ValueError
            If no cost, or no score with an interval, has this name.
        """
        frontier = result.frontier(cost, score)
        ends = interval_columns(result.classes, multilabel=result.multilabel)
        if score not in ends:
            raise ValueError(f"score must be one of {list(ends)}, got {score!r}.")
        columns = [score, *ends[score], cost]
        data = result.scores[columns].set_axis(["score", "low", "high", "cost"], axis=1)
        data["cost"] = data["cost"].astype(float)  # an unknown number of bytes is NA
        data = data.assign(frontier=data.index.isin(frontier))
        return cls(data, score=score, cost=cost).plot(ax=ax)

    def _draw(self, ax: Any) -> None:
        """Draw score and interval of each classifier whose cost is known, and the frontier."""
        costs = self.data["cost"][self.data["cost"] > 0]
        middle = np.sqrt(costs.min() * costs.max())
        for (name, row), style in zip(self.data.iterrows(), styles(len(self.data))):
            if not row["cost"] > 0:
                continue
            point = row["cost"], row["score"]
            ax.plot([row["cost"]] * 2, [row["low"], row["high"]], color=style["color"], linewidth=2)
            ax.plot(*point, linestyle="", label="" if row["frontier"] else name, **style)
            if row["frontier"]:
                side = -1 if row["cost"] > middle else 1  # towards the middle of the axes
                beside = {"textcoords": "offset points", "ha": "left" if side > 0 else "right"}
                ax.annotate(name, point, (6 * side, 4), fontsize="small", **beside)
        on_line = self.data[self.data["frontier"] & (self.data["cost"] > 0)].sort_values("cost")
        if len(on_line) > 1:
            line = on_line["cost"], on_line["score"]
            ax.plot(*line, color="grey", linestyle="--", linewidth=1, zorder=1)
        ax.set(xscale="log", xlabel=COSTS[self.cost], ylabel=self.score.replace("_", " "))
        logarithmic(ax.xaxis)
        ax.margins(x=0.2)
        if ax.get_legend_handles_labels()[1]:
            ax.legend(frameon=False, fontsize="small")
