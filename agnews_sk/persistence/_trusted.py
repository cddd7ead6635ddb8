"""What may stand in a `pipeline.skops`: the loader's own list, and a look at every byte first."""

import importlib
import io
import json
import math
import re
import sys
import zipfile
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from agnews_sk.persistence._errors import ArtifactError, blaming
from agnews_sk.persistence._reading import check_stored

PIPELINE = "pipeline.skops"

_OURS = (
    "agnews_sk.classifiers._abstaining.AbstainingClassifier",
    "agnews_sk.classifiers._finetuned.FineTunedTransformerClassifier",
    "agnews_sk.classifiers._linear.CalibratedLinearSVC",
    "agnews_sk.classifiers._scratch.TransformerClassifier",
    "agnews_sk.cleaning._cleaner.TextCleaner",
    "agnews_sk.cleaning._joiner.ColumnJoiner",
    "agnews_sk.pipeline.TextPipeline",
    "agnews_sk.sampling._augmentation.EDAAugmenter",
    "agnews_sk.sampling._chain.SamplerChain",
    "agnews_sk.sampling._duplicates.DuplicateFilter",
    "agnews_sk.sampling._duplicates.LabelConflictFilter",
    "agnews_sk.sampling._mask.MaskFilter",
    "agnews_sk.sampling._quality.LengthFilter",
    "agnews_sk.sampling._quality.MissingTextFilter",
    "agnews_sk.tokenization._subword.PretrainedTokenizer",
    "agnews_sk.tokenization._subword.SubwordTokenizer",
    "agnews_sk.tokenization._vocabulary.Vocabulary",
    "agnews_sk.tokenization._word_tokenizer.WordTokenizer",
    "agnews_sk.vectorization._embedder.SentenceEmbedder",
    "agnews_sk.vectorization._table.NgramTable",
    "agnews_sk.vectorization._vectorizer.NgramVectorizer",
)
# Those of scikit-learn whose state is arrays and numbers that only numpy and scipy compute with:
# trees, neighbours and kernel machines read positions from their state without looking.
_SCIKIT_LEARN = (
    "sklearn.calibration.CalibratedClassifierCV",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.calibration._TemperatureScaling",
    "sklearn.decomposition._truncated_svd.TruncatedSVD",
    "sklearn.dummy.DummyClassifier",
    "sklearn.ensemble._stacking.StackingClassifier",
    "sklearn.ensemble._voting.VotingClassifier",
    "sklearn.feature_extraction.text.CountVectorizer",
    "sklearn.feature_extraction.text.HashingVectorizer",
    "sklearn.feature_extraction.text.TfidfTransformer",
    "sklearn.feature_extraction.text.TfidfVectorizer",
    "sklearn.frozen._frozen.FrozenEstimator",
    "sklearn.linear_model._logistic.LogisticRegression",
    "sklearn.linear_model._logistic.LogisticRegressionCV",
    "sklearn.linear_model._ridge.RidgeClassifier",
    "sklearn.naive_bayes.BernoulliNB",
    "sklearn.naive_bayes.ComplementNB",
    "sklearn.naive_bayes.GaussianNB",
    "sklearn.naive_bayes.MultinomialNB",
    "sklearn.pipeline.FeatureUnion",
    "sklearn.pipeline.Pipeline",
    "sklearn.preprocessing._data.MaxAbsScaler",
    "sklearn.preprocessing._data.Normalizer",
    "sklearn.preprocessing._data.StandardScaler",
    "sklearn.preprocessing._label.LabelBinarizer",
    "sklearn.preprocessing._label.LabelEncoder",
    "sklearn.svm._classes.LinearSVC",
    "sklearn.utils._bunch.Bunch",
    "imblearn.pipeline.Pipeline",
)
TRUSTED = frozenset((*_OURS, *_SCIKIT_LEARN))

_BUILTINS = frozenset(f"builtins.{t}" for t in ("bool", "float", "int", "str"))
_NUMBERS = frozenset(
    f"numpy.{t.__name__}" for t in set(np.sctypeDict.values()) if t.__module__ == "numpy"
) - {"numpy.object_", "numpy.void"}
# For each of skops's ways to make an object, the types that it may make.
_TYPES_BY_LOADER: dict[str, frozenset[str]] = {
    "DictNode": frozenset({"builtins.dict", "sklearn.utils._bunch.Bunch"}),
    "JsonNode": frozenset({"builtins.str"}),
    "ListNode": frozenset({"builtins.list"}),
    "NdArrayNode": frozenset({"numpy.ndarray", *_NUMBERS}),
    "RandomGeneratorNode": frozenset({"numpy.random._generator.Generator"}),
    "RandomStateNode": frozenset({"numpy.random.mtrand.RandomState"}),
    "SetNode": frozenset({"builtins.set"}),
    "TupleNode": frozenset({"builtins.tuple"}),
    "TypeNode": _BUILTINS | _NUMBERS,
}
_ARRAY = re.compile(r"\d{1,32}\.npy")
# Truth values, integers, floats, bytes and strings; not objects, which are pickles.
_ARRAY_KINDS = "biufSU"


def dump_trusted(model: Any, trusted: Sequence[str] = ()) -> bytes:
    """Return the skops file of a model, if it can be loaded without trust in more types.

    Parameters
    ----------
    model : estimator
        Without what `take_apart` takes out.
    trusted : sequence of str
        Full names of types beyond ours.

    Returns
    -------
    bytes

    Raises
    ------
    ArtifactError
        If it holds something that `load_trusted` would refuse.
    """
    content = _skops().dumps(model)
    try:
        check_pipeline(content, trusted)
    except ArtifactError as error:
        raise ArtifactError(f"the model cannot be saved so that it loads safely: {error}") from None
    return content


def load_trusted(content: bytes, trusted: Sequence[str] = ()) -> Any:
    """Return the model of a skops file.

    Parameters
    ----------
    content : bytes
    trusted : sequence of str
        Full names of types beyond ours.

    Returns
    -------
    estimator

    Raises
    ------
    ArtifactError
        If the file holds any other type, or is damaged.
    """
    check_pipeline(content, trusted)
    with blaming(PIPELINE):
        return _skops().loads(content, trusted=sorted({*TRUSTED, *trusted}))


def check_pipeline(content: bytes, trusted: Sequence[str] = ()) -> None:
    """Refuse a skops file with types beyond those trusted, or with broken arrays.

    Nothing is imported or made on the way.

    Parameters
    ----------
    content : bytes
    trusted : sequence of str

    Raises
    ------
    ArtifactError
    """
    protocol = _skops()._protocol.PROTOCOL
    with blaming(PIPELINE), zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in check_stored(archive, len(content)):
            if name != "schema.json" and not _ARRAY.fullmatch(name):
                raise ArtifactError(f"{PIPELINE} holds {name!r}, which no saved model has.")
        schema = json.loads(archive.read("schema.json"))
        if schema.get("protocol") != protocol:
            raise ArtifactError(
                f"{PIPELINE} has skops's protocol {schema.get('protocol')!r}, expected {protocol}; "
                "save the model again with the installed skops."
            )
        allowed = TRUSTED.union(trusted)
        for loader, type_name in _made_types(schema):
            if type_name not in _TYPES_BY_LOADER.get(
                loader, allowed if loader == "ObjectNode" else ()
            ):
                raise ArtifactError(
                    f"{PIPELINE} holds a {type_name} (by {loader}), which is not trusted."
                )
        for name in archive.namelist():
            if name != "schema.json":
                _check_array(archive.read(name), name)


def _skops() -> ModuleType:
    """Return `skops.io`, without having it import torch.

    On its own import it asks scikit-learn for all estimators, which imports all of its modules,
    one for torch among them if torch is installed: seconds for a model that needs none of it.
    """
    if "skops.io" in sys.modules or "torch" in sys.modules:
        return importlib.import_module("skops.io")
    sys.modules["torch"] = None  # type: ignore[assignment]  # as if it were not installed
    try:
        return importlib.import_module("skops.io")
    finally:
        del sys.modules["torch"]


def _made_types(node: Any) -> Iterator[tuple[str, str]]:
    """Yield how each object of a schema would be made, and as what."""
    if isinstance(node, dict):
        if "__loader__" in node:
            yield str(node["__loader__"]), f"{node.get('__module__')}.{node.get('__class__')}"
        for value in node.values():
            yield from _made_types(value)
    elif isinstance(node, list):
        for value in node:
            yield from _made_types(value)


def _check_array(content: bytes, name: str) -> None:
    """Refuse an array whose header promises other than what follows, or which holds NaN."""
    file = io.BytesIO(content)
    version = np.lib.format.read_magic(file)
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    if version not in readers:
        raise ArtifactError(f"{name} in {PIPELINE} has numpy's format {version}, expected 1.0.")
    shape, _, dtype = readers[version](file)
    if dtype.kind not in _ARRAY_KINDS or not dtype.itemsize:
        raise ArtifactError(
            f"{name} in {PIPELINE} has the dtype {dtype}, which is none of numbers or strings."
        )
    n_bytes = math.prod(shape) * dtype.itemsize
    if n_bytes != len(content) - file.tell() or min(shape, default=0) < 0:
        raise ArtifactError(
            f"{name} in {PIPELINE} has {len(content) - file.tell()} bytes, which is no array of "
            f"the shape {shape} of {dtype}."
        )
    if dtype.kind == "f" and np.isnan(np.frombuffer(content, dtype, offset=file.tell())).any():
        raise ArtifactError(f"{name} in {PIPELINE} holds NaN.")
