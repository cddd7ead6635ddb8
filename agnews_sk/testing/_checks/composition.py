"""Checks that scikit-learn's own tools take the estimator as a part."""

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

from agnews_sk.testing._answers import (
    ROUNDING,
    ensure,
    ensure_agree,
    fitted,
    fresh,
    outcome,
    outcome_in_place,
    plain,
)
from agnews_sk.testing._corpus import CLASSES, LABELS, TEXTS
from agnews_sk.testing._registry import has, keeps_rows, text_check


@text_check()
def check_tags(name: str, estimator: Any) -> None:
    """Its tags can be read, and do not change in fit."""
    estimator = fresh(estimator)
    before = get_tags(estimator)
    outcome_in_place(estimator)
    ensure(get_tags(estimator) == before, "fit changes them")


@text_check(keeps_rows)
def check_in_pipeline(name: str, estimator: Any) -> None:
    """As the one step of a scikit-learn pipeline it gives what it gives alone."""
    ensure_agree(outcome(Pipeline([("step", fresh(estimator))])), outcome(estimator))


@text_check(has("transform"))
def check_in_column_transformer(name: str, estimator: Any) -> None:
    """In a ColumnTransformer it takes one column of texts of a frame."""
    expected = plain(fitted(estimator).transform(TEXTS))
    if expected.ndim != 2:
        raise SkipTest("transform gives a column, not a matrix")
    frame = pd.DataFrame({"number": range(len(TEXTS)), "text": TEXTS})
    columns = ColumnTransformer(
        [("text", fresh(estimator), "text")], verbose_feature_names_out=False
    )
    found = plain(columns.fit_transform(frame, LABELS))
    if found.shape == expected.shape:
        found = type(expected)(found) if hasattr(expected, "indptr") else plain(found)
    ensure_agree({"fit_transform": found}, {"fit_transform": expected}, tolerance=ROUNDING)


@text_check(is_classifier)
def check_cross_validation(name: str, estimator: Any) -> None:
    """cross_val_predict splits lists and Series of texts and gives labels."""
    from_list = cross_val_predict(fresh(estimator), TEXTS, LABELS, cv=2)
    from_series = cross_val_predict(fresh(estimator), pd.Series(TEXTS), pd.Series(LABELS), cv=2)
    ensure(set(from_list) <= set(CLASSES), f"it gives {set(from_list)}")
    ensure((from_list == from_series).all(), "a Series gives other labels than a list")


@text_check()
def check_metadata_requests(name: str, estimator: Any) -> None:
    """Its metadata requests can be read with routing switched on."""
    with config_context(enable_metadata_routing=True):
        get_routing_for_object(fresh(estimator))
