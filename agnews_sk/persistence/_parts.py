"""Extract weights, tokenizers and runtime-only parameters from a model, and restore them.

The remaining skeleton consists of plain values and is saved in `pipeline.skops`. The parts are
saved in formats that hold data only, in a folder named for the place of the estimator in the model:
`classify/model.safetensors`, `classify/tokenizer/tokenizer.json`. Estimators with parts have
`get_parts` and `set_parts`, see `agnews_sk._core.base.StateParts`.
"""

import copy
import inspect
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from agnews_sk._core.base import HasParts, StateParts
from agnews_sk._core.user_warnings import warn_user
from agnews_sk.persistence._attributes import OF_CALLBACKS
from agnews_sk.persistence._errors import ArtifactError, artifact_errors
from agnews_sk.persistence._graph import walk
from agnews_sk.persistence._schema import PIPELINE
from agnews_sk.persistence._tensors import dump_tensors, load_tensors
from agnews_sk.persistence._tokenizers import TOKENIZER, check_tokenizer

WEIGHTS = "model.safetensors"
# Attribute of an estimator in a skeleton: the folder of its parts.
FOLDER = "_parts_folder"
# How the attributes of an estimator are looked up.
StateOf = Callable[[Any], dict[str, Any]]
_STEPS = ("steps", "transformer_list")
# Runtime-only parameters (caches, checkpoints, callbacks, numbers of processes) belong to the
# program that trains. They would let a saved model write files and start processes, such as the
# compiler of a net.
_RUNTIME_ONLY = (
    "cache",
    "cache_dir",
    "callbacks",
    "checkpoint_dir",
    "compile",
    "devices",
    "memory",
    "n_jobs",
)


def extract_parts(model: Any) -> tuple[Any, dict[str, bytes]]:
    """Return a copy of a model without its weights and documents, and these as files.

    Parameters
    ----------
    model : estimator
        It is not changed.

    Returns
    -------
    skeleton : estimator
        Plain values only. An estimator whose parts were taken out has the attribute `FOLDER`, which
        names the folder of its files.
    files : dict of str to bytes

    Warns
    -----
    UserWarning
        If a runtime-only parameter is set; the skeleton has its default.
    """
    parts_of: dict[int, StateParts] = {}

    def state_of(estimator: Any) -> dict[str, Any]:
        """Return the attributes of an estimator, without its parts; `get_parts` is called once."""
        if not isinstance(estimator, HasParts):
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
    """Return the model that `extract_parts` was given, with its parts set.

    Parameters
    ----------
    skeleton : estimator
        It is changed: it becomes the model.
    files : mapping of str to bytes
    trusted : sequence of str
        Regular expressions of tokenizers that the caller trusts not to take exponential time.

    Returns
    -------
    estimator

    Raises
    ------
    ArtifactError
        If files are missing, belong to no estimator, or belong to two of them; if an estimator that
        wants parts is hidden where none are set, and so would stay unchecked; or if parts do not
        fit.
    """
    used: set[str] = set()
    found = [part for _, part in _iterate_estimators(skeleton, vars)]
    hidden = {id(part) for part in walk(skeleton) if FOLDER in getattr(part, "__dict__", ())}
    if hidden - set(map(id, found)):
        raise ArtifactError(
            f"{PIPELINE} has an estimator with parts in a place where none can be set."
        )
    # Inner estimators first: a classifier checks its tokenizer, which must be complete by then.
    for part in reversed(found):
        folder = vars(part).pop(FOLDER, None)
        if folder is None:
            continue
        here = {
            name: content for name, content in files.items() if name.rpartition("/")[0] == folder
        }
        if not here or used & here.keys():
            raise ArtifactError(
                f"{PIPELINE} needs files in the folder {folder!r}, which are missing."
            )
        used |= here.keys()
        _set_parts(part, folder, here, trusted)
    left = sorted(files.keys() - used)
    if left:
        raise ArtifactError(f"{left[0]} belongs to no estimator in {PIPELINE}.")
    return skeleton


def find_estimators(model: Any) -> list[Any]:
    """Return the estimators within a model, the model itself first.

    Parameters
    ----------
    model : estimator

    Returns
    -------
    list of estimator
        Each once; those that a torch net holds are left out.
    """
    return [estimator for _, estimator in _iterate_estimators(model, _attributes_without_net)]


def changed_runtime_parameters(estimator: Any) -> list[str]:
    """Return the runtime-only parameters of an estimator that do not have their defaults.

    Saved models never have any: such a file would have this program write files, start processes or
    run callbacks.

    Parameters
    ----------
    estimator : estimator

    Returns
    -------
    list of str
    """
    return list(_runtime_defaults(vars(estimator), type(estimator)))


def _set_parts(part: Any, folder: str, files: Mapping[str, bytes], trusted: Sequence[str]) -> None:
    """Check the files of an estimator's folder and set them as its parts.

    Documents must be JSON, and tokenizers must pass `check_tokenizer`, before the estimator sees
    them.

    Parameters
    ----------
    part : estimator with `set_parts`
    folder : str
        Folder of its files; `""` is the root.
    files : mapping of str to bytes
        Files of that folder only.
    trusted : sequence of str
    """
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
    """Replace the keys True and False of dicts by 1 and 0, which are equal and hash alike.

    JSON has keys that are texts only, and skops would read the text "False" back as True.
    """
    for held in walk(model):
        if isinstance(held, dict) and any(isinstance(key, (bool, np.bool_)) for key in held):
            items = [(int(k) if isinstance(k, (bool, np.bool_)) else k, v) for k, v in held.items()]
            held.clear()
            held.update(items)


def _as_files(parts: StateParts) -> dict[str, bytes]:
    """Return parts as the contents of files by name: documents, and weights if there are any.

    Parameters
    ----------
    parts : StateParts

    Returns
    -------
    dict of str to bytes
        Names without the folder.
    """
    files = {name: text.encode() for name, text in parts.documents.items()}
    return {**files, WEIGHTS: dump_tensors(parts.tensors)} if parts.tensors else files


def _without_runtime(state: dict[str, Any], owner: type) -> dict[str, Any]:
    """Return an estimator's attributes with its runtime-only parameters at their defaults.

    Callbacks' own attributes are left out, and a path of a pretrained model becomes a text, as
    skops does not save paths.

    Parameters
    ----------
    state : dict of str to Any
    owner : type

    Returns
    -------
    dict of str to Any
        A new one.

    Warns
    -----
    UserWarning
        If a parameter was set otherwise; the warning names it and its default.
    """
    defaults = _runtime_defaults(state, owner)
    if defaults:
        warn_user(
            f"{owner.__name__}'s {', '.join(defaults)} is not saved; the loaded model will have "
            f"{', '.join(map(repr, defaults.values()))}.",
            UserWarning,
        )
    kept = {name: value for name, value in state.items() if name not in OF_CALLBACKS}
    if isinstance(kept.get("model"), Path):
        kept["model"] = str(kept["model"])
    return {**kept, **defaults}


def _runtime_defaults(state: Mapping[str, Any], owner: type) -> dict[str, Any]:
    """Return the defaults of the runtime-only parameters that have other values.

    Parameters
    ----------
    state : mapping of str to Any
        Attributes of an estimator.
    owner : type
        Its class, whose signature has the defaults.

    Returns
    -------
    dict of str to Any
        Empty for most estimators.
    """
    if state.keys().isdisjoint(_RUNTIME_ONLY):
        return {}
    parameters = inspect.signature(owner).parameters
    return {
        name: parameters[name].default
        for name in _RUNTIME_ONLY
        if name in parameters and name in state and state[name] != parameters[name].default
    }


def _iterate_estimators(model: Any, state_of: StateOf) -> Iterator[tuple[str, Any]]:
    """Yield the estimators within a model, outer before inner, each with its own folder.

    The same model always gives the same folders, as both `extract_parts` and `restore_parts` rely
    on.

    Parameters
    ----------
    model : estimator
    state_of : callable
        Returns the attributes of an estimator to look into.

    Yields
    ------
    folder : str
        Names of steps and attributes joined by `/`; underscores are appended until it is unique.
    estimator : estimator
    """
    seen: dict[int, Any] = {}  # held, since a freed object would lend its id to another one
    taken: set[str] = set()

    def visit(value: Any, folder: str) -> Iterator[tuple[str, Any]]:
        """Yield the estimators within a value, each object once."""
        if id(value) in seen:
            return
        seen[id(value)] = value
        if isinstance(value, BaseEstimator):
            while folder in taken:
                folder += "_"
            taken.add(folder)
            yield folder, value
        for name, child in _children(value, state_of):
            yield from visit(child, _join_names(folder, name))

    yield from visit(model, "")


def _children(value: Any, state_of: StateOf) -> Iterator[tuple[str, Any]]:
    """Yield what an estimator or a container holds.

    Parameters
    ----------
    value : object
        Anything else holds nothing that has parts.
    state_of : callable
        Returns the attributes of an estimator.

    Yields
    ------
    name : str
        Name for a folder: of a step, an attribute, a key or a position. `""` adds no folder: lists
        of steps and their single elements have none of their own.
    child : object
    """
    if isinstance(value, dict):
        named = list(value.items())
    elif isinstance(value, (list, tuple)):
        # A list of steps: pairs of a name and an estimator.
        named = [(v[0], v[1:]) if _is_step(v) else (i, v) for i, v in enumerate(value)]
        is_single = len(value) == 1 and not _is_step(value[0])
        named = [("", value[0])] if is_single else named
    elif isinstance(value, BaseEstimator) or type(value).__module__ == "sklearn.calibration":
        named = [("" if k in _STEPS else k, child) for k, child in state_of(value).items()]
    else:
        named = []
    return ((_as_folder(name), child) for name, child in named)


def _attributes_without_net(estimator: Any) -> dict[str, Any]:
    """Return the attributes of an estimator, without nets, which are not part of the tree."""
    return {name: value for name, value in vars(estimator).items() if name != "net_"}


def _is_step(value: Any) -> bool:
    """Return whether this is a step: a tuple that begins with a name."""
    return isinstance(value, tuple) and len(value) > 1 and isinstance(value[0], str)


def _join_names(folder: str, name: str) -> str:
    """Join a folder and a name by `/`; an empty one adds nothing."""
    return "/".join(filter(None, (folder, name)))


def _as_folder(name: Any) -> str:
    """Return a name without characters that a file name may not have, in at most 64 characters."""
    return re.sub(r"[^A-Za-z0-9-]+", "_", str(name)).strip("_")[:64]
