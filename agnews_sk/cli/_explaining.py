"""Explanations by the best method that is installed, and their words in colour for a terminal."""

from typing import TYPE_CHECKING, Any

from rich.style import Style
from rich.text import Text

if TYPE_CHECKING:
    import pandas as pd

    from agnews_sk.inspection import Explanation

# Blue for, orange against, as in the HTML pages; legible on dark and on light terminals.
_FOR, _AGAINST = (0, 114, 178), (213, 94, 0)
_LEAST = 0.05  # of the largest contribution; words below it stay uncoloured
_STRONG = 0.5


def explain_best(classifier: Any, X: Any) -> "Explanation":
    """Explain texts by the best method that is installed.

    Parameters
    ----------
    classifier : fitted classifier or pipeline
    X : DataFrame or array-like of str of shape (n_texts,)

    Returns
    -------
    Explanation
        By occlusion, which any classifier allows, if captum is needed and not installed.
    """
    from agnews_sk.inspection import explain

    try:
        return explain(classifier, X)
    except ImportError:  # captum, which nets need, is an extra
        return explain(classifier, X, method="occlusion")


def coloured(text: str, words: "pd.DataFrame") -> Text:
    """Return a text with its words coloured by contribution.

    Parameters
    ----------
    text : str
        As the pipeline prepared it.
    words : pandas.DataFrame of shape (n_words, 4)
        As `Explanation.of` returns them.

    Returns
    -------
    rich.text.Text
        Blue words speak for the class, orange and underlined ones against it; strong ones are
        bold.
    """
    shown = Text(text)
    strongest = float(words["contribution"].abs().max()) if len(words) else 0.0
    for start, end, value in words[["start", "end", "contribution"]].itertuples(index=False):
        share = abs(value) / strongest if strongest else 0.0
        if start >= 0 and share >= _LEAST:
            shown.stylize(_style(value, share), start, end)
    return shown


def _style(value: float, share: float) -> Style:
    """Return the style of a word by the sign and the relative size of its contribution.

    Parameters
    ----------
    value : float
        Contribution.
    share : float
        Its size, relative to the largest one of the text.

    Returns
    -------
    rich.style.Style
    """
    red, green, blue = _FOR if value > 0 else _AGAINST
    strength = 0.35 + 0.65 * share
    background = tuple(round(strength * channel) for channel in (red, green, blue))
    return Style(
        color="white",
        bgcolor="rgb({},{},{})".format(*background),
        bold=share >= _STRONG,
        underline=value < 0,
    )
