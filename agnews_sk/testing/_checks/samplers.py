"""Checks of samplers: rows, labels and weights stay together, and predict keeps every row."""

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from sklearn.base import BaseEstimator, ClassifierMixin

from agnews_sk.testing._answers import ensure, fresh
from agnews_sk.testing._corpus import LABELS, TEXTS
from agnews_sk.testing._refusals import ensure_refuses
from agnews_sk.testing._registry import is_sampler, text_check

# Something for each filter to drop: a short and a blank row, a repeated one, one of another label.
ROWS = ["Oil", " ", *TEXTS, TEXTS[0], TEXTS[1]]
ROW_LABELS = [LABELS[0], LABELS[1], *LABELS, LABELS[0], "Tech"]


def _resample(estimator: Any, X: Any = ROWS, y: Any = ROW_LABELS, **params: Any) -> Any:
    sampler = fresh(estimator)
    return sampler, sampler.fit_resample(X, y, **params)


@text_check(is_sampler)
def check_sampler_records_rows(name: str, estimator: Any) -> None:
    """sample_indices_ gives, for each row that came out, the row that it came from."""
    sampler, (X, y) = _resample(estimator)
    indices = sampler.sample_indices_
    ensure(len(indices) == len(X) == len(y), f"{len(indices)} indices for {len(X)} rows")
    inside = (indices >= 0) & (indices < len(ROWS))
    ensure(inside.all(), f"it gives {indices[~inside][:1]} for {len(ROWS)} rows")


@text_check(is_sampler)
def check_sampler_labels(name: str, estimator: Any) -> None:
    """Each row that comes out has the label of the row it came from."""
    sampler, (_, y) = _resample(estimator)
    expected = [ROW_LABELS[i] for i in sampler.sample_indices_]
    ensure(list(y) == expected, f"the labels are {list(y)}, not {expected}")


@text_check(is_sampler)
def check_sampler_weights(name: str, estimator: Any) -> None:
    """sample_weight comes out third, each row with the weight of the row it came from."""
    weights = np.arange(1.0, len(ROWS) + 1)
    sampler, out = _resample(estimator, sample_weight=weights)
    ensure(len(out) == 3, f"{len(out)} things come out")
    same = np.array_equal(out[2], weights[sampler.sample_indices_])
    ensure(same, "rows have the weights of others")


@text_check(is_sampler)
def check_sampler_keeps_kind(name: str, estimator: Any) -> None:
    """Texts and labels come out in the kind of container that they came in."""
    kinds: list[Any] = [list, tuple, lambda v: np.array(v, dtype=object), pd.Series, pl.Series]
    for kind in kinds:
        texts, labels = kind(ROWS), kind(ROW_LABELS)
        _, (X, y) = _resample(estimator, texts, labels)
        ensure(type(X) is type(texts), f"{type(texts).__name__} became {type(X).__name__}")
        ensure(
            type(y) is type(labels), f"labels in {type(labels).__name__} became {type(y).__name__}"
        )


@text_check(is_sampler)
def check_sampler_frame(name: str, estimator: Any) -> None:
    """The other columns of a frame, and the index of a pandas one, follow the rows."""
    numbers = np.arange(len(ROWS))
    for frame_type in (pd.DataFrame, pl.DataFrame):
        frame = frame_type({"text": ROWS, "number": numbers})
        sampler, (X, _) = _resample(estimator, frame)
        ensure(type(X) is frame_type, f"a {frame_type.__module__} frame became {type(X).__name__}")
        ensure(list(X.columns) == ["text", "number"], f"the columns are {list(X.columns)}")
        followed = np.array_equal(X["number"].to_numpy(), sampler.sample_indices_)
        ensure(followed, "another column does not follow")


@text_check(is_sampler)
def check_sampler_without_labels(name: str, estimator: Any) -> None:
    """A sampler that needs no labels gives None for them; one that does refuses None."""
    try:
        _, (X, y) = _resample(estimator, y=None)
    except ValueError as error:
        ensure("y" in str(error), f"the message does not name y: {error}")
    else:
        ensure(y is None and len(X) > 0, f"the labels are {y}")


@text_check(is_sampler)
def check_sampler_in_fit_only(name: str, estimator: Any) -> None:
    """In a pipeline it acts in fit, and predict answers every row."""
    from imblearn.pipeline import Pipeline

    pipeline = Pipeline([("sample", fresh(estimator)), ("count", _RowCounter())])
    pipeline.fit(ROWS, ROW_LABELS)
    n_out = len(_resample(estimator)[1][0])
    ensure(pipeline[-1].n_rows_ == n_out, f"fit saw {pipeline[-1].n_rows_} rows, not {n_out}")
    n_answers = len(pipeline.predict(ROWS))
    ensure(n_answers == len(ROWS), f"predict gives {n_answers} answers for {len(ROWS)} rows")


class _RowCounter(ClassifierMixin, BaseEstimator):
    """A classifier that counts its rows."""

    def fit(self, X: Any, y: Any) -> "_RowCounter":
        self.n_rows_ = len(X)
        return self

    def predict(self, X: Any) -> np.ndarray:
        return np.zeros(len(X))


@text_check(is_sampler)
def check_sampler_lengths(name: str, estimator: Any) -> None:
    """Labels fewer than the rows are refused, and both numbers are named."""
    ensure_refuses(lambda: _resample(estimator, y=ROW_LABELS[:-1]), str(len(ROWS)))
