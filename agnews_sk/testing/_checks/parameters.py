"""Checks of parameters: stored unchanged, settable at any time, not changed by fit."""

import inspect
import re
from itertools import islice
from typing import Any

from sklearn.base import clone

from agnews_sk.testing._outputs import (
    clone_seeded,
    ensure,
    ensure_equal,
    fit_outputs,
    fit_outputs_in_place,
)
from agnews_sk.testing._registry import is_simple, text_check

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
# Each costs several fits.
MAX_SWITCHES = 2
# They print, continue from the first fit, and spend a minute on the same outputs.
NO_SWITCHES = {"verbose", "warm_start", "compile"}


def _values(estimator: Any) -> dict[str, Any]:
    """Return the parameters that hold no estimators."""
    params = estimator.get_params()
    return {p: value for p, value in params.items() if not _holds_estimators(value)}


def _shown(value: Any) -> str:
    """Return the repr without addresses: `clone` copies objects that are no estimators."""
    return _ADDRESS.sub("", repr(value))


def _holds_estimators(value: Any) -> bool:
    """Return whether a value is an estimator, or a list or tuple with one in it."""
    if isinstance(value, (list, tuple)):
        return any(_holds_estimators(part) for part in value)
    return hasattr(value, "get_params") and not isinstance(value, type)


def _own_parameters(estimator: Any) -> list[str]:
    """Return the names of the constructor's arguments."""
    signature = inspect.signature(type(estimator).__init__)
    kinds = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    own = list(signature.parameters.values())[1:]
    return [parameter.name for parameter in own if parameter.kind not in kinds]


def _switched(estimator: Any) -> list[dict[str, bool]]:
    """Return settings that each invert one bool parameter and can be fitted."""
    bools = {p: value for p, value in _values(estimator).items() if isinstance(value, bool)}
    switches = [{p: not on} for p, on in bools.items() if p.split("__")[-1] not in NO_SWITCHES]
    return list(islice((s for s in switches if _can_fit(estimator, s)), MAX_SWITCHES))


def _can_fit(estimator: Any, setting: dict[str, bool]) -> bool:
    """Return whether the estimator can be fitted with these parameters.

    Some bools need another parameter, or a library, to be True.
    """
    try:
        fit_outputs_in_place(clone_seeded(estimator).set_params(**setting))
    except Exception:
        return False
    return True


@text_check()
def check_get_params(name: str, estimator: Any) -> None:
    """Each argument of the constructor is a parameter."""
    missing = set(_own_parameters(estimator)) - set(estimator.get_params(deep=False))
    ensure(not missing, f"get_params lacks {sorted(missing)}")


@text_check(is_simple)
def check_constructor_stores_parameters(name: str, estimator: Any) -> None:
    """The constructor stores each argument unchanged, and does not validate.

    Given an object that no parameter takes; `clone` relies on getting the same object back.
    """
    marks = {parameter: _Nonsense() for parameter in _own_parameters(estimator)}
    stored = type(estimator)(**marks).get_params(deep=False)
    for parameter, mark in marks.items():
        ensure(stored[parameter] is mark, f"{parameter} is not kept as given")


@text_check()
def check_clone(name: str, estimator: Any) -> None:
    """A clone of a fitted estimator has its parameters and repr, and nothing learned."""
    original = clone_seeded(estimator)
    fit_outputs_in_place(original)
    copy = clone(original)
    ensure(_shown(_values(copy)) == _shown(_values(original)), "the clone has other parameters")
    ensure(_shown(copy) == _shown(original), f"the repr of the clone is {copy!r:.200}")
    learned = sorted(set(vars(copy)) - set(vars(clone_seeded(estimator))))
    ensure(not learned, f"the clone has {learned}")
    ensure_equal(fit_outputs_in_place(copy), fit_outputs(estimator))


@text_check()
def check_parameters_unchanged(name: str, estimator: Any) -> None:
    """Neither fit nor an output method changes a parameter.

    Neither replaced, nor modified in place as a list or dict may be.
    """
    estimator = clone_seeded(estimator)
    before = _values(estimator)
    looked = {p: repr(value) for p, value in before.items()}
    fit_outputs_in_place(estimator)
    after = _values(estimator)
    for parameter, value in before.items():
        ensure(after[parameter] is value, f"{parameter} became {after[parameter]!r:.80}")
        ensure(
            repr(value) == looked[parameter], f"{parameter} was changed in place to {value!r:.80}"
        )


@text_check()
def check_instances_are_independent(name: str, estimator: Any) -> None:
    """Fitting one instance changes no parameter of another.

    Fails where a mutable default is shared by all instances.
    """
    first, second = clone_seeded(estimator), clone_seeded(estimator)
    before = repr(_values(second))
    fit_outputs_in_place(first)
    ensure(
        repr(_values(second)) == before, f"the other's parameters became {_values(second)!r:.200}"
    )


@text_check()
def check_set_params_returns_self(name: str, estimator: Any) -> None:
    """set_params returns the estimator, and get_params the values that were set."""
    estimator = clone_seeded(estimator)
    params = _values(estimator)
    ensure(estimator.set_params(**params) is estimator, "set_params gives something else")
    ensure(repr(_values(estimator)) == repr(params), "get_params gives other values")


@text_check()
def check_set_params_before_fit(name: str, estimator: Any) -> None:
    """A parameter set before fit is kept by fit and by clone."""
    for setting in _switched(estimator):
        changed = clone_seeded(estimator).set_params(**setting)
        expected = fit_outputs(changed)
        ensure_equal(fit_outputs_in_place(changed), expected)
        kept = {p: changed.get_params()[p] for p in setting}
        ensure(kept == setting, f"{setting} became {kept}")


@text_check()
def check_set_params_after_fit(name: str, estimator: Any) -> None:
    """A parameter set after fit acts in the next fit as if it had been set before the first.

    Fails where the first fit builds parts that the second reuses.
    """
    for setting in _switched(estimator):
        expected = fit_outputs_in_place(clone_seeded(estimator).set_params(**setting))
        refitted = clone_seeded(estimator)
        fit_outputs_in_place(refitted)
        ensure_equal(fit_outputs_in_place(refitted.set_params(**setting)), expected)


@text_check()
def check_unknown_parameter(name: str, estimator: Any) -> None:
    """set_params rejects a parameter that does not exist, and names it."""
    try:
        clone_seeded(estimator).set_params(no_such_parameter=1)
    except (ValueError, TypeError) as error:
        ensure("no_such_parameter" in str(error), f"the message is {error}")
    else:
        ensure(False, "nothing was raised")


@text_check(is_simple)
def check_invalid_parameters(name: str, estimator: Any) -> None:
    """A parameter of an impossible type is rejected in fit, not before, and named.

    Only for estimators that declare `_parameter_constraints`.
    """
    constraints = getattr(estimator, "_parameter_constraints", {})
    for parameter, allowed in constraints.items():
        if allowed == "no_validation" or parameter not in estimator.get_params():
            continue
        wrong = clone_seeded(estimator).set_params(**{parameter: _Nonsense()})
        try:
            fit_outputs_in_place(wrong)
        except (ValueError, TypeError) as error:
            ensure(parameter in str(error), f"the message does not name {parameter}: {error}")
        else:
            ensure(False, f"fit takes {parameter}={_Nonsense()!r}")


class _Nonsense:
    """A value that no parameter takes."""

    def __repr__(self) -> str:
        return "<nonsense>"


@text_check()
def check_repr(name: str, estimator: Any) -> None:
    """repr, before and after fit, and the HTML repr name the class."""
    estimator = clone_seeded(estimator)
    kind = type(estimator).__name__
    ensure(repr(estimator).startswith(kind), f"repr gives {estimator!r:.80}")
    fit_outputs_in_place(estimator)
    ensure(repr(estimator).startswith(kind), f"repr after fit gives {estimator!r:.80}")
    ensure(kind in estimator._repr_html_(), "the HTML repr does not name it")
