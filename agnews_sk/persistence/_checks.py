"""Check the values of every loaded object, before anything computes with them.

The types and attributes have been checked by then, but a trusted type can still harm with values
that its `fit` would never set: a vectorizer that opens texts as files (`input="filename"`), a
regular expression that runs for years, a column index beyond a matrix, which scipy reads from
memory without a check, or a size that allocates all memory. `_BY_NAME` has the checks of attributes
that mean the same in every estimator, `_BY_TYPE` those of one type.
"""

import codecs
import re
from collections.abc import Callable, Sequence
from numbers import Integral, Number, Real
from typing import Any

import numpy as np

from agnews_sk._core.label_sets import LABEL_FORMATS
from agnews_sk.persistence._column_checks import (
    check_column_transformer,
    check_encoder,
    check_mixed_joiner,
    check_one_hot,
)
from agnews_sk.persistence._embedding_checks import check_embeddings, check_static_vectors
from agnews_sk.persistence._ensemble_checks import check_cascade, check_student
from agnews_sk.persistence._errors import ArtifactError, artifact_errors
from agnews_sk.persistence._graph import walk
from agnews_sk.persistence._parts import changed_runtime_parameters
from agnews_sk.persistence._patterns import check_pattern
from agnews_sk.persistence._schema import PIPELINE
from agnews_sk.persistence._shapes import check_held_types, check_shapes, kinds_of
from agnews_sk.tokenization import RECORDED_NAME

_STATE_WORDS = 624  # of the Mersenne Twister
_MAX_NGRAM = 100
_MAX_TEXT = 4_096  # characters that are added to each row
_MAX_BATCH = 2**20
_DEVICE = re.compile(r"(auto|cpu|cuda|mps|xpu)(:\d{1,3})?")
# Parameters of skorch that only control training.
_TRAINING = re.compile(r"lr|max_epochs|batch_size|(optimizer|criterion)__\w+")
# Encodings that are decoded in linear time; others, such as idna, take quadratic time.
_ENCODING = re.compile(
    r"(utf|ascii|us-ascii|latin|iso|cp|windows|mac|koi8|gb|big5|hz|euc|shift|johab)[-_\w]*", re.I
)
_PREDICT_METHODS = {"decision_function", "predict", "predict_proba"}


def check_skeleton(skeleton: Any, trusted: Sequence[str] = ()) -> None:
    """Reject a model with an invalid or harmful value.

    Parameters
    ----------
    skeleton : estimator
        The model before its weights and tokenizers are set. All that it holds is checked, fitted
        or not.
    trusted : sequence of str
        Regular expressions that the caller trusts.

    Raises
    ------
    ArtifactError
        If a value is rejected; also if a check itself fails, as it does on values of another type.
    """
    for found in walk(skeleton):
        with artifact_errors(PIPELINE):
            _check(found, trusted)


def _check(found: Any, trusted: Sequence[str]) -> None:
    """Check one object: its runtime-only parameters, its parameters, its fitted attributes.

    Parameters
    ----------
    found : object
        Any object of the model. Types and objects without attributes have nothing to check.
    trusted : sequence of str

    Raises
    ------
    ArtifactError
    InvalidParameterError
        From scikit-learn's own check of parameters.
    """
    if isinstance(found, np.random.RandomState):
        _check_random_state(found, "random state")
    if not hasattr(found, "__dict__") or isinstance(found, type):
        return
    for name in changed_runtime_parameters(found):
        raise ArtifactError(
            f"{PIPELINE} sets {name} of a {type(found).__name__}, which a saved model must not set."
        )
    if hasattr(found, "_parameter_constraints"):
        found._validate_params()
    kinds = kinds_of(found)
    check_held_types(found, kinds)
    check_shapes(found, kinds)
    for name, value in vars(found).items():
        if isinstance(value, np.random.RandomState):
            _check_random_state(value, f"{name} of a {type(found).__name__}")
        if name in _BY_NAME:
            _BY_NAME[name](found, value, trusted)
    for kind in kinds:
        if kind in _BY_TYPE:
            _BY_TYPE[kind](found)


def _reject(owner: Any, what: str) -> ArtifactError:
    """Return the error that names the type of an object and its fault."""
    return ArtifactError(f"{PIPELINE} has a {type(owner).__name__} {what}")


def _check_random_state(random_state: np.random.RandomState, what: str) -> None:
    """Reject a Mersenne Twister whose position is outside its state: numpy would read there."""
    state: Any = random_state.get_state()
    # numpy reads its state at this position without a check.
    if not 0 <= state[2] <= _STATE_WORDS:
        raise ArtifactError(f"{PIPELINE} has a {what} whose position is outside its state.")


def _check_input(owner: Any, value: Any, trusted: Sequence[str]) -> None:
    """Reject vectorizers that treat texts as file names: they would open any file."""
    if value != "content":
        raise _reject(owner, "that treats texts as file names.")


def _check_encoding(owner: Any, value: Any, trusted: Sequence[str]) -> None:
    """Reject encodings that are unknown, or whose decoders take quadratic time."""
    if not _ENCODING.fullmatch(value):
        raise _reject(owner, f"with the encoding {value!r:.60}.")
    codecs.lookup(value)  # decoding no bytes does not look the encoding up


def _check_pattern(owner: Any, value: Any, trusted: Sequence[str]) -> None:
    """Reject regular expressions whose search can take exponential time.

    One text of a few dozen letters would occupy a server for years.
    """
    if value is not None:
        check_pattern(value, trusted, where=f"{PIPELINE}: a {type(owner).__name__}")


def _check_dtype(owner: Any, value: Any, trusted: Sequence[str]) -> None:
    """Reject dtypes other than numbers, such as object, which could hold anything."""
    if np.dtype(value).kind not in "biuf":
        raise _reject(owner, f"with the dtype {value!r:.60}, expected a dtype of numbers.")


def _check_ngram_range(owner: Any, value: Any, trusted: Sequence[str]) -> None:
    """Reject ranges that are not two integers in order, or so wide that n-grams fill the memory."""
    whole = len(value) == 2 and all(isinstance(n, Integral) for n in value)
    if not whole or not 1 <= value[0] <= value[1] <= _MAX_NGRAM:
        raise _reject(owner, f"with ngram_range={value!r:.60}, at most {_MAX_NGRAM} expected.")


def _check_optional_range(owner: Any, value: Any, trusted: Sequence[str]) -> None:
    """Reject a range as `_check_ngram_range` does, if there is one."""
    if value is not None:
        _check_ngram_range(owner, value, trusted)


def _check_vocabulary(owner: Any, value: Any, trusted: Sequence[str]) -> None:
    """Reject a vocabulary whose columns, or ids, are not 0 to n - 1, each once.

    Vectorizers write columns into a scipy matrix as they are, and scipy reads memory outside of its
    arrays if a column is too large. A list of words instead of a dict is numbered by the
    vectorizer.
    """
    if value is None:
        return
    words = list(value)
    if not all(isinstance(word, str) for word in words):
        raise _reject(owner, "with a vocabulary whose tokens are not all texts.")
    if not isinstance(value, dict):
        return
    columns = sorted(value.values())
    plain = all(isinstance(c, Integral) and not isinstance(c, bool) for c in columns)
    if not plain or columns != list(range(len(columns))):
        raise ArtifactError(
            f"{PIPELINE} has a vocabulary whose columns, or ids, are not 0 to {len(columns) - 1}, "
            f"in a {type(owner).__name__}."
        )


def _check_segmenter(owner: Any, value: Any, trusted: Sequence[str]) -> None:
    """Reject the name of a segmenter that does not exist."""
    if value is not None and not (isinstance(value, str) and RECORDED_NAME.fullmatch(value)):
        raise _reject(owner, f"whose texts {value!r:.60} has split.")


def _check_steps(owner: Any, value: Any, trusted: Sequence[str]) -> None:
    """Reject steps that are not a list of tuples of a name and an estimator.

    Anything else with a method `transform` would be called by the pipeline.
    """
    for step in _sequence(owner, value):
        named = len(_sequence(owner, step)) > 1 and isinstance(step[0], str)
        left_out = step[1] is None or step[1] in ("passthrough", "drop")
        if not named or not (left_out or hasattr(step[1], "fit")):
            raise _reject(owner, f"with a step that is not an estimator: {step!r:.60}.")


def _sequence(owner: Any, value: Any) -> Any:
    """Return a list or tuple, and reject any other type where one belongs."""
    if not isinstance(value, (list, tuple)):
        raise _reject(owner, f"with a {type(value).__name__} where a list is expected.")
    return value


def _check_weights(owner: Any, value: Any, trusted: Sequence[str]) -> None:
    """Reject weights of voters or of transformers that are not numbers."""
    numbers = [] if value is None else value.values() if isinstance(value, dict) else value
    if not all(isinstance(number, Real) for number in numbers):
        raise _reject(owner, "with weights that are not numbers.")


def _check_device(owner: Any, value: Any, trusted: Sequence[str]) -> None:
    """Reject devices other than those that torch names, such as `"cpu"` and `"cuda:1"`."""
    if not isinstance(value, str) or not _DEVICE.fullmatch(value):
        raise _reject(owner, f"with the device {value!r:.60}.")


def _check_batch_size(owner: Any, value: Any, trusted: Sequence[str]) -> None:
    """Reject batches that are so large that one of them would fill the memory."""
    if value is not None and value > _MAX_BATCH:
        raise _reject(owner, f"with batches of {value!r:.60}, at most {_MAX_BATCH} expected.")


def _check_net_params(owner: Any, value: Any, trusted: Sequence[str]) -> None:
    """Reject parameters of the net other than numbers and texts that control training.

    skorch's others take classes, callbacks and functions, which it would call.
    """
    for name, setting in (value or {}).items():
        plain = setting is None or isinstance(setting, (bool, str, Number, np.ndarray, list, tuple))
        if not _TRAINING.fullmatch(name) or not plain:
            raise _reject(owner, f"with {name!r} in net_params, which a saved model must not set.")


_Check = Callable[[Any, Any, Sequence[str]], None]
# Attributes that mean the same in every estimator that has them.
_BY_NAME: dict[str, _Check] = {
    "batch_size": _check_batch_size,
    "device": _check_device,
    "dtype": _check_dtype,
    "encoding": _check_encoding,
    "input": _check_input,
    "net_params": _check_net_params,
    "ngram_range": _check_ngram_range,
    "pattern": _check_pattern,
    "segmenter_": _check_segmenter,
    "spaceless_ngram_range": _check_optional_range,
    "steps": _check_steps,
    "tokens_per_batch": _check_batch_size,
    "token_pattern": _check_pattern,
    "transformer_list": _check_steps,
    "transformer_weights": _check_weights,
    "vocabulary": _check_vocabulary,
    "vocabulary_": _check_vocabulary,
    "weights": _check_weights,
}


def _check_ids(vocabulary: Any) -> None:
    """Reject a Vocabulary whose ids are not in order, or without one count per token."""
    ids = vars(vocabulary).get("vocabulary_", {})
    counts = [vars(vocabulary).get(f"{name}_frequency_", ids) for name in ("term", "document")]
    if any(len(count) != len(ids) for count in counts) or list(ids.values()) != sorted(
        ids.values()
    ):
        raise _reject(vocabulary, "with a vocabulary whose ids are not in order, one per token.")


def _check_ngrams(vectorizer: Any) -> None:
    """Reject an n-gram table whose columns do not fit its weights."""
    state = vars(vectorizer)
    if "_table" not in state:
        return
    columns = state["_table"].columns
    n_columns = state["_table"].n_columns
    if len(np.unique(columns)) != n_columns:
        raise _reject(vectorizer, f"without an n-gram for each of {n_columns} columns.")
    idf = vars(state["_weights"]).get("idf_")
    if (idf is not None or vectorizer.use_idf) and np.shape(idf) != (n_columns,):
        raise _reject(vectorizer, f"with {np.shape(idf)} weights for {n_columns} n-grams.")


def _check_union(union: Any) -> None:
    """Reject a union whose fitted parts are not those that it says it counts."""
    state = vars(union)
    parts = {name: state.get(f"{name}_") for name in ("words", "characters")}
    fitted = {name for name, part in parts.items() if "_table" in getattr(part, "__dict__", {})}
    held = {name for name, part in parts.items() if part is not None}
    if "units_" not in state and not held:
        return
    units = state.get("units_")
    wanted = {"words", "characters"} if units == "both" else {units}
    if not fitted == held == wanted or not 0 < union.character_weight_ < 1:
        raise _reject(union, f"that counts {units!r:.60} and has {sorted(held)}.")


def _check_svc(svc: Any) -> None:
    """Reject coefficients that do not fit the classes, are not finite, or have no temperature."""
    if "coef_" not in vars(svc):
        return
    n_rows = 1 if len(svc.classes_) == 2 and not _has_several(svc) else len(svc.classes_)
    wanted = (n_rows, svc.n_features_in_)
    fits = svc.coef_.shape == wanted and svc.intercept_.shape == (n_rows,)
    finite = np.isfinite(svc.coef_).all() and np.isfinite(svc.intercept_).all()
    if not fits or not finite or not 0 < svc.temperature_ < np.inf:
        raise ArtifactError(
            f"{PIPELINE} has coefficients of the shape {svc.coef_.shape}, expected {wanted} finite "
            "ones and a temperature above 0."
        )


def _has_several(classifier: Any) -> bool:
    """Return whether a classifier predicts several labels per row; older models have no format."""
    return vars(classifier).get("label_format_") is not None


def _check_thresholds(classifier: Any) -> None:
    """Reject a format of label sets that is unknown, and thresholds other than one per label."""
    if not _has_several(classifier):
        return
    label_format, n_labels = classifier.label_format_, np.size(classifier.classes_)
    if label_format not in LABEL_FORMATS:
        raise _reject(classifier, f"with label sets in the format {label_format!r:.60}.")
    thresholds = np.asarray(vars(classifier).get("thresholds_"))
    is_number = thresholds.dtype.kind == "f" and thresholds.shape == (n_labels,)
    if not is_number or not ((thresholds >= 0) & (thresholds <= 1)).all():
        raise _reject(classifier, f"without a threshold from 0 to 1 for each of {n_labels} labels.")


def _check_linear(svc: Any) -> None:
    """Reject coefficients, and thresholds, that do not fit the classes."""
    _check_svc(svc)
    _check_thresholds(svc)


def _check_abstaining(classifier: Any) -> None:
    """Reject an abstain label that is an array, or so long that predictions fill the memory."""
    label = classifier.abstain_label
    if np.ndim(label) or len(str(label)) > _MAX_TEXT:
        raise _reject(
            classifier,
            f"with an abstain_label that is not a label of at most {_MAX_TEXT} characters.",
        )


def _check_joiner(joiner: Any) -> None:
    """Reject separators that are so long that each row would fill the memory."""
    if max(len(joiner.separator), len(joiner.missing)) > _MAX_TEXT:
        raise _reject(joiner, f"with a separator of more than {_MAX_TEXT} characters.")


def _check_dummy(dummy: Any) -> None:
    """Reject a DummyClassifier whose number of classes or whose constant does not fit its classes.

    It repeats its constant and its counts for each row without looking at them.
    """
    state = vars(dummy)
    n_classes = np.size(state.get("classes_", ()))
    if state.get("n_outputs_", 1) != 1 or state.get("n_classes_", n_classes) != n_classes:
        raise _reject(dummy, f"with {state.get('n_classes_')} classes, expected {n_classes}.")
    if "classes_" in state and "constant" in (dummy.strategy, state.get("_strategy")):
        constants = np.ravel(dummy.constant).tolist()
        known = [(type(label), label) for label in dummy.classes_.tolist()]
        if len(constants) != 1 or (type(constants[0]), constants[0]) not in known:
            raise _reject(
                dummy, f"with the constant {dummy.constant!r:.60}, which is not one of its classes."
            )


def _check_stacking(stacking: Any) -> None:
    """Reject stacking that calls methods other than those that predict.

    It calls the method of each estimator that `stack_method_` names.
    """
    methods = vars(stacking).get("stack_method_", [])
    if not all(isinstance(method, str) and method in _PREDICT_METHODS for method in methods):
        raise _reject(stacking, f"that calls {methods!r:.60}.")


def _check_voting(voting: Any) -> None:
    """Reject votes for classes that do not exist, and weights that are not one per estimator.

    Votes are counted by `numpy.bincount`, which allocates a cell for each number up to the largest.
    """
    state = vars(voting)
    n_weights = len(voting.estimators) if voting.weights is None else len(voting.weights)
    if n_weights != len(voting.estimators):
        raise _reject(voting, f"with {n_weights} weights for {len(voting.estimators)} estimators.")
    n_classes = np.size(state.get("classes_", ()))
    for estimator in state.get("estimators_", []):
        classes = np.asarray(getattr(estimator, "classes_", ()))
        if classes.dtype.kind not in "iu" or not set(classes.tolist()) <= set(range(n_classes)):
            raise _reject(voting, f"with votes for {classes!r:.60} of {n_classes} classes.")


def _check_importances(selector: Any) -> None:
    """Reject a SelectFromModel that reads any attribute by name other than the usual two.

    `importance_getter` may be a path of attributes, or a function that is called.
    """
    if selector.importance_getter not in ("auto", "coef_", "feature_importances_"):
        raise _reject(selector, f"that reads {selector.importance_getter!r:.60}.")


_BY_TYPE: dict[str, Callable[[Any], None]] = {
    "agnews_sk.classifiers.AbstainingClassifier": _check_abstaining,
    "agnews_sk.classifiers.CalibratedLinearSVC": _check_linear,
    "agnews_sk.classifiers.CalibratedLogisticRegression": _check_linear,
    "agnews_sk.classifiers.EmbeddingBagClassifier": check_embeddings,
    "agnews_sk.classifiers.FineTunedTransformerClassifier": _check_thresholds,
    "agnews_sk.classifiers.TransformerClassifier": _check_thresholds,
    "agnews_sk.cleaning.ColumnJoiner": _check_joiner,
    "agnews_sk.cleaning.MixedColumnJoiner": check_mixed_joiner,
    "agnews_sk.ensembles.CascadeClassifier": check_cascade,
    "agnews_sk.ensembles.DistilledClassifier": check_student,
    "agnews_sk.tokenization.Vocabulary": _check_ids,
    "agnews_sk.vectorization.DateEncoder": check_encoder,
    "agnews_sk.vectorization.NgramUnion": _check_union,
    "agnews_sk.vectorization.NgramVectorizer": _check_ngrams,
    "agnews_sk.vectorization.NumberEncoder": check_encoder,
    "agnews_sk.vectorization.StaticEmbedder": check_static_vectors,
    "sklearn.compose._column_transformer.ColumnTransformer": check_column_transformer,
    "sklearn.dummy.DummyClassifier": _check_dummy,
    "sklearn.ensemble._stacking.StackingClassifier": _check_stacking,
    "sklearn.ensemble._voting.VotingClassifier": _check_voting,
    "sklearn.preprocessing._encoders.OneHotEncoder": check_one_hot,
    "sklearn.feature_selection._from_model.SelectFromModel": _check_importances,
}
