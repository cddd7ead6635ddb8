"""A file that leads a browser to a page whose address holds a key."""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path

from agnews_sk._core.html_page import HtmlPage


@contextmanager
def page_file(address: str, folder: Path) -> Iterator[Path]:
    """Write a file that leads to an address, and remove it at the end of the block.

    All users of a machine see the arguments with which a browser was started, and so would see a
    key in an address. Only the user who runs this can read the file.

    Parameters
    ----------
    address : str
    folder : pathlib.Path
        One of the user's own rather than that for temporary files, which confined browsers cannot
        read.

    Yields
    ------
    pathlib.Path

    Raises
    ------
    OSError
        If it cannot be written.
    """
    page = HtmlPage(
        title="Label texts",
        body=f'<p><a href="{escape(address)}">Open the page to label texts</a></p>',
        script=f"location.replace({json.dumps(address)})",
    )
    descriptor, name = tempfile.mkstemp(prefix="label-texts-", suffix=".html", dir=folder)
    os.close(descriptor)  # readable by its owner only, which writing does not change
    path = Path(name).absolute()
    try:
        page.write(path)
        yield path
    finally:
        path.unlink(missing_ok=True)
