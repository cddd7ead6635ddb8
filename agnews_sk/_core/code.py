"""Find the dependencies of a function, and the library that defines a function or class."""

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

_FOLDERS = {"site-packages", "dist-packages"}  # where installers put libraries
_OURS = __name__.partition(".")[0]
_OUR_FOLDER = Path(__file__).parents[1]
_STDLIB = Path(dis.__file__).parent


def library_of(value: Any) -> str | None:
    """Return name and version of the library that defines a function, class, code or module.

    Parameters
    ----------
    value : object
        Code is looked up by its file, everything else by its module.

    Returns
    -------
    str or None
        As in "numpy 2.3.2", "python 3.12" for the standard library; None if the user wrote it.

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
    """Return whether a library's function is found under its name in its module.

    Functions that are created at run time, for example by a decorator, are not.
    """
    if library_of(function) is None or library_of(function.__code__) is None:
        return False
    found: Any = sys.modules.get(function.__module__ or "")
    for name in function.__qualname__.split("."):
        found = getattr(found, name, None)
    return found is function


def constants_of(code: types.CodeType) -> tuple[Any, ...]:
    """Return the parts of a code object that affect its behaviour.

    File, line numbers and docstring are left out, so that moving or explaining a function does not
    change it.

    Parameters
    ----------
    code : code

    Returns
    -------
    tuple
        Plain values, and the code of inner functions.
    """
    constants = code.co_consts
    if _has_unread_docstring(code):
        constants = (None, *constants[1:])
    names = code.co_name, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars
    counts = code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags
    return code.co_code, code.co_exceptiontable, *names, *counts, constants


def globals_of(function: types.FunctionType) -> dict[str, Any]:
    """Return the globals that a function and its inner functions use, and what they import.

    Parameters
    ----------
    function : function

    Returns
    -------
    dict of str to object
        Value of each global, and under "import NAME" the module. The user's own modules are
        replaced by a dictionary of those members that the function names: what else is in the
        file does not matter.
    """
    codes = list(_codes(function.__code__))
    names = {name for code in codes for name in code.co_names}
    used: dict[str, Any] = {}
    for code in codes:
        before: list[Any] = [None, None]  # arguments of the two instructions before
        for one in dis.get_instructions(code):
            if one.opname.startswith("LOAD_") and one.argval in function.__globals__:
                if one.opname.endswith(("GLOBAL", "GLOBALS", "NAME")):
                    used[one.argval] = function.__globals__[one.argval]
            elif one.opname == "IMPORT_NAME":
                # `import` loads the number of dots and the names to import before it.
                name = "." * (before[-2] or 0) + one.argval
                used[f"import {name}"] = _imported(name, function.__globals__)
            before = [*before, one.argval][-2:]
    return {name: _narrowed(value, names, set()) for name, value in used.items()}


def _narrowed(value: Any, names: set[str], above: set[str]) -> Any:
    """Return the members of a user's module that are among the names, and other values as they are.

    Parameters
    ----------
    value : object
    names : set of str
    above : set of str
        Modules that led here; one of them is replaced by its name, as modules may import each
        other.
    """
    if not isinstance(value, types.ModuleType) or library_of(value) is not None:
        return value
    if value.__name__ in above:
        return value.__name__
    known = {name: vars(value)[name] for name in sorted(names & vars(value).keys())}
    above = above | {value.__name__}
    return {name: _narrowed(member, names, above) for name, member in known.items()}


def _imported(name: str, around: dict[str, Any]) -> Any:
    """Return a module that a function imports, or its name and version if it is a library's.

    Parameters
    ----------
    name : str
        With a dot for each level of a relative import.
    around : dict of str to object
        Globals of the function.
    """
    try:
        absolute = importlib.util.resolve_name(name, around.get("__package__"))
        library = _library(absolute.partition(".")[0])
        return f"{absolute} of {library}" if library else importlib.import_module(absolute)
    except ImportError:  # as an optional library may be missing
        return name


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    """Yield a code and those of its inner functions, comprehensions and classes."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)


def _has_unread_docstring(code: types.CodeType) -> bool:
    """Return whether a code's first constant is a docstring that the code itself does not load.

    A docstring and an equal string that the function uses are one constant.
    """
    is_def = code.co_flags & inspect.CO_OPTIMIZED and not code.co_name.startswith("<")
    if not is_def or not code.co_consts or not isinstance(code.co_consts[0], str):
        return False
    read = [one.arg for one in dis.get_instructions(code) if one.opname == "LOAD_CONST"]
    return 0 not in read


def _module_name(value: Any) -> str:
    """Return the value's `__module__`, or the empty string."""
    name = getattr(value, "__module__", None)
    return name if isinstance(name, str) else ""


@functools.cache
def _library_of_file(file: str) -> str | None:
    """Return the library that a source file belongs to, or None if it is the user's."""
    parts = Path(file).parts
    folder = next((at for at, part in enumerate(parts) if part in _FOLDERS), None)
    if folder is not None and folder + 1 < len(parts):
        return _library(parts[folder + 1].partition(".")[0])
    if Path(file).is_relative_to(_OUR_FOLDER):
        return _library(_OURS)
    is_standard = file.startswith("<frozen ") or Path(file).is_relative_to(_STDLIB)
    return _python() if is_standard else None


@functools.cache
def _library(top: str) -> str | None:
    """Return name and version of the library with this top-level module, or None."""
    if top in sys.stdlib_module_names and top != "__main__":
        return _python()
    if top == _OURS or _is_installed(top):
        return f"{top} {_version(top)}"
    return None


def _python() -> str:
    """Return the version of the standard library: patch releases do not change what it does."""
    return f"python {sys.version_info.major}.{sys.version_info.minor}"


def _is_installed(top: str) -> bool:
    """Return whether a top-level module is where installers put libraries."""
    try:
        spec = importlib.util.find_spec(top) if top else None
    except (ImportError, ValueError):  # `__main__` has no spec
        return False
    if spec is None:
        return False
    places = [spec.origin or "", *(spec.submodule_search_locations or ())]
    return any(_FOLDERS & set(Path(place).parts) for place in places)


def _version(top: str) -> str:
    """Return the version of a library by the name of its module.

    Where the distribution has another name, as scikit-learn for sklearn, name and version of it.
    """
    try:
        return metadata.version(top)
    except metadata.PackageNotFoundError:
        names = metadata.packages_distributions().get(top, [])
        return " ".join(sorted({f"{name} {metadata.version(name)}" for name in names}))
