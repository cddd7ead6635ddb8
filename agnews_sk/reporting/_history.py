"""The display of a training history: loss by epoch."""

from typing import Any, Self

import pandas as pd
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from agnews_sk._core.delegation import predicting_estimator
from agnews_sk.reporting._axes_display import AxesDisplay
from agnews_sk.reporting._figures import styles

_LOSSES = {"train_loss": "training rows", "valid_loss": "validation rows"}


class HistoryDisplay(AxesDisplay):
    """Training and validation loss by epoch.

    Parameters
    ----------
    history : pandas.DataFrame of shape (n_epochs, n_columns)
        Columns `epoch` and `train_loss`, and `valid_loss` if there were validation rows.
    name : str, default=""
        Name of the classifier, shown as the title.

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
    >>> HistoryDisplay.from_history([{"train_loss": 0.9}, {"train_loss": 0.4}]).history
       epoch  train_loss
    0      1         0.9
    1      2         0.4
    """

    def __init__(self, history: pd.DataFrame, *, name: str = ""):
        self.history = history
        self.name = name

    @classmethod
    def from_estimator(cls, estimator: Any, *, name: str | None = None, ax: Any = None) -> Self:
        """Plot the history of a fitted classifier.

        Parameters
        ----------
        estimator : classifier, pipeline that ends in one, or search over either
            The classifier has `history_`.
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
            If the classifier has no `history_`.
        """
        check_is_fitted(estimator)
        last = _classifier_of(estimator)
        if not hasattr(last, "history_"):
            raise TypeError(
                f"estimator must have a history_ of its epochs, as the transformers have, got "
                f"{type(last).__name__}."
            )
        name = type(last).__name__ if name is None else name
        return cls(last.history_, name=name).plot(ax=ax)

    @classmethod
    def from_history(cls, history: Any, *, name: str = "", ax: Any = None) -> Self:
        """Plot a history that was not recorded by a classifier.

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

    def _draw(self, ax: Any) -> None:
        """Draw the losses."""
        for (column, label), style in zip(_LOSSES.items(), styles(len(_LOSSES))):
            if column in self.history:
                ax.plot(self.history["epoch"], self.history[column], label=label, **style)
        ax.set(title=self.name, xlabel="epoch", ylabel="loss")
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.legend(frameon=False, fontsize="small")


def _classifier_of(estimator: Any) -> Any:
    """Return the classifier within a search or a pipeline, or the estimator itself."""
    estimator = predicting_estimator(estimator)
    return _classifier_of(estimator[-1]) if isinstance(estimator, Pipeline) else estimator
