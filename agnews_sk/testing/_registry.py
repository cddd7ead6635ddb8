"""The registry of checks, and the conditions under which they apply to an estimator."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from unittest import SkipTest

from sklearn.utils import get_tags
from sklearn.utils.validation import has_fit_parameter

from agnews_sk.testing._corpus import unchanged_corpus
from agnews_sk.testing._outputs import METHODS, texts_in

Check = Callable[..., None]
Condition = Callable[[Any], bool]

REGISTERED: dict[Check, tuple[Condition, ...]] = {}


def text_check(*conditions: Condition) -> Callable[[Check], Check]:
    """Register a check for the estimators that meet all the conditions.

    The first line of its docstring is the claim that it makes. Any exception in it, an error of the
    estimator or an output that differs, becomes an AssertionError that names the
    estimator, the claim and what happened instead.

    Parameters
    ----------
    *conditions : callable
        From an estimator to bool.

    Returns
    -------
    decorator
        For a function of the estimator's name and the estimator.
    """

    def register(check: Check) -> Check:
        """Register a check under these conditions, and return it with its errors translated."""
        claim = (check.__doc__ or "").splitlines()[0]

        @wraps(check)
        def run(
            name: str,
            estimator: Any,
            *,
            container: Callable[[list[Any]], Any] | None = None,
            **options: Any,
        ) -> None:
            """Run the check, and restore the corpus after it."""
            try:
                with unchanged_corpus(), texts_in(container):
                    check(name, estimator, **options)
            except SkipTest:
                raise
            except AssertionError as error:
                raise AssertionError(f"{name}: {claim} Instead, {error}.") from error
            except Exception as error:
                happened = f"{type(error).__name__}: {error}"
                raise AssertionError(f"{name}: {claim} Instead, {happened}") from error

        REGISTERED[run] = conditions
        return run

    return register


def checks_for(estimator: Any) -> list[Check]:
    """Return the checks whose conditions the estimator meets, in order."""
    return [
        check
        for check, conditions in REGISTERED.items()
        if all(holds(estimator) for holds in conditions)
    ]


def has(method: str) -> Condition:
    """Return the condition that the estimator has this method."""
    return lambda estimator: hasattr(estimator, method)


def is_sampler(estimator: Any) -> bool:
    """Return whether it drops or adds rows, by `fit_resample`."""
    return hasattr(estimator, "fit_resample")


def keeps_rows(estimator: Any) -> bool:
    """Return whether it has a method that returns one output per row after `fit`."""
    return not is_sampler(estimator) and any(hasattr(estimator, m) for m in METHODS)


def requires_fit(estimator: Any) -> bool:
    """Return whether its methods need `fit` first."""
    return get_tags(estimator).requires_fit


def is_deterministic(estimator: Any) -> bool:
    """Return whether a random seed makes it reproducible, as its tags say."""
    return not get_tags(estimator).non_deterministic


def takes_sample_weight(estimator: Any) -> bool:
    """Return whether its `fit` has the parameter `sample_weight`."""
    return has_fit_parameter(estimator, "sample_weight")


def takes_random_state(estimator: Any) -> bool:
    """Return whether it, or a part of it, has the parameter `random_state`."""
    return any(p.split("__")[-1] == "random_state" for p in estimator.get_params())


def is_simple(estimator: Any) -> bool:
    """Return whether no parameter of it is an estimator."""
    return not any("__" in parameter for parameter in estimator.get_params())
