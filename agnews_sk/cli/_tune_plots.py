"""Pictures of a search, for the command `tune`."""

from importlib.util import find_spec
from pathlib import Path

from agnews_sk.reporting import save_picture
from agnews_sk.tuning import PipelineSearchCV, interactive_page, plot_search

PICTURE = "search.png"
PAGE = "search.html"


def write_plots(search: PipelineSearchCV, folder: Path) -> list[str]:
    """Draw a search, interactively too if plotly is installed.

    Parameters
    ----------
    search : PipelineSearchCV
        Fitted, with a list as `scoring`.
    folder : pathlib.Path
        It must exist.

    Returns
    -------
    list of str
        Names of the files.
    """
    save_picture(plot_search(search), folder / PICTURE)
    if find_spec("plotly") is None:
        return [PICTURE]
    (folder / PAGE).write_text(interactive_page(search, search.scoring), encoding="utf-8")
    return [PICTURE, PAGE]
