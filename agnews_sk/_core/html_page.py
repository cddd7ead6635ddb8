"""The shell of every HTML page of the package, and its one content-security policy."""

import base64
import hashlib
from dataclasses import dataclass
from html import escape
from pathlib import Path

# Blue and orange of Okabe and Ito (2008), as red, green and blue: they differ for colour-blind
# readers too. Notebooks have styles of their own, so that all rules name the class.
_FRAGMENT_STYLE = """\
.agnews-sk{--ink:#1d2126;--soft:#5b6470;--paper:#fff;--panel:#f6f7f9;--line:#d5d9de;
--blue:0,114,178;--orange:230,159,0;
color:var(--ink);background:var(--paper);font:15px/1.6 system-ui,sans-serif;padding:.8em;
overflow-wrap:anywhere}
@media (prefers-color-scheme:dark){.agnews-sk{--ink:#e4e7ea;--soft:#9ba4af;--paper:#15181c;
--panel:#1c2026;--line:#39404a;--blue:86,180,233;--orange:213,94,0}}
.agnews-sk p{margin:.3em 0}
.agnews-sk table{overflow-wrap:break-word}
.agnews-sk summary{cursor:pointer}
"""
# Of a page that is one fragment: its colours to the edges, its lines no longer than can be read.
_PAGE_STYLE = """\
html{background:#fff}
@media (prefers-color-scheme:dark){html{background:#15181c}}
body{margin:0 auto;max-width:64rem;padding:clamp(.5rem,3vw,2.5rem)}
"""


@dataclass(frozen=True, kw_only=True)
class HtmlPage:
    """A self-contained HTML page: it loads nothing, and runs no script but its own.

    Attributes
    ----------
    title : str
        Text, not markup.
    body : str
        Markup of the body.
    style : str, default=""
        CSS of the page.
    script : str, default=""
        JavaScript that runs at the end of the body.
    style_attributes : bool, default=False
        Whether the body has `style` attributes or elements, as SVG of matplotlib has. No hash
        covers those, so that all inline styles are allowed.
    connects : bool, default=False
        Whether the script sends requests to the server that the page comes from.

    Examples
    --------
    >>> from agnews_sk._core.html_page import HtmlPage
    >>> page = HtmlPage(title="Scores", body="<p>91 %</p>")
    >>> page.policy.split("; ")[:3]
    ["default-src 'none'", "script-src 'none'", "style-src 'none'"]
    >>> page.html[:15]
    '<!doctype html>'
    """

    title: str
    body: str
    style: str = ""
    script: str = ""
    style_attributes: bool = False
    connects: bool = False

    @property
    def policy(self) -> str:
        """Content-security policy: nothing else runs or loads, even if a text holds markup."""
        style = "'unsafe-inline'" if self.style_attributes else _source(self.style)
        connect = "'self'" if self.connects else "'none'"
        return (
            f"default-src 'none'; script-src {_source(self.script)}; style-src {style}; "
            f"connect-src {connect}; img-src data:; base-uri 'none'; form-action 'none'"
        )

    @property
    def html(self) -> str:
        """The whole document, with its policy in the head for when no server sends it."""
        style = f"<style>{self.style}</style>\n" if self.style else ""
        script = f"<script>{self.script}</script>\n" if self.script else ""
        return (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{self.policy}">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<meta name="color-scheme" content="light dark">\n'
            # An empty icon, as browsers ask the server for one otherwise.
            '<link rel="icon" href="data:,">\n'
            f"<title>{escape(self.title)}</title>\n{style}</head>\n<body>\n{self.body}\n"
            f"{script}</body>\n</html>\n"
        )

    def write(self, path: str | Path) -> None:
        """Write the document in UTF-8.

        Parameters
        ----------
        path : str or Path
        """
        Path(path).write_text(self.html, encoding="utf-8")


def _source(content: str) -> str:
    """Return what a policy allows: inline content of this SHA-256, or nothing."""
    if not content:
        return "'none'"
    digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def html_fragment(name: str, body: str, *, style: str) -> str:
    """Return markup with its own style, to be shown by a notebook or within a page.

    Parameters
    ----------
    name : str
        Class of the element around `body`, by which the rules of `style` begin.
    body : str
    style : str
        CSS that adds to what all fragments share: colours in light and dark, as `--ink`, `--soft`,
        `--paper`, `--panel`, `--line`, `--blue` and `--orange`; and the font.

    Returns
    -------
    str

    Examples
    --------
    >>> from agnews_sk._core.html_page import html_fragment
    >>> html_fragment("agnews-audit", "<p>3 rows</p>", style="").rpartition("</style>")[2]
    '<div class="agnews-sk agnews-audit"><p>3 rows</p></div>'
    """
    return f'<style>\n{_FRAGMENT_STYLE}{style}</style><div class="agnews-sk {name}">{body}</div>'


def fragment_page(title: str, fragment: str) -> HtmlPage:
    """Return a page that shows a fragment.

    Parameters
    ----------
    title : str
    fragment : str
        Markup as of `html_fragment`.

    Returns
    -------
    HtmlPage
    """
    return HtmlPage(title=title, body=fragment, style=_PAGE_STYLE, style_attributes=True)
