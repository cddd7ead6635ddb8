"""What a function's result hangs on, and which library a function or class comes from."""

import dis
import functools
import importlib
import importlib.util
import inspect
import sys
import types
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

_FOLDERS = {"site-packages", "dist-packages"}
_OURS = __name__.partition(".")[0]
_STDLIB = Path(dis.__file__).parent


def library_of(value: Any) -> str | None:
    """Return the library that a function, class, code or module is from, and its version.

    Parameters
    ----------
    value : object

    Returns
    -------
    str or None
        None if the user wrote it.

    Examples
    --------
    >>> from agnews_sk._core.code import library_of
    >>> library_of(compile("1 + 1", "mine.py", "eval")) is None
    True
    >>> import numpy as np
    >>> library_of(np.linspace) == f"numpy {np.__version__}"
    True
    """
    if isinstance(value, types.CodeType):
        return _library_of_file(value.co_filename)
    name = value.__name__ if isinstance(value, types.ModuleType) else _module_name(value)
    return _library(name.partition(".")[0])


def is_inherent(function: types.FunctionType) -> bool:
    """Return whether a function is what its library's module and its name lead to."""
    if library_of(function) is None or library_of(function.__code__) is None:
        return False
    found: Any = sys.modules.get(function.__module__ or "")
    for name in function.__qualname__.split("."):
        found = getattr(found, name, None)
    return found is function


def constants_of(code: types.CodeType) -> tuple[Any, ...]:
    """Return all of a code that has an effect, without its place and its docstring.

    Parameters
    ----------
    code : code

    Returns
    -------
    tuple of plain values and of code within
    """
    constants = code.co_consts
    if _has_unread_docstring(code):
        constants = (None, *constants[1:])
    names = code.co_name, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars
    counts = code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags
    return code.co_code, code.co_exceptiontable, *names, *counts, constants


def globals_of(function: types.FunctionType) -> dict[str, Any]:
    """Return the globals that a function uses, and the modules that it imports.

    Parameters
    ----------
    function : function

    Returns
    -------
    dict of str to object
        Of the user's modules, a dictionary of the members that the function names.
    """
    codes = list(_codes(function.__code__))
    names = {name for code in codes for name in code.co_names}
    used: dict[str, Any] = {}
    for code in codes:
        before: list[Any] = [None, None]
        for one in dis.get_instructions(code):
            if one.opname.startswith("LOAD_") and one.argval in function.__globals__:
                if one.opname.endswith(("GLOBAL", "GLOBALS", "NAME")):
                    used[one.argval] = function.__globals__[one.argval]
            elif one.opname == "IMPORT_NAME":
                name = "." * (before[-2] or 0) + one.argval
                used[f"import {name}"] = _imported(name, function.__globals__)
            before = [*before, one.argval][-2:]
    return {name: _narrowed(value, names, set()) for name, value in used.items()}


def _narrowed(value: Any, names: set[str], above: set[str]) -> Any:
    if not isinstance(value, types.ModuleType) or library_of(value) is not None:
        return value
    if value.__name__ in above:
        return value.__name__
    known = {name: vars(value)[name] for name in sorted(names & vars(value).keys())}
    above = above | {value.__name__}
    return {name: _narrowed(member, names, above) for name, member in known.items()}


def _imported(name: str, around: dict[str, Any]) -> Any:
    """Return a module that a function imports, or its name if it cannot be imported."""
    try:
        absolute = importlib.util.resolve_name(name, around.get("__package__"))
        library = _library(absolute.partition(".")[0])
        return f"{absolute} of {library}" if library else importlib.import_module(absolute)
    except ImportError:
        return name


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)


def _has_unread_docstring(code: types.CodeType) -> bool:
    is_def = code.co_flags & inspect.CO_OPTIMIZED and not code.co_name.startswith("<")
    if not is_def or not code.co_consts or not isinstance(code.co_consts[0], str):
        return False
    read = [one.arg for one in dis.get_instructions(code) if one.opname == "LOAD_CONST"]
    return 0 not in read


def _module_name(value: Any) -> str:
    name = getattr(value, "__module__", None)
    return name if isinstance(name, str) else ""


@functools.cache
def _library_of_file(file: str) -> str | None:
    parts = Path(file).parts
    folder = next((at for at, part in enumerate(parts) if part in _FOLDERS), None)
    if folder is not None and folder + 1 < len(parts):
        return _library(parts[folder + 1].partition(".")[0])
    if Path(file).is_relative_to(Path(__file__).parent):
        return _library(_OURS)
    is_standard = file.startswith("<frozen ") or Path(file).is_relative_to(_STDLIB)
    return _python() if is_standard else None


@functools.cache
def _library(top: str) -> str | None:
    if top in sys.stdlib_module_names and top != "__main__":
        return _python()
    if top == _OURS or _is_installed(top):
        return f"{top} {_version(top)}"
    return None


def _python() -> str:
    return f"python {sys.version_info.major}.{sys.version_info.minor}"


def _is_installed(top: str) -> bool:
    try:
        spec = importlib.util.find_spec(top) if top else None
    except (ImportError, ValueError):  # as of __main__
        return False
    if spec is None:
        return False
    places = [spec.origin or "", *(spec.submodule_search_locations or ())]
    return any(_FOLDERS & set(Path(place).parts) for place in places)


def _version(top: str) -> str:
    try:
        return metadata.version(top)
    except metadata.PackageNotFoundError:
        names = metadata.packages_distributions().get(top, [])
        return " ".join(sorted({f"{name} {metadata.version(name)}" for name in names}))
