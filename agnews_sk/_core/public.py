"""Set the public module of names, and import rooms with heavy dependencies lazily."""

import importlib
import sys
from collections.abc import Callable, Container, Mapping
from typing import Any


def publish(room: str, *more: str) -> None:
    """Set `__module__` of the public classes and functions of a room to the room's name.

    Saved models and pickles name classes by it, so that source files can move without breaking
    them.

    Parameters
    ----------
    room : str
        Name of an imported module with `__all__`.
    *more : str
        Names in saved models that are not public.

    Examples
    --------
    >>> from agnews_sk.cleaning import TextCleaner
    >>> TextCleaner.__module__
    'agnews_sk.cleaning'
    """
    module = sys.modules[room]
    for name in (*module.__all__, *more):
        _publish(vars(module).get(name), room)


def load_when_asked(
    room: str, files: Mapping[str, str], modules: Container[str] = ()
) -> Callable[[str], Any]:
    """Return a module-level `__getattr__` (PEP 562) that imports each name on first access.

    Parameters
    ----------
    room : str
    files : mapping of str to str
        Module of each name, relative to the room.
    modules : container of str, default=()
        Modules below the room that are attributes of it without being imported.

    Returns
    -------
    callable

    Examples
    --------
    >>> import agnews_sk
    >>> agnews_sk.cleaning.TextCleaner
    <class 'agnews_sk.cleaning.TextCleaner'>
    """

    def load(name: str) -> Any:
        """Import a name of the room, and keep it there."""
        if name in modules:
            return importlib.import_module(f"{room}.{name}")
        if name not in files:
            raise AttributeError(f"module {room!r} has no attribute {name!r}")
        loaded = getattr(importlib.import_module(f"{room}.{files[name]}"), name)
        if files[name].startswith("_"):
            _publish(loaded, room)
        setattr(sys.modules[room], name, loaded)
        return loaded

    return load


def _publish(named: Any, room: str) -> None:
    """Set the module of a class or function that the room, or the ground floor, defines."""
    if getattr(named, "__module__", "").startswith((f"{room}._", f"{__package__}.")):
        named.__module__ = room
