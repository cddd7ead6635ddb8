"""Values described in one line each: a readable part, and a digest of their content."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from agnews_sk._core.content import content_digest

_HASH = re.compile("#[0-9a-f]+$")
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_ATOMS = (type(None), bool, int, float, complex, str, bytes)
_LONGEST = 100


def describe(value: Any) -> str:
    """Describe a value in one line; a long or complex one ends with a digest of its content.

    Parameters
    ----------
    value : object

    Returns
    -------
    str
        As `differences` compares and `without_hash` shows it.

    Examples
    --------
    >>> from agnews_sk.tuning._descriptions import describe, without_hash
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
    return f"{short}#{content_digest(value)}"


def without_hash(description: str) -> str:
    """Return the readable part of a description."""
    return _HASH.sub("", description)


def differences(before: Mapping[str, Any], now: Mapping[str, Any], n_named: int = 5) -> str:
    """Name the descriptions that differ.

    Parameters
    ----------
    before, now : mapping of str to str
        Descriptions by name.
    n_named : int, default=5
        The others are counted only.

    Returns
    -------
    str
        Empty if all are the same.

    Examples
    --------
    >>> from agnews_sk.tuning._descriptions import differences
    >>> differences({"C": "1", "y": "#5ae0"}, {"C": "2", "y": "#ff21"})
    'C was 1, is 2; y differs'
    """
    names = [
        name
        for name in {**before, **now}
        if _identity(before.get(name)) != _identity(now.get(name))
    ]
    told = [_difference(name, before.get(name), now.get(name)) for name in names[:n_named]]
    more = [f"and {len(names) - n_named} more"] if len(names) > n_named else []
    return "; ".join([*told, *more])


def _identity(description: str | None) -> str | None:
    """Return the digest if there is one: the part before it may show a set in any order."""
    found = None if description is None else _HASH.search(description)
    return description if found is None else found.group()


def _difference(name: str, before: str | None, now: str | None) -> str:
    """Return how one description differs."""
    if before is None or now is None:
        return f"{name} was absent" if before is None else f"{name} is absent"
    if without_hash(before) == without_hash(now):
        return f"{name} differs"
    return f"{name} was {without_hash(before)}, is {without_hash(now)}"


def _is_plain(value: Any) -> bool:
    """Return whether a value's repr says everything: an atom, or a list or tuple of such."""
    if isinstance(value, (list, tuple)):
        return type(value) in (list, tuple) and all(map(_is_plain, value))
    return type(value) in _ATOMS


def _name_of(value: Any) -> str:
    """Return the dotted name of a class or function."""
    name = getattr(value, "__qualname__", getattr(value, "__name__", type(value).__name__))
    return f"{getattr(value, '__module__', '')}.{name}".removeprefix("builtins.")
