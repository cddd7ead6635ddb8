"""Open a model, whichever of the two ways it was written."""

import hashlib
import os
from pathlib import Path
from typing import Any

from agnews_sk.onnx._classifier import GRAPH, OnnxClassifier
from agnews_sk.persistence import MANIFEST, ArtifactError, load, open_source


def open_model(path: str | Path) -> Any:
    """Load a saved pipeline, or an exported one, whichever is there.

    Parameters
    ----------
    path : str or path
        What `save` or `export_onnx` wrote.

    Returns
    -------
    pipeline or OnnxClassifier

    Raises
    ------
    ArtifactError
        If the files are not whole or hold what is not trusted.
    FileNotFoundError
        If there is nothing at `path`.

    Examples
    --------
    >>> from agnews_sk.onnx import open_model
    >>> open_model("model").predict(["Oil prices rise"])  # doctest: +SKIP
    array(['Business'], dtype='<U8')
    """
    exported = GRAPH in open_source(Path(path)).sizes
    if not exported:
        return load(path)
    # onnxruntime does not read the variable by which processes on one machine share its cores.
    n_threads = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0]
    return OnnxClassifier.from_path(path, n_threads=int(n_threads or 0))


def model_sha256(path: str | Path) -> str:
    """Return a sum of a saved model's content, without loading it.

    Parameters
    ----------
    path : str or path
        What `save` or `export_onnx` wrote.

    Returns
    -------
    str
        That of the manifest, which has the sums of all other files; loading compares them.

    Raises
    ------
    ArtifactError
        If the files are not those of a saved model.
    FileNotFoundError
        If there is nothing at `path`.
    """
    source = open_source(Path(path))
    if MANIFEST not in source.sizes:
        raise ArtifactError(f"{MANIFEST} is missing from {path}.")
    return hashlib.sha256(source.read(MANIFEST)).hexdigest()
