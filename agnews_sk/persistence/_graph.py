"""Visit every object within an object, at any depth."""

from collections.abc import Iterator, Mapping
from functools import partial
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

_LEAVES = (str, int, float, bool, bytes, type(None))


def walk(root: Any) -> Iterator[Any]:
    """Yield an object and every object within it, each once, except for texts and numbers.

    It does not recurse, so that no depth of containers exhausts the stack, and cycles end.

    Parameters
    ----------
    root : object
        Dicts are visited by keys and values, arrays of objects and other containers by elements,
        partial functions by what they hold, and other objects by their attributes. Types, functions
        and modules are yielded but not entered.

    Yields
    ------
    object

    Examples
    --------
    >>> from sklearn.preprocessing import FunctionTransformer
    >>> from agnews_sk.persistence._graph import walk
    >>> [type(found).__name__ for found in walk({"a": [(FunctionTransformer(len), 1)]})]
    ['dict', 'list', 'tuple', 'FunctionTransformer', 'builtin_function_or_method']
    """
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        value = waiting.pop()
        if id(value) not in seen:
            seen.add(id(value))
            yield value
            waiting.extend(inner for inner in _children(value) if not isinstance(inner, _LEAVES))


def expanded_size(root: Any) -> int:
    """Return how many objects a tree would have if it shared none of them.

    skops writes a shared container once for each reference: 50 nested pairs become 2**50 nodes.

    Parameters
    ----------
    root : object

    Returns
    -------
    int
        Objects, texts and numbers included. A container within itself counts once.

    Examples
    --------
    >>> from agnews_sk.persistence._graph import expanded_size
    >>> shared = []
    >>> for _ in range(50):
    ...     shared = [shared, shared]
    >>> expanded_size(shared) == 2**51 - 1
    True
    """
    sizes: dict[int, int] = {}

    def count(value: Any) -> int:
        """Return the size of one object; sizes of shared objects are computed once."""
        if isinstance(value, _LEAVES):
            return 1
        if id(value) not in sizes:
            sizes[id(value)] = 0  # an object that holds itself
            sizes[id(value)] = 1 + sum(map(count, _children(value)))
        return sizes[id(value)]

    return count(root)


def _children(value: Any) -> Iterator[Any]:
    """Yield the objects that an object holds directly."""
    if isinstance(value, Mapping):
        yield from value.keys()
        yield from value.values()
    elif isinstance(value, (list, tuple, set, frozenset)):
        yield from value
    elif isinstance(value, np.ndarray):
        yield from value.flat if value.dtype.hasobject else ()
    elif isinstance(value, partial):
        yield from (value.func, value.args, value.keywords)
    elif hasattr(value, "__dict__") and not isinstance(value, (type, FunctionType, ModuleType)):
        yield from vars(value).values()
