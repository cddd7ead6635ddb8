"""The web pages of the services, in the shell and under the policy of all HTML pages."""

import re
from importlib.resources import files

from agnews_sk._core.html_page import HtmlPage

_PARTS = re.compile(
    r"<style>(?P<style>.*)</style>\n(?P<body>.*)\n<script>(?P<script>.*)</script>\n", re.DOTALL
)


def _read(name: str) -> str:
    """Return a file of this room."""
    return files("agnews_sk.serving").joinpath(name).read_text(encoding="utf-8")


def _page(name: str, title: str) -> HtmlPage:
    """Return the page of a file that consists of a style, a body and a script.

    Parameters
    ----------
    name : str
        Of the file; `style.css` comes before its style.
    title : str

    Returns
    -------
    HtmlPage
    """
    parts = _PARTS.fullmatch(_read(name))
    assert parts is not None, f"{name} consists of a style, a body and a script"
    style, body, script = parts.group("style", "body", "script")
    return HtmlPage(
        title=title, body=body, style=_read("style.css") + style, script=script, connects=True
    )


def _headers(page: HtmlPage) -> dict[str, str]:
    """Return the headers of a page."""
    return {
        # Browsers heed frame-ancestors in a header only.
        "Content-Security-Policy": f"{page.policy}; frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }


_PAGE = _page("page.html", "Text classifier")
PAGE, PAGE_HEADERS = _PAGE.html.encode(), _headers(_PAGE)
_LABELLING = _page("labelling.html", "Label texts")
LABELLING_PAGE, LABELLING_HEADERS = _LABELLING.html.encode(), _headers(_LABELLING)
