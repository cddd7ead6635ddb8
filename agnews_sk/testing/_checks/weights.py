"""Checks of `sample_weight` in the fit of a classifier or transformer."""

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from sklearn import config_context
from sklearn.pipeline import make_pipeline

from agnews_sk.testing._corpus import LABELS, TEXTS
from agnews_sk.testing._outputs import (
    ROUNDING,
    clone_seeded,
    contained,
    ensure_equal,
    fit_clone,
    fit_outputs,
    get_outputs,
)
from agnews_sk.testing._raises import ensure_raises
from agnews_sk.testing._registry import keeps_rows, takes_sample_weight, text_check

WEIGHTS = [1, 2, 3] * (len(TEXTS) // 3)


@text_check(keeps_rows, takes_sample_weight)
def check_sample_weight_equivalence(name: str, estimator: Any) -> None:
    """An integer weight of k is equivalent to k copies of the row.

    scikit-learn's definition of what a weight means.
    """
    rows = np.repeat(np.arange(len(TEXTS)), WEIGHTS)
    repeated = fit_clone(estimator, [TEXTS[i] for i in rows], [LABELS[i] for i in rows])
    weighted = fit_clone(estimator, sample_weight=WEIGHTS)
    expected = get_outputs(repeated, TEXTS)
    ensure_equal(get_outputs(weighted, TEXTS), expected, tolerance=10 * ROUNDING)


@text_check(keeps_rows, takes_sample_weight)
def check_unit_sample_weight(name: str, estimator: Any) -> None:
    """Weights of one give the outputs of no weights."""
    ensure_equal(fit_outputs(estimator, sample_weight=[1.0] * len(TEXTS)), fit_outputs(estimator))


@text_check(keeps_rows, takes_sample_weight)
def check_sample_weight_containers(name: str, estimator: Any) -> None:
    """Weights in an array of int or float and in a pandas Series give the outputs of a list."""
    expected = fit_outputs(estimator, sample_weight=WEIGHTS)
    index = range(50, 50 + len(WEIGHTS))
    kinds: list[Any] = [
        np.array,
        lambda w: np.array(w, dtype=np.float32),
        lambda w: pd.Series(w, index=index),
    ]
    for kind in kinds:
        ensure_equal(fit_outputs(estimator, sample_weight=kind(WEIGHTS)), expected)


@text_check(keeps_rows, takes_sample_weight)
def check_sample_weight_length(name: str, estimator: Any) -> None:
    """Fewer weights than rows are rejected by name."""
    short = WEIGHTS[:-1]
    ensure_raises(partial(fit_clone, estimator, sample_weight=short), "sample_weight")


@text_check(keeps_rows, takes_sample_weight)
def check_sample_weight_finite(name: str, estimator: Any) -> None:
    """A weight that is NaN or infinite is rejected by name."""
    for bad in (np.nan, np.inf):
        weights = [bad, *WEIGHTS[1:]]
        ensure_raises(partial(fit_clone, estimator, sample_weight=weights), "sample_weight")


@text_check(keeps_rows, takes_sample_weight)
def check_sample_weight_routing(name: str, estimator: Any) -> None:
    """Under metadata routing a pipeline passes weights on to it once it requests them."""
    expected = fit_outputs(estimator, sample_weight=WEIGHTS)
    with config_context(enable_metadata_routing=True):
        asking = clone_seeded(estimator).set_fit_request(sample_weight=True)
        pipeline = make_pipeline(asking).fit(contained(TEXTS), LABELS, sample_weight=WEIGHTS)
    ensure_equal(get_outputs(pipeline, TEXTS), expected)
