"""Outputs of an estimator in a form that can be compared."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import SkipTest

import numpy as np
import pandas as pd
import polars as pl
import scipy.sparse as sp
from sklearn.base import clone

from agnews_sk.testing._corpus import LABELS, TEXTS

METHODS = ("transform", "predict", "predict_proba", "predict_log_proba", "decision_function")

Outputs = dict[str, Any]
"""What each output method returned, by its name: an ndarray or CSR array, one row per text."""

# Float32 sums in another order, as in batches of another size, differ by less.
ROUNDING = 1e-4


def ensure(condition: Any, found: str) -> None:
    """Raise an AssertionError that says what was found, unless the condition holds.

    Unlike the statement `assert`, it also acts under `python -O`.
    """
    if not condition:
        raise AssertionError(found)


_container: Callable[[list[Any]], Any] | None = None
"""What makes the container that the estimator takes of a list; None if it takes lists."""


@contextmanager
def texts_in(container: Callable[[list[Any]], Any] | None) -> Iterator[None]:
    """Give lists of texts to the estimator in this container."""
    global _container
    outer, _container = _container, container
    try:
        yield
    finally:
        _container = outer


def takes_lists() -> bool:
    """Return whether the estimator is given lists of texts as they are."""
    return _container is None


def takes_frames() -> bool:
    """Return whether the estimator is given frames of one column, and so may refuse a Series."""
    return isinstance(contained([TEXTS[0]]), (pd.DataFrame, pl.DataFrame))


def contained(X: Any) -> Any:
    """Return a list in the container that the estimator takes, and anything else as it is.

    Skips the check where the container cannot hold the texts, as the str of pandas 3 cannot hold
    lone surrogates: the estimator never sees them.
    """
    if _container is None or not isinstance(X, list):
        return X
    try:
        return _container(X)
    except Exception as error:
        raise SkipTest(f"the container cannot hold these texts: {error}") from error


def clone_seeded(estimator: Any) -> Any:
    """Return an unfitted clone, all of whose `random_state` parameters are 0."""
    copy = clone(estimator)
    seeds = [p for p in copy.get_params() if p.split("__")[-1] == "random_state"]
    return copy.set_params(**dict.fromkeys(seeds, 0))


def fit_clone(estimator: Any, X: Any = TEXTS, y: Any = LABELS, **fit_params: Any) -> Any:
    """Return a seeded clone fitted on these rows."""
    return clone_seeded(estimator).fit(contained(X), y, **fit_params)


def get_outputs(estimator: Any, X: Any) -> Outputs:
    """Return the outputs of all methods that a fitted estimator has.

    Parameters
    ----------
    estimator : estimator object
        Fitted.
    X : container of n_samples texts

    Returns
    -------
    dict of str to ndarray or csr_array of shape (n_samples,) or (n_samples, n_columns)
    """
    X = contained(X)
    return {m: as_array(getattr(estimator, m)(X)) for m in METHODS if hasattr(estimator, m)}


def fit_outputs(estimator: Any, X: Any = TEXTS, y: Any = LABELS, **fit_params: Any) -> Outputs:
    """Return the outputs for X of a seeded clone fitted on X and y."""
    return fit_outputs_in_place(clone_seeded(estimator), X, y, **fit_params)


def fit_outputs_in_place(
    estimator: Any, X: Any = TEXTS, y: Any = LABELS, **fit_params: Any
) -> Outputs:
    """Return the outputs for X of the estimator itself, after fitting it on X and y.

    Of a sampler, the resampled texts and labels.
    """
    X = contained(X)
    if hasattr(estimator, "fit_resample"):
        X_out, y_out = estimator.fit_resample(X, y, **fit_params)
        return {"fit_resample": as_array(X_out).ravel(), "fit_resample's labels": as_array(y_out)}
    return get_outputs(estimator.fit(X, y, **fit_params), X)


def as_array(output: Any) -> Any:
    """Return a matrix, frame, Series or list as an ndarray, or as CSR where it is sparse.

    Lists, such as those of tokens, become tuples in an array of objects.
    """
    if sp.issparse(output):
        return sp.csr_array(output)
    if isinstance(output, (pd.DataFrame, pd.Series, pl.DataFrame)):
        return output.to_numpy()
    if isinstance(output, pl.Series):
        return _object_array(output.to_list()) if output.dtype == pl.List else output.to_numpy()
    if isinstance(output, (list, tuple)):
        return _object_array(output)
    return np.asarray(output)


def _object_array(values: Any) -> np.ndarray:
    """Return a 1-D array of objects, in which lists are tuples so that they compare as a whole."""
    array = np.empty(len(values), dtype=object)
    array[:] = [tuple(value) if isinstance(value, list) else value for value in values]
    return array


def take_rows(outputs: Outputs, rows: Any) -> Outputs:
    """Return the outputs at these positions, an index array or a slice."""
    return {method: output[rows] for method, output in outputs.items()}


def stack_rows(batches: list[Outputs]) -> Outputs:
    """Return the outputs of several batches as those of one."""
    return {method: _stacked([batch[method] for batch in batches]) for method in batches[0]}


def _stacked(parts: list[Any]) -> Any:
    """Concatenate arrays, or sparse matrices, along the rows."""
    return sp.vstack(parts, format="csr") if sp.issparse(parts[0]) else np.concatenate(parts)


def ensure_equal(actual: Outputs, expected: Outputs, *, tolerance: float = 1e-9) -> None:
    """Raise an AssertionError that names the first method whose outputs differ.

    Parameters
    ----------
    actual, expected : dict of str to ndarray or csr_array
    tolerance : float, default=1e-9
        Relative and absolute, for floats; anything else must be equal.
    """
    ensure(set(actual) == set(expected), f"the methods are {set(actual)}, not {set(expected)}")
    for method, output in expected.items():
        difference = _difference(actual[method], output, tolerance)
        ensure(difference is None, f"{method} {difference}")


def _difference(actual: Any, expected: Any, tolerance: float) -> str | None:
    """Return what differs between two outputs, to follow the name of a method, or None."""
    if actual.shape != expected.shape:
        return f"returns the shape {actual.shape}, not {expected.shape}"
    if sp.issparse(expected):
        rest = abs(actual - expected)
        largest = rest.max() if rest.nnz else 0.0
        return f"differs by up to {largest:.3g}" if largest > tolerance else None
    differs = _differing(expected)(actual, expected, tolerance)
    if not differs.any():
        return None
    first = tuple(int(i) for i in np.argwhere(differs)[0])
    return f"returns {actual[first]!r:.80} at {first}, not {expected[first]!r:.80}"


def _differing(expected: Any) -> Callable[[Any, Any, float], np.ndarray]:
    """Return the function that compares arrays of this dtype."""
    return _numbers_differ if expected.dtype.kind == "f" else _values_differ


def _numbers_differ(actual: Any, expected: Any, tolerance: float) -> np.ndarray:
    """Return where floats differ; nan equals nan."""
    return ~np.isclose(actual, expected, rtol=tolerance, atol=tolerance, equal_nan=True)


def _values_differ(actual: Any, expected: Any, tolerance: float) -> np.ndarray:
    """Return where values differ; missing values of any kind are equal."""
    both_missing = pd.isna(actual) & pd.isna(expected)
    return np.asarray(actual != expected, dtype=bool) & ~both_missing
