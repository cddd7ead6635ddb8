"""Predict from raw texts with an exported model: onnxruntime, without torch."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import log_softmax, softmax
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError

from agnews_sk._core.base import ProbabilisticClassifierMixin, TextInputMixin
from agnews_sk._core.optional import import_optional
from agnews_sk._core.validation import n_rows
from agnews_sk.onnx._inputs import INPUT_NAMES, GraphInputs
from agnews_sk.persistence import MANIFEST, ArtifactError, blaming, model_from_files, read_files

GRAPH = "model.onnx"
_FOLDER_OF_WEIGHTS = "session.model_external_initializers_file_folder_path"
# With this, products of 8 bits are exact on every processor, and slower.
_EXACT_PRODUCTS = "session.x64quantprecision"
# What onnxruntime merges although two nodes are faster: its sum and norm in one go one value at a
# time.
_SLOWER = ["SkipLayerNormFusion"]


class OnnxClassifier(TextInputMixin, ProbabilisticClassifierMixin, BaseEstimator):
    """A fitted classifier of texts whose model runs in onnxruntime.

    Made by `export_onnx`, read by `from_path`; it cannot be fitted. The text steps are those of
    the pipeline that was exported; neither torch nor transformers is imported.

    Parameters
    ----------
    path : str or path
        The folder or zip that was exported to.
    n_threads : int, default=0
        Threads of onnxruntime; 0 is one a core.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    steps_ : sklearn.pipeline.Pipeline
        From raw texts to token ids or n-grams.

    Notes
    -----
    A missing text is the empty text. Texts are sorted by length and cut into batches of about as
    many tokens, so that little is padded; a probability moves by less than 1e-6 with the texts
    beside it.

    Examples
    --------
    >>> from agnews_sk.onnx import OnnxClassifier
    >>> classifier = OnnxClassifier.from_path("exported")  # doctest: +SKIP
    >>> classifier.predict(["Oil prices rise"])  # doctest: +SKIP
    array(['Business'], dtype='<U8')
    """

    def __init__(self, path, *, n_threads=0):
        self.path = path
        self.n_threads = n_threads

    @classmethod
    def from_path(cls, path: str | Path, *, n_threads: int = 0) -> "OnnxClassifier":
        """Read an exported model, its files checked as `load` checks them.

        Parameters
        ----------
        path : str or path
        n_threads : int, default=0

        Returns
        -------
        OnnxClassifier

        Raises
        ------
        ArtifactError
            If a file is missing, is not the one that was written, or is forged.
        """
        return cls(path, n_threads=n_threads)._open(*read_files(Path(path), kind="onnx"))

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each class.

        Parameters
        ----------
        X : DataFrame or array-like of str of shape (n_samples,)

        Returns
        -------
        ndarray of float64 of shape (n_samples, n_classes)
        """
        return softmax(self._logits(X).astype(np.float64), axis=1)

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Return the logarithm of the probability of each class.

        Parameters
        ----------
        X : DataFrame or array-like of str of shape (n_samples,)

        Returns
        -------
        ndarray of float64 of shape (n_samples, n_classes)
        """
        return log_softmax(self._logits(X).astype(np.float64), axis=1)

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable label of each text.

        Parameters
        ----------
        X : DataFrame or array-like of str of shape (n_samples,)

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        best = self._logits(X).argmax(axis=1)
        return self.classes_[best]

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "steps_")

    def __reduce__(self) -> tuple[Any, ...]:
        return _from_path, (self.path, self.n_threads)

    def _open(self, manifest: Mapping[str, Any], files: Mapping[str, bytes]) -> "OnnxClassifier":
        runtime = import_optional("onnxruntime", extra="onnx", needed_by="OnnxClassifier")
        with blaming(MANIFEST):
            self.classes_ = np.array(manifest["classes"])
            self._inputs = GraphInputs.from_dict(manifest["inputs"])
        steps = {name: content for name, content in files.items() if name != GRAPH}
        self.steps_ = model_from_files(steps, versions=manifest["versions"])
        options = runtime.SessionOptions()
        options.intra_op_num_threads = self.n_threads
        options.log_severity_level = 3
        # Weights are in the graph: none is to be read from another file.
        options.add_session_config_entry(_FOLDER_OF_WEIGHTS, os.devnull)
        if not _adds_products_exactly():
            options.add_session_config_entry(_EXACT_PRODUCTS, "1")
        with blaming(GRAPH):
            self._session = runtime.InferenceSession(
                files[GRAPH],
                options,
                providers=["CPUExecutionProvider"],
                disabled_optimizers=_SLOWER,
            )
            self._check_graph()
        return self

    def _check_graph(self) -> None:
        names = [one.name for one in self._session.get_inputs()]
        expected = INPUT_NAMES[self._inputs.kind]
        if names != expected:
            raise ArtifactError(f"{GRAPH} takes {names}, expected {expected}.")
        n_outputs = [one.shape[-1:] for one in self._session.get_outputs()]
        if n_outputs != [[len(self.classes_)]]:
            raise ArtifactError(
                f"{GRAPH} has outputs of {n_outputs} numbers a text, expected one of "
                f"{len(self.classes_)}."
            )
        found = self._logits(["Oil prices rise", ""])
        if not np.isfinite(found).all():
            raise ArtifactError(f"{GRAPH} answers with numbers that are not finite.")

    def _logits(self, X: Any) -> np.ndarray:
        if not hasattr(self, "steps_"):
            raise NotFittedError("OnnxClassifier has no model yet; read one with from_path.")
        logits = np.empty((n_rows(X), len(self.classes_)))
        for rows, inputs in self._inputs.batches(self.steps_.transform(X)):
            (logits[rows],) = self._session.run(None, inputs)
        return logits


def _adds_products_exactly(cpu: Path = Path("/proc/cpuinfo")) -> bool:
    """Tell whether this processor is known to add products of 8 bits in 32: it has VNNI.

    Others of x86 add pairs of them in 16 bits, which overflow.
    """
    return cpu.is_file() and "_vnni" in cpu.read_text()


def _from_path(path: str | Path, n_threads: int) -> OnnxClassifier:
    return OnnxClassifier.from_path(path, n_threads=n_threads)
