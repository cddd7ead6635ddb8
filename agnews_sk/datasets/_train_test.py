"""Training and test rows for commands, examples and benchmarks, from the first source found."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import Bunch

from agnews_sk._core.home import data_path
from agnews_sk.datasets._bunch import labels_of, summarize
from agnews_sk.datasets._fetch import fetch_agnews
from agnews_sk.datasets._generate import load_news_sample
from agnews_sk.datasets._parts import WHOLE, Sources, files_of, find_sources
from agnews_sk.datasets._reading import Reading, load_sources, reading_of
from agnews_sk.datasets._split import train_val_test_split
from agnews_sk.files import is_dataset

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
        `X_test` is None if there are no test rows, for which `test_size=0` is needed.
    y_train, y_test : ndarray of shape (n_rows,)
        Labels, as `load_texts` gives them.
    source : str
        Where the rows come from, and how many there are.
    notice : str
        Warning to show with scores on generated rows; empty for real rows.
    summary : str
        The columns of text and label that were recognized or named, as `load_texts` describes them;
        empty for rows that come from no file.
    X_validation : pandas.DataFrame of shape (n_rows, n_columns) or None
        Validation rows, if there are files of them.
    y_validation : ndarray of shape (n_rows,) or None
    texts : sequence of str
        Columns of the text; empty if all columns are.
    label_name : str or sequence of str
        Column of the labels, or columns of 0 and 1; empty for rows that come from no file.
    label_sep : str
        What separates several labels in a cell; empty if nothing does.
    n_held_out : int
        Number of test rows that were drawn from the rows of `path`, which had none; 0 for test rows
        of their own.
    """

    X_train: Any
    X_test: Any
    y_train: np.ndarray
    y_test: np.ndarray
    source: str
    notice: str = ""
    summary: str = ""
    X_validation: Any = None
    y_validation: np.ndarray | None = None
    texts: Sequence[str] = ()
    label_name: str | Sequence[str] = ""
    label_sep: str = ""
    n_held_out: int = 0


def load_train_test(
    path: Any = None,
    *,
    test: Any = None,
    validation: Any = None,
    test_size: float = 0.2,
    text: str | Sequence[str] | None = None,
    label: str | Sequence[str] | None = None,
    sep: str | None = None,
    encoding: str | None = None,
    header: bool | None = None,
    sheet: str | None = None,
    label_sep: str | None = None,
    columns: str | Sequence[str] | None = None,
    on_bad_rows: str = "error",
) -> TrainTest:
    """Load training and test rows from the first source that has some.

    Parameters
    ----------
    path : str, path-like, list of them, Dataset or DatasetDict, optional
        Rows as `load_texts` takes them: a folder, list or pattern of training and test files; or a
        file, of which a share becomes the test rows, with duplicates kept in one part; or "sample"
        for the built-in sample. By default the path in the environment variable `AGNEWS_SK_DATA`,
        else AG News from the cache or by download, else the built-in sample.
    test, validation : str, path-like, list of them or Dataset, optional
        Test and validation rows, instead of those that `path` has.
    test_size : float, default=0.2
        Share of the rows that become test rows if these are not divided; 0 keeps all for training,
        and needs no test rows in a folder.
    text, label, sep, encoding, header, sheet, label_sep, columns, on_bad_rows
        As `load_texts` takes them, the same for all files.

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
    reading = reading_of(
        text=text,
        label=label,
        sep=sep,
        encoding=encoding,
        header=header,
        sheet=sheet,
        label_sep=label_sep,
        columns=columns,
        on_bad_rows=on_bad_rows,
    )
    path = data_path() if path is None else path
    is_sample = isinstance(path, str) and path == SAMPLE
    if path is not None and not is_sample:
        return _from_files(path, test, validation, test_size, reading)
    _check_not_given(
        test=test,
        validation=validation,
        text=text,
        label=label,
        sep=sep,
        encoding=encoding,
        header=header,
        sheet=sheet,
        label_sep=label_sep,
        columns=columns,
    )
    if is_sample:
        return _from_sample()
    try:
        return _from_agnews()
    except OSError:
        return _from_sample()


def _from_files(
    path: Any, test: Any, validation: Any, test_size: float, reading: Reading
) -> TrainTest:
    """Load the parts of a folder or of several files, or split one into training and test rows.

    Parameters
    ----------
    path, test, validation : object
    test_size : float
        As `load_train_test` takes them.
    reading : Reading

    Returns
    -------
    TrainTest
    """
    sources = find_sources(path, divides=True)
    parts = {"train": _files(sources, "train", path)}
    for part, given in (("validation", validation), ("test", test)):
        if given is not None:
            parts[part] = _files(find_sources(given), part, given)
        elif sources.get(part):
            parts[part] = sources[part]
    if "test" not in parts and WHOLE not in sources and test_size:
        files_of(sources, "test", path)  # raises the error that names what is missing
    bunches = load_sources(parts, [[part] for part in parts], reading)
    found = dict(zip(parts, bunches, strict=True))
    for part, bunch in found.items():
        _check_part(part, bunch, found["train"], path)
    return _train_test(
        _name_of(path),
        *_train_and_test(found, test_size),
        summary=summarize(bunches),
        validation=found.get("validation"),
        held_out="test" not in found,
    )._replace(
        texts=found["train"].text_names,
        label_name=found["train"].label_name,
        label_sep=reading.label_sep or "",
    )


def _name_of(path: Any) -> str:
    """Return what rows were read from, as their source names it."""
    if is_dataset(path) or isinstance(path, Mapping):
        return "the dataset"
    return ", ".join(map(str, path)) if isinstance(path, (list, tuple)) else str(path)


def _check_not_given(**options: Any) -> None:
    """Raise a ValueError if there are options that only files of the caller's own can have."""
    given = [name for name, value in options.items() if value is not None]
    if given:
        raise ValueError(
            f"{', '.join(given)} can only be given for rows of your own; pass path (--data) too."
        )


def _files(sources: Sources, part: str, given: Any) -> list[Any]:
    """Return the files or datasets of a part, or all if they are not divided."""
    return [one for name in files_of(sources, part, given) for one in sources[name]]


def _train_and_test(found: Mapping[str, Bunch], test_size: float) -> tuple[Any, Any, Any, Any]:
    """Return training and test rows, and their labels; without test rows, split the others.

    Parameters
    ----------
    found : mapping of str to Bunch
        By part.
    test_size : float
        Share of the rows to split off.

    Returns
    -------
    X_train, X_test : pandas.DataFrame of shape (n_rows, n_columns)
    y_train, y_test : ndarray of shape (n_rows,)
    """
    train, test = found["train"], found.get("test")
    if test is not None:
        return train.data, test.data, train.target, test.target
    if not test_size:
        return train.data, None, train.target, train.target[:0]
    texts = train.data[train.text_names]  # rows whose texts are equal stay together
    train_texts, _, test_texts, y_train, _, y_test = train_val_test_split(
        texts, train.target, val_size=0, test_size=test_size, random_state=0
    )
    return train.data.loc[train_texts.index], train.data.loc[test_texts.index], y_train, y_test


def _check_part(part: str, bunch: Bunch, train: Bunch, path: Any) -> None:
    """Raise a ValueError unless rows have the columns of the training rows, and a label in common.

    Parameters
    ----------
    part : {"train", "validation", "test"}
    bunch, train : Bunch
        The rows, and the training rows.
    path : object
        What the rows come from, for the message.
    """
    columns, expected = list(bunch.data.columns), list(train.data.columns)
    if columns != expected:
        raise ValueError(
            f"{path}: training and {part} rows must have the same text columns, got {expected} and "
            f"{columns}."
        )
    if labels_of(bunch.target).isdisjoint(labels_of(train.target)):
        raise ValueError(
            f"{path}: training and {part} rows must have labels in common, got labels such as "
            f"{train.target.tolist()[0]!r:.60} and {bunch.target.tolist()[0]!r:.60}; write each "
            "label in the same way in both."
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


def _train_test(
    name: str,
    X_train: Any,
    X_test: Any,
    y_train: Any,
    y_test: Any,
    *,
    summary: str = "",
    validation: Bunch | None = None,
    held_out: bool = False,
) -> TrainTest:
    """Return the rows with a description of their source.

    Parameters
    ----------
    name : str
        Of the source.
    X_train, X_test : pandas.DataFrame of shape (n_rows, n_columns)
    y_train, y_test : ndarray of shape (n_rows,)
    summary : str
    validation : Bunch or None
    held_out : bool
        Whether the test rows, if there are any, were drawn from the others.

    Returns
    -------
    TrainTest
    """
    source = f"{name}: {len(y_train):,} training rows"
    if X_test is not None:
        source += f", {len(y_test):,} test rows" + " held out at random" * held_out
    if validation is not None:
        source += f", {len(validation.target):,} validation rows"
    return TrainTest(
        X_train,
        X_test,
        y_train,
        y_test,
        source,
        summary=summary,
        X_validation=None if validation is None else validation.data,
        y_validation=None if validation is None else validation.target,
        n_held_out=len(y_test) if held_out else 0,
    )
