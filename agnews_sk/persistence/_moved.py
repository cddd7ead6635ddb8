"""Load models that were saved under earlier names of classes, parameters or attributes.

A saved model names classes and attributes. Where one is renamed, `check_pipeline` would refuse what
was saved before, so old names are replaced first. What comes out is checked like any other file:
a forger gains nothing by an old name.
"""

import io
import json
import re
import zipfile
from collections.abc import Mapping
from typing import Any

from agnews_sk.persistence._errors import artifact_errors
from agnews_sk.persistence._reading import check_stored
from agnews_sk.persistence._schema import PIPELINE

_SCHEMA = "schema.json"
# Classes were saved with the private module that defined them. Inside of a JSON string quotes are
# escaped, so that no text within a model looks like this.
_PRIVATE_MODULE = re.compile(
    rb'"__module__": "agnews_sk\.(classifiers|cleaning|sampling|tokenization|vectorization)\._\w+"'
)
# Parameters and fitted attributes that were renamed: full public name of the class, old name, new
# name. An entry looks like {"agnews_sk.cleaning.TextCleaner": {"old_name": "new_name"}}.
RENAMED_ATTRIBUTES: Mapping[str, Mapping[str, str]] = {}


def with_current_names(
    content: bytes, renamed: Mapping[str, Mapping[str, str]] = RENAMED_ATTRIBUTES
) -> bytes:
    """Return a skops file whose classes and attributes have their current names.

    Parameters
    ----------
    content : bytes
        Content of `pipeline.skops`.
    renamed : mapping of str to mapping of str to str
        Full name of a class, old name of an attribute, new name.

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


def _rename_attributes(schema: bytes, renamed: Mapping[str, Mapping[str, str]]) -> bytes:
    """Return a schema whose objects have the new names of attributes.

    Their order is kept, as skops lists the types of a dict's keys in the same order.
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
            new_names = renamed.get(f"{node.get('__module__')}.{node.get('__class__')}", {})
            state = node.get("content")
            if new_names and node.get("__loader__") == "ObjectNode" and state is not None:
                is_changed |= not new_names.keys().isdisjoint(state["content"])
                state["content"] = {
                    new_names.get(name, name): inner for name, inner in state["content"].items()
                }
    return json.dumps(root).encode() if is_changed else schema
