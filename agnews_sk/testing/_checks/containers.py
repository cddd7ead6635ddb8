"""Checks that texts may come in any container."""

from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from agnews_sk.testing._answers import ensure_agree, outcome
from agnews_sk.testing._corpus import TEXTS
from agnews_sk.testing._registry import text_check


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
