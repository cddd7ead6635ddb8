"""Give public names the module in which users find them, and load the heavy ones when asked for."""

import importlib
import sys
from collections.abc import Callable, Mapping
from typing import Any


def publish(room: str, *more: str) -> None:
    """Let the public classes and functions of a room carry the room's name as their module.

    Saved models and pickles name classes by it, so that files can move without breaking them.

    Parameters
    ----------
    room : str
        Name of an imported module with `__all__`.
    *more : str
        Names that stand in saved models and are not public.

    Examples
    --------
    >>> from agnews_sk.cleaning import TextCleaner
    >>> TextCleaner.__module__
    'agnews_sk.cleaning'
    """
    module = sys.modules[room]
    for name in (*module.__all__, *more):
        _publish(vars(module).get(name), room)


def load_when_asked(room: str, files: Mapping[str, str]) -> Callable[[str], Any]:
    """Return a `__getattr__` for a room whose names are costly to import.

    Parameters
    ----------
    room : str
    files : mapping of str to str
        Module of each name, relative to the room.

    Returns
    -------
    callable
    """

    def load(name: str) -> Any:
        if name not in files:
            raise AttributeError(f"module {room!r} has no attribute {name!r}")
        loaded = getattr(importlib.import_module(f"{room}.{files[name]}"), name)
        if files[name].startswith("_"):
            _publish(loaded, room)
        setattr(sys.modules[room], name, loaded)
        return loaded

    return load


def _publish(named: Any, room: str) -> None:
    if getattr(named, "__module__", "").startswith(f"{room}._"):
        named.__module__ = room
