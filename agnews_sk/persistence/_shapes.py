"""Check that the fitted attributes of scikit-learn's estimators have shapes and types that fit.

scikit-learn checks its input, not its own state: with a forged `coef_`, a matrix product fails
late or, with a shape that broadcasts, returns nonsense. The tables are by full name of a class and
hold for its subclasses.
"""

from typing import Any

import numpy as np

from agnews_sk.persistence._errors import ArtifactError
from agnews_sk.persistence._schema import PIPELINE
from agnews_sk.persistence._trusted_types import name_of

_Shapes = dict[str, tuple[str, ...]]
# Sizes: of classes; of rows, which is 1 or the number of classes; of features; "any" size.
_LINEAR: _Shapes = {"coef_": ("rows", "features"), "intercept_": ("rows",)}
_BAYES: _Shapes = {
    "class_count_": ("classes",),
    "class_log_prior_": ("classes",),
    "feature_count_": ("classes", "features"),
    "feature_log_prob_": ("classes", "features"),
}
_SCALER: _Shapes = dict.fromkeys(("max_abs_", "mean_", "scale_", "var_"), ("features",))
_SELECTOR: _Shapes = dict.fromkeys(("pvalues_", "scores_", "variances_"), ("features",))
_ENCODER: _Shapes = dict.fromkeys(("center_", "end_", "scale_", "start_"), ("features",))
_SHAPES: dict[str, _Shapes] = {
    "agnews_sk.vectorization.DateEncoder": _ENCODER,
    "agnews_sk.vectorization.NumberEncoder": _ENCODER,
    "sklearn.decomposition._truncated_svd.TruncatedSVD": {"components_": ("any", "features")},
    "sklearn.dummy.DummyClassifier": {"class_prior_": ("classes",)},
    "sklearn.feature_extraction.text.TfidfTransformer": {"idf_": ("features",)},
    "sklearn.feature_selection._univariate_selection._BaseFilter": _SELECTOR,
    "sklearn.feature_selection._variance_threshold.VarianceThreshold": _SELECTOR,
    "sklearn.linear_model._logistic.LogisticRegression": _LINEAR,
    "sklearn.linear_model._ridge.RidgeClassifier": _LINEAR,
    "sklearn.naive_bayes.GaussianNB": {
        "class_prior_": ("classes",),
        "theta_": ("classes", "features"),
        "var_": ("classes", "features"),
    },
    "sklearn.naive_bayes._BaseDiscreteNB": _BAYES,
    "sklearn.preprocessing._data.MaxAbsScaler": _SCALER,
    "sklearn.preprocessing._data.StandardScaler": _SCALER,
    "sklearn.svm._classes.LinearSVC": _LINEAR,
}
# The logarithm of a count of none, and scores of features that determine the class.
_MAY_BE_INFINITE = frozenset({"class_log_prior_", "feature_log_prob_", "scores_", "pvalues_"})
_TOKENIZERS = (
    "agnews_sk.tokenization.PretrainedTokenizer",
    "agnews_sk.tokenization.SubwordTokenizer",
)
# What an attribute may hold besides None, alone or in a list.
_HELD: dict[str, dict[str, tuple[str, ...]]] = {
    "agnews_sk.classifiers.AbstainingClassifier": {"estimator_": ("sklearn.base.BaseEstimator",)},
    "agnews_sk.classifiers.FineTunedTransformerClassifier": {"tokenizer_": _TOKENIZERS},
    "agnews_sk.classifiers.SelfTrainedClassifier": {"estimator_": ("sklearn.base.BaseEstimator",)},
    "agnews_sk.classifiers.TransformerClassifier": {"tokenizer_": _TOKENIZERS},
    "agnews_sk.ensembles.CascadeClassifier": {"estimators_": ("sklearn.base.BaseEstimator",)},
    "agnews_sk.ensembles.DistilledClassifier": {"estimator_": ("sklearn.base.BaseEstimator",)},
    "agnews_sk.vectorization.MixedVectorizer": {
        "transformer_": ("sklearn.compose._column_transformer.ColumnTransformer",)
    },
    "agnews_sk.vectorization.SentenceEmbedder": {"tokenizer_": _TOKENIZERS},
    "agnews_sk.vectorization.StaticEmbedder": {"tokenizer_": _TOKENIZERS[:1]},
    "agnews_sk.vectorization.NgramUnion": dict.fromkeys(
        ("words", "characters", "words_", "characters_"),
        ("agnews_sk.vectorization.NgramVectorizer",),
    ),
    "agnews_sk.vectorization.NgramVectorizer": {
        "_table": ("agnews_sk.vectorization.NgramTable",),
        "_weights": ("sklearn.feature_extraction.text.TfidfTransformer",),
    },
    "sklearn.calibration.CalibratedClassifierCV": {
        "calibrated_classifiers_": ("sklearn.calibration._CalibratedClassifier",)
    },
    "sklearn.calibration._CalibratedClassifier": {
        "calibrators": (
            "sklearn.calibration._SigmoidCalibration",
            "sklearn.calibration._TemperatureScaling",
        ),
        "estimator": ("sklearn.base.BaseEstimator",),
    },
    "sklearn.ensemble._stacking.StackingClassifier": {
        "_label_encoder": ("sklearn.preprocessing._label.LabelEncoder",),
        "estimators_": ("sklearn.base.BaseEstimator",),
        "final_estimator_": ("sklearn.base.BaseEstimator",),
    },
    "sklearn.ensemble._voting.VotingClassifier": {
        "estimators_": ("sklearn.base.BaseEstimator",),
        "le_": ("sklearn.preprocessing._label.LabelEncoder",),
    },
    "sklearn.feature_extraction.text.TfidfVectorizer": {
        "_tfidf": ("sklearn.feature_extraction.text.TfidfTransformer",)
    },
    "sklearn.feature_selection._from_model.SelectFromModel": {
        "estimator_": ("sklearn.base.BaseEstimator",)
    },
    "sklearn.frozen._frozen.FrozenEstimator": {"estimator": ("sklearn.base.BaseEstimator",)},
    "sklearn.linear_model._ridge.RidgeClassifier": {
        "_label_binarizer": ("sklearn.preprocessing._label.LabelBinarizer",)
    },
}


def check_shapes(estimator: Any, kinds: list[str]) -> None:
    """Reject arrays whose shapes do not fit each other, or which hold no finite numbers.

    Parameters
    ----------
    estimator : object
    kinds : list of str
        Full names of its type and of its base classes.

    Raises
    ------
    ArtifactError
        The message names the attribute, its shape and the shape that was expected.
    """
    state = vars(estimator)
    n_classes = np.size(state.get("classes_", ()))
    sizes = {
        "classes": {n_classes},
        "rows": {1 if n_classes == 2 else n_classes, n_classes},
        "features": {state.get("n_features_in_")},
    }
    for name, wanted in _of(kinds, _SHAPES):
        if state.get(name) is None:
            continue
        _check_numbers(estimator, name)
        shape = np.shape(state[name])
        if name == "intercept_" and shape == ():  # without one, it is a number
            continue
        if wanted[0] == "rows" and len(shape) < len(wanted) and n_classes == 2:
            wanted = wanted[1:]
        fits = all(size in sizes.get(kind, {size}) for size, kind in zip(shape, wanted))
        if len(shape) != len(wanted) or not fits:
            raise ArtifactError(
                f"{PIPELINE} has a {type(estimator).__name__} whose {name} has the shape {shape}, "
                f"expected ({', '.join(wanted)})."
            )


def _check_numbers(estimator: Any, name: str) -> None:
    """Reject an attribute that is not of numbers, or not finite where a fit always makes it so."""
    values = np.asarray(vars(estimator)[name])
    is_number = values.dtype.kind in "biuf"
    if not is_number or not (name in _MAY_BE_INFINITE or np.isfinite(values).all()):
        raise ArtifactError(
            f"{PIPELINE} has a {type(estimator).__name__} whose {name} holds "
            f"{'infinite numbers' if is_number else f'a {values.dtype}, expected numbers'}."
        )


def check_held_types(estimator: Any, kinds: list[str]) -> None:
    """Reject an object of another type where an estimator uses one of a certain type.

    scikit-learn calls methods of what it holds: `estimator.predict`, `calibrator.predict`. Of a
    trusted type with another meaning, the same method could do anything that this type can.

    Parameters
    ----------
    estimator : object
    kinds : list of str
        Full names of its type and of its base classes.

    Raises
    ------
    ArtifactError
    """
    for name, wanted in _of(kinds, _HELD):
        value = vars(estimator).get(name)
        for held in value if isinstance(value, list) else [value]:
            is_left_out = held is None or (isinstance(held, str) and held == "drop")
            if not is_left_out and not set(wanted) & set(kinds_of(held)):
                raise ArtifactError(
                    f"{PIPELINE} has a {type(estimator).__name__} whose {name} is a "
                    f"{type(held).__name__}."
                )


def kinds_of(value: Any) -> list[str]:
    """Return the full names of an object's type and of its base classes.

    Parameters
    ----------
    value : object

    Returns
    -------
    list of str
        In the order of method resolution.
    """
    return [name_of(base) for base in type(value).__mro__]


def _of(kinds: list[str], table: dict[str, dict[str, Any]]) -> list[tuple[str, Any]]:
    """Return the entries of a table for a type and its base classes: attribute and requirement."""
    return [item for kind in kinds for item in table.get(kind, {}).items()]
