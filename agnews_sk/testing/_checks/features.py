"""Checks of transformers: number of columns, their names, and frames as output."""

from typing import Any
from unittest import SkipTest

import numpy as np
import pandas as pd
import polars as pl
import scipy.sparse as sp

from agnews_sk.testing._corpus import LABELS, OTHER_TEXTS, TEXTS
from agnews_sk.testing._outputs import (
    ROUNDING,
    as_array,
    clone_seeded,
    contained,
    ensure,
    ensure_equal,
    fit_clone,
    takes_frames,
)
from agnews_sk.testing._registry import has, text_check


def _matrix(estimator: Any) -> Any:
    """Return the matrix of the corpus, or skip where `transform` gives texts or lists."""
    out = as_array(estimator.transform(contained(TEXTS)))
    if out.ndim != 2:
        raise SkipTest("transform returns a column, not a matrix")
    return out


def _set_to_frames(estimator: Any, kind: str) -> Any:
    """Return the estimator set to return frames, or skip where it never does."""
    if sp.issparse(estimator.transform(contained(TEXTS))):
        raise SkipTest("a sparse matrix has no frame")
    try:
        return estimator.set_output(transform=kind)
    except ValueError as error:  # a pipeline asks each of its steps
        raise SkipTest(str(error)) from error


@text_check(has("transform"), has("fit_transform"))
def check_fit_transform(name: str, estimator: Any) -> None:
    """fit_transform gives the output of fit followed by transform.

    The two often have code of their own, since one pass over the texts is cheaper.
    """
    at_once = as_array(clone_seeded(estimator).fit_transform(contained(TEXTS), LABELS))
    in_turn = as_array(fit_clone(estimator).transform(contained(TEXTS)))
    ensure_equal({"fit_transform": at_once}, {"fit_transform": in_turn}, tolerance=ROUNDING)


@text_check(has("transform"))
def check_n_features_out(name: str, estimator: Any) -> None:
    """The number of output columns is that of fit, for any texts."""
    estimator = fit_clone(estimator)
    width = _matrix(estimator).shape[1]
    for texts in (OTHER_TEXTS, TEXTS[:1], [""]):
        found = as_array(estimator.transform(contained(texts))).shape[1]
        ensure(found == width, f"{texts[:1]} gets {found} columns, not {width}")


@text_check(has("transform"))
def check_matrix_values(name: str, estimator: Any) -> None:
    """A matrix holds finite numbers, and a sparse one is in canonical CSR form.

    Many routines of SciPy and scikit-learn assume sorted indices without duplicates.
    """
    out = fit_clone(estimator).transform(contained(TEXTS))
    if not sp.issparse(out):
        matrix = as_array(out)
        ensure(matrix.dtype.kind != "f" or np.isfinite(matrix).all(), "a value is not finite")
        return
    ensure(out.format == "csr", f"the format is {out.format}")
    ensure(np.isfinite(out.data).all(), "a value is not finite")
    ensure(out.has_sorted_indices, "column indices are not sorted")
    ensure(out.has_canonical_format, "a cell is stored twice")


@text_check(has("transform"))
def check_output_dtype(name: str, estimator: Any) -> None:
    """The dtype of the output is the same for one text and for many.

    It differs where an array is made of Python numbers whose type depends on the values.
    """
    estimator = fit_clone(estimator)
    one, many = (
        as_array(estimator.transform(contained(TEXTS[:1]))).dtype,
        as_array(estimator.transform(contained(TEXTS))).dtype,
    )
    ensure(one == many, f"it is {one} for one text and {many} for many")


@text_check(has("get_feature_names_out"), has("transform"))
def check_feature_names(name: str, estimator: Any) -> None:
    """get_feature_names_out gives a distinct str for each column, in an array of objects."""
    estimator = fit_clone(estimator)
    names = estimator.get_feature_names_out()
    ensure(isinstance(names, np.ndarray) and names.dtype == object, "it is not an array of objects")
    ensure(all(isinstance(feature, str) for feature in names), "a name is not a str")
    ensure(len(set(names)) == len(names), "a name is repeated")
    width = _matrix(estimator).shape[1]
    ensure(len(names) == width, f"it gives {len(names)} names for {width} columns")


@text_check(has("get_feature_names_out"), has("transform"))
def check_feature_names_after_refit(name: str, estimator: Any) -> None:
    """A second fit discards the feature names of the first.

    Fails where names are cached at the first call.
    """
    estimator = fit_clone(estimator)
    expected = estimator.get_feature_names_out()
    estimator.fit(contained(OTHER_TEXTS), LABELS[: len(OTHER_TEXTS)]).get_feature_names_out()
    names = estimator.fit(contained(TEXTS), LABELS).get_feature_names_out()
    ensure(list(names) == list(expected), "a second fit changes them")


@text_check(has("transform"), has("set_output"), has("get_feature_names_out"))
def check_set_output_pandas(name: str, estimator: Any) -> None:
    """After set_output(transform="pandas") the output is a pandas frame with these names."""
    _ensure_frame(estimator, "pandas", pd.DataFrame)


@text_check(has("transform"), has("set_output"), has("get_feature_names_out"))
def check_set_output_polars(name: str, estimator: Any) -> None:
    """After set_output(transform="polars") the output is a Polars frame with these names."""
    _ensure_frame(estimator, "polars", pl.DataFrame)


def _ensure_frame(estimator: Any, kind: str, frame_type: Any) -> None:
    """Ensure that `transform` gives a frame with the names and values of the matrix."""
    estimator = fit_clone(estimator)
    expected = as_array(estimator.transform(contained(TEXTS)))
    frame = _set_to_frames(estimator, kind).transform(contained(TEXTS))
    given = f"{type(frame).__module__.partition('.')[0]}.{type(frame).__name__}"
    ensure(isinstance(frame, frame_type), f"it gives a {given}")
    names = list(estimator.get_feature_names_out())
    ensure(list(frame.columns) == names, f"its columns are {list(frame.columns)[:5]}")
    ensure(len(frame) == len(TEXTS), f"it has {len(frame)} rows")
    values = as_array(frame).reshape(expected.shape)
    ensure_equal({"transform": values}, {"transform": expected}, tolerance=ROUNDING)


@text_check(has("transform"), has("set_output"), has("get_feature_names_out"))
def check_set_output_keeps_index(name: str, estimator: Any) -> None:
    """The pandas frame has the index of the Series given to transform.

    Without it, joining the features to the columns of the same rows misaligns them.
    """
    if takes_frames():
        raise SkipTest("texts are given in frames")
    asked = pd.Series(TEXTS, index=range(30, 30 + len(TEXTS)))
    frame = _set_to_frames(fit_clone(estimator), "pandas").transform(asked)
    ensure(frame.index.equals(asked.index), f"its index is {list(frame.index)[:5]}")
