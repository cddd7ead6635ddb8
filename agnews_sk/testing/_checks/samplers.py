"""Checks of samplers: labels and weights follow the rows, and predict keeps every row."""

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from sklearn.base import BaseEstimator, ClassifierMixin

from agnews_sk.testing._corpus import LABELS, TEXTS
from agnews_sk.testing._outputs import clone_seeded, ensure
from agnews_sk.testing._raises import ensure_raises
from agnews_sk.testing._registry import is_sampler, text_check

# Something for each filter to drop: a short and a blank row, a repeated one, one of another label.
ROWS = ["Oil", " ", *TEXTS, TEXTS[0], TEXTS[1]]
ROW_LABELS = [LABELS[0], LABELS[1], *LABELS, LABELS[0], "Tech"]


def _resample(estimator: Any, X: Any = ROWS, y: Any = ROW_LABELS, **params: Any) -> Any:
    """Return a clone, and what its fit_resample returns of these rows."""
    sampler = clone_seeded(estimator)
    return sampler, sampler.fit_resample(X, y, **params)


@text_check(is_sampler)
def check_sample_indices(name: str, estimator: Any) -> None:
    """sample_indices_ gives, for each output row, the position of its input row.

    Labels, weights and groups are followed by it.
    """
    sampler, (X, y) = _resample(estimator)
    indices = sampler.sample_indices_
    ensure(len(indices) == len(X) == len(y), f"{len(indices)} indices for {len(X)} rows")
    inside = (indices >= 0) & (indices < len(ROWS))
    ensure(inside.all(), f"it gives {indices[~inside][:1]} for {len(ROWS)} rows")


@text_check(is_sampler)
def check_sampler_labels(name: str, estimator: Any) -> None:
    """Each output row has the label of its input row."""
    sampler, (_, y) = _resample(estimator)
    expected = [ROW_LABELS[i] for i in sampler.sample_indices_]
    ensure(list(y) == expected, f"the labels are {list(y)}, not {expected}")


@text_check(is_sampler)
def check_sampler_weights(name: str, estimator: Any) -> None:
    """sample_weight is returned third, each row with the weight of its input row."""
    weights = np.arange(1.0, len(ROWS) + 1)
    sampler, out = _resample(estimator, sample_weight=weights)
    ensure(len(out) == 3, f"{len(out)} values are returned")
    same = np.array_equal(out[2], weights[sampler.sample_indices_])
    ensure(same, "rows have weights of other rows")


@text_check(is_sampler)
def check_sampler_container(name: str, estimator: Any) -> None:
    """Texts and labels are returned in the type of container in which they were passed."""
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
    """Without labels a sampler returns None for them, or rejects None if it needs them."""
    try:
        _, (X, y) = _resample(estimator, y=None)
    except ValueError as error:
        ensure("y" in str(error), f"the message does not name y: {error}")
    else:
        ensure(y is None and len(X) > 0, f"the labels are {y}")


@text_check(is_sampler)
def check_sampler_in_fit_only(name: str, estimator: Any) -> None:
    """In a pipeline it acts in fit only, and predict returns one output per row.

    imbalanced-learn's convention: nothing is dropped or added at prediction time.
    """
    from imblearn.pipeline import Pipeline

    pipeline = Pipeline([("sample", clone_seeded(estimator)), ("count", _RowCounter())])
    pipeline.fit(ROWS, ROW_LABELS)
    n_out = len(_resample(estimator)[1][0])
    ensure(pipeline[-1].n_rows_ == n_out, f"fit saw {pipeline[-1].n_rows_} rows, not {n_out}")
    n_outputs = len(pipeline.predict(ROWS))
    ensure(n_outputs == len(ROWS), f"predict returns {n_outputs} outputs for {len(ROWS)} rows")


class _RowCounter(ClassifierMixin, BaseEstimator):
    """A classifier that counts its rows."""

    def fit(self, X: Any, y: Any) -> "_RowCounter":
        """Count the rows."""
        self.n_rows_ = len(X)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return zero for each row."""
        return np.zeros(len(X))


@text_check(is_sampler)
def check_sampler_inconsistent_length(name: str, estimator: Any) -> None:
    """Fewer labels than rows are rejected, and the message has the number of rows."""
    ensure_raises(lambda: _resample(estimator, y=ROW_LABELS[:-1]), str(len(ROWS)))
