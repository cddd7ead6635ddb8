"""What an estimator makes of texts, in a form that compares."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import scipy.sparse as sp
from sklearn.base import clone

from agnews_sk.testing._corpus import LABELS, TEXTS

METHODS = ("transform", "predict", "predict_proba", "predict_log_proba", "decision_function")

Answers = dict[str, Any]

# Sums in another order, as batches of another size make them.
ROUNDING = 1e-4


def ensure(condition: Any, found: str) -> None:
    """Raise an AssertionError that says what was found, unless the condition holds.

    Unlike the statement `assert`, it also acts under `python -O`.
    """
    if not condition:
        raise AssertionError(found)


def fresh(estimator: Any) -> Any:
    """Return an unfitted copy, all of whose `random_state` parameters are 0."""
    copy = clone(estimator)
    seeds = [p for p in copy.get_params() if p.split("__")[-1] == "random_state"]
    return copy.set_params(**dict.fromkeys(seeds, 0))


def fitted(estimator: Any, X: Any = TEXTS, y: Any = LABELS, **fit_params: Any) -> Any:
    """Return an unfitted copy fitted on these rows."""
    return fresh(estimator).fit(X, y, **fit_params)


def answers(estimator: Any, X: Any) -> Answers:
    """Return what each method of a fitted estimator makes of X."""
    return {m: plain(getattr(estimator, m)(X)) for m in METHODS if hasattr(estimator, m)}


def outcome(estimator: Any, X: Any = TEXTS, y: Any = LABELS, **fit_params: Any) -> Answers:
    """Return what an unfitted copy makes of X once it is fitted on it."""
    return outcome_in_place(fresh(estimator), X, y, **fit_params)


def outcome_in_place(estimator: Any, X: Any = TEXTS, y: Any = LABELS, **fit_params: Any) -> Answers:
    """Return what the estimator itself makes of X once it is fitted on it."""
    if hasattr(estimator, "fit_resample"):
        X_out, y_out = estimator.fit_resample(X, y, **fit_params)
        return {"fit_resample": plain(X_out).ravel(), "fit_resample's labels": plain(y_out)}
    return answers(estimator.fit(X, y, **fit_params), X)


def plain(answer: Any) -> Any:
    """Return a matrix, frame, Series or list as an ndarray, or as CSR where it is sparse."""
    if sp.issparse(answer):
        return sp.csr_array(answer)
    if isinstance(answer, (pd.DataFrame, pd.Series, pl.DataFrame)):
        return answer.to_numpy()
    if isinstance(answer, pl.Series):
        return _object_array(answer.to_list()) if answer.dtype == pl.List else answer.to_numpy()
    if isinstance(answer, (list, tuple)):
        return _object_array(answer)
    return np.asarray(answer)


def _object_array(values: Any) -> np.ndarray:
    array = np.empty(len(values), dtype=object)
    array[:] = [tuple(value) if isinstance(value, list) else value for value in values]
    return array


def take(of: Answers, rows: Any) -> Answers:
    """Return the answers at these positions."""
    return {method: answer[rows] for method, answer in of.items()}


def stack(parts: list[Answers]) -> Answers:
    """Return the answers of several batches one below the other."""
    return {method: _stacked([part[method] for part in parts]) for method in parts[0]}


def _stacked(parts: list[Any]) -> Any:
    return sp.vstack(parts, format="csr") if sp.issparse(parts[0]) else np.concatenate(parts)


def ensure_agree(actual: Answers, expected: Answers, *, tolerance: float = 1e-9) -> None:
    """Raise an AssertionError that names the first method whose answers differ."""
    ensure(set(actual) == set(expected), f"the methods are {set(actual)}, not {set(expected)}")
    for method, answer in expected.items():
        difference = _difference(actual[method], answer, tolerance)
        ensure(difference is None, f"{method} {difference}")


def _difference(actual: Any, expected: Any, tolerance: float) -> str | None:
    if actual.shape != expected.shape:
        return f"gives the shape {actual.shape}, not {expected.shape}"
    if sp.issparse(expected):
        rest = abs(actual - expected)
        largest = rest.max() if rest.nnz else 0.0
        return f"differs by up to {largest:.3g}" if largest > tolerance else None
    differs = _differing(expected)(actual, expected, tolerance)
    if not differs.any():
        return None
    first = tuple(int(i) for i in np.argwhere(differs)[0])
    return f"gives {actual[first]!r:.80} at {first}, not {expected[first]!r:.80}"


def _differing(expected: Any) -> Callable[[Any, Any, float], np.ndarray]:
    return _numbers_differ if expected.dtype.kind == "f" else _values_differ


def _numbers_differ(actual: Any, expected: Any, tolerance: float) -> np.ndarray:
    return ~np.isclose(actual, expected, rtol=tolerance, atol=tolerance, equal_nan=True)


def _values_differ(actual: Any, expected: Any, tolerance: float) -> np.ndarray:
    both_missing = pd.isna(actual) & pd.isna(expected)
    return np.asarray(actual != expected, dtype=bool) & ~both_missing
