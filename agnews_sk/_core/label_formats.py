"""The formats of label sets: lists of labels per row, and indicators."""

from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import scipy.sparse as sp

from agnews_sk._core.delegation import predicting_estimator
from agnews_sk._core.label_arrays import codes_of
from agnews_sk._core.labels import as_plain
from agnews_sk._core.validation import align_sparse

_DTYPES: dict[str, Any] = {"int": np.int64, "bool": np.bool_}

LISTS = "lists"
LABEL_FORMATS = (
    LISTS,
    *(f"{kind} of {d}" for kind in ("array", "sparse", "pandas", "polars") for d in _DTYPES),
)
"""What label sets come in, and predictions of them are returned in.

"lists" for all containers of lists, tuples or sets of labels; the others are indicators.
"""


def in_format(indicator: np.ndarray, classes: np.ndarray, label_format: str) -> Any:
    """Return label sets in one of the formats that they come in.

    Parameters
    ----------
    indicator : ndarray of bool of shape (n_samples, n_labels)
    classes : ndarray of shape (n_labels,)
    label_format : str
        One of `LABEL_FORMATS`.

    Returns
    -------
    ndarray of object of shape (n_samples,), or matrix or frame of shape (n_samples, n_labels)
        For "lists" a list of labels per row, in the order of `classes`.
    """
    kind, _, dtype = label_format.partition(" of ")
    if kind == LISTS:
        return as_lists(indicator, classes)
    values: np.ndarray = indicator.astype(_DTYPES[dtype])
    if kind == "sparse":
        return align_sparse(sp.csr_array(values))
    if kind == "pandas":
        return pd.DataFrame(values, columns=classes)
    if kind == "polars":
        # A square array in the order of Fortran would be read as columns.
        return pl.DataFrame(values, schema=[*map(str, classes)], orient="row")
    return values


def as_lists(indicator: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return a list of labels per row, in the order of the classes.

    Parameters
    ----------
    indicator : ndarray of bool of shape (n_samples, n_labels)
    classes : ndarray of shape (n_labels,)

    Returns
    -------
    ndarray of object of shape (n_samples,)
    """
    labels = classes[np.nonzero(indicator)[1]].tolist()
    ends = np.cumsum(indicator.sum(axis=1))
    column = np.empty(len(indicator), dtype=object)
    column[:] = [labels[start:end] for start, end in zip([0, *ends[:-1]], ends)]
    return column


def indicator_of(lists: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return the indicator of lists of labels, all of them among the classes.

    Parameters
    ----------
    lists : ndarray of object of shape (n_samples,)
        As `as_lists` returns them.
    classes : ndarray of shape (n_labels,)

    Returns
    -------
    ndarray of bool of shape (n_samples, n_labels)
    """
    labels, row_of = flat_labels(lists)
    indicator = np.zeros((len(lists), len(classes)), dtype=bool)
    indicator[row_of, codes_of(labels, classes)] = True
    return indicator


def labels_in(lists: np.ndarray) -> np.ndarray:
    """Return the distinct labels of lists, sorted.

    Parameters
    ----------
    lists : ndarray of object of shape (n_samples,)
        As `as_lists` returns them.

    Returns
    -------
    ndarray of shape (n_labels,)
    """
    labels = flat_labels(lists)[0]
    return np.unique(as_plain(labels, "labels")) if len(labels) else labels


def flat_labels(rows: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the labels of all rows one after the other, and the row of each.

    Parameters
    ----------
    rows : sequence of n_samples sets of labels

    Returns
    -------
    labels : ndarray of object of shape (n_labels,)
    row_of : ndarray of int of shape (n_labels,)
    """
    lengths = np.array([*map(len, rows)], dtype=np.intp)
    flat = np.empty(lengths.sum(), dtype=object)
    flat[:] = [*chain.from_iterable(rows)]
    return flat, np.repeat(np.arange(len(rows)), lengths)


def label_format_of(model: Any) -> str | None:
    """Return the format of the label sets that a classifier was fitted on.

    Parameters
    ----------
    model : fitted classifier, pipeline that ends in one, or search

    Returns
    -------
    str or None
        One of `LABEL_FORMATS`; None if it predicts one label per row, or is of another library.
    """
    return getattr(_last_step(model), "label_format_", None)


def thresholds_of(model: Any) -> np.ndarray | None:
    """Return the thresholds of a classifier that predicts several labels per row.

    Parameters
    ----------
    model : fitted classifier, pipeline that ends in one, or search

    Returns
    -------
    ndarray of float of shape (n_labels,), or None
        None if it predicts one label per row.
    """
    return getattr(_last_step(model), "thresholds_", None)


def _last_step(model: Any) -> Any:
    """Return the last step of a pipeline, of a search's best estimator, or another model itself."""
    model = predicting_estimator(model)
    return _last_step(model.steps[-1][1]) if hasattr(model, "steps") else model
