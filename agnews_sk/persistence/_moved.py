"""Load models that were saved under earlier names of classes, parameters or attributes.

A saved model names classes and attributes. Where one is renamed, `check_pipeline` would reject what
was saved before, so old names are replaced first. The result is checked like any other file:
a forger gains nothing by an old name.
"""

import io
import json
import re
import zipfile
from collections.abc import Mapping
from typing import Any

from agnews_sk._core.earlier_states import RENAMED_ATTRIBUTES, Renamed, Renames, added_parameters
from agnews_sk.persistence._errors import artifact_errors
from agnews_sk.persistence._graph import walk
from agnews_sk.persistence._reading import check_stored
from agnews_sk.persistence._schema import PIPELINE

_SCHEMA = "schema.json"
# Classes were saved with the private module that defined them. Inside of a JSON string quotes are
# escaped, so that no text within a model looks like this.
_PRIVATE_MODULE = re.compile(
    rb'"__module__": "agnews_sk\.(classifiers|cleaning|sampling|tokenization|vectorization)\._\w+"'
)


def with_current_names(content: bytes, renamed: Renames = RENAMED_ATTRIBUTES) -> bytes:
    """Return a skops file whose classes and attributes have their current names.

    Parameters
    ----------
    content : bytes
        Content of `pipeline.skops`.
    renamed : mapping of str to mapping of str to Renamed
        By full name of the class and old name of the attribute.

    Returns
    -------
    bytes
        `content` itself if it has current names only.

    Raises
    ------
    ArtifactError
        If the file is damaged.
    """
    with artifact_errors(PIPELINE), zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = check_stored(archive, len(content))
        schema = archive.read(_SCHEMA)
        current = _PRIVATE_MODULE.sub(rb'"__module__": "agnews_sk.\1"', schema)
        if renamed:
            current = _rename_attributes(current, renamed)
        if current == schema:
            return content
        files = {name: archive.read(name) for name in names} | {_SCHEMA: current}
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as archive:
        for name, file in files.items():
            archive.writestr(name, file)
    return written.getvalue()


def _rename_attributes(schema: bytes, renamed: Renames) -> bytes:
    """Return a schema whose objects have the current names and values of attributes.

    The order of attributes is kept, as skops lists the types of a dict's keys in the same order.
    """
    root = json.loads(schema)
    waiting: list[Any] = [root]
    is_changed = False
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting.extend(node)
        elif isinstance(node, dict):
            waiting.extend(node.values())
            renames = renamed.get(f"{node.get('__module__')}.{node.get('__class__')}", {})
            if renames and node.get("__loader__") == "ObjectNode" and node.get("content"):
                is_changed |= _rename_in(node["content"], renames)
    return json.dumps(root).encode() if is_changed else schema


def _rename_in(state: dict[str, Any], renames: Mapping[str, Renamed]) -> bool:
    """Rename attributes in the state of an object; return whether it had any of the old names."""
    attributes = state["content"]
    if renames.keys().isdisjoint(attributes):
        return False
    state["content"] = {}
    for name, value in attributes.items():
        change = renames.get(name, Renamed(name))
        state["content"][change.name] = _converted(value, change)
    return True


def _converted(value: dict[str, Any], change: Renamed) -> dict[str, Any]:
    """Return the node of a plain value after its conversion; other nodes stay as they are.

    The new node has no number, as another attribute may refer to the old value by it.
    """
    if change.convert is None or value.get("__loader__") != "JsonNode":
        return value
    content = json.dumps(change.convert(json.loads(value["content"])))
    return {key: one for key, one in value.items() if key != "__id__"} | {"content": content}


def set_added_parameters(model: Any) -> None:
    """Set the parameters that estimators of earlier versions were saved without.

    Parameters
    ----------
    model : estimator
        Changed in place; its values are not checked yet.
    """
    for found in walk(model):
        for name, value in added_parameters(type(found)).items():
            vars(found).setdefault(name, value)
