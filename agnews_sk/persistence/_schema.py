"""Check every object that a skops file describes, before skops makes any of them.

A skops file is a zip with `schema.json`, a tree of nodes, and arrays. Each node names the loader
that makes its object (`__loader__`), the type (`__module__`, `__class__`) and a number
(`__id__`) by which later nodes refer to the same object. skops has checks of its own, but looks at
types only: not at attributes, arrays, or what a node with a number seen before contains.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from agnews_sk.persistence._errors import ArtifactError

PIPELINE = "pipeline.skops"
BUNCH = "sklearn.utils._bunch.Bunch"

_BUILTINS = frozenset(f"builtins.{t}" for t in ("bool", "float", "int", "str"))
_NUMBERS = frozenset(
    f"numpy.{t.__name__}" for t in set(np.sctypeDict.values()) if t.__module__ == "numpy"
) - {"numpy.object_", "numpy.void"}
# For each loader of skops, the types that it may make.
_TYPES_BY_LOADER: dict[str, frozenset[str]] = {
    "DictNode": frozenset({"builtins.dict", BUNCH}),
    "JsonNode": frozenset({"builtins.str"}),
    "ListNode": frozenset({"builtins.list"}),
    "NdArrayNode": frozenset({"numpy.ndarray", *_NUMBERS}),
    "RandomStateNode": frozenset({"numpy.random.mtrand.RandomState"}),
    "SliceNode": frozenset({"builtins.slice"}),
    "SetNode": frozenset({"builtins.set"}),
    "TupleNode": frozenset({"builtins.tuple"}),
    "TypeNode": _BUILTINS | _NUMBERS,
}
# Loaders of what is trusted by its name. Other loaders would call it, or read arrays unchecked.
BY_NAME = frozenset({"FunctionNode", "ObjectNode", "PartialNode", "TypeNode"})
# A file of an array counts each time it is referred to, as each reference may become a copy. Small
# models may refer to 64 MiB, others to 16 times the bytes that they hold.
_MIN_ALLOWED_BYTES = 2**26
_MAX_REPEATS = 16


class Place(NamedTuple):
    """Where an object is: in which attribute of which object.

    Attributes
    ----------
    owner : str
        Full name of the type of the object that holds it; `""` for the root.
    attribute : str
        Attribute of the owner; `""` if it is in a container within one.
    """

    owner: str = ""
    attribute: str = ""


@dataclass
class Schema:
    """What a `schema.json` describes.

    Attributes
    ----------
    objects : list of (str, frozenset of str)
        Full name of the type and names of the attributes of each object.
    named : dict of (str, str) to set of Place
        Loader and full name of types, functions and objects that are found by name, with all places
        where they are used.
    arrays : dict of str to set of Place
        Files of arrays, with all places where they are used.
    numbers : set of str
        Files of arrays that must hold a single number.
    """

    objects: list[tuple[str, frozenset[str]]] = field(default_factory=list)
    named: dict[tuple[str, str], set[Place]] = field(default_factory=dict)
    arrays: dict[str, set[Place]] = field(default_factory=dict)
    numbers: set[str] = field(default_factory=set)


def read_schema(root: Any, sizes: Mapping[str, int]) -> Schema:
    """Return what a schema describes, if it can be understood in one way only.

    Parameters
    ----------
    root : dict
        The outermost node.
    sizes : mapping of str to int
        Bytes of each file next to the schema.

    Returns
    -------
    Schema

    Raises
    ------
    ArtifactError
        If a node has an unknown loader or a type that its loader does not make; if two nodes with
        one number differ; or if arrays are referred to so often that copies of them fill the
        memory.
    """
    reader = _Reader(sizes)
    n_bytes = reader.read(root, Place())
    held = sum(sizes.values()) - sizes["schema.json"]
    if n_bytes > max(_MIN_ALLOWED_BYTES, _MAX_REPEATS * held):
        raise ArtifactError(f"{PIPELINE} refers to {n_bytes} bytes of arrays, more than it holds.")
    return reader.schema


class _Reader:
    """Visit the nodes of a schema in the order of skops.

    skops replaces a node whose number it has seen by the object made first, and ignores the rest
    of the node. A forger could hide one object behind another that way. Here such nodes must be
    equivalent, so that what was checked is what is made.

    Parameters
    ----------
    sizes : mapping of str to int
        Bytes of each file next to the schema.

    Attributes
    ----------
    schema : Schema
        What has been read so far.
    """

    def __init__(self, sizes: Mapping[str, int]) -> None:
        self.schema = Schema()
        self._sizes = sizes
        self._first_by_id: dict[Any, dict[str, Any]] = {}
        self._n_bytes: dict[Any, int] = {}

    def read(self, value: Any, place: Place) -> int:
        """Return how many bytes of arrays a node refers to, all nodes within it included.

        Parameters
        ----------
        value : object
            A node, which has a loader, or a list or dict of nodes; texts and numbers refer to
            nothing.
        place : Place
            Where it is.

        Returns
        -------
        int
        """
        if isinstance(value, list):
            return sum(self.read(inner, place) for inner in value)
        if not isinstance(value, dict):
            return 0
        if "__loader__" not in value:
            return sum(self.read(inner, place) for inner in value.values())
        self._record(value, place)
        number = value.get("__id__")
        if self._is_repeated(value):
            return self._n_bytes.get(number, 0)
        n_bytes = self._read_inner(value, place)
        self._n_bytes[number] = n_bytes
        return n_bytes

    def _is_repeated(self, node: dict[str, Any]) -> bool:
        """Return whether a node repeats an object seen before; reject it if it differs."""
        number = node.get("__id__")
        if not number:  # as in skops, which keeps no such node
            return False
        first = self._first_by_id.setdefault(number, node)
        if first is not node and not _are_equivalent(first, node):
            raise ArtifactError(f"{PIPELINE} uses one number for two different objects: {number}.")
        return first is not node

    def _read_inner(self, node: dict[str, Any], place: Place) -> int:
        """Return the bytes of arrays within a node, by its loader."""
        loader = node["__loader__"]
        if loader == "ObjectNode":
            return self._read_object(node)
        if loader == "JsonNode":
            return 0
        inside = Place(place.owner, "")
        if loader == "DictNode":
            self._read_keys(node)
            return self.read(node["content"], inside)
        own = self._sizes[node["file"]] if "file" in node else 0
        return own + sum(self.read(inner, inside) for inner in node.values())

    def _read_object(self, node: dict[str, Any]) -> int:
        """Record the attributes of an object and return the bytes of arrays within them.

        Its state must be a dict whose keys are texts: skops would pass anything else to
        `__setstate__`.
        """
        name, state = _type_name(node), node.get("content")
        if state is None:
            self.schema.objects.append((name, frozenset()))
            return 0
        is_dict = state.get("__loader__") == "DictNode" and _type_name(state) == "builtins.dict"
        if not is_dict or self._read_keys(state) - {"builtins.str"}:
            raise ArtifactError(
                f"{PIPELINE} has a {name} whose state is not a dict of attributes by name."
            )
        self._is_repeated(state)
        attributes = state["content"]
        self.schema.objects.append((name, frozenset(attributes)))
        return sum(self.read(inner, Place(name, key)) for key, inner in attributes.items())

    def _read_keys(self, node: dict[str, Any]) -> set[str]:
        """Return the names of the types of a dict's keys.

        JSON has texts for keys; skops converts each to the type in a parallel list. Only plain
        types may be in that list, as skops calls them, one per key.
        """
        keys = node["key_types"]
        kinds = keys["content"]
        for kind in (keys, *kinds):
            self._is_repeated(kind)
        plain = keys["__loader__"] == "ListNode" and all(
            kind["__loader__"] == "TypeNode" and _type_name(kind) in _TYPES_BY_LOADER["TypeNode"]
            for kind in kinds
        )
        if not plain or len(kinds) != len(node["content"]):
            raise ArtifactError(
                f"{PIPELINE} has a dict whose keys are not distinct texts and numbers."
            )
        return {_type_name(kind) for kind in kinds}

    def _record(self, node: dict[str, Any], place: Place) -> None:
        """Record a node that is found by name; reject a type that its loader does not make."""
        loader, name = str(node["__loader__"]), _type_name(node)
        if loader == "JsonNode" and node["content"].lstrip()[:1] in ("[", "{"):
            raise ArtifactError(f"{PIPELINE} has a container where a text should be.")
        plain = name in _TYPES_BY_LOADER.get(loader, ())
        if not plain and loader not in BY_NAME:
            raise ArtifactError(f"{PIPELINE} holds a {name} (by {loader}), which is not trusted.")
        if loader in BY_NAME:
            self.schema.named.setdefault((loader, name), set()).add(place)
        if loader == "NdArrayNode" and "file" in node:
            self._record_array(node, name, place)

    def _record_array(self, node: dict[str, Any], name: str, place: Place) -> None:
        """Record the file of an array, which must be named for the node's number, as in skops."""
        file, number = node["file"], node.get("__id__")
        if not number or file != f"{number}.npy" or file not in self._sizes:
            raise ArtifactError(f"{PIPELINE} has the array {number!r} in a file {file!r}.")
        self.schema.arrays.setdefault(file, set()).add(place)
        if name != "numpy.ndarray":
            self.schema.numbers.add(file)


def _type_name(node: dict[str, Any]) -> str:
    """Return the full name of a node's type."""
    return f"{node.get('__module__')}.{node.get('__class__')}"


def _are_equivalent(a: Any, b: Any) -> bool:
    """Return whether two nodes make equal objects; their numbers and file names may differ."""
    if isinstance(a, dict) and isinstance(b, dict):
        # An object that describes itself by new arrays each time has a file for each.
        ignored = {"__id__", "file"} if "__loader__" in a else set()
        names = a.keys() - ignored
        return names == b.keys() - ignored and all(
            _are_equivalent(a[name], b[name]) for name in names
        )
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(_are_equivalent, a, b))
    return type(a) is type(b) and a == b
