"""Look at what a loaded estimator has learnt, before anything computes with it."""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from agnews_sk.classifiers import CalibratedLinearSVC
from agnews_sk.persistence._errors import ArtifactError, blaming
from agnews_sk.persistence._parts import find_estimators
from agnews_sk.persistence._trusted import PIPELINE
from agnews_sk.tokenization import Vocabulary
from agnews_sk.vectorization import NgramVectorizer


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
            if type(estimator).__module__.startswith("agnews_sk."):
                estimator._validate_params()
            check = _CHECKS.get(type(estimator))
            if check is not None and _is_fitted(estimator):
                check(estimator)


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
    if not fits or not np.isfinite(svc.coef_).all() or not 0 < svc.temperature_ < np.inf:
        raise ArtifactError(
            f"{PIPELINE} has coefficients of the shape {svc.coef_.shape}, expected {wanted} finite "
            "ones and a temperature above 0."
        )


_CHECKS: dict[type, Callable[[Any], None]] = {
    CalibratedLinearSVC: _check_svc,
    NgramVectorizer: _check_vectorizer,
    Vocabulary: _check_vocabulary,
}
