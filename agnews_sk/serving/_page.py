"""The web page of the service, in the shell and under the policy of all HTML pages."""

import re
from importlib.resources import files

from agnews_sk.reporting import HtmlPage

_PARTS = re.compile(
    r"<style>(?P<style>.*)</style>\n(?P<body>.*)\n<script>(?P<script>.*)</script>\n", re.DOTALL
)


def _page() -> HtmlPage:
    """Return the page whose style, body and script are the parts of `page.html`."""
    content = files("agnews_sk.serving").joinpath("page.html").read_text(encoding="utf-8")
    parts = _PARTS.fullmatch(content)
    assert parts is not None, "page.html consists of a style, a body and a script"
    style, body, script = parts.group("style", "body", "script")
    return HtmlPage(title="Text classifier", body=body, style=style, script=script, connects=True)


_PAGE = _page()
PAGE = _PAGE.html.encode()
PAGE_HEADERS = {
    # Browsers heed frame-ancestors in a header only.
    "Content-Security-Policy": f"{_PAGE.policy}; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
