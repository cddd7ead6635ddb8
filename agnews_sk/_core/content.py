"""Digests of values by content: equal in every process, different where behaviour may differ.

Such digests identify stored caches, studies and runs. Neither `pickle` nor
`joblib.hash` is enough: the bytes of a pickle depend on the order of sets and on which objects are
shared, and functions are pickled by name, regardless of their code.
"""

import functools
import hashlib
import logging
import re
import sys
import threading
import types
import uuid
import weakref
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import scipy.sparse as sp

from agnews_sk._core.code import constants_of, globals_of, is_inherent, library_of
from agnews_sk._core.identity import (
    RUNTIME_ONLY,
    besides_parameters,
    of_parameter,
    survives_clone,
)

_ADDRESSES = {"_stop_words_id"}  # `id` of the stop words that CountVectorizer has checked
_ATOMS = (type(None), bool, int, float, complex, str, bytes)


class Inert:
    """Base of classes whose instances change no result, such as caches: all have one digest."""


_INERT = (
    Inert,
    logging.Logger,
    threading.local,
    type(threading.Lock()),
    type(threading.RLock()),
    weakref.ref,
    weakref.WeakKeyDictionary,
    weakref.WeakSet,
    weakref.WeakValueDictionary,
)
_RECURSION_LIMIT = 100_000  # for long chains of functions that refer to functions
_RECURSION_LOCK = threading.RLock()  # the limit is that of the process
_DESCRIPTORS = (
    types.GetSetDescriptorType,
    types.MemberDescriptorType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
)


def content_digest(value: Any) -> str:
    """Return a digest of the content of a value.

    Parameters
    ----------
    value : object
        Rows, labels, parameters, an estimator, a function, a class, or a container of these.

    Returns
    -------
    str
        32 hexadecimal digits, the same in every process.

    Notes
    -----
    - A function is its code, defaults, closure, attributes, and the globals that it uses; a class
      is its members. One that a library defines is its name and the library's version.
    - An estimator is its class and those parameters that affect predictions, if `clone` would
      reset it. Elsewhere (in a `FrozenEstimator`, a dictionary, a closure, a global) it is also
      its fitted state.
    - Comments, docstrings, line numbers, the order of sets and dictionaries, and the type of
      container of a column do not matter.
    - A value that cannot be read, such as an open file, has another digest each time.

    Examples
    --------
    >>> from agnews_sk._core.content import content_digest
    >>> content_digest(lambda x: x + 1) == content_digest(lambda x: x + 1)
    True
    >>> content_digest(lambda x: x + 1) == content_digest(lambda x: x + 2)
    False
    """
    with _RECURSION_LOCK:
        before = sys.getrecursionlimit()
        sys.setrecursionlimit(max(before, _RECURSION_LIMIT))
        try:
            return _Walk().of(value, whole=False).hex()
        finally:
            sys.setrecursionlimit(before)


def _hash(*parts: bytes) -> bytes:
    """Return the 16-byte digest of a sequence of bytes.

    Each part is preceded by its length: ("ab", "c") and ("a", "bc") must differ.
    """
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.digest()


def _text(*parts: Any) -> bytes:
    """Return values as text in UTF-8, lone surrogates included."""
    return "\x1f".join(map(str, parts)).encode("utf-8", "surrogatepass")


def _name(value: Any) -> str:
    """Return the qualified name of a function or class, or the name of a value's type."""
    return getattr(value, "__qualname__", getattr(value, "__name__", type(value).__name__))


class _Walk:
    """A depth-first walk over values and what they refer to, which digests each value once.

    A value that is met again below itself, in a cycle, is replaced by its distance on the path. The
    digest of a value within a cycle hence depends on where the walk entered the cycle: as in
    Tarjan's search for strongly connected components (1972), a value's digest is final, and stored
    in `_done`, once nothing below it refers to what is above it. Stored digests of a cycle are not
    reused while the walk is inside this cycle: a walk that enters it elsewhere would otherwise
    depend on the walks before it.

    The methods from `_container` on choose by type. Each returns a digest of 16 bytes that begins
    with a name of its kind, so that values of different kinds never agree.
    """

    def __init__(self) -> None:
        self._done: dict[tuple[int, bool], bytes] = {}
        # Keys are (id, whole).
        self._open: dict[tuple[int, bool], int] = {}  # position on the path or in its cycle
        self._lowest = sys.maxsize  # lowest position that values met since have referred to
        self._not_final: list[tuple[int, bool]] = []  # Tarjan's stack
        self._cycle_of: dict[tuple[int, bool], tuple[int, bool]] = {}  # by its first member
        self._inside: set[tuple[int, bool]] = set()  # cycles that the path has entered again
        self._kept: list[Any] = []  # keeps values alive, so that no `id` is used twice

    def of(self, value: Any, whole: bool = True) -> bytes:
        """Return the digest of a value.

        Parameters
        ----------
        value : object
        whole : bool
            Whether estimators are digested with their fitted state.

        Returns
        -------
        bytes of length 16
        """
        if isinstance(value, np.generic) and type(value.item()) in _ATOMS:
            value = value.item() if value.dtype.kind not in "mM" else str(value)
        if type(value) in _ATOMS:
            plain = value if isinstance(value, str) else repr(value)
            return _hash(type(value).__name__.encode(), _text(plain))
        key = (id(value), whole)
        if key in self._open:
            self._lowest = min(self._lowest, self._open[key])
            return _hash(b"above", _text(len(self._open) - self._open[key]))
        cycle = self._cycle_of.get(key)
        if key in self._done and cycle not in self._inside:
            return self._done[key]
        if cycle is None or cycle in self._inside:
            return self._enter(key, value, whole)
        self._inside.add(cycle)
        digest = self._enter(key, value, whole)
        self._inside.remove(cycle)
        return digest

    def _enter(self, key: tuple[int, bool], value: Any, whole: bool) -> bytes:
        """Digest a value that is met for the first time, and store the digest if it is final."""
        position, before = len(self._open), self._lowest
        self._open[key] = self._lowest = position
        self._kept.append(value)
        n_above = len(self._not_final)
        self._not_final.append(key)
        digest = self._container(value, whole)
        if self._lowest >= position:  # nothing below it refers to what is above it
            self._close(position)
            self._done[key] = digest
            members = set(self._not_final[n_above:])
            del self._not_final[n_above:]
            if len(members) > 1:
                self._cycle_of.update(dict.fromkeys(members, self._cycle_of.get(key, key)))
        self._lowest = min(before, self._lowest)
        return digest

    def _close(self, position: int) -> None:
        """Take values from this position on off the path."""
        while len(self._open) > position:
            self._open.popitem()

    def _all(self, kind: str, values: Iterable[Any], whole: bool = True) -> bytes:
        """Digest a sequence of values, in order."""
        return _hash(kind.encode(), *[self.of(value, whole) for value in values])

    def _alone(self, value: Any, whole: bool) -> bytes:
        """Digest a member of an unordered container independently of the members before it."""
        position = len(self._open)
        digest = self.of(value, whole)
        self._close(position)
        return digest

    def _set(self, kind: str, values: Iterable[Any], whole: bool) -> bytes:
        """Digest values regardless of their order, by sorting their digests."""
        return _hash(kind.encode(), *sorted([self._alone(value, whole) for value in values]))

    def _mapping(self, kind: str, value: Mapping[Any, Any], whole: bool = True) -> bytes:
        """Digest keys and values regardless of the order of keys."""
        named = [(self._alone(key, True), key) for key in value]
        named.sort(key=lambda pair: pair[0])
        return _hash(
            kind.encode(),
            *[part for name, key in named for part in (name, self.of(value[key], whole))],
        )

    def _container(self, value: Any, whole: bool) -> bytes:
        """Digest containers, columns, classes and estimators; leave the rest to `_code`."""
        kind = type(value)
        if kind in (list, tuple):
            return self._all(kind.__name__, value, whole)
        if kind in (set, frozenset):
            return self._set("set", value, whole)
        if kind in (dict, types.MappingProxyType):
            return self._mapping("dict", value)
        for kinds, digest in self._columns().items():
            if isinstance(value, kinds):
                return digest(value)
        if sp.issparse(value):
            return self._sparse(value)
        if isinstance(value, type):
            return self._class(value)
        if hasattr(value, "get_params"):
            return self._estimator(value, whole)
        return self._code(value)

    def _columns(self) -> dict[Any, Callable[[Any], bytes]]:
        """Return the method for each type of column; subclasses come before their bases."""
        return {
            np.ma.MaskedArray: lambda v: self._all("masked", (v.filled(), np.ma.getmaskarray(v))),
            np.ndarray: self._array,
            pd.DataFrame: lambda v: self._all(
                "frame", [_index_of(v), *[(str(n), v.iloc[:, i]) for i, n in enumerate(v.columns)]]
            ),
            pl.DataFrame: lambda v: self._all("frame", [None, *[(n, v[n]) for n in v.columns]]),
            pl.Series: lambda v: (
                self._array(v.to_numpy()) if v.dtype.is_numeric() else self._all("list", v)
            ),
            pd.Series: self._series,
            (pd.Index, pd.api.extensions.ExtensionArray): self._column,
        }

    def _series(self, value: pd.Series) -> bytes:
        """Digest a pandas Series; an index that only counts the rows makes no difference."""
        index = _index_of(value)
        values = self._column(value)
        return values if index is None else _hash(b"indexed", values, self.of(index))

    def _column(self, value: Any) -> bytes:
        """Digest a pandas column: numbers as their array, anything else as a list."""
        if isinstance(value.dtype, np.dtype) and value.dtype.kind in "biufcmM":
            return self._array(np.asarray(value))
        return self._all("list", value)

    def _array(self, value: np.ndarray) -> bytes:
        """Digest an array by dtype, shape and bytes, which are not copied if contiguous."""
        if value.dtype.kind in "OUT":
            return self._all("list", np.atleast_1d(value).tolist(), False)
        if value.dtype.kind == "V":
            return self._all(str(value.dtype), (value.shape, value.tolist()))
        plain = np.ascontiguousarray(value).reshape(-1).view(np.uint8)
        digest = hashlib.blake2b(_text(value.dtype.str, value.shape), digest_size=16)
        digest.update(plain.data)
        return digest.digest()

    def _sparse(self, value: Any) -> bytes:
        """Digest a sparse matrix of any format as CSR with sorted entries."""
        rows = sp.csr_array(value, copy=True)
        rows.sum_duplicates()
        return self._all("sparse", (rows.shape, rows.indptr, rows.indices, rows.data))

    def _estimator(self, value: Any, whole: bool) -> bytes:
        """Digest an estimator by what `clone` would copy, or with its fitted state."""
        if whole or survives_clone(value):
            return self._object(value)
        try:
            params = value.get_params(deep=False)
        except Exception:  # `__init__` did not set an attribute for each of its parameters
            return self._object(value)
        deciding = {name: of_parameter(params[name]) for name in params.keys() - RUNTIME_ONLY}
        told = self._mapping("told", besides_parameters(value))
        return _hash(b"estimator", told, self._mapping("params", deciding, False))

    def _code(self, value: Any) -> bytes:
        """Digest functions, methods and other code; leave the rest to `_leaf`."""
        match value:
            case types.FunctionType():
                return self._function(value)
            case types.CodeType():
                return self._all("code", constants_of(value))
            case types.MethodType():
                return self._all("method", (value.__func__, value.__self__))
            case types.BuiltinFunctionType():
                owner = None if isinstance(value.__self__, types.ModuleType) else value.__self__
                return self._all(f"builtin {value.__module__}.{_name(value)}", [owner])
            case functools._lru_cache_wrapper():
                return self._all("cached", (value.__wrapped__, value.cache_parameters()))
            case staticmethod() | classmethod():
                return self._all(type(value).__name__, [value.__func__])
            case property():
                return self._all("property", (value.fget, value.fset, value.fdel))
            case types.CellType():
                return self._all("cell", _contents(value))
            case types.ModuleType():
                return self._module(value)
            case _:
                return self._leaf(value)

    def _leaf(self, value: Any) -> bytes:
        """Digest values of a few types that hold no others; all else is an object."""
        match value:
            case re.Pattern():
                return self._all("pattern", (value.pattern, value.flags))
            case Path():
                return _hash(b"path", _text(value))
            case _ if isinstance(value, _INERT):
                return _hash(b"inert", _text(_name(type(value))))
            case _ if isinstance(value, (np.ufunc, *_DESCRIPTORS)):
                return self._named(value)
            case _ if _is_tensor(value):
                return self._tensor(value)
            case _:
                return self._object(value)

    def _named(self, value: Any) -> bytes:
        """Digest a ufunc of NumPy or SciPy, or a descriptor of a class in C, by name."""
        homes = (np, sys.modules.get("scipy.special"))
        known = any(getattr(home, _name(value), None) is value for home in homes)
        if known or isinstance(value, _DESCRIPTORS):
            return _hash(b"named", _text(_name(value), library_of(np), library_of(sp)))
        return uuid.uuid4().bytes  # made by numpy.frompyfunc, whose code is not accessible

    def _function(self, value: types.FunctionType) -> bytes:
        """Digest a function by name if a library defines it, otherwise by all that it does."""
        library = library_of(value.__code__)
        if is_inherent(value):
            return _hash(b"library", _text(library, value.__module__, value.__qualname__))
        # A function that a library's function has made, such as a decorator's: what it was made
        # with is in its closure.
        code = value.__code__ if library is None else (library, value.__code__.co_qualname)
        used = globals_of(value) if library is None else {}
        held = value.__defaults__, value.__kwdefaults__, vars(value)
        return self._all("function", (code, *held, list(value.__closure__ or ()), used))

    def _class(self, value: type) -> bytes:
        """Digest a class by name if a library defines it, otherwise by its bases and members."""
        library = library_of(value)
        if library is not None:
            return _hash(b"class", _text(library, value.__module__, value.__qualname__))
        own = {name: member for name, member in vars(value).items() if _is_own(name)}
        return self._all("class", (value.__qualname__, type(value), value.__bases__, own))

    def _module(self, value: types.ModuleType) -> bytes:
        """Digest a module by name if a library defines it, otherwise by its members."""
        library = library_of(value)
        if library is not None:
            return _hash(b"module", _text(library, value.__name__))
        return self._mapping("module", {k: v for k, v in vars(value).items() if k[:2] != "__"})

    def _tensor(self, value: Any) -> bytes:
        """Digest a tensor by dtype, shape and bytes, on any device."""
        import torch

        plain = (value.detach() if value.layout == torch.strided else value.to_dense()).cpu()
        numbers = plain.contiguous().reshape(-1).view(torch.uint8).numpy()
        kind = f"{plain.dtype} {tuple(plain.shape)} {value.requires_grad}"
        return self._all(kind, [numbers])

    def _object(self, value: Any) -> bytes:
        """Digest an object by its class and the state that pickle would write."""
        try:
            reduced = value.__reduce_ex__(4)
        except Exception:  # its reduction may raise anything
            if library_of(type(value)) is not None or not hasattr(value, "__dict__"):
                return uuid.uuid4().bytes
            reduced = (None, (), vars(value))
        if isinstance(reduced, str):
            return self._all("global", (type(value), reduced))
        make, arguments, *state = reduced
        plain = [self._state(type(value), part) for part in state]
        return self._all("object", (type(value), make, arguments, *plain))

    def _state(self, kind: type, part: Any) -> Any:
        """Return a part of an object's state that affects its behaviour."""
        if hasattr(part, "__next__"):
            return list(part)
        if not isinstance(part, dict):
            return part
        left_out = {*RUNTIME_ONLY, *_ADDRESSES} if hasattr(kind, "get_params") else ()
        kept = {k: v for k, v in part.items() if k not in left_out and not _is_cached(kind, k)}
        return kept or None


def _index_of(value: Any) -> Any:
    """Return the index of a series or frame, or None if it is 0, 1, 2, ..."""
    return None if value.index.equals(pd.RangeIndex(len(value))) else value.index


def _contents(cell: types.CellType) -> list[Any]:
    """Return the value of a closure's variable in a list, which is empty if it is not set yet."""
    try:
        return [cell.cell_contents]
    except ValueError:
        return []


def _is_own(name: str) -> bool:
    """Return whether a member of a class has an effect and comes from its author."""
    return name not in {
        "__annotations__", "__annotate_func__", "__annotations_cache__", "__dataclass_fields__",
        "__dict__", "__doc__", "__firstlineno__", "__module__", "__static_attributes__",
        "__slotnames__", "__weakref__",
    } and not name.startswith("_abc_")  # fmt: skip


def _is_cached(kind: type, name: Any) -> bool:
    """Return whether an attribute holds the value of a `cached_property`, computed on access."""
    member = getattr(kind, name, None) if isinstance(name, str) else None
    return isinstance(member, functools.cached_property)


def _is_tensor(value: Any) -> bool:
    """Return whether a value is a tensor, without importing torch."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)
