"""The manifest of a saved model: its kind, its versions, and its files with their checksums."""

import hashlib
import json
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from agnews_sk import __version__
from agnews_sk._core.user_warnings import warn_user
from agnews_sk.persistence._errors import ArtifactError, VersionWarning, artifact_errors

MANIFEST = "manifest.json"
FORMAT = "agnews_sk"
FORMAT_VERSION = 1

_LIBRARIES = {
    "pipeline": (
        "scikit-learn", "imbalanced-learn", "numpy", "polars", "torch", "transformers",
        "tokenizers", "skops",
    ),
    "onnx": ("scikit-learn", "numpy", "polars", "onnxruntime", "tokenizers", "skops"),
}  # fmt: skip
_LIBRARY_OF = {"sklearn": "scikit-learn", "imblearn": "imbalanced-learn"}


def make_manifest(
    kind: str,
    files: Mapping[str, bytes],
    *,
    estimator: str,
    classes: list[Any] | None,
    training: Mapping[str, Any],
    **more: Any,
) -> bytes:
    """Return the manifest of the files of a model.

    Parameters
    ----------
    kind : {"pipeline", "onnx"}
        Whether `save` or `export_onnx` writes the model.
    files : mapping of str to bytes
        All other files, by name.
    estimator : str
        Name of the class.
    classes : list of shape (n_classes,) or None
        Labels; None for an estimator that is not a classifier.
    training : mapping
        How the model was trained, for its card.
    **more
        Further entries.

    Returns
    -------
    bytes
        JSON in UTF-8.
    """
    manifest = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "kind": kind,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": installed_versions(kind),
        "estimator": estimator,
        "classes": classes,
        "training": training,
        **more,
        "files": {
            name: {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in sorted(files.items())
        },
    }
    return json.dumps(manifest, indent=2, ensure_ascii=False).encode()


def parse_manifest(content: bytes) -> dict[str, Any]:
    """Return the entries of a manifest.

    Parameters
    ----------
    content : bytes
        Content of `manifest.json`.

    Returns
    -------
    dict

    Raises
    ------
    ArtifactError
        If it is not JSON, or not a manifest of this package.
    """
    with artifact_errors(MANIFEST):
        manifest = json.loads(content)
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise ArtifactError(f"{MANIFEST} is not the manifest of a model saved by agnews_sk.")
    return manifest


def check_manifest(manifest: Mapping[str, Any], kind: str) -> None:
    """Reject newer formats, other kinds and broken entries; warn about other versions.

    Parameters
    ----------
    manifest : mapping
    kind : {"pipeline", "onnx"}
        Kind that the caller can load.

    Raises
    ------
    ArtifactError
        The message names the function that reads a model of another kind.

    Warns
    -----
    VersionWarning
        If major or minor versions of libraries differ.
    """
    found = manifest.get("format_version")
    if not isinstance(found, int) or found < 1:
        raise ArtifactError(f"{MANIFEST} has the format_version {found!r}, expected a number.")
    if found > FORMAT_VERSION:
        raise ArtifactError(
            f"{MANIFEST} has the format {found}, newer than {FORMAT_VERSION}, which this version "
            "reads; update agnews_sk."
        )
    if manifest.get("kind") != kind:
        way = {"pipeline": "agnews_sk.persistence.load", "onnx": "OnnxClassifier.from_path"}
        raise ArtifactError(
            f"{MANIFEST} belongs to a model of the kind {manifest.get('kind')!r}, which "
            f"{way.get(str(manifest.get('kind')), 'another program')} reads, not {way[kind]}."
        )
    _check_files(manifest.get("files"))
    _warn_of_versions(manifest.get("versions"), kind)


@lru_cache
def installed_versions(kind: str) -> dict[str, str]:
    """Return the installed versions of the libraries that a model computes with.

    Parameters
    ----------
    kind : {"pipeline", "onnx"}

    Returns
    -------
    dict of str to str
        Python, this package and the libraries of that kind; those that are not installed are left
        out.
    """
    found = {"python": platform.python_version(), FORMAT: __version__}
    for library in _LIBRARIES[kind]:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            continue
    return found


def distribution_of(type_name: str) -> str:
    """Return the distribution name of the library that a type belongs to.

    Parameters
    ----------
    type_name : str
        Full name, such as `"sklearn.svm._classes.LinearSVC"`.

    Returns
    -------
    str
        Name as versions list it, such as `"scikit-learn"`.
    """
    package = type_name.partition(".")[0]
    return _LIBRARY_OF.get(package, package)


def _check_files(files: Any) -> None:
    """Reject a manifest whose list of files lacks a size or a checksum."""
    good = isinstance(files, dict) and all(
        isinstance(entry, dict)
        and type(entry.get("size")) is int
        and isinstance(entry.get("sha256"), str)
        for entry in files.values()
    )
    if not good:
        raise ArtifactError(f"{MANIFEST} must list the files, each with its size and its sha256.")


def _warn_of_versions(saved: Any, kind: str) -> None:
    """Warn if a library has another major or minor version than the one that saved the model."""
    if not isinstance(saved, dict):
        raise ArtifactError(f"{MANIFEST} must list the versions of the libraries.")
    here = installed_versions(kind)
    different = [
        f"{library} {saved[library]} (here {here[library]})"
        for library in saved.keys() & here.keys()
        if _minor(saved[library]) != _minor(here[library])
    ]
    if different:
        warn_user(
            f"the model was saved with {', '.join(sorted(different))}; its probabilities may "
            "differ.",
            VersionWarning,
        )


def _minor(number: Any) -> list[str]:
    """Return the major and minor part of a version; local parts such as `+cu130` do not count."""
    return str(number).split("+")[0].split(".")[:2]
