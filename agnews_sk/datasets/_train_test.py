"""Training and test rows for commands, examples and benchmarks, from the first source found."""

import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from agnews_sk._core.home import data_path
from agnews_sk.datasets._fetch import fetch_agnews
from agnews_sk.datasets._generate import load_news_sample
from agnews_sk.datasets._load import load_agnews, load_parts
from agnews_sk.datasets._split import train_val_test_split

SAMPLE = "sample"
SAMPLE_NOTICE = (
    "These rows are generated: scores on them say nothing about AG News. For real rows, set "
    "AGNEWS_SK_DATA to a file or folder of them, or allow the download of AG News."
)


class TrainTest(NamedTuple):
    """Training and test rows, and where they come from.

    Attributes
    ----------
    X_train, X_test : pandas.DataFrame of shape (n_rows, n_columns)
    y_train, y_test : ndarray of shape (n_rows,)
        Labels, as `load_agnews` gives them.
    source : str
        Where the rows come from, and how many there are.
    notice : str
        Warning to show with scores on generated rows; empty for real rows.
    summary : str
        Which columns were read, in one line; empty where there was no choice.
    """

    X_train: Any
    X_test: Any
    y_train: np.ndarray
    y_test: np.ndarray
    source: str
    notice: str = ""
    summary: str = ""


def load_train_test(path: str | os.PathLike | None = None) -> TrainTest:
    """Load training and test rows from the first source that has some.

    Parameters
    ----------
    path : str or path-like, optional
        A folder with training and test files; or a file, of which a fifth becomes the test rows,
        with duplicates kept in one part; or "sample" for the built-in sample. By default the path
        in the environment variable `AGNEWS_SK_DATA`, else AG News from the cache or by download,
        else the built-in sample.

    Returns
    -------
    TrainTest

    Raises
    ------
    FileNotFoundError, ValueError
        If the given path cannot be read, or training and test rows have different columns or no
        label in common. No other source is tried then.

    Examples
    --------
    >>> from agnews_sk.datasets import load_train_test
    >>> rows = load_train_test("sample")
    >>> len(rows.X_train) > len(rows.X_test), rows.source
    (True, 'the built-in sample: ...')
    """
    path = path or data_path()
    if path == SAMPLE:
        return _from_sample()
    if path is not None:
        return _from_path(Path(path).expanduser())
    try:
        return _from_agnews()
    except OSError:
        return _from_sample()


def _from_path(path: Path) -> TrainTest:
    """Load the two parts of a folder, or split a file."""
    if path.is_dir():
        train, test = load_parts(path, [("train",), ("test",)])
        X_train, y_train, X_test, y_test = train.data, train.target, test.data, test.target
        _check_columns(X_train, X_test, path)
        _check_common_label(y_train, y_test, path)
    else:
        X, y = load_agnews(path, return_X_y=True)
        X_train, _, X_test, y_train, _, y_test = train_val_test_split(
            X, y, val_size=0, test_size=0.2, random_state=0
        )
    return _train_test(str(path), X_train, X_test, y_train, y_test)


def _check_columns(X_train: Any, X_test: Any, path: Path) -> None:
    """Raise a ValueError unless training and test rows have the same columns."""
    if list(X_train.columns) != list(X_test.columns):
        raise ValueError(
            f"{path}: training and test rows must have the same text columns, got "
            f"{list(X_train.columns)} and {list(X_test.columns)}."
        )


def _check_common_label(y_train: np.ndarray, y_test: np.ndarray, path: Path) -> None:
    """Raise a ValueError if no test label occurs in training."""
    if not np.isin(y_test, y_train).any():
        raise ValueError(
            f"{path}: training and test rows must have labels in common, got labels such as "
            f"{y_train.tolist()[0]!r:.60} and {y_test.tolist()[0]!r:.60}; write each label in the "
            "same way in both."
        )


def _from_agnews() -> TrainTest:
    """Load AG News from the cache, or download it."""
    X_train, y_train = fetch_agnews(subset="train", return_X_y=True)
    X_test, y_test = fetch_agnews(subset="test", return_X_y=True)
    return _train_test("AG News", X_train, X_test, y_train, y_test)


def _from_sample() -> TrainTest:
    """Load the built-in sample."""
    X_train, y_train = load_news_sample(subset="train", return_X_y=True)
    X_test, y_test = load_news_sample(subset="test", return_X_y=True)
    rows = _train_test("the built-in sample", X_train, X_test, y_train, y_test)
    return rows._replace(notice=SAMPLE_NOTICE)


def _train_test(name: str, X_train, X_test, y_train, y_test) -> TrainTest:
    """Return the rows with a description of their source."""
    source = f"{name}: {len(y_train):,} training rows, {len(y_test):,} test rows"
    return TrainTest(X_train, X_test, y_train, y_test, source)
