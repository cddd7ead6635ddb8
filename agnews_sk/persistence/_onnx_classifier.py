"""Predict from raw texts with an exported model: onnxruntime, without torch."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from scipy import sparse
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin

from agnews_sk._base import TextInputMixin
from agnews_sk._batches import bucket_batches, pad_ids
from agnews_sk._columnar import flat_values, row_offsets
from agnews_sk._optional import import_optional
from agnews_sk._validation import n_rows
from agnews_sk.classifiers._ids import CommonEnds, check_ids, truncate_ids
from agnews_sk.persistence._errors import ArtifactError, blaming
from agnews_sk.persistence._manifest import MANIFEST
from agnews_sk.persistence._reading import read_files
from agnews_sk.persistence._save_load import model_from_files

GRAPH = "model.onnx"
# Columns of a row of TF-IDF that fill a batch; of a batch of texts, tokens.
_CELLS_PER_BATCH = 4096


class OnnxClassifier(TextInputMixin, ClassifierMixin, BaseEstimator):
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
    >>> from agnews_sk.persistence import OnnxClassifier
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

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable label of each text.

        Parameters
        ----------
        X : DataFrame or array-like of str of shape (n_samples,)

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        return self.classes_[self._logits(X).argmax(axis=1)]

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "steps_")

    def __reduce__(self) -> tuple[Any, ...]:
        return _from_path, (self.path, self.n_threads)

    def _open(self, manifest: Mapping[str, Any], files: Mapping[str, bytes]) -> "OnnxClassifier":
        runtime = import_optional("onnxruntime", extra="onnx", needed_by="OnnxClassifier")
        with blaming(MANIFEST):
            self.classes_ = np.array(manifest["classes"])
            inputs = manifest["inputs"]
            self._kind, self._pad_id = str(inputs["kind"]), int(inputs["pad_id"])
            self._n_columns = int(inputs["n_columns"])
            self._max_length, self._part = int(inputs["max_length"]), str(inputs["truncation"])
            self._ends = CommonEnds(*(int(bool(end)) for end in inputs["ends"]))
            if not 0 <= self._pad_id < self._n_columns:
                raise ArtifactError(f"{MANIFEST} has padding outside {self._n_columns} ids.")
        steps = {name: content for name, content in files.items() if name != GRAPH}
        self.steps_ = model_from_files(steps)
        options = runtime.SessionOptions()
        options.intra_op_num_threads = self.n_threads
        options.log_severity_level = 3
        with blaming(GRAPH):
            self._session = runtime.InferenceSession(
                files[GRAPH], options, providers=["CPUExecutionProvider"]
            )
            names = [one.name for one in self._session.get_inputs()]
            if names != _INPUTS.get(self._kind):
                raise ArtifactError(f"{GRAPH} takes {names}, expected {_INPUTS.get(self._kind)}.")
            self._check_answers()
        return self

    def _check_answers(self) -> None:
        found = self._logits(["Oil prices rise", ""])
        if found.shape != (2, len(self.classes_)) or not np.isfinite(found).all():
            raise ArtifactError(
                f"{GRAPH} answers with {found.shape} for {len(self.classes_)} labels."
            )

    def _logits(self, X: Any) -> np.ndarray:
        transformed = self.steps_.transform(X)
        read = _rows_of_ids if self._kind == "ids" else _rows_of_matrix
        offsets, columns, values = read(transformed, self)
        logits = np.empty((n_rows(X), len(self.classes_)))
        lengths = np.diff(offsets)
        for rows in bucket_batches(lengths, 0, tokens_per_batch=_CELLS_PER_BATCH):
            ids, attended = pad_ids(columns, offsets, rows, pad_id=self._pad_id)
            second = attended.astype(np.int64) if values is None else np.zeros(ids.shape)
            if values is not None:
                real = np.arange(ids.shape[1]) < lengths[rows, None]
                second[real] = np.concatenate([values[offsets[r] : offsets[r + 1]] for r in rows])
            inputs = dict(zip(_INPUTS[self._kind], (ids, second)))
            (logits[rows],) = self._session.run(None, inputs)
        return logits


_INPUTS = {"ids": ["input_ids", "attention_mask"], "matrix": ["columns", "values"]}


def _from_path(path: str | Path, n_threads: int) -> OnnxClassifier:
    return OnnxClassifier.from_path(path, n_threads=n_threads)


def _rows_of_ids(ids: pl.Series, model: Any) -> tuple[np.ndarray, np.ndarray, None]:
    check_ids(ids, model._n_columns)
    ids = truncate_ids(ids, model._max_length, model._part, model._ends)
    return row_offsets(ids), flat_values(ids).to_numpy(), None


def _rows_of_matrix(matrix: Any, model: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    matrix = sparse.csr_array(matrix)
    if matrix.shape[1] != model._n_columns:
        raise ValueError(f"X has {matrix.shape[1]} columns, the model {model._n_columns}.")
    return matrix.indptr, matrix.indices, matrix.data
