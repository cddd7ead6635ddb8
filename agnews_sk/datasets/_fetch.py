"""Download AG News, check it by SHA-256, and keep it in the home folder."""

import os
import sys
from pathlib import Path
from typing import Any

from agnews_sk._core.home import home_folder
from agnews_sk.datasets._bunch import as_returned, check_choice
from agnews_sk.datasets._reading import read_agnews

_SHA256 = {
    "train": "76a0a2d2f92b286371fe4d4044640910a04a803fdd2538e0f3f29a5c6f6b672e",
    "test": "521465c2428ed7f02f8d6db6ffdd4b5447c1c701962353eb2c40d548c3c85699",
}
# Tried in this order. The last one finds a file by its SHA-256, wherever it was published.
_MIRRORS = (
    "https://raw.githubusercontent.com/mhjabreel/CharCnn_Keras/master/data/ag_news_csv/{file}",
    "https://cdn.statically.io/gh/mhjabreel/CharCnn_Keras/master/data/ag_news_csv/{file}",
    "https://archive.softwareheritage.org/api/1/content/sha256:{sha256}/raw/",
)
_FOLDER = "ag_news_csv"

_DESCR = """\
AG News topic classification dataset
------------------------------------
127,600 news stories of 2004 and after, each with a title and a description, in four classes of
equal size: World, Sports, Business, Sci/Tech. 120,000 are for training, 7,600 for testing.

The text is as it was crawled: backslashes replace line breaks, entities lost their ampersand
(` #39;` for an apostrophe), news agencies lead the description.

Source: AG's corpus of news articles, chosen and split by Xiang Zhang, Junbo Zhao and Yann LeCun,
"Character-level Convolutional Networks for Text Classification", NIPS 2015. Provided for research
and other non-commercial use.
"""


def get_data_home(data_home: str | os.PathLike | None = None) -> Path:
    """Return the folder where downloads are kept, without making it.

    Parameters
    ----------
    data_home : str or path-like, optional
        This folder; otherwise the one in the environment variable `AGNEWS_SK_HOME`; otherwise the
        cache folder that the operating system has for the user.

    Returns
    -------
    pathlib.Path

    Examples
    --------
    >>> from agnews_sk.datasets import get_data_home
    >>> get_data_home("news").name
    'news'
    """
    return home_folder(data_home)


def fetch_agnews(
    *,
    subset: str = "train",
    data_home: str | os.PathLike | None = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
) -> Any:
    """Load AG News, downloading it on first use.

    A file is used only if its SHA-256 is that of the official one: a damaged or incomplete file is
    downloaded again, and a download gets its name only when it is complete.

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="train"
        The 120,000 training rows, the 7,600 test rows, or both in this order.
    data_home : str or path-like, optional
        Where the files are kept, see `get_data_home`.
    download_if_missing : bool, default=True
        If False, raise an `OSError` instead of using the network.
    return_X_y : bool, default=False
        Return `(data, target)` instead of the Bunch.

    Returns
    -------
    Bunch
        data : DataFrame of shape (n_samples, 2)
            Columns `title` and `description`.
        target : ndarray of object of shape (n_samples,)
            Class names.
        target_names : list of str
            The four classes in the order of their numbers.
        DESCR : str
            Description of the dataset.

    Raises
    ------
    OSError
        If a file is not in the home folder and cannot be downloaded; the message says which file
        to place where.

    Examples
    --------
    >>> from agnews_sk.datasets import fetch_agnews
    >>> fetch_agnews(data_home="nowhere", download_if_missing=False)
    Traceback (most recent call last):
    ...
    OSError: AG News' train.csv is not in ...
    """
    check_choice(subset, (*_SHA256, "all"), name="subset")
    parts = list(_SHA256) if subset == "all" else [subset]
    folder = get_data_home(data_home) / _FOLDER
    paths = [_kept_file(part, folder, download_if_missing) for part in parts]
    bunch = read_agnews(paths)
    bunch.DESCR = _DESCR
    return as_returned(bunch, return_X_y)


def download_agnews(data_home: str | os.PathLike | None = None) -> Path:
    """Download the files of AG News that are not there yet, without reading their rows.

    Parameters
    ----------
    data_home : str or path-like, optional
        Where the files are kept, see `get_data_home`.

    Returns
    -------
    pathlib.Path
        Folder of the files, which `load_train_test` reads.

    Raises
    ------
    OSError
        If a file cannot be downloaded; the message says which file to place where.
    """
    folder = get_data_home(data_home) / _FOLDER
    for part in _SHA256:
        _kept_file(part, folder, download_if_missing=True)
    return folder


def _kept_file(part: str, folder: Path, download_if_missing: bool) -> Path:
    """Return the official file of a part, downloaded if it is not there."""
    import pooch

    path = folder / f"{part}.csv"
    if path.is_file() and pooch.file_hash(str(path)) == _SHA256[part]:
        return path
    if not download_if_missing:
        raise OSError(_way_out(path, part, "download_if_missing is False"))
    return _download(path, part)


def _download(path: Path, part: str) -> Path:
    """Download a file from the first mirror that has it."""
    import pooch

    in_terminal = sys.stderr.isatty()
    bring = pooch.HTTPDownloader(progressbar=in_terminal, chunk_size=2**16)
    failures = []
    for url in _urls(path.name, part):
        try:
            # Writes under another name and moves the file only once its checksum is right.
            pooch.retrieve(url, _SHA256[part], fname=path.name, path=path.parent, downloader=bring)
        except (OSError, ValueError) as error:  # unreachable, or not the file that it should be
            failures.append(f"{url} ({_reason(error)})")
        else:
            return path
    raise OSError(_way_out(path, part, "every mirror failed:\n  " + "\n  ".join(failures)))


def _reason(error: Exception) -> str:
    """Return in few words why a file could not be downloaded."""
    response = getattr(error, "response", None)
    if response is not None:
        return f"status {response.status_code}"
    return "another file" if isinstance(error, ValueError) else "cannot be reached"


def _urls(file: str, part: str) -> list[str]:
    """Return the addresses of a file, in the order in which they are tried."""
    return [mirror.format(file=file, sha256=_SHA256[part]) for mirror in _MIRRORS]


def _way_out(path: Path, part: str, why: str) -> str:
    """Return the message for a missing file, with advice."""
    return (
        f"AG News' {path.name} is not in {path.parent} and {why}\n"
        f"Put the file from {_urls(path.name, part)[0]} (SHA-256 {_SHA256[part]}) at {path}, "
        "or read rows of your own with load_agnews(path)."
    )
