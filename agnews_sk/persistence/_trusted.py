"""Write and read `pipeline.skops`; all of it is checked before any object is made."""

import importlib
import io
import json
import math
import re
import sys
import zipfile
from collections.abc import Mapping, Sequence
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

import numpy as np

from agnews_sk._core.earlier_states import added_parameters
from agnews_sk.persistence._attributes import (
    attributes_of,
    attributes_of_parts,
    import_by_name,
    parameters_of,
)
from agnews_sk.persistence._errors import ArtifactError, artifact_errors
from agnews_sk.persistence._graph import expanded_size, walk
from agnews_sk.persistence._manifest import distribution_of, installed_versions
from agnews_sk.persistence._moved import set_added_parameters, with_current_names
from agnews_sk.persistence._parts import FOLDER
from agnews_sk.persistence._reading import check_stored
from agnews_sk.persistence._schema import BUNCH, PIPELINE, Place, Schema, read_schema
from agnews_sk.persistence._trusted_types import SCORE_FUNCTIONS, TRUSTED, name_of

_ARRAY = re.compile(r"\d{1,32}\.npy")
# Truth values, integers, floats, bytes and strings; not objects, which are pickles.
_ARRAY_KINDS = "biufSU"
_MAX_OBJECTS = 10**8
# Predictions repeat an element, such as a label, per row.
_MAX_ITEM_BYTES = 2**16
# Scores of constant features are NaN.
_MAY_HOLD_NAN = frozenset({"scores_", "pvalues_"})


def dump_trusted(model: Any, trusted: Sequence[str] = ()) -> bytes:
    """Return a model as a skops file, if `load_trusted` would accept it.

    Parameters
    ----------
    model : estimator
        Without its parts, as `extract_parts` returns it.
    trusted : sequence of str
        Full names of types and functions beyond those of the package.

    Returns
    -------
    bytes

    Raises
    ------
    ArtifactError
        If it holds something that `load_trusted` would reject: better now than when the model is
        needed.
    """
    _check_functions(model)
    n_objects = expanded_size(model)
    if n_objects > _MAX_OBJECTS:
        raise ArtifactError(
            f"the model cannot be saved: its containers share each other so often that {n_objects} "
            "objects would be written; look for lists or dicts that are shared many times."
        )
    content = _skops().dumps(model)
    try:
        check_pipeline(content, trusted)
    except ArtifactError as error:
        raise ArtifactError(f"the model cannot be saved so that it loads safely: {error}") from None
    return content


def _check_functions(model: Any) -> None:
    """Reject functions that cannot be imported by name, such as lambdas."""
    for held in walk(model):
        if not isinstance(held, (FunctionType, BuiltinFunctionType, np.ufunc)):
            continue
        module = sys.modules.get(name_of(held).rpartition(".")[0])
        if getattr(module, held.__name__, None) is not held:
            raise ArtifactError(
                f"the model cannot be saved: {name_of(held)} cannot be imported; "
                "define it with `def` at the top level of a module."
            )


def load_trusted(
    content: bytes, trusted: Sequence[str] = (), versions: Mapping[str, str] | None = None
) -> Any:
    """Return the model of a skops file.

    Parameters
    ----------
    content : bytes
    trusted : sequence of str
        Full names of types and functions beyond those of the package.
    versions : mapping of str to str, optional
        Versions of the libraries that the model was saved with; messages name them.

    Returns
    -------
    estimator
        Without its parts; its values are not checked yet.

    Raises
    ------
    ArtifactError
        If the file holds any other type, an attribute that its type does not have, or is damaged.
    """
    content = with_current_names(content)
    check_pipeline(content, trusted, versions)
    with artifact_errors(PIPELINE):
        known = {*TRUSTED, *SCORE_FUNCTIONS, BUNCH, *trusted}
        model = _skops().loads(content, trusted=sorted(known))
        set_added_parameters(model)
        return model


def check_pipeline(
    content: bytes, trusted: Sequence[str] = (), versions: Mapping[str, str] | None = None
) -> None:
    """Reject a skops file with types or attributes that are not trusted, or with broken arrays.

    No object is made, and no modules are imported but those of trusted types.

    Parameters
    ----------
    content : bytes
    trusted : sequence of str
        Full names of types and functions beyond those of the package.
    versions : mapping of str to str, optional
        Versions of the libraries that the model was saved with; messages name them.

    Raises
    ------
    ArtifactError
    """
    protocol = _skops()._protocol.PROTOCOL
    with artifact_errors(PIPELINE), zipfile.ZipFile(io.BytesIO(content)) as archive:
        sizes = check_stored(archive, len(content))
        for name in sizes:
            if name != "schema.json" and not _ARRAY.fullmatch(name):
                raise ArtifactError(f"{PIPELINE} holds {name!r}, which no saved model has.")
        root = json.loads(archive.read("schema.json"))
        if root.get("protocol") != protocol:
            raise ArtifactError(
                f"{PIPELINE} has skops's protocol {root.get('protocol')!r}, expected {protocol}; "
                "save the model again with the installed skops."
            )
        schema = read_schema(root, sizes)
        _check_objects(schema, frozenset(trusted), versions or {})
        for name in sizes.keys() - {"schema.json"}:
            attribute = {place.attribute for place in schema.arrays.get(name, ())}
            may_hold_nan = bool(attribute) and attribute <= _MAY_HOLD_NAN
            _check_array(archive.read(name), name, name in schema.numbers, may_hold_nan)


def _check_objects(schema: Schema, trusted: frozenset[str], versions: Mapping[str, str]) -> None:
    """Reject types, functions and attributes that are not trusted in their place.

    All untrusted names are listed at once, so that a caller who trusts them needs one try.
    """
    unknown = {
        named: f"{named[1]} (by {named[0]})"
        for named, places in sorted(schema.named.items())
        if named[1] not in trusted and not all(_is_allowed(*named, place) for place in places)
    }
    if all(loader != "ObjectNode" for loader, _ in unknown):
        for owner, attributes in schema.objects:
            _check_attributes(owner, attributes, versions)
    if unknown:
        raise ArtifactError(
            f"{PIPELINE} holds a {', a '.join(unknown.values())}, which is not trusted there; if "
            f"you trust it, pass trusted={sorted({name for _, name in unknown})}."
        )
    _check_types_as_functions(schema)


def _check_types_as_functions(schema: Schema) -> None:
    """Reject types in the place of functions: they would be called."""
    for loader, name in schema.named:
        if loader == "FunctionNode" and isinstance(import_by_name(name), type):
            raise ArtifactError(f"{PIPELINE} holds the type {name} as a function.")


def _is_allowed(loader: str, name: str, place: Place) -> bool:
    """Return whether something found by name is trusted in this place.

    Parameters
    ----------
    loader : str
        Loader of the node: of an object, a function, a partial function or a type.
    name : str
        Full name of the type or function.
    place : Place
    """
    if loader == "ObjectNode":
        return name in TRUSTED
    if loader == "FunctionNode":
        return name in SCORE_FUNCTIONS and place.attribute == "score_func"
    # Plain types, which could be called elsewhere.
    return loader == "TypeNode" and place.attribute == "dtype"


def _check_methods(owner: str, kind: type, attributes: frozenset[str]) -> None:
    """Reject attributes that replace a method of a type that only the caller trusts.

    Parameters
    ----------
    owner : str
        Full name of the type.
    kind : type
    attributes : frozenset of str
        Names in the state of the object.
    """
    hidden = sorted(name for name in attributes if callable(getattr(kind, name, None)))
    if hidden:
        raise ArtifactError(f"{PIPELINE} has a {owner} whose method {hidden[0]} is replaced.")


def _check_attributes(owner: str, attributes: frozenset[str], versions: Mapping[str, str]) -> None:
    """Reject attributes that a type's own code never sets, and objects that lack a parameter.

    An object of a type that only the caller trusts may have any attributes except those that
    replace a method: nothing is known of its code.

    Parameters
    ----------
    owner : str
        Full name of the type.
    attributes : frozenset of str
    versions : mapping of str to str
        A message about another version of the library names the one that saved the model.
    """
    kind = import_by_name(owner)
    if owner not in TRUSTED:
        _check_methods(owner, kind, attributes)
        return
    of_parts = attributes_of_parts(kind)
    may_have = attributes_of(kind) | ({FOLDER} if of_parts else set())
    more = sorted(attributes - may_have)
    if FOLDER not in attributes and attributes & of_parts:
        more = sorted(attributes & of_parts)
    library = distribution_of(owner)
    here, saved = installed_versions("pipeline").get(library), versions.get(library)
    way = (
        f"; it was saved by {library} {saved}: load it with that, or fit and save it again"
        if saved not in (None, here)
        else ""
    )
    if more:
        raise ArtifactError(
            f"{PIPELINE} has a {kind.__name__} with the attribute {more[0]!r}, which is not one "
            f"that {library} {here} saves for it{way}."
        )
    known = attributes.union(added_parameters(kind))
    missing = [name for name in parameters_of(kind) if name not in known]
    if missing:
        raise ArtifactError(
            f"{PIPELINE} has a {kind.__name__} without the parameter {missing[0]!r} that it has "
            f"in {library} {here}{way}."
        )


def _skops() -> ModuleType:
    """Return the module `skops.io`, without letting it import torch.

    At import it asks scikit-learn for all estimators, which imports all of its modules. One of them
    imports torch if it is installed, which takes seconds that a model without torch does not need.
    """
    if "skops.io" in sys.modules or "torch" in sys.modules:
        return importlib.import_module("skops.io")
    sys.modules["torch"] = None  # type: ignore[assignment]  # as if it were not installed
    try:
        return importlib.import_module("skops.io")
    finally:
        del sys.modules["torch"]


def _check_array(content: bytes, name: str, is_number: bool, may_hold_nan: bool) -> None:
    """Reject an array whose header does not describe the bytes after it, or which holds NaN.

    numpy would allocate what the header promises, and read arrays of objects by pickle.

    Parameters
    ----------
    content : bytes
        Content of an `.npy` file.
    name : str
        Name of the file for messages.
    is_number : bool
        Whether it must hold a single number.
    may_hold_nan : bool
    """
    file = io.BytesIO(content)
    version = np.lib.format.read_magic(file)
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    if version not in readers:
        raise ArtifactError(f"{name} in {PIPELINE} has numpy's format {version}, expected 1.0.")
    shape, _, dtype = readers[version](file)
    if dtype.kind not in _ARRAY_KINDS or not dtype.itemsize:
        raise ArtifactError(
            f"{name} in {PIPELINE} has the dtype {dtype}, expected numbers or strings."
        )
    if dtype.itemsize > _MAX_ITEM_BYTES or (is_number and shape):
        raise ArtifactError(
            f"{name} in {PIPELINE} has the shape {shape} of {dtype}, which is too large."
        )
    n_bytes = math.prod(shape) * dtype.itemsize
    if n_bytes != len(content) - file.tell() or min(shape, default=0) < 0:
        raise ArtifactError(
            f"{name} in {PIPELINE} has {len(content) - file.tell()} bytes, which do not make an "
            f"array of {dtype} of the shape {shape}."
        )
    if may_hold_nan or dtype.kind != "f":
        return
    if np.isnan(np.frombuffer(content, dtype, offset=file.tell())).any():
        raise ArtifactError(f"{name} in {PIPELINE} holds NaN.")
