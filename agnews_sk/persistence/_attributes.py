"""Determine which attributes a type may carry, from its parameters and its own code.

A saved model sets attributes without calling any method. Were every attribute allowed, a forged
model could replace a method of an instance (`predict = ...`) or set something that a base class
reads and that no `fit` ever sets. So each type may carry its parameters and the names that its own
methods assign to `self`, read from their bytecode.
"""

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
    """Return the type or function with a full name; its module is imported.

    Call it for trusted names only, as importing a module runs its code.

    Parameters
    ----------
    name : str
        Module and name, such as `"sklearn.svm._classes.LinearSVC"`.

    Returns
    -------
    type or callable

    Raises
    ------
    ImportError or AttributeError
        If there is no such module, or nothing of that name in it.
    """
    module, _, last = name.rpartition(".")
    return getattr(importlib.import_module(module), last)


@cache
def parameters_of(owner: type) -> tuple[str, ...]:
    """Return the names of an estimator's parameters, sorted, or none for other types.

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
    """Return the names of the attributes that `set_parts` sets.

    They come from other files, which are checked separately. A `pipeline.skops` that sets one of
    them itself would bypass these checks, so it must not.

    Parameters
    ----------
    owner : type

    Returns
    -------
    frozenset of str
        Empty if the type has no `set_parts`.
    """
    setters = [vars(base).get("set_parts") for base in owner.__mro__]
    return frozenset(name for setter in setters for name in _stored_by(setter))


def _stored_by(part: Any) -> Iterator[str]:
    """Yield the names that a member of a class stores in `self`.

    Parameters
    ----------
    part : object
        A method, a property, or any other member, which stores nothing.

    Yields
    ------
    str
    """
    if isinstance(part, property):
        yield from (name for method in (part.fget, part.fset) for name in _stored_by(method))
        return
    part = getattr(part, "fn", part)  # scikit-learn's methods that depend on a parameter
    code = getattr(inspect.unwrap(part) if callable(part) else part, "__code__", None)
    if code is not None:
        yield from _stored(code)


def _stored(code: CodeType) -> Iterator[str]:
    """Yield the names that code stores in `self`, functions defined within it included.

    An attribute is stored by the instruction STORE_ATTR, with the object loaded just before it.
    Only assignments to a variable named `self` count: those to other objects are not the type's
    own.
    """
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
