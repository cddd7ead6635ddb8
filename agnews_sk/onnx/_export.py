"""Export a fitted pipeline to ONNX, and see that it answers as before."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline

from agnews_sk._core.model_input import ModelInput
from agnews_sk._core.optional import import_optional
from agnews_sk._core.validation import n_rows, take_rows
from agnews_sk.classifiers import CalibratedLinearSVC
from agnews_sk.onnx._classifier import GRAPH, OnnxClassifier
from agnews_sk.onnx._graphs import linear_graph, module_graph
from agnews_sk.onnx._inputs import GraphInputs
from agnews_sk.onnx._int8 import in_8_bits
from agnews_sk.onnx._parity import ParityReport, check_parity, compare
from agnews_sk.persistence import ModelCard, parts_as_files, with_manifest, write_files
from agnews_sk.vectorization import NgramVectorizer, SentenceEmbedder

# Enough to see the range of what a network computes.
_CALIBRATION_ROWS = 512


class _Export(NamedTuple):
    """The text steps, the graph behind them, and what the graph takes."""

    steps: list[tuple[str, Any]]
    graph: bytes
    inputs: GraphInputs


def export_onnx(
    pipeline: Any,
    path: str | Path,
    *,
    X: Any,
    y: Any = None,
    quantize: str | None = None,
    max_difference: float = 1e-4,
    max_loss: float = 0.003,
    card: ModelCard | None = None,
) -> ParityReport:
    """Export a fitted pipeline for `OnnxClassifier`, and compare both on given rows.

    Parameters
    ----------
    pipeline : TextPipeline
        Of any of the makers in `agnews_sk.pipeline`, fitted on texts or frames.
    path : str or path
        Folder, or file if it ends with `.zip`; a model there is replaced.
    X : DataFrame or array-like of str of shape (n_samples,)
        Rows on which both models are compared.
    y : array-like of shape (n_samples,), optional
        Their labels; `quantize="int8"` needs them.
    quantize : {"int8"}, optional
        Multiply in 8 bits: about twice as fast on CPUs, and smaller. Scales are set on the first
        512 rows of X.
    max_difference : float, default=1e-4
        Largest difference of a probability without `quantize`; then no label may change either,
        but for ties.
    max_loss : float, default=0.003
        How much accuracy may be lost.
    card : ModelCard, optional
        What README.md says; the parity report is added.

    Returns
    -------
    ParityReport
        Also in README.md and manifest.json.

    Raises
    ------
    ParityError
        If the exported model is beyond the bounds; nothing is written.
    TypeError
        If the pipeline has a step that cannot be exported faithfully.
    ValueError
        If `quantize` is unknown or lacks labels, or y has none that the pipeline knows.

    Notes
    -----
    Text steps are not translated: they come along and run as they are, in Polars, so that they
    do the same by construction. The tokenizer runs in `tokenizers`. The graph has the rest: the
    network, or the linear classifier over the n-grams of a row.

    Examples
    --------
    >>> from agnews_sk import make_tfidf_pipeline
    >>> from agnews_sk.onnx import OnnxClassifier, export_onnx
    >>> texts = ["oil prices rise", "oil shares fall", "cup final", "the cup is ours"]
    >>> labels = ["Oil", "Oil", "Cup", "Cup"]
    >>> pipeline = make_tfidf_pipeline().fit(texts, labels)
    >>> export_onnx(pipeline, "exported", X=texts, y=labels).n_changed  # doctest: +SKIP
    0
    >>> OnnxClassifier.from_path("exported").predict(["the oil"])  # doctest: +SKIP
    array(['Oil'], dtype='<U3')
    """
    if quantize not in (None, "int8"):
        raise ValueError(f"quantize must be 'int8' or None, got {quantize!r}.")
    if quantize is not None and y is None:
        raise ValueError("quantize='int8' needs y, the labels to measure the loss of accuracy on.")
    import_optional("onnx", extra="onnx", needed_by="export_onnx")
    known = pipeline.classes_.tolist()
    if y is not None and set(known).isdisjoint(np.asarray(y).tolist()):
        raise ValueError(f"y has none of the labels of the pipeline, {known!r:.200}.")
    export = _take_over(pipeline)
    if quantize is not None:
        export = _quantized(export, X)
    files = {**parts_as_files(Pipeline(export.steps)), GRAPH: export.graph}

    def described(section: str, **more: Any) -> dict[str, bytes]:
        shown = card or ModelCard()
        facts = {"inputs": export.inputs.as_dict(), "quantize": quantize, **more}
        return with_manifest("onnx", files, pipeline, shown, section, **facts)

    with tempfile.TemporaryDirectory() as folder:
        write_files(described(""), Path(folder) / "exported")
        exported = OnnxClassifier.from_path(Path(folder) / "exported")
        found = exported.predict_proba(X)
    report = compare(pipeline.predict_proba(X), found, pipeline.classes_, y)
    bound = max_difference if quantize is None else None
    check_parity(report, max_difference=bound, max_loss=max_loss)
    write_files(described(report.as_markdown(), parity=report.as_dict()), Path(path))
    return report


def _take_over(pipeline: Any) -> _Export:
    """Divide a pipeline into text steps and a graph."""
    if not hasattr(pipeline, "steps"):
        raise TypeError(f"pipeline must be a fitted pipeline, got {type(pipeline).__name__}.")
    steps = [
        (name, step)
        for name, step in pipeline.steps
        if step not in (None, "passthrough") and not hasattr(step, "fit_resample")
    ]
    *before, (_, classifier) = steps
    last = before[-1][1] if before else None
    if hasattr(classifier, "net_"):
        return _export_net(before, classifier)
    linear = _linear_part(classifier)
    if isinstance(last, SentenceEmbedder):
        return _export_embedder(before, last, linear)
    if isinstance(last, (NgramVectorizer, FeatureUnion)):
        inputs = GraphInputs("matrix", ModelInput(vocab_size=len(linear[0])))
        return _Export(before, linear_graph(*linear), inputs)
    raise TypeError(f"a {type(last).__name__} before the classifier cannot be exported faithfully.")


def _export_net(before: list[tuple[str, Any]], classifier: Any) -> _Export:
    tokenizer = classifier.tokenizer_
    steps = before if tokenizer is None else [*before, ("tokenize", tokenizer)]
    inputs = GraphInputs("ids", classifier.model_input_)
    return _Export(steps, module_graph(classifier.net_.module_), inputs)


def _export_embedder(
    before: list[tuple[str, Any]], embedder: SentenceEmbedder, linear: tuple[np.ndarray, np.ndarray]
) -> _Export:
    from agnews_sk.onnx._modules import EmbeddingClassifier

    tokenizer, encoder = embedder.tokenizer_, embedder.encoder_
    module = EmbeddingClassifier(encoder, embedder.pooling, embedder.normalize, *linear)
    inputs = GraphInputs("ids", embedder.model_input_)
    return _Export([*before[:-1], ("tokenize", tokenizer)], module_graph(module), inputs)


def _quantized(export: _Export, X: Any) -> _Export:
    if export.inputs.kind != "ids":
        raise TypeError(
            "quantize='int8' is for networks; a linear classifier of n-grams is one product a row, "
            "export it without."
        )
    some = take_rows(X, np.arange(min(n_rows(X), _CALIBRATION_ROWS)))
    transformed = Pipeline(export.steps).transform(some)
    batches = [inputs for _, inputs in export.inputs.batches(transformed)]
    return export._replace(graph=in_8_bits(export.graph, batches))


def _linear_part(classifier: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the matrix and the bias whose softmax a linear classifier answers with."""
    scale = _SCALES.get(type(classifier))
    if scale is None:
        raise TypeError(
            f"a {type(classifier).__name__} cannot be exported faithfully; a LogisticRegression, a "
            "CalibratedLinearSVC or one of our transformers can."
        )
    factor = scale(classifier)
    matrix, bias = classifier.coef_.T * factor, classifier.intercept_ * factor
    if len(classifier.classes_) > 2:
        return matrix, bias
    return np.hstack([-matrix / 2, matrix / 2]), np.concatenate([-bias / 2, bias / 2])


_SCALES: dict[type, Callable[[Any], float]] = {
    CalibratedLinearSVC: lambda svc: 1 / svc.temperature_,
    LogisticRegression: lambda _: 1.0,
}
