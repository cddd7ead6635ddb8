"""What a value is, in a few letters: the same in every process, and another if it differs."""

import ast
import hashlib
import inspect
import re
import sysconfig
import textwrap
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import scipy.sparse as sp
from sklearn.base import BaseEstimator

from agnews_sk._pretrained import fingerprint
from agnews_sk._text_cache import TextCache

# They say where and how fast an estimator works, not what comes out.
RUNTIME = {"cache", "checkpoint_dir", "device", "memory", "n_jobs", "verbose"}
_HASH = re.compile("#[0-9a-f]+$")
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_ATOMS = (type(None), bool, int, float, complex, str, bytes)
_INSTALLED = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib")})
_LONGEST = 100


def describe(value: Any) -> str:
    """Return a value as one line; what is long ends with a hash of its content.

    Parameters
    ----------
    value : object

    Returns
    -------
    str
        As `is_same_content` compares and `without_hash` shows it.

    Examples
    --------
    >>> from agnews_sk._content import describe, without_hash
    >>> describe((1, 2))
    '(1, 2)'
    >>> describe(["oil", "cup"] * 50) == describe(["oil", "cup"] * 50)
    True
    >>> without_hash(describe(["oil", "cup"] * 50))
    'list'
    """
    if isinstance(value, np.generic):
        value = value.item()
    if _is_plain(value) and len(text := repr(value)) <= _LONGEST:
        return text
    name = _ADDRESS.sub("", repr(value))
    short = name if len(name) <= _LONGEST and "\n" not in name else _name_of(type(value))
    return f"{short}#{digest(value)}"


def without_hash(description: str) -> str:
    """Return what a person can read of a description."""
    return _HASH.sub("", description)


def differences(before: Mapping[str, Any], now: Mapping[str, Any], n_named: int = 5) -> str:
    """Name the descriptions that are not the same.

    Parameters
    ----------
    before, now : mapping of str to str
        Descriptions by name.
    n_named : int, default=5

    Returns
    -------
    str
        Empty if all are the same.

    Examples
    --------
    >>> from agnews_sk._content import differences
    >>> differences({"C": "1", "y": "#5ae0"}, {"C": "2", "y": "#ff21"})
    'C was 1, is 2; another y'
    """
    names = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    told = [_difference(name, before.get(name), now.get(name)) for name in names[:n_named]]
    more = [f"and {len(names) - n_named} more"] if len(names) > n_named else []
    return "; ".join([*told, *more])


def _difference(name: str, before: str | None, now: str | None) -> str:
    if before is None or now is None:
        return f"{name} was not there" if before is None else f"{name} is not there"
    if without_hash(before) == without_hash(now):
        return f"another {name}"
    return f"{name} was {without_hash(before)}, is {without_hash(now)}"


def digest(value: Any) -> str:
    """Return a hash of the content of a value.

    Parameters
    ----------
    value : object
        Rows, labels, an estimator, a function, or anything that can be pickled.

    Returns
    -------
    str
    """
    sink = hashlib.blake2b(digest_size=12)
    _Feeder(sink.update).feed(value)
    return sink.hexdigest()


def _is_plain(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return type(value) in (list, tuple) and all(map(_is_plain, value))
    return type(value) in _ATOMS


class _Feeder:
    """Walk through a value, and hand each part of it to a hash."""

    def __init__(self, update: Callable[[bytes], None]) -> None:
        self._update = update
        self._above: set[int] = set()
        self._is_fitted = False

    def feed(self, value: Any) -> None:
        """Hand on all of a value, and of what is in it."""
        if isinstance(value, np.generic) and not isinstance(value, np.void):
            value = value.item()
        if type(value) in _ATOMS:
            self._atom(value)
        elif id(value) in self._above:
            self._tag("above")
        else:
            self._above.add(id(value))
            self._container(value)
            self._above.discard(id(value))

    def _tag(self, *parts: Any) -> None:
        text = "\x1f".join(map(str, parts)).encode("utf-8", "surrogatepass")
        self._update(len(text).to_bytes(8, "little") + text)

    def _atom(self, value: Any) -> None:
        self._tag(type(value).__name__, value if isinstance(value, str) else repr(value))

    def _sequence(self, kind: str, values: Iterable[Any]) -> None:
        self._tag(kind)
        for value in values:
            self.feed(value)
        self._tag("end")

    def _mapping(self, kind: str, value: Mapping[Any, Any]) -> None:
        self._tag(kind)
        for key in sorted(value, key=repr):
            self.feed(key)
            self.feed(value[key])
        self._tag("end")

    def _container(self, value: Any) -> None:
        match value:
            case np.ndarray():
                self._array(value)
            case pd.DataFrame() | pl.DataFrame():
                self._sequence("frame", [(str(name), value[name]) for name in value.columns])
            case pl.Series():
                self._array(value.to_numpy()) if value.dtype.is_numeric() else self._values(value)
            case pd.Series() | pd.Index() | pd.api.extensions.ExtensionArray():
                self._array(np.asarray(value)) if _is_numeric(value) else self._values(value)
            case list() | tuple() | range():
                self._values(value)
            case set() | frozenset():
                self._sequence("set", sorted(map(digest, value)))
            case dict():
                self._mapping("dict", value)
            case _ if sp.issparse(value):
                self._sparse(value)
            case _:
                self._object(value)

    def _values(self, values: Iterable[Any]) -> None:
        self._sequence("sequence", values)

    def _array(self, value: np.ndarray) -> None:
        if value.dtype.kind in "OUT":
            self._values(value.tolist())
        elif value.dtype.kind == "V":
            self._sequence(str(value.dtype), value.tolist())
        else:
            self._tag("array", value.dtype.str, value.shape)
            self._update(np.ascontiguousarray(value).tobytes())

    def _sparse(self, value: Any) -> None:
        rows = sp.csr_array(value, copy=True)
        rows.sum_duplicates()
        self._sequence("sparse", (rows.shape, rows.indptr, rows.indices, rows.data))

    def _object(self, value: Any) -> None:
        match value:
            case type() | BuiltinFunctionType() | np.ufunc():
                self._tag(_name_of(value))
            case ModuleType():
                self._tag(value.__name__)
            case FunctionType():
                self._function(value)
            case TextCache():
                self._tag("cache")
            case Path():
                self._tag("path", value)
            case _ if hasattr(value, "get_params"):
                self._estimator(value)
            case _:
                self._pickled(value)

    def _estimator(self, value: Any) -> None:
        if self._is_fitted:
            self._pickled(value)
            return
        if _stays_fitted(value):
            self._is_fitted = True
            self._pickled(value)
            self._is_fitted = False
            return
        self._tag(_name_of(type(value)))
        params = value.get_params(deep=False)
        self._mapping(
            "params", {name: of_parameter(params[name]) for name in params.keys() - RUNTIME}
        )
        self._tag(requests_and_callbacks(value))

    def _function(self, value: FunctionType) -> None:
        self._tag(_name_of(value))
        if _is_installed(value.__code__.co_filename):
            return
        self._sequence("defaults", (value.__defaults__, value.__kwdefaults__))
        self._sequence("closure", [_content_of(cell) for cell in value.__closure__ or ()])
        self._code(value)
        used = {name for code in _codes(value.__code__) for name in code.co_names}
        known = {name: value.__globals__[name] for name in used if name in value.__globals__}
        self._mapping("globals", {name: _global(known[name]) for name in known})

    def _code(self, value: FunctionType) -> None:
        source = _source(value)
        if source is not None:
            self._tag(source)
            return
        for code in _codes(value.__code__):
            constants = [one for one in code.co_consts if not isinstance(one, CodeType)]
            self._tag(code.co_code.hex(), code.co_names, code.co_varnames)
            self._sequence("constants", constants)

    def _pickled(self, value: Any) -> None:
        """Take an object to be what pickle would write of it."""
        self._tag(_name_of(type(value)))
        try:
            reduced = value.__reduce_ex__(4)
        except Exception:  # as a lock, which says nothing of what comes out
            return
        if isinstance(reduced, str):
            self._tag(reduced)
            return
        make, arguments, *state = reduced
        self._tag(_name_of(make))
        plain = [list(part) if hasattr(part, "__next__") else part for part in state]
        self._sequence("state", (arguments, *plain))


def requests_and_callbacks(estimator: Any) -> str:
    """Return what an estimator was told besides its parameters.

    Parameters
    ----------
    estimator : estimator

    Returns
    -------
    str
        The metadata that it asks for, and the classes of callbacks of the user's.
    """
    callbacks = [_name_of(type(one)) for one in getattr(estimator, "_skl_callbacks", ())]
    told = [name for name in callbacks if not name.startswith("sklearn.")]
    requests = getattr(estimator, "_metadata_request", None)
    return " ".join([*([str(requests)] if requests is not None else []), *told])


def kept_by_clone(estimator: Any) -> str:
    """Return what `clone` keeps of an estimator besides its parameters.

    Parameters
    ----------
    estimator : estimator

    Returns
    -------
    str
        As `requests_and_callbacks`, and for one that stays fitted, such as `FrozenEstimator`, a
        hash of all that it holds.
    """
    told = requests_and_callbacks(estimator)
    return f"{told} {digest(estimator)}" if _stays_fitted(estimator) else told


def _stays_fitted(estimator: Any) -> bool:
    """Tell an estimator that `clone` does not make anew from its parameters."""
    cloned = getattr(type(estimator), "__sklearn_clone__", None)
    return cloned not in (None, BaseEstimator.__sklearn_clone__)


def of_parameter(value: Any) -> Any:
    """Return a parameter, or the weights in the folder that it names."""
    if isinstance(value, (str, Path)) and value and Path(value).is_dir():
        return fingerprint(str(value))
    return value


def _is_numeric(column: Any) -> bool:
    return isinstance(column.dtype, np.dtype) and column.dtype.kind in "biufcmM"


def _global(value: Any) -> Any:
    """Return a global value as far as a function's result hangs on it."""
    if isinstance(value, (FunctionType, list, tuple, dict, set, np.ndarray, *_ATOMS)):
        return value
    return _name_of(value if hasattr(value, "__qualname__") else type(value))


def _content_of(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not set yet
        return None


def _codes(code: CodeType) -> list[CodeType]:
    inner = [one for one in code.co_consts if isinstance(one, CodeType)]
    return [code, *(deeper for one in inner for deeper in _codes(one))]


def _source(function: FunctionType) -> str | None:
    """Return a function's source without comments and docstrings, or None if it has none.

    The lines of a lambda hold what is around it too.
    """
    if function.__name__ == "<lambda>":
        return None
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)


def _is_installed(file: str) -> bool:
    return file.startswith(_INSTALLED) and "agnews_sk" not in Path(file).parts


def _name_of(value: Any) -> str:
    name = getattr(value, "__qualname__", getattr(value, "__name__", type(value).__name__))
    return f"{getattr(value, '__module__', '')}.{name}".removeprefix("builtins.")
