"""Public names carry their room, and heavy ones are loaded on first access."""

import importlib
import pickle
import pkgutil
import sys
from types import ModuleType

import pytest

import agnews_sk
from agnews_sk._core.public import load_when_asked, publish

ROOMS = [m.name for m in pkgutil.iter_modules(agnews_sk.__path__) if m.name[0] != "_"]
PUBLIC = [
    (room, name)
    for room in ROOMS
    for name in getattr(importlib.import_module(f"agnews_sk.{room}"), "__all__", [])
]


@pytest.fixture
def room(monkeypatch):
    """A room with a public class from its own file, and one from elsewhere."""
    module = ModuleType("a_room")
    module.Own = type("Own", (), {"__module__": "a_room._file"})
    module.Hidden = type("Hidden", (), {"__module__": "a_room._file"})
    module.Foreign = type("Foreign", (), {"__module__": "other._file"})
    module.CONSTANT = 7
    module.__all__ = ["CONSTANT", "Foreign", "Own"]
    file = ModuleType("a_room._file")
    file.Late = type("Late", (), {"__module__": "a_room._file"})
    monkeypatch.setitem(sys.modules, "a_room", module)
    monkeypatch.setitem(sys.modules, "a_room._file", file)
    return module


def test_only_public_names_of_the_rooms_own_files_get_its_name(room):
    publish("a_room")
    assert room.Own.__module__ == "a_room"
    assert room.Hidden.__module__ == "a_room._file"
    assert room.Foreign.__module__ == "other._file"
    publish("a_room", "Hidden")
    assert room.Hidden.__module__ == "a_room"


def test_a_name_is_loaded_once_and_published(room):
    load = load_when_asked("a_room", {"Late": "_file"})
    assert not hasattr(room, "Late")
    found = load("Late")
    assert found is room.Late
    assert found.__module__ == "a_room"


def test_an_unknown_name_is_an_attribute_error(room):
    load = load_when_asked("a_room", {})
    with pytest.raises(AttributeError, match="module 'a_room' has no attribute 'Nothing'"):
        load("Nothing")


@pytest.mark.parametrize(("room", "name"), PUBLIC, ids=[".".join(one) for one in PUBLIC])
def test_every_public_class_and_function_carries_its_room(room, name):
    public = getattr(importlib.import_module(f"agnews_sk.{room}"), name)
    if callable(public):
        assert public.__module__ == f"agnews_sk.{room}"
        assert pickle.loads(pickle.dumps(public)) is public


@pytest.mark.parametrize("name", [name for name in agnews_sk.__all__ if name != "__version__"])
def test_what_the_package_offers_is_public_in_a_room(name):
    offered = getattr(agnews_sk, name)
    assert (offered.__module__.removeprefix("agnews_sk."), name) in PUBLIC
