"""Checks of `sample_weight` in the fit of a classifier or transformer."""

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from sklearn import config_context
from sklearn.pipeline import make_pipeline

from agnews_sk.testing._answers import ROUNDING, answers, ensure_agree, fitted, fresh, outcome
from agnews_sk.testing._corpus import LABELS, TEXTS
from agnews_sk.testing._refusals import ensure_refuses
from agnews_sk.testing._registry import keeps_rows, takes_sample_weight, text_check

WEIGHTS = [1, 2, 3] * (len(TEXTS) // 3)


@text_check(keeps_rows, takes_sample_weight)
def check_weight_is_repetition(name: str, estimator: Any) -> None:
    """A weight of k gives what a row that stands there k times gives."""
    rows = np.repeat(np.arange(len(TEXTS)), WEIGHTS)
    repeated = fitted(estimator, [TEXTS[i] for i in rows], [LABELS[i] for i in rows])
    weighted = fitted(estimator, sample_weight=WEIGHTS)
    expected = answers(repeated, TEXTS)
    ensure_agree(answers(weighted, TEXTS), expected, tolerance=10 * ROUNDING)


@text_check(keeps_rows, takes_sample_weight)
def check_unit_weights(name: str, estimator: Any) -> None:
    """Weights of one give what no weights give."""
    ensure_agree(outcome(estimator, sample_weight=[1.0] * len(TEXTS)), outcome(estimator))


@text_check(keeps_rows, takes_sample_weight)
def check_weight_containers(name: str, estimator: Any) -> None:
    """Weights in an array of int or float and in a pandas Series give what a list gives."""
    expected = outcome(estimator, sample_weight=WEIGHTS)
    index = range(50, 50 + len(WEIGHTS))
    kinds: list[Any] = [
        np.array,
        lambda w: np.array(w, dtype=np.float32),
        lambda w: pd.Series(w, index=index),
    ]
    for kind in kinds:
        ensure_agree(outcome(estimator, sample_weight=kind(WEIGHTS)), expected)


@text_check(keeps_rows, takes_sample_weight)
def check_weight_length(name: str, estimator: Any) -> None:
    """Weights fewer than the rows are refused by name."""
    short = WEIGHTS[:-1]
    ensure_refuses(partial(fitted, estimator, sample_weight=short), "sample_weight")


@text_check(keeps_rows, takes_sample_weight)
def check_weight_values(name: str, estimator: Any) -> None:
    """A weight that is NaN or infinite is refused by name."""
    for bad in (np.nan, np.inf):
        weights = [bad, *WEIGHTS[1:]]
        ensure_refuses(partial(fitted, estimator, sample_weight=weights), "sample_weight")


@text_check(keeps_rows, takes_sample_weight)
def check_weight_routing(name: str, estimator: Any) -> None:
    """Under metadata routing a pipeline hands the weights on to it once it asks for them."""
    expected = outcome(estimator, sample_weight=WEIGHTS)
    with config_context(enable_metadata_routing=True):
        asking = fresh(estimator).set_fit_request(sample_weight=True)
        pipeline = make_pipeline(asking).fit(TEXTS, LABELS, sample_weight=WEIGHTS)
    ensure_agree(answers(pipeline, TEXTS), expected)
