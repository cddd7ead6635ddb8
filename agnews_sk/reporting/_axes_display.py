"""The base class of displays that draw on one pair of axes."""

from abc import ABC, abstractmethod
from typing import Any, Self

from agnews_sk.reporting._figures import new_figure, soften
from agnews_sk.reporting._fonts import add_fonts


class AxesDisplay(ABC):
    """Base of displays that draw on one pair of axes.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        Axes of the latest `plot`.
    figure_ : matplotlib.figure.Figure
        Figure they belong to.
    """

    @property
    def _size(self) -> tuple[float, float]:
        """Width and height of a new figure in inches."""
        return 4.6, 3.4

    @abstractmethod
    def _draw(self, ax: Any) -> None:
        """Draw on these axes."""

    def plot(self, ax: Any = None) -> Self:
        """Draw the display.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        self

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        if ax is None:
            ax = new_figure(*self._size, needed_by=type(self).__name__).add_subplot()
        self.ax_, self.figure_ = ax, ax.figure
        self._draw(ax)
        soften(ax)
        add_fonts(ax)
        return self
