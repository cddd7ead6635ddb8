"""Checks that the estimator works within scikit-learn's pipelines, splits and routing."""

from typing import Any
from unittest import SkipTest

import pandas as pd
from sklearn import config_context
from sklearn.base import is_classifier
from sklearn.compose import ColumnTransformer
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import get_routing_for_object

from agnews_sk.testing._corpus import CLASSES, LABELS, TEXTS
from agnews_sk.testing._outputs import (
    ROUNDING,
    as_array,
    clone_seeded,
    contained,
    ensure,
    ensure_equal,
    fit_clone,
    fit_outputs,
    fit_outputs_in_place,
    takes_frames,
)
from agnews_sk.testing._registry import has, keeps_rows, text_check


@text_check()
def check_tags(name: str, estimator: Any) -> None:
    """Its tags can be read, and fit does not change them.

    scikit-learn decides by tags how to split, validate and search, before and after fit.
    """
    estimator = clone_seeded(estimator)
    before = get_tags(estimator)
    fit_outputs_in_place(estimator)
    ensure(get_tags(estimator) == before, "fit changes them")


@text_check(keeps_rows)
def check_in_pipeline(name: str, estimator: Any) -> None:
    """As the only step of a scikit-learn Pipeline it gives the outputs it gives alone."""
    ensure_equal(fit_outputs(Pipeline([("step", clone_seeded(estimator))])), fit_outputs(estimator))


@text_check(has("transform"))
def check_in_column_transformer(name: str, estimator: Any) -> None:
    """In a ColumnTransformer it takes one text column of a frame.

    Skipped where `transform` gives a column of texts or lists: a ColumnTransformer stacks matrices.
    """
    expected = as_array(fit_clone(estimator).transform(contained(TEXTS)))
    if expected.ndim != 2:
        raise SkipTest("transform returns a column, not a matrix")
    frame = pd.DataFrame({"number": range(len(TEXTS)), "text": TEXTS})
    selected = ["text"] if takes_frames() else "text"
    columns = ColumnTransformer(
        [("text", clone_seeded(estimator), selected)], verbose_feature_names_out=False
    )
    found = as_array(columns.fit_transform(frame, LABELS))
    if found.shape == expected.shape:
        found = type(expected)(found) if hasattr(expected, "indptr") else as_array(found)
    ensure_equal({"fit_transform": found}, {"fit_transform": expected}, tolerance=ROUNDING)


@text_check(is_classifier)
def check_cross_validation(name: str, estimator: Any) -> None:
    """cross_val_predict splits lists and Series of texts and gives labels.

    The splitters select rows by position, and keep the type of the container.
    """
    from_list = cross_val_predict(clone_seeded(estimator), contained(TEXTS), LABELS, cv=2)
    from_series = cross_val_predict(
        clone_seeded(estimator), pd.Series(TEXTS), pd.Series(LABELS), cv=2
    )
    ensure(set(from_list) <= set(CLASSES), f"it gives {set(from_list)}")
    ensure((from_list == from_series).all(), "a Series gives other labels than a list")


@text_check()
def check_metadata_requests(name: str, estimator: Any) -> None:
    """Its metadata requests can be read with metadata routing enabled."""
    with config_context(enable_metadata_routing=True):
        get_routing_for_object(clone_seeded(estimator))
