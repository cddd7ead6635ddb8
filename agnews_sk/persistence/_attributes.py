"""Which attributes a type may carry: its parameters, and what its own code stores in `self`."""

import dis
import importlib
import inspect
from collections.abc import Iterator
from functools import cache
from types import CodeType
from typing import Any

# What functions outside of a class store in its instances.
_COMMON = frozenset(
    {
        "_metadata_request",
        "_sklearn_output_config",
        "_sklearn_version",
        "feature_names_in_",
        "n_features_in_",
    }
)
# What a fit leaves of the callbacks that watched it; it is never saved.
OF_CALLBACKS = frozenset({"_callback_fit_ctx", "_skl_callbacks", "_skl_callbacks_to_teardown"})
_STORE = dis.opmap["STORE_ATTR"]


@cache
def import_by_name(name: str) -> Any:
    """Return what a full name stands for; its module is imported.

    Parameters
    ----------
    name : str

    Returns
    -------
    type or callable
    """
    module, _, last = name.rpartition(".")
    return getattr(importlib.import_module(module), last)


@cache
def parameters_of(owner: type) -> tuple[str, ...]:
    """Return the names of an estimator's parameters, in order; of other types none.

    Parameters
    ----------
    owner : type

    Returns
    -------
    tuple of str
    """
    return tuple(owner._get_param_names()) if hasattr(owner, "_get_param_names") else ()


@cache
def attributes_of(owner: type) -> frozenset[str]:
    """Return the names of all attributes that an instance may carry.

    They are read from the code of the class and its bases, so that the list is that of the
    installed version, and of no other type.

    Parameters
    ----------
    owner : type

    Returns
    -------
    frozenset of str

    Examples
    --------
    >>> from sklearn.preprocessing import MaxAbsScaler
    >>> from agnews_sk.persistence._attributes import attributes_of
    >>> names = attributes_of(MaxAbsScaler)
    >>> "copy" in names, "scale_" in names, "__sklearn_is_fitted__" in names, "coef_" in names
    (True, True, False, False)
    """
    stored = (
        name for base in owner.__mro__ for part in vars(base).values() for name in _stored_by(part)
    )
    return _COMMON.union(parameters_of(owner), stored) - OF_CALLBACKS


@cache
def attributes_of_parts(owner: type) -> frozenset[str]:
    """Return the names of the attributes that `set_parts` sets, from other files and checked.

    Parameters
    ----------
    owner : type

    Returns
    -------
    frozenset of str
        Empty if the type has no parts.
    """
    setters = [vars(base).get("set_parts") for base in owner.__mro__]
    return frozenset(name for setter in setters for name in _stored_by(setter))


def _stored_by(part: Any) -> Iterator[str]:
    """Yield the names that a member of a class, such as a method or a property, stores."""
    if isinstance(part, property):
        yield from (name for method in (part.fget, part.fset) for name in _stored_by(method))
        return
    part = getattr(part, "fn", part)  # scikit-learn's methods that depend on a parameter
    code = getattr(inspect.unwrap(part) if callable(part) else part, "__code__", None)
    if code is not None:
        yield from _stored(code)


def _stored(code: CodeType) -> Iterator[str]:
    if _STORE in code.co_code[::2]:
        receiver: Any = None
        for instruction in dis.get_instructions(code):
            # Newer Pythons load a value and `self` by one instruction.
            loaded = receiver if isinstance(receiver, tuple) else (receiver,)
            if instruction.opcode == _STORE and "self" in loaded:
                yield instruction.argval
            receiver = instruction.argval
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _stored(inner)
