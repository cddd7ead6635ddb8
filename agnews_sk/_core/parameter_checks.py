"""Checks of parameters that are cheap to repeat."""

from collections.abc import Hashable
from functools import lru_cache
from typing import Any

from sklearn.utils._param_validation import validate_parameter_constraints


def check_params(estimator: Any) -> None:
    """Check single parameters by `_parameter_constraints`, equal ones once.

    For `transform` without `fit`: on one text the checks would take longer than all else.

    Parameters
    ----------
    estimator : estimator

    Raises
    ------
    ValueError, TypeError
        As scikit-learn words it.
    """
    kind: Any = type(estimator)
    try:
        _check_values(kind, *[getattr(estimator, name) for name in kind._parameter_constraints])
    except TypeError:  # a value that has no hash, or an invalid one
        estimator._validate_params()


@lru_cache(maxsize=256, typed=True)  # typed: 1 equals True, and is no bool
def _check_values(kind: Hashable, *values: Hashable) -> None:
    """Check the values of the parameters of a class, in the order of its constraints."""
    constraints = kind._parameter_constraints  # type: ignore[attr-defined]
    named = dict(zip(constraints, values))
    validate_parameter_constraints(constraints, named, caller_name=kind.__name__)  # type: ignore[attr-defined]
