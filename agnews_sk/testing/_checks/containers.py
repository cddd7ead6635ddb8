"""Checks that texts are accepted in any container."""

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

from agnews_sk.testing._corpus import TEXTS
from agnews_sk.testing._outputs import METHODS, as_array, ensure_equal, fit_clone, fit_outputs
from agnews_sk.testing._raises import ensure_raises
from agnews_sk.testing._registry import keeps_rows, text_check


def _ensure_same_as_list(estimator: Any, texts: Any) -> None:
    """Fit on a container and on the list of its texts, and compare the outputs exactly."""
    ensure_equal(fit_outputs(estimator, texts), fit_outputs(estimator, TEXTS))


@text_check()
def check_tuple(name: str, estimator: Any) -> None:
    """A tuple of texts gives the outputs of a list.

    Code that tests for `list` takes a tuple for a single row.
    """
    _ensure_same_as_list(estimator, tuple(TEXTS))


@text_check()
def check_object_array(name: str, estimator: Any) -> None:
    """A NumPy array of objects gives the outputs of a list.

    pandas and scikit-learn's splitters pass it on.
    """
    _ensure_same_as_list(estimator, np.array(TEXTS, dtype=object))


@text_check()
def check_unicode_array(name: str, estimator: Any) -> None:
    """A NumPy array of dtype U gives the outputs of a list.

    Its elements are `numpy.str_`, and its width cuts longer texts that are written into it.
    """
    _ensure_same_as_list(estimator, np.array(TEXTS))


@text_check()
def check_string_dtype_array(name: str, estimator: Any) -> None:
    """A NumPy array of StringDType gives the outputs of a list.

    Its dtype has kind T, which code that tests for kinds O and U overlooks.
    """
    _ensure_same_as_list(estimator, np.array(TEXTS, dtype=np.dtypes.StringDType()))


@text_check()
def check_strided_array(name: str, estimator: Any) -> None:
    """A non-contiguous array of texts gives the outputs of a list.

    Every second element of a larger array, as slicing leaves it.
    """
    spread = np.empty(2 * len(TEXTS), dtype=object)
    spread[::2] = TEXTS
    _ensure_same_as_list(estimator, spread[::2])


@text_check()
def check_pandas_object_series(name: str, estimator: Any) -> None:
    """A pandas Series of objects gives the outputs of a list."""
    _ensure_same_as_list(estimator, pd.Series(TEXTS, dtype=object))


@text_check()
def check_pandas_str_series(name: str, estimator: Any) -> None:
    """A pandas Series of str, the default of pandas 3, gives the outputs of a list."""
    _ensure_same_as_list(estimator, pd.Series(TEXTS, dtype="str"))


@text_check()
def check_pandas_index(name: str, estimator: Any) -> None:
    """The index of a pandas Series, repeated and out of order, is ignored.

    Code that writes `X[i]` reads rows by label, and finds others than those at position i.
    """
    index = [i // 2 for i in reversed(range(len(TEXTS)))]
    _ensure_same_as_list(estimator, pd.Series(TEXTS, index=index))


@text_check()
def check_polars_series(name: str, estimator: Any) -> None:
    """A Polars Series gives the outputs of a list."""
    _ensure_same_as_list(estimator, pl.Series(TEXTS))


@text_check()
def check_column_array(name: str, estimator: Any) -> None:
    """An array of one column gives the outputs of a list of its texts.

    It is what scikit-learn's ColumnTransformer passes on when columns are given as a list.
    """
    _ensure_same_as_list(estimator, np.array(TEXTS, dtype=object)[:, None])


@text_check()
def check_pandas_frame(name: str, estimator: Any) -> None:
    """A pandas frame of one column gives the outputs of a list of its texts.

    To iterate over a frame gives the names of its columns, not its rows.
    """
    _ensure_same_as_list(estimator, pd.DataFrame({"text": TEXTS}))


@text_check()
def check_polars_frame(name: str, estimator: Any) -> None:
    """A Polars frame of one column gives the outputs of a list of its texts.

    To iterate over a frame gives its columns, not its rows.
    """
    _ensure_same_as_list(estimator, pl.DataFrame({"text": TEXTS}))


@text_check()
def check_str_subclasses(name: str, estimator: Any) -> None:
    """Texts of a subclass of str, such as numpy.str_, count as plain strings."""
    _ensure_same_as_list(estimator, [np.str_(text) for text in TEXTS])


@text_check()
def check_categorical_texts(name: str, estimator: Any) -> None:
    """Categories of pandas or Polars, in a Series or frame, give the outputs of a list.

    Text columns with few distinct values are often stored so.
    """
    series = pd.Series(TEXTS, dtype="category")
    polars = pl.Series("text", TEXTS, dtype=pl.Categorical)
    for texts in (series, series.to_frame("text"), polars, polars.to_frame()):
        _ensure_same_as_list(estimator, texts)


@text_check()
def check_arrow_texts(name: str, estimator: Any) -> None:
    """Texts of an Arrow type, in a pandas Series or frame, give the outputs of a list.

    `read_parquet` and `read_csv` make them with the Arrow backend.
    """
    series = pd.Series(TEXTS, dtype=pd.ArrowDtype(pa.string()))
    for texts in (series, series.to_frame("text")):
        _ensure_same_as_list(estimator, texts)


@text_check(keeps_rows)
def check_frame_row(name: str, estimator: Any) -> None:
    """After fitting on a frame of several columns, one of its rows as a Series is rejected.

    `frame.iloc[0]` is a Series whose values are the cells of one row; read as a list of texts it
    would be as many rows. An estimator that rejects a frame of several columns passes.
    """
    frame = pd.DataFrame({"title": TEXTS, "description": TEXTS[::-1]})
    try:
        estimator = fit_clone(estimator, frame)
        n_outputs = {as_array(getattr(estimator, m)(frame)).shape[0] for m in _methods(estimator)}
    except (TypeError, ValueError, AttributeError):
        return
    if n_outputs == {len(frame)}:
        for method in _methods(estimator):
            ensure_raises(partial(getattr(estimator, method), frame.iloc[0]), "row", "Series")


def _methods(estimator: Any) -> list[str]:
    """Return the output methods that the estimator has."""
    return [method for method in METHODS if hasattr(estimator, method)]
