"""Read the files of a saved model from a folder or a zip, and nothing outside of it."""

import hashlib
import os
import re
import stat
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from agnews_sk.persistence._errors import ArtifactError, artifact_errors
from agnews_sk.persistence._manifest import MANIFEST, check_manifest, parse_manifest

FILE_NAMES = (
    "README.md",
    "config.json",
    "manifest.json",
    "model.onnx",
    "model.safetensors",
    "pipeline.skops",
    "tokenizer.json",
)
_MAX_MANIFEST_BYTES = 2**22
_MAX_DEPTH = 8
_FOLDER = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Source(Protocol):
    """Files of a folder or a zip.

    Attributes
    ----------
    sizes : dict of str to int
        Size of each file in bytes, by name; folders within a name are separated by `/`.
    """

    sizes: dict[str, int]

    def read(self, name: str) -> bytes:
        """Return the content of one of the files."""
        ...


class FolderSource:
    """Files of a folder, without following links.

    A link could make a model read any file of this machine, such as a key, and carry it on.

    Parameters
    ----------
    folder : path
        It may be a link itself; what it holds may not.

    Raises
    ------
    ArtifactError
        If it holds a link, a device, or a file of a name that no saved model has. Names at the top
        level that begin with a dot are ignored: version control and the Hub leave some.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.sizes = dict(self._walk(folder, ""))

    def read(self, name: str) -> bytes:
        """Return the content of one of the files, at most one byte more than its listed size.

        The extra byte reveals a file that has grown since it was listed.
        """
        # O_BINARY exists on Windows, which would otherwise change line ends.
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        descriptor = os.open(self._folder / name, flags)
        with open(descriptor, "rb") as file:
            return file.read(self.sizes[name] + 1)

    def _walk(self, folder: Path, prefix: str) -> Iterator[tuple[str, int]]:
        """Yield the name and the size in bytes of each file, folders by depth."""
        with os.scandir(folder) as entries:
            for entry in entries:
                name = prefix + entry.name
                if not prefix and entry.name.startswith("."):
                    continue  # files of version control or the Hub, which are never read
                status = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(status.st_mode):
                    check_name(f"{name}/manifest.json")
                    yield from self._walk(folder / entry.name, f"{name}/")
                elif stat.S_ISREG(status.st_mode):
                    check_name(name)
                    yield name, status.st_size
                else:
                    raise ArtifactError(
                        f"{name} is a link or a special file; a saved model has only plain files."
                    )


class ZipSource:
    """Files of an uncompressed zip.

    A compressed zip could expand to far more than its own size and fill the memory.

    Parameters
    ----------
    path : path

    Raises
    ------
    ArtifactError
        If an entry is compressed or has a name that no saved model has, see `check_stored`.
    """

    def __init__(self, path: Path) -> None:
        with artifact_errors(path.name):
            self._zip = zipfile.ZipFile(path)
        entries = check_stored(self._zip, path.stat().st_size)
        for name in entries:
            check_name(name)
        self.sizes = entries

    def read(self, name: str) -> bytes:
        """Return the content of one of the files."""
        with artifact_errors(name):
            return self._zip.read(name)


def check_stored(archive: zipfile.ZipFile, n_bytes: int) -> dict[str, int]:
    """Return the size of each file in a zip, if its entries are consistent.

    Parameters
    ----------
    archive : zipfile.ZipFile
    n_bytes : int
        Size of the whole zip.

    Returns
    -------
    dict of str to int
        Bytes by name.

    Raises
    ------
    ArtifactError
        If an entry is compressed, encrypted or a link; if a name occurs twice, as programs differ
        in which entry they read; or if entries overlap, so that they hold more than the zip.
    """
    sizes: dict[str, int] = {}
    for entry in archive.infolist():
        name = entry.orig_filename
        if name in sizes or name != entry.filename:
            raise ArtifactError(f"{name!r} is listed twice or under two names.")
        if entry.compress_type != zipfile.ZIP_STORED or entry.compress_size != entry.file_size:
            raise ArtifactError(f"{name!r} is compressed; zip a model without compression.")
        if entry.flag_bits & 0x1 or stat.S_ISLNK(entry.external_attr >> 16):
            raise ArtifactError(f"{name!r} is encrypted or a link; a saved model has neither.")
        sizes[name] = entry.file_size
        if sum(sizes.values()) > n_bytes:
            raise ArtifactError(f"{name!r} and the files before it are larger than the whole zip.")
    return sizes


def check_name(name: str) -> None:
    """Reject the name of a file that no saved model has.

    Parameters
    ----------
    name : str
        Folders are separated by `/`.

    Raises
    ------
    ArtifactError
        If the name is absolute, leads out of the model (`..`), or is not one that `save` writes.
    """
    *folders, last = name.split("/")
    plain = all(_FOLDER.fullmatch(folder) for folder in folders) and len(folders) <= _MAX_DEPTH
    if not plain or last not in FILE_NAMES:
        raise ArtifactError(
            f"{name!r} is not a file of a saved model, which has only {', '.join(FILE_NAMES)} in "
            "folders with plain names."
        )


def open_source(path: Path) -> Source:
    """Return the files of a folder or a zip, none of them read yet.

    Parameters
    ----------
    path : path

    Returns
    -------
    Source

    Raises
    ------
    ArtifactError
        If a file has a name that no saved model has.
    FileNotFoundError
        If there is neither a folder nor a file.
    """
    if path.is_dir():
        return FolderSource(path)
    if path.is_file():
        return ZipSource(path)
    raise FileNotFoundError(f"{path} is neither a folder nor a zip file.")


def read_files(path: Path, *, kind: str) -> tuple[dict[str, Any], Mapping[str, bytes]]:
    """Read a saved model's files, each one checked against the manifest.

    Parameters
    ----------
    path : path
        Folder or zip.
    kind : {"pipeline", "onnx"}
        What it must hold.

    Returns
    -------
    manifest : dict
    files : mapping of str to bytes
        All files but the manifest.

    Raises
    ------
    ArtifactError
        If a file is missing, is too many, or is not the one that was written.
    """
    source = open_source(path)
    manifest = _manifest_of(source, path)
    check_manifest(manifest, kind)
    listed = manifest["files"]
    for name in sorted(source.sizes.keys() ^ listed.keys() ^ {MANIFEST}):
        where = "missing" if name in listed else f"not listed in {MANIFEST}"
        raise ArtifactError(f"{name} is {where}; the model is incomplete or was changed.")
    return manifest, {name: _checked(source, name, listed[name]) for name in listed}


def saved_label_options(path: Path) -> dict[str, Any]:
    """Return how the labels that a saved or exported model was trained on are read from a file.

    Parameters
    ----------
    path : path
        Folder or zip file.

    Returns
    -------
    dict of str to object
        `label` and `label_sep` as `load_texts` takes them; without what was not stated, as in
        models of earlier versions.

    Raises
    ------
    ArtifactError
        If the manifest is missing or broken.
    """
    manifest = _manifest_of(open_source(path), path)
    name, sep = manifest.get("label_name"), manifest.get("label_sep")
    is_list = isinstance(name, list) and all(isinstance(one, str) for one in name)
    found = {"label": name} if (isinstance(name, str) or is_list) and name else {}
    return {**found, "label_sep": sep} if isinstance(sep, str) and sep else found


def saved_reference(path: Path) -> Any:
    """Return what `store_reference` added to a saved or exported model.

    Parameters
    ----------
    path : path
        Folder or zip file.

    Returns
    -------
    object or None
        Not checked; None if the model has none.

    Raises
    ------
    ArtifactError
        If the manifest is missing or broken.
    """
    return _manifest_of(open_source(path), path).get("reference")


def saved_kind(path: Path) -> str:
    """Return whether `save` or `export_onnx` wrote a model.

    Parameters
    ----------
    path : path
        Folder or zip file.

    Returns
    -------
    str
        "pipeline" or "onnx".

    Raises
    ------
    ArtifactError
        If the manifest is missing or broken.
    """
    return str(_manifest_of(open_source(path), path).get("kind"))


def _manifest_of(source: Source, path: Path) -> dict[str, Any]:
    """Return the entries of the manifest, after checking its size."""
    if source.sizes.get(MANIFEST, _MAX_MANIFEST_BYTES + 1) > _MAX_MANIFEST_BYTES:
        raise ArtifactError(
            f"{MANIFEST} is missing from {path}, or larger than {_MAX_MANIFEST_BYTES} bytes."
        )
    return parse_manifest(source.read(MANIFEST))


def _checked(source: Source, name: str, entry: dict[str, Any]) -> bytes:
    """Return the content of a file, after comparing its size and its SHA-256 with the manifest.

    Parameters
    ----------
    source : Source
    name : str
    entry : dict
        Entry of the manifest, with `size` in bytes and `sha256`.

    Returns
    -------
    bytes

    Raises
    ------
    ArtifactError
        If either differs.
    """
    if source.sizes[name] != entry["size"]:
        raise ArtifactError(f"{name} has {source.sizes[name]} bytes, expected {entry['size']}.")
    content = source.read(name)
    found = hashlib.sha256(content).hexdigest()
    if found != entry["sha256"]:
        raise ArtifactError(f"{name} has the SHA-256 {found}, expected {entry['sha256']}.")
    return content
