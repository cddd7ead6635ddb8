"""Check every link of the built site, without network: `python docs/check_site.py FOLDER`.

Internal links must lead to an existing file and, after `#`, to an existing element. External links
are only checked for their form. Resources that a page loads must be internal.
"""

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ADDRESS = re.compile(r"https?://[a-z0-9-]+(\.[a-z0-9-]+)+(:\d+)?(/\S*)?", re.IGNORECASE)
# Links that browsers do not load.
QUIET = {"canonical", "search", "index", "next", "prev", "author", "copyright"}


class Page(HTMLParser):
    """The links, loaded resources and anchors of a page."""

    def __init__(self, path):
        super().__init__()
        self.path, self.links, self.loads, self.anchors = path, [], [], {"", "top"}
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        """Record the links, resources and ids of a tag."""
        attributes = dict(attrs)
        self.anchors |= {attributes[name] for name in ("id", "name") if attributes.get(name)}
        if attributes.get("src"):
            self.loads.append(attributes["src"])
        if attributes.get("srcset"):
            self.loads += [image.split()[0] for image in attributes["srcset"].split(",")]
        if attributes.get("href"):
            loads = tag == "link" and attributes.get("rel") not in QUIET
            (self.loads if loads else self.links).append(attributes["href"])


def find_faults(folder):
    """Return a line for each broken link of the site in a folder."""
    paths = [path for path in sorted(folder.rglob("*.html")) if "_static" not in path.parts]
    pages = {path: Page(path) for path in paths}
    return [
        f"{page.path.relative_to(folder)}: {link}: {fault}"
        for page in pages.values()
        for link in dict.fromkeys(page.links + page.loads)
        if (fault := find_fault(link, page, pages))
    ]


def find_fault(link, page, pages):
    """Return a description of a broken link, or None."""
    parts = urlsplit(link)
    if parts.scheme == "data":
        return None
    if parts.scheme or parts.netloc:
        if link in page.loads:
            return "loaded from another site"
        return None if ADDRESS.fullmatch(link) else "not a valid URL"
    target = (page.path.parent / unquote(parts.path)).resolve() if parts.path else page.path
    if not target.is_file():
        return "no such file"
    if target in pages and unquote(parts.fragment) not in pages[target].anchors:
        return "no such anchor in the page"
    return None


if __name__ == "__main__":
    faults = find_faults(Path(sys.argv[1]).resolve())
    sys.exit("\n".join(faults) or 0)
