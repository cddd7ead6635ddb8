"""Read the files of a saved model, out of a folder or a zip, and nothing else."""

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
    """Where files come from.

    Attributes
    ----------
    sizes : dict of str to int
        Bytes of each file, by its name: folders apart by `/`.
    """

    sizes: dict[str, int]

    def read(self, name: str) -> bytes:
        """Return the bytes of one of the files."""
        ...


class FolderSource:
    """The files of a folder, none of them by way of a link.

    Parameters
    ----------
    folder : path
        It may be a link itself; what it holds may not.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.sizes = dict(self._walk(folder, ""))

    def read(self, name: str) -> bytes:
        """Return the bytes of one of the files."""
        descriptor = os.open(self._folder / name, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        with open(descriptor, "rb") as file:
            return file.read(self.sizes[name] + 1)

    def _walk(self, folder: Path, prefix: str) -> Iterator[tuple[str, int]]:
        with os.scandir(folder) as entries:
            for entry in entries:
                name = prefix + entry.name
                if not prefix and entry.name.startswith("."):
                    continue  # what a hub or a version control leaves; never read
                status = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(status.st_mode):
                    check_name(f"{name}/manifest.json")
                    yield from self._walk(folder / entry.name, f"{name}/")
                elif stat.S_ISREG(status.st_mode):
                    check_name(name)
                    yield name, status.st_size
                else:
                    raise ArtifactError(f"{name} is a link or no file; a saved model has neither.")


class ZipSource:
    """The files of a zip that is not compressed, so that it holds no more than it weighs.

    Parameters
    ----------
    path : path
    """

    def __init__(self, path: Path) -> None:
        with artifact_errors(path.name):
            self._zip = zipfile.ZipFile(path)
        entries = check_stored(self._zip, path.stat().st_size)
        for name in entries:
            check_name(name)
        self.sizes = entries

    def read(self, name: str) -> bytes:
        """Return the bytes of one of the files."""
        with artifact_errors(name):
            return self._zip.read(name)


def check_stored(archive: zipfile.ZipFile, n_bytes: int) -> dict[str, int]:
    """Return the size of each file in a zip, if the zip can be read without surprise.

    Parameters
    ----------
    archive : zipfile.ZipFile
    n_bytes : int
        Size of the whole zip.

    Returns
    -------
    dict of str to int

    Raises
    ------
    ArtifactError
        If an entry is compressed, encrypted, a link, or there twice, or if the entries hold more
        than the zip.
    """
    sizes: dict[str, int] = {}
    for entry in archive.infolist():
        name = entry.orig_filename
        if name in sizes or name != entry.filename:
            raise ArtifactError(f"{name!r} has two names or is there twice.")
        if entry.compress_type != zipfile.ZIP_STORED or entry.compress_size != entry.file_size:
            raise ArtifactError(f"{name!r} is compressed; zip a model without compression.")
        if entry.flag_bits & 0x1 or stat.S_ISLNK(entry.external_attr >> 16):
            raise ArtifactError(f"{name!r} is encrypted or a link; a saved model has neither.")
        sizes[name] = entry.file_size
        if sum(sizes.values()) > n_bytes:
            raise ArtifactError(f"{name!r} and the files before it hold more than the whole zip.")
    return sizes


def check_name(name: str) -> None:
    """Refuse the name of a file that no saved model has.

    Parameters
    ----------
    name : str
        Folders apart by `/`.

    Raises
    ------
    ArtifactError
        If the name is absolute, leads upwards, or is not one that `save` writes.
    """
    *folders, last = name.split("/")
    plain = all(_FOLDER.fullmatch(folder) for folder in folders) and len(folders) <= _MAX_DEPTH
    if not plain or last not in FILE_NAMES:
        raise ArtifactError(
            f"{name!r} is no file of a saved model, which has only {', '.join(FILE_NAMES)} in "
            "folders with plain names."
        )


def open_source(path: Path) -> Source:
    """Return the files of a folder or a zip.

    Parameters
    ----------
    path : path

    Returns
    -------
    Source

    Raises
    ------
    FileNotFoundError
        If there is neither.
    """
    if path.is_dir():
        return FolderSource(path)
    if path.is_file():
        return ZipSource(path)
    raise FileNotFoundError(f"{path} is neither a folder nor a zip that a model was saved to.")


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
    if source.sizes.get(MANIFEST, _MAX_MANIFEST_BYTES + 1) > _MAX_MANIFEST_BYTES:
        raise ArtifactError(f"{MANIFEST} is missing from {path}, or is too long to be one.")
    manifest = parse_manifest(source.read(MANIFEST))
    check_manifest(manifest, kind)
    listed = manifest["files"]
    for name in sorted(source.sizes.keys() ^ listed.keys() ^ {MANIFEST}):
        where = "missing" if name in listed else f"not listed in {MANIFEST}"
        raise ArtifactError(f"{name} is {where}; the model is incomplete or was added to.")
    return manifest, {name: _checked(source, name, listed[name]) for name in listed}


def _checked(source: Source, name: str, entry: dict[str, Any]) -> bytes:
    if source.sizes[name] != entry["size"]:
        raise ArtifactError(f"{name} has {source.sizes[name]} bytes, expected {entry['size']}.")
    content = source.read(name)
    found = hashlib.sha256(content).hexdigest()
    if found != entry["sha256"]:
        raise ArtifactError(f"{name} has the SHA-256 {found}, expected {entry['sha256']}.")
    return content
