"""Load a saved or an exported model."""

import hashlib
import os
from pathlib import Path
from typing import Any

from agnews_sk.onnx._classifier import GRAPH, OnnxClassifier
from agnews_sk.persistence import MANIFEST, ArtifactError, load, open_source


def load_model(path: str | Path) -> Any:
    """Load what `save` or `export_onnx` wrote.

    Parameters
    ----------
    path : str or path
        Folder or zip file.

    Returns
    -------
    pipeline or OnnxClassifier

    Raises
    ------
    ArtifactError
        If a file is missing or damaged, or holds a type that is not trusted.
    FileNotFoundError
        If there is nothing at `path`.

    Examples
    --------
    >>> from agnews_sk.onnx import load_model
    >>> load_model("model").predict(["Oil prices rise"])  # doctest: +SKIP
    array(['Business'], dtype='<U8')
    """
    exported = GRAPH in open_source(Path(path)).sizes
    if not exported:
        return load(path)
    # onnxruntime ignores this variable, with which processes on one machine share its cores.
    n_threads = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0]
    return OnnxClassifier.from_path(path, n_jobs=int(n_threads or 0) or -1)


def model_sha256(path: str | Path) -> str:
    """Return a checksum that identifies a saved or exported model, without loading it.

    Parameters
    ----------
    path : str or path
        Folder or zip file.

    Returns
    -------
    str
        SHA-256 of the manifest, in hexadecimal. The manifest has the checksums of all other files,
        which loading verifies: equal checksums of two models mean equal files.

    Raises
    ------
    ArtifactError
        If there is no manifest.
    FileNotFoundError
        If there is nothing at `path`.
    """
    source = open_source(Path(path))
    if MANIFEST not in source.sizes:
        raise ArtifactError(f"{MANIFEST} is missing from {path}.")
    return hashlib.sha256(source.read(MANIFEST)).hexdigest()
