"""Export a fitted pipeline to ONNX, and verify that it predicts the same."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline

from agnews_sk._core.delegation import predicting_estimator
from agnews_sk._core.label_sets import label_format_of, thresholds_of
from agnews_sk._core.optional import import_optional
from agnews_sk._core.validation import n_rows, take_rows
from agnews_sk.classifiers import (
    CalibratedLinearSVC,
    CalibratedLogisticRegression,
    EmbeddingBagClassifier,
)
from agnews_sk.onnx._classifier import GRAPH, OnnxClassifier
from agnews_sk.onnx._graphs import linear_graph, module_graph
from agnews_sk.onnx._inputs import GraphInputs
from agnews_sk.onnx._int8 import quantize_int8
from agnews_sk.onnx._parity import ParityReport, check_parity, compare
from agnews_sk.persistence import ModelCard, parts_as_files, with_manifest, write_files
from agnews_sk.tokenization import ModelInput
from agnews_sk.vectorization import (
    MixedVectorizer,
    NgramUnion,
    NgramVectorizer,
    SentenceEmbedder,
    StaticEmbedder,
)

# Steps that are saved as they are; the graph takes their matrix.
_MAKES_MATRIX = (NgramVectorizer, NgramUnion, FeatureUnion, MixedVectorizer, StaticEmbedder)
# Rows on which the ranges of activations are measured.
_CALIBRATION_ROWS = 512


class _Export(NamedTuple):
    """A pipeline divided into text steps and a graph.

    Attributes
    ----------
    steps : list of (str, transformer)
        From raw texts to token ids, or to a matrix; they are saved as they are.
    graph : bytes
        Serialized ONNX model, from there to logits.
    inputs : GraphInputs
    """

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
    max_accuracy_drop: float = 0.003,
    card: ModelCard | None = None,
) -> ParityReport:
    """Export a fitted pipeline for `OnnxClassifier`, and compare both on given rows.

    Nothing is written if their predictions differ by more than is allowed.

    Parameters
    ----------
    pipeline : TextPipeline
        A fitted pipeline of any of the `make_*_pipeline` functions, or a search, a
        `SelfTrainedClassifier` or a `DistilledClassifier` that predicts by one.
    path : str or path
        Folder, or a zip file if it ends with `.zip`; a model there is replaced.
    X : DataFrame or array-like of str of shape (n_samples,)
        Rows on which both models are compared.
    y : array-like of shape (n_samples,), optional
        Their labels; required by `quantize="int8"`.
    quantize : {"int8"}, optional
        Quantize matrix products to 8-bit integers: about twice as fast on CPUs, and smaller. The
        ranges of activations are measured on the first 512 rows of X.
    max_difference : float, default=1e-4
        Largest difference of a probability that is accepted without `quantize`. Predicted labels
        must then be equal too, except for ties.
    max_accuracy_drop : float, default=0.003
        Largest accepted drop of the accuracy on X, if `y` is given.
    card : ModelCard, optional
        Content of README.md, to which the parity report is added.

    Returns
    -------
    ParityReport
        It is also written to README.md and manifest.json.

    Raises
    ------
    ParityError
        If the exported model differs by more than is allowed; nothing is written.
    TypeError
        If the pipeline has a step that cannot be exported faithfully.
    ValueError
        If `quantize` is unknown or `y` is missing for it, or `y` has none of the labels of the
        pipeline.

    Notes
    -----
    Text steps are not translated to ONNX: they are saved as `save` does and run as they are, so
    that they do the same by construction. The tokenizer runs in `tokenizers`. The graph has the
    rest: the network, or the linear classifier on n-grams or static vectors.

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
        raise ValueError("quantize='int8' needs y, the labels to measure the accuracy with.")
    import_optional("onnx", extra="onnx", needed_by="export_onnx")
    pipeline = predicting_estimator(pipeline)
    known = pipeline.classes_.tolist()
    label_format, thresholds = label_format_of(pipeline), thresholds_of(pipeline)
    one_label = y is not None and label_format is None
    if one_label and set(known).isdisjoint(np.asarray(y).tolist()):
        raise ValueError(f"y has none of the labels of the pipeline, {known!r:.200}.")
    export = _divide(pipeline)
    if quantize is not None:
        export = _quantize(export, X)
    files = {**parts_as_files(Pipeline(export.steps)), GRAPH: export.graph}

    def described(section: str, **more: Any) -> dict[str, bytes]:
        """Return the files with a card, which has this section, and a manifest."""
        shown = card or ModelCard()
        facts = {"inputs": export.inputs.as_dict(), "quantize": quantize, **more}
        if thresholds is not None:
            facts |= {"label_format": label_format, "thresholds": thresholds.tolist()}
        return with_manifest("onnx", files, pipeline, shown, section, **facts)

    with tempfile.TemporaryDirectory() as folder:
        write_files(described(""), Path(folder) / "exported")
        exported = OnnxClassifier.from_path(Path(folder) / "exported")
        found = exported.predict_proba(X)
    report = compare(
        pipeline.predict_proba(X),
        found,
        pipeline.classes_,
        y,
        thresholds=thresholds,
        label_format=label_format,
    )
    bound = max_difference if quantize is None else None
    check_parity(report, max_difference=bound, max_accuracy_drop=max_accuracy_drop)
    write_files(described(report.as_markdown(), parity=report.as_dict()), Path(path))
    return report


def _divide(pipeline: Any) -> _Export:
    """Divide a fitted pipeline into text steps and a graph.

    Samplers and steps that are left out do nothing in `predict` and are dropped.

    Parameters
    ----------
    pipeline : sklearn or imblearn Pipeline

    Returns
    -------
    _Export

    Raises
    ------
    TypeError
        If a step cannot be exported faithfully.
    """
    if not hasattr(pipeline, "steps"):
        parts = isinstance(getattr(pipeline, "estimators_", None), list)
        way_out = "; export each of its parts, estimators_" if parts else ""
        raise TypeError(
            f"pipeline must be a fitted pipeline, got {type(pipeline).__name__}{way_out}."
        )
    steps = [
        (name, step)
        for name, step in pipeline.steps
        if step not in (None, "passthrough") and not hasattr(step, "fit_resample")
    ]
    *before, (_, classifier) = steps
    last = before[-1][1] if before else None
    if hasattr(classifier, "net_"):
        return _export_net(before, classifier)
    if isinstance(last, MixedVectorizer) and isinstance(last.text, SentenceEmbedder):
        raise TypeError(
            "embeddings beside other columns cannot be exported; save the pipeline instead, or "
            "export one that is made without columns=."
        )
    if isinstance(last, _MAKES_MATRIX):
        return _export_matrix(before, classifier)
    if isinstance(last, SentenceEmbedder):
        return _export_embedder(before, last, _linear_part(classifier))
    raise TypeError(f"a {type(last).__name__} before the classifier cannot be exported faithfully.")


def _export_matrix(before: list[tuple[str, Any]], classifier: Any) -> _Export:
    """Export a classifier of a matrix, the output of the step before it."""
    has_embeddings = isinstance(classifier, EmbeddingBagClassifier)
    layers = (_embedding_layers if has_embeddings else _linear_part)(classifier)
    inputs = GraphInputs("matrix", ModelInput(vocab_size=len(layers[0])))
    return _Export(before, linear_graph(*layers), inputs)


def _embedding_layers(classifier: EmbeddingBagClassifier) -> tuple[np.ndarray, ...]:
    """Return the embeddings and the linear layer, each with its bias, ready for softmax."""
    output, bias = classifier.output_weights_, classifier.output_bias_.astype(np.float64)
    temperature = classifier.temperature_
    embeddings, hidden_bias = classifier.embeddings_, classifier.hidden_bias_
    return embeddings, hidden_bias, output.astype(np.float64) / temperature, bias / temperature


def _export_net(before: list[tuple[str, Any]], classifier: Any) -> _Export:
    """Export a network that takes token ids.

    A classifier that takes texts has its own tokenizer, which becomes the last text step.
    """
    tokenizer = classifier.tokenizer_
    steps = before if tokenizer is None else [*before, ("tokenize", tokenizer)]
    inputs = GraphInputs("ids", classifier.model_input_)
    graph = module_graph(classifier.net_.module_, has_chunks=inputs.has_chunks)
    return _Export(steps, graph, inputs)


def _export_embedder(
    before: list[tuple[str, Any]], embedder: SentenceEmbedder, linear: tuple[np.ndarray, np.ndarray]
) -> _Export:
    """Export an embedder and the linear classifier behind it as one graph.

    The embedder's tokenizer takes its place among the text steps.
    """
    from agnews_sk.onnx._modules import EmbeddingClassifier

    tokenizer, encoder = embedder.tokenizer_, embedder.encoder_
    module = EmbeddingClassifier(
        encoder, embedder.pooling, embedder.normalize, *linear, embedder.chunk_pooling
    )
    inputs = GraphInputs("ids", embedder.model_input_)
    graph = module_graph(module, has_chunks=inputs.has_chunks)
    return _Export([*before[:-1], ("tokenize", tokenizer)], graph, inputs)


def _quantize(export: _Export, X: Any) -> _Export:
    """Quantize the graph of a network, with ranges measured on the first rows of X."""
    if export.inputs.kind != "ids":
        raise TypeError(
            "quantize='int8' is for networks; export a linear classifier on n-grams without it, as "
            "one product per row is fast anyway."
        )
    first = take_rows(X, np.arange(min(n_rows(X), _CALIBRATION_ROWS)))
    transformed = Pipeline(export.steps).transform(first)
    batches = [inputs for _, inputs in export.inputs.batches(transformed)]
    return export._replace(graph=quantize_int8(export.graph, batches))


def _linear_part(classifier: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the coefficients and intercepts of a linear classifier, ready for softmax.

    Parameters
    ----------
    classifier : LogisticRegression or one of ours

    Returns
    -------
    matrix : ndarray of shape (n_features, n_classes)
    bias : ndarray of shape (n_classes,)

    Notes
    -----
    Of two classes, scikit-learn keeps one row, whose score `s` has the probability `sigmoid(s)`.
    The softmax of `(-s/2, s/2)` is the same.
    """
    scale = _SCALES.get(type(classifier))
    if scale is None:
        raise TypeError(
            f"a {type(classifier).__name__} cannot be exported faithfully; a LogisticRegression, a "
            "CalibratedLogisticRegression, a CalibratedLinearSVC, an EmbeddingBagClassifier of "
            "n-grams, a TransformerClassifier or a FineTunedTransformerClassifier can."
        )
    factor = scale(classifier)
    matrix, bias = classifier.coef_.T * factor, classifier.intercept_ * factor
    if len(classifier.classes_) > 2 or getattr(classifier, "label_format_", None) is not None:
        return matrix, bias
    return np.hstack([-matrix / 2, matrix / 2]), np.concatenate([-bias / 2, bias / 2])


# By how much the coefficients of each classifier are multiplied to become those of a softmax.
_SCALES: dict[type, Callable[[Any], float]] = {
    CalibratedLinearSVC: lambda svc: 1 / svc.temperature_,
    CalibratedLogisticRegression: lambda classifier: 1 / classifier.temperature_,
    LogisticRegression: lambda _: 1.0,
}
