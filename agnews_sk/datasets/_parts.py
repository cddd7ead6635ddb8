"""Where rows come from: files, folders, patterns and datasets, in training, validation and test."""

import glob
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from agnews_sk.files import COMPRESSIONS, READERS, check_format, class_files, is_dataset

PARTS = ("train", "validation", "test")
# Rows that are not divided into parts.
WHOLE = "all"
_NAMES_OF_PARTS = {
    "train": ("train",),
    "validation": ("validation", "valid", "val", "dev"),
    "test": ("test",),
}
# What `datasets` writes into the folder of a dataset and of a dict of datasets.
_STATE = "state.json"
_SPLITS = "dataset_dict.json"

Sources = dict[str, list[Any]]


def find_sources(given: Any, *, divides: bool = False) -> Sources:
    """Return the files or datasets of each part.

    Parameters
    ----------
    given : str, path-like, sequence of them, dataset or dict of datasets
        A file; a pattern or a sequence of files; a folder with files of parts, or with a folder per
        class; a dataset of the Hugging Face library, a dict of them, or the folder of either.
    divides : bool, default=False
        Whether the files of a pattern or sequence are divided by their names too, as those of a
        folder are, instead of read as one.

    Returns
    -------
    dict of str to list
        From "train", "validation" and "test", of which some may have no files; or only "all" for
        rows that are not divided.

    Raises
    ------
    FileNotFoundError
        If there is no such file, or no file for a pattern.
    TypeError
        If it is something else.
    ValueError
        If a file is of no format that is read.
    """
    if is_dataset(given):
        return {WHOLE: [given]}
    if isinstance(given, Mapping):
        return _of_dict(given)
    if isinstance(given, (list, tuple)):
        files = [path for one in given for path in _paths(one)]
        return _divided(files) if divides else {WHOLE: files}
    path = _path(given)
    if path.is_dir():
        return _of_folder(path)
    if path.is_file():
        check_format(path)
        return {WHOLE: [path]}
    files = _paths(path)
    return _divided(files) if divides else {WHOLE: files}


def files_of(sources: Sources, subset: str, given: Any) -> list[str]:
    """Return the parts that a subset consists of.

    Parameters
    ----------
    sources : dict
        As `find_sources` returns it.
    subset : {"train", "validation", "test", "all"}
    given : object
        What the sources were found by, for the message.

    Returns
    -------
    list of str

    Raises
    ------
    FileNotFoundError
        If a folder has no file for it.
    """
    if WHOLE in sources:
        return [WHOLE]
    parts = [part for part in PARTS if subset in (part, WHOLE) and sources.get(part)]
    if not parts:
        shown = "train" if subset == WHOLE else subset
        raise FileNotFoundError(
            f"The folder {given} has no file for subset={subset!r}, such as {shown}.csv, and no "
            "folders of classes with a .txt file per text; to read a file of another name, pass "
            "its path."
        )
    return parts


def _path(given: Any) -> Path:
    """Return a path, or raise a TypeError that lists what can be read.

    Parameters
    ----------
    given : object

    Returns
    -------
    pathlib.Path
    """
    if not isinstance(given, (str, os.PathLike)):
        raise TypeError(
            "path must be a file, a folder, a pattern, a list of files, or a dataset of the "
            f"Hugging Face library, got {type(given).__name__}."
        )
    return Path(given).expanduser()


def _paths(given: Any) -> list[Path]:
    """Return the files of a name or pattern, in alphabetical order, all of a known format.

    Parameters
    ----------
    given : str or path-like

    Returns
    -------
    list of pathlib.Path

    Raises
    ------
    FileNotFoundError
        If there is none.
    """
    path = _path(given)
    matches = sorted(map(Path, glob.glob(str(path), recursive=True)))
    files = [path] if path.is_file() else [match for match in matches if match.is_file()]
    if not files:
        raise FileNotFoundError(f"path must be a file or a folder, but there is no {path}.")
    for file in files:
        check_format(file)
    return files


def _divided(files: Sequence[Path]) -> Sources:
    """Return files by part if all have names of parts, and not of one only, else as a whole.

    Parameters
    ----------
    files : sequence of pathlib.Path

    Returns
    -------
    dict of str to list
    """
    parts: Sources = {part: [] for part in PARTS}
    for file in files:
        part = _part_of(file.name)
        if part is None:
            return {WHOLE: list(files)}
        parts[part].append(file)
    is_divided = parts["train"] and len(files) > len(parts["train"])
    return parts if is_divided else {WHOLE: list(files)}


def _part_of(name: str) -> str | None:
    """Return the part that a name stands for: that of "test", "test.csv" or "test-00000.csv"."""
    for part, words in _NAMES_OF_PARTS.items():
        if any(name == word or name.startswith((f"{word}.", f"{word}-")) for word in words):
            return part
    return None


def _of_dict(datasets: Mapping[str, Any]) -> Sources:
    """Return the datasets of a dict by part.

    Parameters
    ----------
    datasets : mapping of str to dataset

    Returns
    -------
    dict of str to list
        Without datasets of other names, such as "unsupervised".
    """
    parts: Sources = {part: [] for part in PARTS}
    for name, dataset in datasets.items():
        part = _part_of(str(name))
        if not is_dataset(dataset):
            raise TypeError(
                f"path must be a dict of datasets of the Hugging Face library, got "
                f"{type(dataset).__name__} for {name!r}."
            )
        if part is not None:
            parts[part].append(dataset)
    return parts


def _of_folder(folder: Path) -> Sources:
    """Return the files of a folder by part; those of a saved dataset as a whole.

    Parameters
    ----------
    folder : pathlib.Path

    Returns
    -------
    dict of str to list
    """
    if _is_saved(folder / _STATE, "_data_files"):
        return {WHOLE: _saved_files(folder)}
    if _is_saved(folder / _SPLITS, "splits"):
        splits = _read_json(folder / _SPLITS)["splits"]
        return _merged((_part_of(name), _saved_files(folder / name)) for name in splits)
    parts: Sources = {part: _files_of_part(folder, part) for part in PARTS}
    return parts if any(parts.values()) else _of_class_folders(folder) or parts


def _of_class_folders(folder: Path) -> Sources:
    """Return a folder with a folder per class, or the folders of parts that are such ones.

    Parameters
    ----------
    folder : pathlib.Path

    Returns
    -------
    dict of str to list
        Empty if there are no texts in folders of classes.
    """
    parts: Sources = {part: [] for part in PARTS}
    for part, words in _NAMES_OF_PARTS.items():
        places = (folder / word for word in words)
        parts[part] = [place for place in places if class_files(place)][:1]
    if any(parts.values()):
        return parts
    classes = class_files(folder)
    return {WHOLE: [folder]} if classes and not any(map(_part_of, classes)) else {}


def _is_saved(path: Path, key: str) -> bool:
    """Return whether a file is that of a saved dataset, and not another program's of its name."""
    if not path.is_file():
        return False
    said = _read_json(path)
    return isinstance(said, dict) and isinstance(said.get(key), list)


def _merged(found: Iterable[tuple[str | None, list[Any]]]) -> Sources:
    """Return the files by part, without those of no part.

    Parameters
    ----------
    found : iterable of (str or None, list)

    Returns
    -------
    dict of str to list
    """
    parts: Sources = {part: [] for part in PARTS}
    for part, files in found:
        if part is not None:
            parts[part] += files
    return parts


def _saved_files(folder: Path) -> list[Path]:
    """Return the files of a dataset that `save_to_disk` wrote, in order.

    Parameters
    ----------
    folder : pathlib.Path

    Returns
    -------
    list of pathlib.Path
    """
    path = folder / _STATE
    try:
        names = [Path(one["filename"]).name for one in _read_json(path)["_data_files"]]
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path} is not that of a saved dataset: it names no files.") from error
    return [folder / name for name in names]


def _read_json(path: Path) -> Any:
    """Return what a file of the Hugging Face library says."""
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} is not that of a saved dataset: {error}") from error


def _files_of_part(folder: Path, part: str) -> list[Path]:
    """Return the files of a part in order, of the first name and format that the folder has.

    The Hugging Face Hub has them in a folder "data".

    Parameters
    ----------
    folder : pathlib.Path
    part : {"train", "validation", "test"}

    Returns
    -------
    list of pathlib.Path
    """
    for word in _NAMES_OF_PARTS[part]:
        for suffix, compression in product(READERS, ("", *COMPRESSIONS)):
            ending = f"{suffix}{compression}"
            for place in (folder, folder / "data"):
                files = [*place.glob(f"{word}{ending}"), *sorted(place.glob(f"{word}-*{ending}"))]
                if files:
                    return files
    return []
