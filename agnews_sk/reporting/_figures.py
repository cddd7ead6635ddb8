"""Figures and styles that all displays share."""

from itertools import cycle, islice
from typing import Any

from agnews_sk._core.optional import import_optional

# Okabe and Ito (2008): distinct for colour-blind readers, on white and on black. Markers differ
# too, for print without colour.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
MARKERS = ("o", "s", "^", "D", "v", "P")


def styles(n_series: int) -> list[dict[str, str]]:
    """Return a colour and a marker for each series.

    Parameters
    ----------
    n_series : int

    Returns
    -------
    list of dict
        `color` and `marker` for matplotlib's `plot`; they repeat after six series.

    Examples
    --------
    >>> from agnews_sk.reporting._figures import styles
    >>> styles(1)
    [{'color': '#0072B2', 'marker': 'o'}]
    """
    pairs = islice(zip(cycle(COLOURS), cycle(MARKERS)), n_series)
    return [{"color": colour, "marker": marker} for colour, marker in pairs]


def new_figure(width: float, height: float, *, needed_by: str, layout: str = "constrained") -> Any:
    """Return an empty matplotlib figure that is tied to no window.

    Parameters
    ----------
    width, height : float
        Inches.
    needed_by : str
        What the error names if matplotlib is not installed.
    layout : {"constrained", "compressed"}, default="constrained"
        Layout engine of matplotlib; "compressed" suits grids of square axes.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    figures = import_optional("matplotlib.figure", extra="plot", needed_by=needed_by)
    return figures.Figure(figsize=(width, height), layout=layout)


def logarithmic(axis: Any) -> None:
    """Label a logarithmic axis in plain numbers.

    Powers of ten have labels, and over less than two of them 2 and 5 times as much, too.

    Parameters
    ----------
    axis : matplotlib.axis.Axis
        With its data.
    """
    ticker = import_optional("matplotlib.ticker", extra="plot", needed_by="a logarithmic axis")
    lowest, highest = axis.get_data_interval()
    axis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5) if highest < 100 * lowest else (1,)))
    axis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axis.set_minor_formatter(ticker.NullFormatter())


def soften(ax: Any) -> None:
    """Remove the upper and right spines of axes, and draw a light grid below the data.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    """
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(alpha=0.25, linewidth=0.6)
    ax.set_axisbelow(True)
