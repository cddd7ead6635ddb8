"""Take weights, tokenizers and runtime-only parameters out of a pipeline, and put them back."""

import copy
import inspect
import json
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from agnews_sk._core.base import StateParts
from agnews_sk.persistence._attributes import OF_CALLBACKS
from agnews_sk.persistence._errors import ArtifactError, artifact_errors
from agnews_sk.persistence._graph import walk
from agnews_sk.persistence._schema import PIPELINE
from agnews_sk.persistence._tensors import dump_tensors, load_tensors
from agnews_sk.persistence._tokenizers import TOKENIZER, check_tokenizer

WEIGHTS = "model.safetensors"
# In a skeleton, the folder of the parts that belong into it.
FOLDER = "_parts_folder"
# How the attributes of an estimator are looked up.
StateOf = Callable[[Any], dict[str, Any]]
_STEPS = ("steps", "transformer_list")
# Runtime-only parameters (caches, checkpoints, callbacks, numbers of processes): they belong to the
# program that trains, and would let a saved model write files and start processes.
# A net that is compiled starts a compiler, which writes files.
_RUNTIME_ONLY = ("cache", "callbacks", "checkpoint_dir", "compile", "memory", "n_jobs")


def extract_parts(model: Any) -> tuple[Any, dict[str, bytes]]:
    """Return a copy of a model without its heavy parts, and these parts as files.

    Parameters
    ----------
    model : estimator
        It stays as it is.

    Returns
    -------
    skeleton : estimator
        Of plain values only; where parts are missing it says which folder they are in.
    files : dict of str to bytes
    """
    parts_of: dict[int, StateParts] = {}

    def state_of(estimator: Any) -> dict[str, Any]:
        if not hasattr(estimator, "get_parts"):
            return vars(estimator)
        return parts_of.setdefault(id(estimator), estimator.get_parts()).state

    found = list(_iterate_estimators(model, state_of))
    skeletons = {id(e): object.__new__(type(e)) for _, e in found if id(e) in parts_of}
    memo: dict[int, Any] = dict(skeletons)
    files: dict[str, bytes] = {}
    for folder, estimator in found:
        if id(estimator) in parts_of:
            parts = parts_of[id(estimator)]
            files |= {_join_names(folder, name): part for name, part in _as_files(parts).items()}
            state = _without_runtime(parts.state, type(estimator))
            skeleton = skeletons[id(estimator)]
            vars(skeleton).update(copy.deepcopy(state, memo))
            if parts.documents:
                vars(skeleton)[FOLDER] = folder
    whole = copy.deepcopy(model, memo)
    for estimator in find_estimators(whole):
        state = _without_runtime(vars(estimator), type(estimator))
        vars(estimator).clear()
        vars(estimator).update(state)
    _bool_keys_to_int(whole)
    return whole, files


def restore_parts(skeleton: Any, files: Mapping[str, bytes], trusted: Sequence[str] = ()) -> Any:
    """Return the model that `extract_parts` took apart.

    Parameters
    ----------
    skeleton : estimator
        It gets its parts.
    files : mapping of str to bytes
    trusted : sequence of str
        Regular expressions of tokenizers that the caller trusts to end.

    Returns
    -------
    estimator

    Raises
    ------
    ArtifactError
        If a part is missing, is too many, or does not fit.
    """
    used: set[str] = set()
    found = [part for _, part in _iterate_estimators(skeleton, vars)]
    hidden = {id(part) for part in walk(skeleton) if FOLDER in getattr(part, "__dict__", ())}
    if hidden - set(map(id, found)):
        raise ArtifactError(f"{PIPELINE} has an estimator where no parts can be put in.")
    # What is held comes before what holds it: a classifier checks its tokenizer.
    for part in reversed(found):
        folder = vars(part).pop(FOLDER, None)
        if folder is None:
            continue
        here = {
            name: content for name, content in files.items() if name.rpartition("/")[0] == folder
        }
        if not here or used & here.keys():
            raise ArtifactError(f"{PIPELINE} wants the files of {folder!r}, which are not there.")
        used |= here.keys()
        _set_parts(part, folder, here, trusted)
    left = sorted(files.keys() - used)
    if left:
        raise ArtifactError(f"{left[0]} belongs to no step of {PIPELINE}.")
    return skeleton


def find_estimators(model: Any) -> list[Any]:
    """Return the estimators within a model, itself first.

    Parameters
    ----------
    model : estimator

    Returns
    -------
    list of estimator
    """
    return [estimator for _, estimator in _iterate_estimators(model, _attributes_without_net)]


def changed_runtime_parameters(estimator: Any) -> list[str]:
    """Return which runtime-only parameters an estimator has that are not as by default.

    Parameters
    ----------
    estimator : estimator

    Returns
    -------
    list of str
    """
    return list(_runtime_defaults(vars(estimator), type(estimator)))


def _set_parts(part: Any, folder: str, files: Mapping[str, bytes], trusted: Sequence[str]) -> None:
    prefix = f"{folder}/" if folder else ""
    weights = prefix + WEIGHTS
    tensors = load_tensors(files[weights], weights) if weights in files else {}
    documents = {}
    for name in files.keys() - {weights}:
        with artifact_errors(name):
            document = documents[name.rpartition("/")[2]] = files[name].decode()
            json.loads(document)
            if name.endswith(TOKENIZER):
                check_tokenizer(document, trusted)
    with artifact_errors(next(iter(sorted(files)))):
        part.set_parts(StateParts(dict(vars(part)), tensors, documents))


def _bool_keys_to_int(model: Any) -> None:
    """Make numbers of truth values that are keys: JSON would have both read as true."""
    for held in walk(model):
        if isinstance(held, dict) and any(isinstance(key, (bool, np.bool_)) for key in held):
            items = [(int(k) if isinstance(k, (bool, np.bool_)) else k, v) for k, v in held.items()]
            held.clear()
            held.update(items)


def _as_files(parts: StateParts) -> dict[str, bytes]:
    files = {name: text.encode() for name, text in parts.documents.items()}
    return {**files, WEIGHTS: dump_tensors(parts.tensors)} if parts.tensors else files


def _without_runtime(state: dict[str, Any], owner: type) -> dict[str, Any]:
    """Return an estimator's attributes with its runtime-only parameters at their defaults."""
    defaults = _runtime_defaults(state, owner)
    if defaults:
        warnings.warn(
            f"{owner.__name__}'s {', '.join(defaults)} is not saved; the loaded model has "
            f"{', '.join(map(repr, defaults.values()))}.",
            UserWarning,
            stacklevel=4,
        )
    kept = {name: value for name, value in state.items() if name not in OF_CALLBACKS}
    if isinstance(kept.get("model"), Path):
        kept["model"] = str(kept["model"])
    return {**kept, **defaults}


def _runtime_defaults(state: Mapping[str, Any], owner: type) -> dict[str, Any]:
    """Return the defaults of those runtime-only parameters that are set otherwise."""
    if state.keys().isdisjoint(_RUNTIME_ONLY):
        return {}
    parameters = inspect.signature(owner).parameters
    return {
        name: parameters[name].default
        for name in _RUNTIME_ONLY
        if name in parameters and name in state and state[name] != parameters[name].default
    }


def _iterate_estimators(model: Any, state_of: StateOf) -> Iterator[tuple[str, Any]]:
    """Yield the estimators within a model, outer before inner, each with a folder of its own."""
    seen: set[int] = set()
    taken: set[str] = set()

    def walk(value: Any, folder: str) -> Iterator[tuple[str, Any]]:
        if id(value) in seen:
            return
        seen.add(id(value))
        if isinstance(value, BaseEstimator):
            while folder in taken:
                folder += "_"
            taken.add(folder)
            yield folder, value
        for name, child in _children(value, state_of):
            yield from walk(child, _join_names(folder, name))

    yield from walk(model, "")


def _children(value: Any, state_of: StateOf) -> Iterator[tuple[str, Any]]:
    """Yield what an estimator or a container holds, named as a folder; `""` adds no name."""
    if isinstance(value, dict):
        named = list(value.items())
    elif isinstance(value, (list, tuple)):
        # A list of steps: pairs of a name and an estimator.
        named = [(v[0], v[1:]) if _is_step(v) else (i, v) for i, v in enumerate(value)]
        named = [("", value[0])] if len(named) == 1 else named
    elif isinstance(value, BaseEstimator) or type(value).__module__ == "sklearn.calibration":
        named = [("" if k in _STEPS else k, child) for k, child in state_of(value).items()]
    else:
        named = []
    return ((_as_folder(name), child) for name, child in named)


def _attributes_without_net(estimator: Any) -> dict[str, Any]:
    """Return the attributes of an estimator, without nets, which are no part of the tree."""
    return {name: value for name, value in vars(estimator).items() if name != "net_"}


def _is_step(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) > 1 and isinstance(value[0], str)


def _join_names(folder: str, name: str) -> str:
    return "/".join(filter(None, (folder, name)))


def _as_folder(name: Any) -> str:
    return re.sub(r"[^A-Za-z0-9-]+", "_", str(name)).strip("_")[:64]
