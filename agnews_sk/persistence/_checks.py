"""Look at every object that was loaded, before anything computes with it."""

import json
import re
from collections.abc import Callable, Sequence
from numbers import Integral, Number, Real
from typing import Any

import numpy as np

from agnews_sk._core.pretrained import longest_input
from agnews_sk.persistence._errors import ArtifactError, artifact_errors
from agnews_sk.persistence._graph import walk
from agnews_sk.persistence._parts import changed_runtime_parameters, find_estimators
from agnews_sk.persistence._patterns import check_pattern
from agnews_sk.persistence._schema import PIPELINE
from agnews_sk.persistence._shapes import check_held_types, check_shapes, kinds_of

_WORDS_OF_STATE = 624  # of the Mersenne Twister
_MAX_NGRAM = 100
_MAX_TEXT = 4_096  # characters put into each row
_MAX_BATCH = 2**20
_DEVICE = re.compile(r"(auto|cpu|cuda|mps|xpu)(:\d{1,3})?")
# Of skorch's parameters, those that only tell how to train.
_TRAINING = re.compile(r"lr|max_epochs|batch_size|(optimizer|criterion)__\w+")
# Encodings that take a text once; others, such as idna, take the square of its length.
_ENCODING = re.compile(
    r"(utf|ascii|us-ascii|latin|iso|cp|windows|mac|koi8|gb|big5|hz|euc|shift|johab)[-_\w]*", re.I
)
_PREDICT_METHODS = {"decision_function", "predict", "predict_proba"}


def check_skeleton(skeleton: Any, trusted: Sequence[str] = ()) -> None:
    """Refuse a model with anything that makes no sense or could act, wherever it is.

    Parameters
    ----------
    skeleton : estimator
        Before its parts are put in. All that it holds is looked at, fitted or not.
    trusted : sequence of str
        Regular expressions that the caller trusts.

    Raises
    ------
    ArtifactError
    """
    for found in walk(skeleton):
        with artifact_errors(PIPELINE):
            _check(found, trusted)


def check_parts_fit(model: Any) -> None:
    """Refuse a model whose parts do not fit together.

    Parameters
    ----------
    model : estimator
        With its parts.

    Raises
    ------
    ArtifactError
    """
    for estimator in find_estimators(model):
        if hasattr(estimator, "encoder_"):
            with artifact_errors(PIPELINE):
                _check_embedder(estimator)


def _check(found: Any, trusted: Sequence[str]) -> None:
    if isinstance(found, np.random.RandomState):
        _check_random_state(found, "random state")
    if not hasattr(found, "__dict__") or isinstance(found, type):
        return
    for name in changed_runtime_parameters(found):
        raise ArtifactError(
            f"{PIPELINE} sets {name} of a {type(found).__name__}, which is not a saved model's to "
            "say."
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


def _refuse(owner: Any, what: str) -> ArtifactError:
    return ArtifactError(f"{PIPELINE} has a {type(owner).__name__} {what}")


def _check_random_state(random_state: np.random.RandomState, what: str) -> None:
    state: Any = random_state.get_state()
    # numpy reads its state at this position without looking.
    if not 0 <= state[2] <= _WORDS_OF_STATE:
        raise ArtifactError(f"{PIPELINE} has a {what} that is no generator.")


def _check_input(owner: Any, value: Any, trusted: Sequence[str]) -> None:
    if value != "content":
        raise _refuse(owner, "that takes texts for names of files.")


def _check_encoding(owner: Any, value: Any, trusted: Sequence[str]) -> None:
    if not _ENCODING.fullmatch(value):
        raise _refuse(owner, f"with the encoding {value!r:.60}.")
    b"".decode(value)


def _check_pattern(owner: Any, value: Any, trusted: Sequence[str]) -> None:
    if value is not None:
        check_pattern(value, trusted, where=f"{PIPELINE}: a {type(owner).__name__}")


def _check_dtype(owner: Any, value: Any, trusted: Sequence[str]) -> None:
    if np.dtype(value).kind not in "biuf":
        raise _refuse(owner, f"with the dtype {value!r:.60}, which is none of numbers.")


def _check_ngram_range(owner: Any, value: Any, trusted: Sequence[str]) -> None:
    whole = len(value) == 2 and all(isinstance(n, Integral) for n in value)
    if not whole or not 1 <= value[0] <= value[1] <= _MAX_NGRAM:
        raise _refuse(owner, f"with ngram_range={value!r:.60}, at most {_MAX_NGRAM} expected.")


def _check_vocabulary(owner: Any, value: Any, trusted: Sequence[str]) -> None:
    """Refuse columns, or ids, that are not the numbers from 0 on, which scipy does not check."""
    if value is None:
        return
    words = list(value)
    if not all(isinstance(word, str) for word in words):
        raise _refuse(owner, "with a vocabulary of more than texts.")
    if not isinstance(value, dict):
        return
    columns = sorted(value.values())
    plain = all(isinstance(c, Integral) and not isinstance(c, bool) for c in columns)
    if not plain or columns != list(range(len(columns))):
        raise ArtifactError(
            f"{PIPELINE} has a vocabulary whose columns, or ids, are not 0 to {len(columns) - 1}, "
            f"in a {type(owner).__name__}."
        )


def _check_steps(owner: Any, value: Any, trusted: Sequence[str]) -> None:
    """Refuse what is no list of pairs of a name and an estimator."""
    for step in _sequence(owner, value):
        named = len(_sequence(owner, step)) > 1 and isinstance(step[0], str)
        left_out = step[1] is None or step[1] in ("passthrough", "drop")
        if not named or not (left_out or hasattr(step[1], "fit")):
            raise _refuse(owner, f"with a step that is no estimator: {step!r:.60}.")


def _sequence(owner: Any, value: Any) -> Any:
    if not isinstance(value, (list, tuple)):
        raise _refuse(owner, f"with a {type(value).__name__} where a list belongs.")
    return value


def _check_weights(owner: Any, value: Any, trusted: Sequence[str]) -> None:
    numbers = [] if value is None else value.values() if isinstance(value, dict) else value
    if not all(isinstance(number, Real) for number in numbers):
        raise _refuse(owner, "with weights that are no numbers.")


def _check_device(owner: Any, value: Any, trusted: Sequence[str]) -> None:
    if not isinstance(value, str) or not _DEVICE.fullmatch(value):
        raise _refuse(owner, f"with the device {value!r:.60}.")


def _check_batch_size(owner: Any, value: Any, trusted: Sequence[str]) -> None:
    if value is not None and value > _MAX_BATCH:
        raise _refuse(owner, f"with batches of {value!r:.60}, at most {_MAX_BATCH} expected.")


def _check_net_params(owner: Any, value: Any, trusted: Sequence[str]) -> None:
    for name, setting in (value or {}).items():
        plain = setting is None or isinstance(setting, (bool, str, Number, np.ndarray, list, tuple))
        if not _TRAINING.fullmatch(name) or not plain:
            raise _refuse(
                owner, f"with {name!r} in net_params, which is not a saved model's to say."
            )


_Check = Callable[[Any, Any, Sequence[str]], None]
# Whatever has an attribute of this name does the like with it.
_BY_NAME: dict[str, _Check] = {
    "batch_size": _check_batch_size,
    "device": _check_device,
    "dtype": _check_dtype,
    "encoding": _check_encoding,
    "input": _check_input,
    "net_params": _check_net_params,
    "ngram_range": _check_ngram_range,
    "pattern": _check_pattern,
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
    ids = vars(vocabulary).get("vocabulary_", {})
    counts = [vars(vocabulary).get(f"{name}_frequency_", ids) for name in ("term", "document")]
    if any(len(count) != len(ids) for count in counts) or list(ids.values()) != sorted(
        ids.values()
    ):
        raise _refuse(vocabulary, "with a vocabulary whose ids are not in order, one a token.")


def _check_ngrams(vectorizer: Any) -> None:
    state = vars(vectorizer)
    if "_table" not in state:
        return
    columns = state["_table"].columns
    n_columns = state["_table"].n_columns
    if len(np.unique(columns)) != n_columns:
        raise _refuse(vectorizer, f"without an n-gram for each of {n_columns} columns.")
    idf = vars(state["_weights"]).get("idf_")
    if (idf is not None or vectorizer.use_idf) and np.shape(idf) != (n_columns,):
        raise _refuse(vectorizer, f"with {np.shape(idf)} weights for {n_columns} n-grams.")


def _check_svc(svc: Any) -> None:
    if "coef_" not in vars(svc):
        return
    n_rows = 1 if len(svc.classes_) == 2 else len(svc.classes_)
    wanted = (n_rows, svc.n_features_in_)
    fits = svc.coef_.shape == wanted and svc.intercept_.shape == (n_rows,)
    finite = np.isfinite(svc.coef_).all() and np.isfinite(svc.intercept_).all()
    if not fits or not finite or not 0 < svc.temperature_ < np.inf:
        raise ArtifactError(
            f"{PIPELINE} has coefficients of the shape {svc.coef_.shape}, expected {wanted} finite "
            "ones and a temperature above 0."
        )


def _check_abstaining(classifier: Any) -> None:
    label = classifier.abstain_label
    if np.ndim(label) or len(str(label)) > _MAX_TEXT:
        raise _refuse(classifier, "with an abstain_label that is no label.")


def _check_joiner(joiner: Any) -> None:
    if max(len(joiner.separator), len(joiner.missing)) > _MAX_TEXT:
        raise _refuse(joiner, f"with a separator of more than {_MAX_TEXT} characters.")


def _check_dummy(dummy: Any) -> None:
    state = vars(dummy)
    n_classes = np.size(state.get("classes_", ()))
    if state.get("n_outputs_", 1) != 1 or state.get("n_classes_", n_classes) != n_classes:
        raise _refuse(dummy, f"with {state.get('n_classes_')} classes, expected {n_classes}.")
    if "classes_" in state and "constant" in (dummy.strategy, state.get("_strategy")):
        constants = np.ravel(dummy.constant).tolist()
        known = [(type(label), label) for label in dummy.classes_.tolist()]
        if len(constants) != 1 or (type(constants[0]), constants[0]) not in known:
            raise _refuse(dummy, f"with the constant {dummy.constant!r:.60}, which is no class.")


def _check_stacking(stacking: Any) -> None:
    methods = vars(stacking).get("stack_method_", [])
    if not all(isinstance(method, str) and method in _PREDICT_METHODS for method in methods):
        raise _refuse(stacking, f"that calls {methods!r:.60}.")


def _check_voting(voting: Any) -> None:
    """Refuse votes for what is no class: numpy makes room for each number up to them."""
    state = vars(voting)
    n_weights = len(voting.estimators) if voting.weights is None else len(voting.weights)
    if n_weights != len(voting.estimators):
        raise _refuse(voting, f"with {n_weights} weights for {len(voting.estimators)} estimators.")
    n_classes = np.size(state.get("classes_", ()))
    for estimator in state.get("estimators_", []):
        classes = np.asarray(getattr(estimator, "classes_", ()))
        if classes.dtype.kind not in "iu" or not set(classes.tolist()) <= set(range(n_classes)):
            raise _refuse(voting, f"with votes for {classes!r:.60} of {n_classes} classes.")


def _check_importances(selector: Any) -> None:
    if selector.importance_getter not in ("auto", "coef_", "feature_importances_"):
        raise _refuse(selector, f"that reads {selector.importance_getter!r:.60}.")


_BY_TYPE: dict[str, Callable[[Any], None]] = {
    "agnews_sk.classifiers.AbstainingClassifier": _check_abstaining,
    "agnews_sk.classifiers.CalibratedLinearSVC": _check_svc,
    "agnews_sk.cleaning.ColumnJoiner": _check_joiner,
    "agnews_sk.tokenization.Vocabulary": _check_ids,
    "agnews_sk.vectorization.NgramVectorizer": _check_ngrams,
    "sklearn.dummy.DummyClassifier": _check_dummy,
    "sklearn.ensemble._stacking.StackingClassifier": _check_stacking,
    "sklearn.ensemble._voting.VotingClassifier": _check_voting,
    "sklearn.feature_selection._from_model.SelectFromModel": _check_importances,
}


def _check_embedder(embedder: Any) -> None:
    """Refuse a tokenizer that lets through more tokens than the encoder has positions for."""
    most = longest_input(embedder.encoder_)
    truncation = json.loads(embedder.tokenizer_.tokenizer_json_)["truncation"]
    if most is not None and (truncation is None or truncation["max_length"] > most):
        raise _refuse(embedder, f"whose tokenizer is not cut off at {most} tokens.")
