"""The folder in which the package keeps downloads and studies, and the user's own rows."""

import os
from pathlib import Path


def home_folder(path: str | os.PathLike | None = None) -> Path:
    """Return the folder where downloads and studies are kept, without making it.

    Parameters
    ----------
    path : str or path-like, optional
        This folder. Otherwise the one in the environment variable `AGNEWS_SK_HOME`; otherwise the
        cache folder that the operating system has for the user.

    Returns
    -------
    pathlib.Path
        Absolute.

    Examples
    --------
    >>> from agnews_sk._core.home import home_folder
    >>> home_folder("news").name
    'news'
    """
    import pooch

    chosen = path or os.environ.get("AGNEWS_SK_HOME") or pooch.os_cache("agnews_sk")
    return Path(chosen).expanduser().absolute()


def data_path() -> str | None:
    """Return the file or folder of rows in the environment variable `AGNEWS_SK_DATA`, if set."""
    return os.environ.get("AGNEWS_SK_DATA") or None
