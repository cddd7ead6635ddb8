"""The picture of a training: loss by epoch."""

from typing import Any, Self

import pandas as pd
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from agnews_sk.reporting._figures import axes_for, soften, styles

_LOSSES = {"train_loss": "training rows", "valid_loss": "validation rows"}


class HistoryDisplay:
    """Picture of the losses of a training, epoch by epoch.

    Parameters
    ----------
    history : pandas.DataFrame of shape (n_epochs, n_columns)
        Columns `epoch` and `train_loss`, and `valid_loss` where there were validation rows.
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
    >>> import pandas as pd
    >>> from agnews_sk.reporting import HistoryDisplay
    >>> history = pd.DataFrame({"epoch": [1, 2], "train_loss": [0.9, 0.4]})
    >>> HistoryDisplay(history, name="finetune").plot().ax_.get_title()
    'finetune'
    """

    def __init__(self, history: pd.DataFrame, *, name: str = ""):
        self.history = history
        self.name = name

    @classmethod
    def from_estimator(cls, estimator: Any, *, name: str | None = None, ax: Any = None) -> Self:
        """Plot the history of a fitted classifier, or of a pipeline that ends in one.

        Parameters
        ----------
        estimator : estimator or Pipeline
            Its last step has `history_`.
        name : str, optional
            The class name of the classifier by default.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        HistoryDisplay

        Raises
        ------
        TypeError
            If the estimator keeps no history.
        """
        check_is_fitted(estimator)
        last = estimator[-1] if isinstance(estimator, Pipeline) else estimator
        if not hasattr(last, "history_"):
            raise TypeError(
                f"estimator must keep a history_ of its epochs, as the transformers do, got "
                f"{type(last).__name__}."
            )
        name = type(last).__name__ if name is None else name
        return cls(last.history_, name=name).plot(ax=ax)

    @classmethod
    def from_history(cls, history: Any, *, name: str = "", ax: Any = None) -> Self:
        """Plot a history that was recorded by whatever trained the classifier.

        Parameters
        ----------
        history : DataFrame, mapping of str to list, or list of dict
            One row per epoch: `epoch` (counted from 1 where it is missing), `train_loss`, and
            `valid_loss` if there were validation rows. The `history` of a skorch net is such a
            list.
        name : str, default=""
            Title.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        HistoryDisplay

        Raises
        ------
        ValueError
            If the history has no `train_loss`.
        """
        frame = pd.DataFrame(history)
        if "train_loss" not in frame:
            raise ValueError(
                f"history must have a column train_loss, got the columns {list(frame.columns)}."
            )
        if "epoch" not in frame:
            frame.insert(0, "epoch", range(1, len(frame) + 1))
        return cls(frame, name=name).plot(ax=ax)

    def plot(self, ax: Any = None) -> Self:
        """Draw the losses.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        HistoryDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        ax = axes_for(self, ax)
        for (column, label), style in zip(_LOSSES.items(), styles(len(_LOSSES))):
            if column in self.history:
                ax.plot(self.history["epoch"], self.history[column], label=label, **style)
        ax.set(title=self.name, xlabel="epoch", ylabel="loss")
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.legend(frameon=False, fontsize="small")
        soften(ax)
        return self
