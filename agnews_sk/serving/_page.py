"""The web page: one file that asks nothing of any other server."""

import base64
import hashlib
import re
from importlib.resources import files

PAGE = files("agnews_sk.serving").joinpath("page.html").read_bytes()


def _hash_of(tag: str) -> str:
    (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>".encode(), PAGE, re.DOTALL)
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


# Only the page's own script and style run, and only this server is asked.
PAGE_HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; script-src 'sha256-{_hash_of('script')}'; "
        f"style-src 'sha256-{_hash_of('style')}'; connect-src 'self'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
