"""The state of callbacks, as a checkpoint can hold it: plain values and tensors."""

import functools
import types
from typing import Any

import numpy as np
import torch
from torch import Tensor

_PLAIN = (bool, int, float, str, types.NoneType)
_STATELESS = (
    functools.partial,
    type,
    types.BuiltinFunctionType,
    types.FunctionType,
    types.MethodType,
    types.ModuleType,
)
_NOT_PLAIN = object()


def state_of(callback: Any) -> dict[str, Any]:
    """Return the state of a callback, in plain values and tensors.

    Parameters
    ----------
    callback : skorch.callbacks.Callback
        If it has `state_dict` and `load_state_dict`, these are used, else its attributes.

    Returns
    -------
    dict of str to Any

    Raises
    ------
    TypeError
        If an attribute is neither plain nor stateless, as a function is. Attributes of skorch's
        own callbacks that are not plain are open displays and logs; they are left out.
    """
    if _has_state_dict(callback):
        return {"state_dict": _encode_or_fail(callback, "state_dict", callback.state_dict())}
    state = {}
    for name, value in vars(callback).items():
        if _has_state_dict(value):
            state[name] = {"state_dict": _encode_or_fail(callback, name, value.state_dict())}
        elif (encoded := _encode(value)) is not _NOT_PLAIN:
            state[name] = {"value": encoded}
        elif not (isinstance(value, _STATELESS) or _is_of_skorch(callback)):
            raise _not_plain(callback, name, value)
    return state


def restore_state(callback: Any, state: dict[str, Any]) -> None:
    """Set the state of a callback to the one that `state_of` returned.

    Parameters
    ----------
    callback : skorch.callbacks.Callback
    state : dict of str to Any
    """
    if _has_state_dict(callback):
        callback.load_state_dict(_decode(state["state_dict"]))
        return
    for name, kept in state.items():
        if "state_dict" in kept:
            getattr(callback, name).load_state_dict(_decode(kept["state_dict"]))
        else:
            setattr(callback, name, _decode(kept["value"]))


def _has_state_dict(value: Any) -> bool:
    """Return whether a value saves and loads its own state, as optimizers of torch do."""
    names = ("state_dict", "load_state_dict")
    return not isinstance(value, type) and all(hasattr(value, name) for name in names)


def _is_of_skorch(callback: Any) -> bool:
    """Return whether the class of a callback is defined in skorch itself."""
    return type(callback).__module__.split(".")[0] == "skorch"


def _encode_or_fail(callback: Any, name: str, value: Any) -> Any:
    """Return an attribute of a callback encoded; raise if it is not plain."""
    encoded = _encode(value)
    if encoded is _NOT_PLAIN:
        raise _not_plain(callback, name, value)
    return encoded


def _not_plain(callback: Any, name: str, value: Any) -> TypeError:
    """Return the error for an attribute that a checkpoint cannot hold."""
    return TypeError(
        f"{type(callback).__name__} keeps a {type(value).__name__} in {name!r}; define "
        "state_dict and load_state_dict, or keep plain values there"
    )


def _encode(value: Any) -> Any:
    """Return a value as `torch.load` takes it without running code, or `_NOT_PLAIN`.

    Every container is written as a pair of its kind and its contents.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if type(value) in _PLAIN:
        return value
    if isinstance(value, Tensor):
        return value.detach()
    if isinstance(value, np.ndarray):
        is_number = value.dtype.kind in "biuf" and value.dtype.itemsize <= 8
        return ("array", torch.from_numpy(value.copy())) if is_number else _NOT_PLAIN
    if type(value) in (list, tuple, set):
        return _encode_all(type(value).__name__, value)
    if isinstance(value, dict):  # OrderedDict too, as a module's state is
        return _encode_all("dict", [part for item in value.items() for part in item])
    return _NOT_PLAIN


def _encode_all(kind: str, values: Any) -> Any:
    """Return a container as a pair of its kind and its contents, or `_NOT_PLAIN`."""
    encoded = [_encode(value) for value in values]
    return _NOT_PLAIN if any(part is _NOT_PLAIN for part in encoded) else (kind, encoded)


def _decode(encoded: Any) -> Any:
    """Return the value that `_encode` was given; arrays and tensors on the CPU."""
    if not isinstance(encoded, tuple):
        return encoded
    kind, contents = encoded
    if kind == "array":
        return contents.cpu().numpy()
    values = [_decode(part) for part in contents]
    if kind == "dict":
        return dict(zip(values[::2], values[1::2], strict=True))
    return {"list": list, "tuple": tuple, "set": set}[kind](values)
