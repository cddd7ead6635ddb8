"""A name for a training: a hash of the content of all that decides it."""

import functools
import hashlib
import pickle
import types
import uuid
from typing import Any

import numpy as np
import torch

# What these hold changes with their version only, and is named by their classes.
_LIBRARIES = {"builtins", "numpy", "sklearn", "skorch", "torch"}


def fingerprint(value: Any) -> str:
    """Return a hash of what a value is, the same in every process.

    Functions and classes count with their code, objects with their attributes, arrays and
    tensors with their numbers. Something whose content cannot be read, such as an open file, is
    like nothing else, not even itself a second time.

    Parameters
    ----------
    value : Any

    Returns
    -------
    str
        32 hexadecimal digits.

    Examples
    --------
    >>> from agnews_sk.classifiers._fingerprint import fingerprint
    >>> fingerprint(lambda x: x + 1) == fingerprint(lambda x: x + 1)
    True
    >>> fingerprint(lambda x: x + 1) == fingerprint(lambda x: x + 2)
    False
    """
    return _Hash().of(value).hex()


class _Hash:
    """Hashes values depth first, each object once."""

    def __init__(self) -> None:
        self._seen: dict[int, tuple[int, Any]] = {}  # the objects too, so that no id comes twice

    def of(self, value: Any) -> bytes:
        if isinstance(value, (bool, int, float, complex, str, bytes, types.NoneType)):
            return _digest(type(value).__name__.encode(), repr(value).encode())
        if id(value) in self._seen:
            return _digest(b"seen", str(self._seen[id(value)][0]).encode())
        self._seen[id(value)] = len(self._seen), value
        if isinstance(value, np.ndarray) and value.dtype != object:
            kind = f"{value.dtype}{value.shape}".encode()
            return _digest(kind, np.ascontiguousarray(value).reshape(-1).view(np.uint8).data)
        if isinstance(value, (set, frozenset)):
            return _digest(b"set", *sorted(_Hash().of(element) for element in value))
        parts = _parts(value)
        return _digest(type(value).__qualname__.encode(), *map(self.of, parts))


def _digest(*parts: Any) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        digest.update(len(part).to_bytes(8))
        digest.update(part)
    return digest.digest()


@functools.singledispatch
def _parts(value: Any) -> list[Any]:
    """Return simpler values that an object is made of."""
    if hasattr(value, "__dict__"):
        return [type(value), vars(value)]
    try:
        return [pickle.dumps(value)]
    except Exception:  # whatever its reduction raises
        return [uuid.uuid4().hex]


@_parts.register(list)
@_parts.register(tuple)
def _(value: Any) -> list[Any]:
    return list(value)


@_parts.register
def _(value: dict) -> list[Any]:
    return [part for item in value.items() for part in item]


@_parts.register
def _(value: np.ndarray) -> list[Any]:
    return [value.shape, *value.ravel().tolist()]


@_parts.register
def _(value: torch.Tensor) -> list[Any]:
    plain = value.detach().cpu().contiguous()
    return [str(plain.dtype), tuple(plain.shape), plain.reshape(-1).view(torch.uint8).numpy()]


@_parts.register
def _(value: types.FunctionType) -> list[Any]:
    cells = [cell.cell_contents for cell in value.__closure__ or () if _is_filled(cell)]
    defaults = [value.__defaults__, value.__kwdefaults__]
    return [value.__module__, value.__qualname__, value.__code__, *defaults, *cells]


@_parts.register
def _(value: types.CodeType) -> list[Any]:
    return [value.co_code, value.co_consts, value.co_names]


@_parts.register
def _(value: types.MethodType) -> list[Any]:
    return [value.__func__, value.__self__]


@_parts.register
def _(value: types.ModuleType) -> list[Any]:
    return [value.__name__]


@_parts.register
def _(value: types.BuiltinFunctionType) -> list[Any]:
    return [value.__module__, value.__qualname__]


@_parts.register
def _(value: functools.partial) -> list[Any]:
    return [value.func, value.args, value.keywords]


@_parts.register(staticmethod)
@_parts.register(classmethod)
def _(value: Any) -> list[Any]:
    return [value.__func__]


@_parts.register
def _(value: property) -> list[Any]:
    return [value.fget, value.fset, value.fdel]


@_parts.register
def _(value: type) -> list[Any]:
    name = [value.__module__, value.__qualname__]
    if value.__module__.split(".")[0] in _LIBRARIES:
        return name
    own = {
        key: member
        for key, member in vars(value).items()
        if isinstance(member, types.FunctionType) or not key.startswith(("__", "_abc_"))
    }
    return [*name, value.__bases__, own]


def _is_filled(cell: types.CellType) -> bool:
    try:
        return cell.cell_contents is not cell
    except ValueError:
        return False
