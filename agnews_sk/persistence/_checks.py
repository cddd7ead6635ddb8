"""Look at what a loaded estimator has learnt, before anything computes with it."""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.utils.validation import check_is_fitted

from agnews_sk.classifiers import CalibratedLinearSVC
from agnews_sk.persistence._errors import ArtifactError, blaming
from agnews_sk.persistence._parts import find_estimators, of_the_place
from agnews_sk.persistence._trusted import PIPELINE
from agnews_sk.tokenization import Vocabulary
from agnews_sk.vectorization import NgramVectorizer

_WORDS_OF_STATE = 624  # of the Mersenne Twister


def check_estimators(model: Any) -> None:
    """Refuse estimators whose parameters or learnt values make no sense.

    Parameters
    ----------
    model : estimator
        All estimators within it are looked at.

    Raises
    ------
    ArtifactError
    """
    for estimator in find_estimators(model):
        with blaming(PIPELINE):
            if hasattr(estimator, "_parameter_constraints"):
                estimator._validate_params()
            _check_attributes(estimator)
            check = _CHECKS.get(type(estimator))
            if check is not None and _is_fitted(estimator):
                check(estimator)


def _check_attributes(estimator: Any) -> None:
    owner = type(estimator).__name__
    for name in of_the_place(estimator):
        raise ArtifactError(
            f"{PIPELINE} sets {name} of a {owner}, which is not a saved model's to say."
        )
    for name, value in vars(estimator).items():
        # numpy reads its state at this position without looking.
        if isinstance(value, np.random.RandomState) and not _is_sound(value):
            raise ArtifactError(f"{PIPELINE} has a {name} of a {owner} that is no generator.")


def _is_sound(random_state: np.random.RandomState) -> bool:
    state: Any = random_state.get_state()
    return 0 <= state[2] <= _WORDS_OF_STATE


def _is_fitted(estimator: Any) -> bool:
    try:
        check_is_fitted(estimator)
    except NotFittedError:
        return False
    return True


def _check_vocabulary(vocabulary: Vocabulary) -> None:
    ids = list(vocabulary.vocabulary_.values())
    lengths = {len(vocabulary.term_frequency_), len(vocabulary.document_frequency_), len(ids)}
    if ids != list(range(len(ids))) or len(lengths) > 1:
        raise ArtifactError(
            f"{PIPELINE} has a vocabulary whose ids are not 0 to {len(ids) - 1}, one a token."
        )


def _check_counter(vectorizer: HashingVectorizer | CountVectorizer) -> None:
    if vectorizer.input != "content":
        raise ArtifactError(
            f"{PIPELINE} has a {type(vectorizer).__name__} that takes texts for names of files."
        )
    # scipy takes columns for what they say they are.
    columns = sorted(getattr(vectorizer, "vocabulary_", {}).values())
    if columns != list(range(len(columns))):
        raise ArtifactError(
            f"{PIPELINE} has a vocabulary whose columns are not 0 to {len(columns) - 1}."
        )


def _check_vectorizer(vectorizer: NgramVectorizer) -> None:
    n_columns = vectorizer._table.n_columns
    if vectorizer.use_idf and vectorizer.idf_.shape != (n_columns,):
        raise ArtifactError(
            f"{PIPELINE} has {vectorizer.idf_.shape} weights for {n_columns} n-grams."
        )


def _check_svc(svc: CalibratedLinearSVC) -> None:
    n_rows = 1 if len(svc.classes_) == 2 else len(svc.classes_)
    wanted = (n_rows, svc.n_features_in_)
    fits = svc.coef_.shape == wanted and svc.intercept_.shape == (n_rows,)
    finite = np.isfinite(svc.coef_).all() and np.isfinite(svc.intercept_).all()
    if not fits or not finite or not 0 < svc.temperature_ < np.inf:
        raise ArtifactError(
            f"{PIPELINE} has coefficients of the shape {svc.coef_.shape}, expected {wanted} finite "
            "ones and a temperature above 0."
        )


_CHECKS: dict[type, Callable[[Any], None]] = {
    CalibratedLinearSVC: _check_svc,
    CountVectorizer: _check_counter,
    HashingVectorizer: _check_counter,
    NgramVectorizer: _check_vectorizer,
    TfidfVectorizer: _check_counter,
    Vocabulary: _check_vocabulary,
}
