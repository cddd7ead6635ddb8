"""Public names carry their room, and heavy ones are loaded on first access."""

import sys
from types import ModuleType

import pytest

from agnews_sk._core.public import load_when_asked, publish


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
