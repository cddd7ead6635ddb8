"""The manifest of a saved model: what it is, what wrote it, and which files belong to it."""

import hashlib
import json
import platform
import warnings
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import agnews_sk
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
    """Return the manifest of these files.

    Parameters
    ----------
    kind : {"pipeline", "onnx"}
    files : mapping of str to bytes
    estimator : str
        Name of the class.
    classes : list of shape (n_classes,) or None
    training : mapping
        How the model was trained.
    **more
        Further entries.

    Returns
    -------
    bytes
        JSON.
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
    """Return the manifest that these bytes hold.

    Parameters
    ----------
    content : bytes

    Returns
    -------
    dict

    Raises
    ------
    ArtifactError
        If it is no manifest of ours, or lacks an entry.
    """
    with artifact_errors(MANIFEST):
        manifest = json.loads(content)
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise ArtifactError(f"{MANIFEST} is not that of a model saved by agnews_sk.")
    return manifest


def check_manifest(manifest: Mapping[str, Any], kind: str) -> None:
    """Refuse a newer format, another kind and broken entries; warn of other versions.

    Parameters
    ----------
    manifest : mapping
    kind : {"pipeline", "onnx"}

    Raises
    ------
    ArtifactError
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
            f"{MANIFEST} is that of a model of the kind {manifest.get('kind')!r}, which "
            f"{way.get(str(manifest.get('kind')), 'another program')} reads, not {way[kind]}."
        )
    _check_files(manifest.get("files"))
    _warn_of_versions(manifest.get("versions"), kind)


@lru_cache
def installed_versions(kind: str) -> dict[str, str]:
    """Return the versions of what a model computes with.

    Parameters
    ----------
    kind : {"pipeline", "onnx"}

    Returns
    -------
    dict of str to str
    """
    found = {"python": platform.python_version(), FORMAT: agnews_sk.__version__}
    for library in _LIBRARIES[kind]:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            continue
    return found


def library_of(type_name: str) -> str:
    """Return which library a type is from, as versions name it.

    Parameters
    ----------
    type_name : str
        Full name.

    Returns
    -------
    str
    """
    package = type_name.partition(".")[0]
    return _LIBRARY_OF.get(package, package)


def _check_files(files: Any) -> None:
    good = isinstance(files, dict) and all(
        isinstance(entry, dict)
        and type(entry.get("size")) is int
        and isinstance(entry.get("sha256"), str)
        for entry in files.values()
    )
    if not good:
        raise ArtifactError(f"{MANIFEST} must list files, each with its size and its sha256.")


def _warn_of_versions(saved: Any, kind: str) -> None:
    if not isinstance(saved, dict):
        raise ArtifactError(f"{MANIFEST} must name the versions of the libraries.")
    here = installed_versions(kind)
    different = [
        f"{library} {saved[library]} (here {here[library]})"
        for library in saved.keys() & here.keys()
        if _minor(saved[library]) != _minor(here[library])
    ]
    if different:
        warnings.warn(
            f"the model was saved with {', '.join(sorted(different))}; its probabilities may "
            "differ.",
            VersionWarning,
            stacklevel=6,
        )


def _minor(number: Any) -> list[str]:
    return str(number).split("+")[0].split(".")[:2]
