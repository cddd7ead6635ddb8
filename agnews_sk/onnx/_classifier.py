"""Predict raw texts with an exported model in onnxruntime, without torch."""

import os
from collections.abc import Mapping
from numbers import Integral
from pathlib import Path
from typing import Any

import numpy as np
from joblib import cpu_count
from scipy.special import expit, log_expit, log_softmax, softmax
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError

from agnews_sk._core.base import ProbabilisticClassifierMixin, TextInputMixin
from agnews_sk._core.joining import texts_as_rows
from agnews_sk._core.label_sets import LABEL_FORMATS, in_format
from agnews_sk._core.optional import import_optional
from agnews_sk._core.validation import n_rows
from agnews_sk.onnx._inputs import GraphInputs
from agnews_sk.persistence import (
    MANIFEST,
    ArtifactError,
    artifact_errors,
    model_from_files,
    read_files,
)

GRAPH = "model.onnx"
_WEIGHTS_FOLDER = "session.model_external_initializers_file_folder_path"
# Makes 8-bit products exact on every x86 processor, at the cost of speed.
_EXACT_INT8 = "session.x64quantprecision"
# This fusion makes residual sums and layer norms slower: the fused kernel is not vectorized.
_DISABLED_OPTIMIZERS = ["SkipLayerNormFusion"]
_MAX_THREADS = 4_096  # more than any processor has; each takes memory for its stack
_PROBE = ["Oil prices rise", ""]


class OnnxClassifier(TextInputMixin, ProbabilisticClassifierMixin, BaseEstimator):
    """A fitted text classifier whose model runs in onnxruntime.

    `export_onnx` writes it and `from_path` reads it; it cannot be fitted. The text steps are those
    of the exported pipeline. Neither torch nor transformers is imported.

    Parameters
    ----------
    path : str or path
        The exported folder or zip file.
    n_jobs : int, default=-1
        Number of threads of onnxruntime. -1 uses one per core; None means 1.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    label_format_ : str or None
        Format of the sets of labels that it predicts; None for one label per row.
    thresholds_ : ndarray of shape (n_classes,) or None
        Lowest probability of each label that is predicted; None for one label per row.
    steps_ : sklearn.pipeline.Pipeline
        From raw texts to token ids or n-grams.

    Notes
    -----
    A missing text counts as the empty text. Texts are sorted by length and batched by their number
    of tokens, so that little is padded. A probability differs by less than 1e-6 between
    batches with different other texts.

    Examples
    --------
    >>> from agnews_sk.onnx import OnnxClassifier
    >>> classifier = OnnxClassifier.from_path("exported")  # doctest: +SKIP
    >>> classifier.predict(["Oil prices rise"])  # doctest: +SKIP
    array(['Business'], dtype='<U8')
    """

    def __init__(self, path, *, n_jobs=-1):
        self.path = path
        self.n_jobs = n_jobs

    @classmethod
    def from_path(cls, path: str | Path, *, n_jobs: int | None = -1) -> "OnnxClassifier":
        """Read an exported model and check its files as `agnews_sk.persistence.load` does.

        Parameters
        ----------
        path : str or path
            The exported folder or zip file.
        n_jobs : int, default=-1
            Number of threads of onnxruntime. -1 uses one per core; None means 1.

        Returns
        -------
        OnnxClassifier

        Raises
        ------
        ArtifactError
            If a file is missing, is not the one that was written, or is forged.
        ValueError
            If `n_jobs` is 0.
        """
        return cls(path, n_jobs=n_jobs)._load(*read_files(Path(path), kind="onnx"))

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the softmax of the logits of each row; of several labels, the sigmoid of each.

        Parameters
        ----------
        X : DataFrame or array-like of str of shape (n_samples,)

        Returns
        -------
        ndarray of float64 of shape (n_samples, n_classes)
        """
        logits = self._logits(X).astype(np.float64)
        return softmax(logits, axis=1) if self.label_format_ is None else expit(logits)

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Return the logarithms of the probabilities, computed from the logits.

        Probabilities that underflow to zero still have a finite logarithm.

        Parameters
        ----------
        X : DataFrame or array-like of str of shape (n_samples,)

        Returns
        -------
        ndarray of float64 of shape (n_samples, n_classes)
        """
        logits = self._logits(X).astype(np.float64)
        return log_softmax(logits, axis=1) if self.label_format_ is None else log_expit(logits)

    def predict(self, X: Any) -> Any:
        """Return the most probable label of each text, or the labels that reach their thresholds.

        Parameters
        ----------
        X : DataFrame or array-like of str of shape (n_samples,)

        Returns
        -------
        ndarray of shape (n_samples,), or label sets in the format of those in `fit`
        """
        logits = self._logits(X)
        if self.label_format_ is not None:
            reached = expit(logits) >= self.thresholds_
            return in_format(reached, self.classes_, self.label_format_)
        best = logits.argmax(axis=1)
        return self.classes_[best]

    def __sklearn_is_fitted__(self) -> bool:
        """Return whether a model has been read."""
        return hasattr(self, "steps_")

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the path only, as a session of onnxruntime cannot be pickled.

        Unpickling reads the files again, so they must still be there.
        """
        return _from_path, (self.path, self.n_jobs)

    def _load(self, manifest: Mapping[str, Any], files: Mapping[str, bytes]) -> "OnnxClassifier":
        """Set the fitted attributes from checked files.

        Parameters
        ----------
        manifest : mapping
        files : mapping of str to bytes
            All files but the manifest, their checksums verified.
        """
        runtime = import_optional("onnxruntime", extra="onnx", needed_by="OnnxClassifier")
        with artifact_errors(MANIFEST):
            self.classes_ = np.array(manifest["classes"])
            self.label_format_, self.thresholds_ = _of_sets(manifest, len(self.classes_))
            self._inputs = GraphInputs.from_dict(manifest["inputs"])
        steps = {name: content for name, content in files.items() if name != GRAPH}
        self.steps_ = model_from_files(steps, versions=manifest["versions"])
        options = self._session_options(runtime)
        with artifact_errors(GRAPH):
            self._session = runtime.InferenceSession(
                files[GRAPH],
                options,
                providers=["CPUExecutionProvider"],
                disabled_optimizers=_DISABLED_OPTIMIZERS,
            )
            self._check_graph()
        return self

    def _session_options(self, runtime: Any) -> Any:
        """Return onnxruntime's options: its threads, no other files, exact 8-bit products."""
        options = runtime.SessionOptions()
        options.intra_op_num_threads = _n_threads(self.n_jobs)
        options.log_severity_level = 3
        # All weights are in the graph. A forged graph that refers to another file finds none.
        options.add_session_config_entry(_WEIGHTS_FOLDER, os.devnull)
        if not _has_exact_int8():
            options.add_session_config_entry(_EXACT_INT8, "1")
        return options

    def _check_graph(self) -> None:
        """Reject a graph with other inputs or outputs than its manifest says, or with NaN.

        onnxruntime has checked the graph by itself; this checks that it fits the text steps and
        the classes, before the first prediction that a user relies on.
        """
        names = [one.name for one in self._session.get_inputs()]
        expected = self._inputs.names
        if names != expected:
            raise ArtifactError(f"{GRAPH} takes {names}, expected {expected}.")
        n_outputs = [one.shape[-1:] for one in self._session.get_outputs()]
        if n_outputs != [[len(self.classes_)]]:
            raise ArtifactError(
                f"{GRAPH} has outputs of size {n_outputs} per text, expected one of size "
                f"{len(self.classes_)}."
            )
        if not np.isfinite(self._logits(texts_as_rows(self, _PROBE))).all():
            raise ArtifactError(f"{GRAPH} returns values that are not finite.")

    def _logits(self, X: Any) -> np.ndarray:
        """Return the logits of the rows, in their order, of shape (n_samples, n_classes)."""
        if not hasattr(self, "steps_"):
            raise NotFittedError("OnnxClassifier has no model yet; load one with from_path.")
        logits = np.empty((n_rows(X), len(self.classes_)))
        for rows, inputs in self._inputs.batches(self.steps_.transform(X)):
            (logits[rows],) = self._session.run(None, inputs)
        return logits


def _of_sets(manifest: Mapping[str, Any], n_labels: int) -> tuple[str | None, np.ndarray | None]:
    """Return the checked format and thresholds of label sets, None where rows have one label.

    Parameters
    ----------
    manifest : mapping
    n_labels : int

    Returns
    -------
    label_format : str or None
    thresholds : ndarray of float of shape (n_labels,) or None

    Raises
    ------
    ArtifactError
        If the format is unknown, or there is not one threshold per label.
    """
    label_format = manifest.get("label_format")
    if label_format is None:
        return None, None
    thresholds = np.array(manifest["thresholds"], dtype=np.float64)
    known = label_format in LABEL_FORMATS
    if not known or thresholds.shape != (n_labels,) or not np.isfinite(thresholds).all():
        raise ArtifactError(
            f"{MANIFEST} has the format {label_format!r:.60} of label sets with "
            f"{thresholds.size} thresholds, expected one for each of {n_labels} labels."
        )
    return label_format, thresholds


def _n_threads(n_jobs: int | None) -> int:
    """Return the number of threads for onnxruntime; 0 lets it use one per physical core.

    `joblib.effective_n_jobs` would count processes, of which a daemon may start none: the workers
    of `agnews_sk.serving.serve` are daemons.
    """
    if n_jobs is None:
        return 1
    if not isinstance(n_jobs, Integral) or isinstance(n_jobs, bool) or n_jobs > _MAX_THREADS:
        raise ValueError(
            f"n_jobs must be None or an integer of at most {_MAX_THREADS}, got {n_jobs!r}; -1 uses "
            "one thread per core."
        )
    if n_jobs == 0:
        raise ValueError("n_jobs must not be 0; -1 uses one thread per core.")
    if n_jobs == -1:
        return 0
    return n_jobs if n_jobs > 0 else max(cpu_count() + 1 + n_jobs, 1)


def _has_exact_int8(cpu: Path = Path("/proc/cpuinfo")) -> bool:
    """Return whether this processor is known to sum 8-bit products in 32 bits, which needs VNNI.

    Other x86 processors add pairs of products in 16 bits, which saturate: results would differ
    between machines.
    """
    return cpu.is_file() and "_vnni" in cpu.read_text()


def _from_path(path: str | Path, n_jobs: int | None) -> OnnxClassifier:
    """Unpickle a classifier; a function of the module, as pickle takes no keyword arguments."""
    return OnnxClassifier.from_path(path, n_jobs=n_jobs)
