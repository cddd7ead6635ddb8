"""Fonts for the scripts of labels: matplotlib's default font has no Chinese, for example."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from os import PathLike
from pathlib import Path
from typing import Any

from agnews_sk._core.optional import import_optional
from agnews_sk._core.user_warnings import warn_user

# Its glyphs are boxes that name a block of Unicode.
_PLACEHOLDERS = "Last Resort"


def add_fonts(artist: Any) -> str:
    """Let texts of a plot use installed fonts that have the characters the default font lacks.

    Parameters
    ----------
    artist : matplotlib.figure.Figure or matplotlib.axes.Axes
        Its texts are changed, unless the default font has all characters.

    Returns
    -------
    str
        Characters that no installed font has.

    Examples
    --------
    >>> from agnews_sk.reporting._figures import new_figure
    >>> from agnews_sk.reporting._fonts import add_fonts
    >>> figure = new_figure(1, 1, needed_by="this example")
    >>> title = figure.suptitle("Größe")
    >>> add_fonts(figure), title.get_fontfamily()
    ('', ['sans-serif'])
    """
    texts = artist.findobj(lambda part: hasattr(part, "set_fontfamily"))
    characters = {c for text in texts for c in text.get_text() if c.isprintable() and c != " "}
    families, lacking = _families_with(frozenset(characters))
    if families:
        for text in texts:
            own = [family for family in text.get_fontfamily() if family not in families]
            text.set_fontfamily([*own, *families])
    return lacking


@lru_cache(maxsize=32)
def _families_with(characters: frozenset[str]) -> tuple[tuple[str, ...], str]:
    """Return families that have what the default font lacks, and the characters that none has.

    The charmaps of all installed fonts are read, in a second or so, only if some are lacking.
    """
    fonts = import_optional("matplotlib.font_manager", extra="plot", needed_by="plots")

    def charmap(path: str) -> set[int]:
        return set(fonts.get_font(path).get_charmap())

    lacking = set(map(ord, characters))
    lacking -= charmap(fonts.findfont(fonts.FontProperties())) if lacking else set()
    families: list[str] = []
    # Regular fonts first: the family is named, and its regular font is drawn with.
    installed = sorted(fonts.fontManager.ttflist, key=lambda f: (f.style != "normal", f.name))
    for font in installed if lacking else []:
        if font.name.startswith(_PLACEHOLDERS) or font.name in families:
            continue
        if found := lacking & charmap(font.fname):
            families.append(font.name)
            lacking -= found
        if not lacking:
            break
    return tuple(families), "".join(map(chr, sorted(lacking)))


@contextmanager
def without_glyph_warnings() -> Iterator[None]:
    """Silence the warnings of matplotlib about missing glyphs, one per character and drawing."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from")
        yield


def save_picture(figure: Any, path: str | PathLike[str]) -> None:
    """Write a figure as a picture, with fonts for the scripts of its texts.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    path : str or path
        The suffix is the format.

    Warns
    -----
    UserWarning
        If no installed font has some of the characters, once for all of them.
    """
    lacking = add_fonts(figure)
    if lacking:
        warn_user(
            f"no installed font has the characters {lacking[:10]!r}, which are boxes in "
            f"{Path(path).name}; install a font of their script, as Noto Sans CJK for Chinese.",
            UserWarning,
        )
    with without_glyph_warnings():
        figure.savefig(path, dpi=150)
