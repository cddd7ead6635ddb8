"""Checks that texts may come in any container."""

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

from agnews_sk.testing._answers import METHODS, ensure_agree, fitted, outcome, plain
from agnews_sk.testing._corpus import TEXTS
from agnews_sk.testing._refusals import ensure_refuses
from agnews_sk.testing._registry import keeps_rows, text_check


def _ensure_same_as_list(estimator: Any, texts: Any) -> None:
    ensure_agree(outcome(estimator, texts), outcome(estimator, TEXTS))


@text_check()
def check_tuple(name: str, estimator: Any) -> None:
    """A tuple of texts gives what a list of them gives."""
    _ensure_same_as_list(estimator, tuple(TEXTS))


@text_check()
def check_object_array(name: str, estimator: Any) -> None:
    """A NumPy array of objects gives what a list of its texts gives."""
    _ensure_same_as_list(estimator, np.array(TEXTS, dtype=object))


@text_check()
def check_unicode_array(name: str, estimator: Any) -> None:
    """A NumPy array of dtype U gives what a list of its texts gives."""
    _ensure_same_as_list(estimator, np.array(TEXTS))


@text_check()
def check_string_dtype_array(name: str, estimator: Any) -> None:
    """A NumPy array of StringDType gives what a list of its texts gives."""
    _ensure_same_as_list(estimator, np.array(TEXTS, dtype=np.dtypes.StringDType()))


@text_check()
def check_strided_array(name: str, estimator: Any) -> None:
    """A view of every second text gives what a list of these gives."""
    spread = np.empty(2 * len(TEXTS), dtype=object)
    spread[::2] = TEXTS
    _ensure_same_as_list(estimator, spread[::2])


@text_check()
def check_pandas_object_series(name: str, estimator: Any) -> None:
    """A pandas Series of objects gives what a list of its texts gives."""
    _ensure_same_as_list(estimator, pd.Series(TEXTS, dtype=object))


@text_check()
def check_pandas_str_series(name: str, estimator: Any) -> None:
    """A pandas Series of str, the default of pandas 3, gives what a list of its texts gives."""
    _ensure_same_as_list(estimator, pd.Series(TEXTS, dtype="str"))


@text_check()
def check_pandas_index(name: str, estimator: Any) -> None:
    """The index of a pandas Series, repeated and out of order, plays no part."""
    index = [i // 2 for i in reversed(range(len(TEXTS)))]
    _ensure_same_as_list(estimator, pd.Series(TEXTS, index=index))


@text_check()
def check_polars_series(name: str, estimator: Any) -> None:
    """A Polars Series gives what a list of its texts gives."""
    _ensure_same_as_list(estimator, pl.Series(TEXTS))


@text_check()
def check_column_array(name: str, estimator: Any) -> None:
    """An array of one column gives what a list of its texts gives."""
    _ensure_same_as_list(estimator, np.array(TEXTS, dtype=object)[:, None])


@text_check()
def check_pandas_frame(name: str, estimator: Any) -> None:
    """A pandas frame of one column gives what a list of its texts gives."""
    _ensure_same_as_list(estimator, pd.DataFrame({"text": TEXTS}))


@text_check()
def check_polars_frame(name: str, estimator: Any) -> None:
    """A Polars frame of one column gives what a list of its texts gives."""
    _ensure_same_as_list(estimator, pl.DataFrame({"text": TEXTS}))


@text_check()
def check_str_subclasses(name: str, estimator: Any) -> None:
    """Texts of a subclass of str, such as numpy.str_, count as plain ones."""
    _ensure_same_as_list(estimator, [np.str_(text) for text in TEXTS])


@text_check()
def check_categorical_texts(name: str, estimator: Any) -> None:
    """Categories of pandas or Polars, in a Series or frame, give what a list of texts gives."""
    series = pd.Series(TEXTS, dtype="category")
    polars = pl.Series("text", TEXTS, dtype=pl.Categorical)
    for texts in (series, series.to_frame("text"), polars, polars.to_frame()):
        _ensure_same_as_list(estimator, texts)


@text_check()
def check_arrow_texts(name: str, estimator: Any) -> None:
    """Texts of an Arrow type, in a pandas Series or frame, give what a list of them gives."""
    series = pd.Series(TEXTS, dtype=pd.ArrowDtype(pa.string()))
    for texts in (series, series.to_frame("text")):
        _ensure_same_as_list(estimator, texts)


@text_check(keeps_rows)
def check_row_of_a_frame(name: str, estimator: Any) -> None:
    """After a fit on a frame of columns one of its rows as a Series, no list of texts, is refused.

    An estimator whose fit refuses a frame of several columns passes.
    """
    frame = pd.DataFrame({"title": TEXTS, "description": TEXTS[::-1]})
    try:
        estimator = fitted(estimator, frame)
    except (TypeError, ValueError, AttributeError):
        return
    n_answers = {plain(getattr(estimator, m)(frame)).shape[0] for m in _methods(estimator)}
    if n_answers == {len(frame)}:
        for method in _methods(estimator):
            ensure_refuses(partial(getattr(estimator, method), frame.iloc[0]), "row", "Series")


def _methods(estimator: Any) -> list[str]:
    return [method for method in METHODS if hasattr(estimator, method)]
