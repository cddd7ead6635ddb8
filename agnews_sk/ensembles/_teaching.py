"""What a teacher knows about rows that it has not seen: soft labels, out of fold."""

from pathlib import Path
from typing import Any

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.utils import check_random_state

from agnews_sk._core.content import content_digest
from agnews_sk._core.repeats import repeats_of
from agnews_sk._core.splitting import fold_rows, join_groups
from agnews_sk._core.validation import (
    as_frame,
    check_groups,
    check_labels,
    check_sample_weight,
    encode_labels,
)
from agnews_sk.classifiers import TrainingRows, fit_on, probabilities
from agnews_sk.ensembles._stored import StoredArrays

MAX_SEED = np.iinfo(np.int32).max


def make_soft_labels(
    teacher: Any,
    X: Any,
    y: Any,
    X_unlabelled: Any = None,
    *,
    sample_weight: Any = None,
    groups: Any = None,
    n_folds: int = 5,
    cache_dir: str | Path | None = None,
    random_state: Any = 0,
) -> tuple[np.ndarray, np.ndarray | None]:
    """Predict each row by a teacher that was not fitted on it.

    Parameters
    ----------
    teacher : classifier with `predict_proba`
        It is cloned and fitted on all folds but one, which it predicts. One that is fitted already,
        in a `FrozenEstimator`, predicts all rows, which it must not have seen.
    X : DataFrame or array-like of shape (n_samples, ...)
        Anything that the teacher takes.
    y : array-like of shape (n_samples,)
    X_unlabelled : DataFrame or array-like of shape (n_unlabelled, ...), optional
        Further rows, predicted by the mean of the teachers.
    sample_weight : array-like of shape (n_samples,), optional
    groups : array-like of shape (n_samples,), optional
        Origin of each row. Rows of one origin, and copies of a row, are in one fold.
    n_folds : int, default=5
    cache_dir : str or Path, optional
        Folder that keeps the predictions of each fold, so that an interrupted call goes on and an
        equal one predicts nothing.
    random_state : int, RandomState or None, default=0
        Random seed of the folds. It is fixed by default, because a later call finds the predictions
        in `cache_dir` only with the same one.

    Returns
    -------
    soft_labels : ndarray of float of shape (n_samples, n_classes)
        Columns in the order of the sorted classes. A row of a class that cannot be held out, since
        all its rows are copies or of one origin, has its true label.
    of_unlabelled : ndarray of float of shape (n_unlabelled, n_classes), or None

    Raises
    ------
    TypeError
        If the teacher has no `predict_proba`.
    ValueError
        If lengths differ, or no row can be held out.

    Examples
    --------
    >>> from agnews_sk import load_news_sample, make_tfidf_pipeline
    >>> from agnews_sk.ensembles import make_soft_labels
    >>> frame, y = load_news_sample(return_X_y=True)
    >>> soft_labels, _ = make_soft_labels(make_tfidf_pipeline(), frame[:200], y[:200], n_folds=2)
    >>> soft_labels.shape
    (200, 4)
    """
    X = as_frame(X)
    rows = TrainingRows(
        X,
        check_labels(y, X),
        None if sample_weight is None else check_sample_weight(sample_weight, X),
        None if groups is None else check_groups(groups, X),
    )
    classes, codes = encode_labels(rows.y)
    unlabelled = as_frame(X_unlabelled)
    if isinstance(teacher, FrozenEstimator):
        found = probabilities(teacher, X, classes)
        return found, None if unlabelled is None else probabilities(teacher, unlabelled, classes)
    origins = [repeats_of(X, teacher), *([] if groups is None else [rows.groups])]
    seed = check_random_state(random_state).randint(MAX_SEED)
    folds = fold_rows(codes, join_groups(*origins), n_folds, seed)
    if (folds < 0).all():
        raise ValueError(
            f"none of the {len(codes)} rows can be held out: each class needs rows of two origins."
        )
    store = StoredArrays(cache_dir)
    soft_labels = (codes[:, None] == np.arange(len(classes))).astype(np.float64)
    of_unlabelled = []
    for fold in np.setdiff1d(folds, [-1]):
        known, out = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        kept, held = rows.take(known), rows.take(out).X
        key = ""
        if cache_dir is not None:
            key = content_digest(
                (teacher, kept.X, kept.y, kept.weight, kept.groups, held, unlabelled)
            )
        arrays = store.get(key)
        if arrays is None:
            fitted = fit_on(teacher, kept, {})
            arrays = [probabilities(fitted, held, classes)]
            if unlabelled is not None:
                arrays.append(probabilities(fitted, unlabelled, classes))
            store.put(key, arrays)
        soft_labels[out] = arrays[0]
        of_unlabelled += arrays[1:]
    return soft_labels, np.mean(of_unlabelled, axis=0) if of_unlabelled else None


def soften(y_proba: np.ndarray, temperature: float) -> np.ndarray:
    """Return probabilities whose logarithms are divided by a temperature.

    Parameters
    ----------
    y_proba : ndarray of float of shape (n_rows, n_classes)
    temperature : float

    Returns
    -------
    ndarray of float of shape (n_rows, n_classes)

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk.ensembles._teaching import soften
    >>> soften(np.array([[0.9, 0.1]]), 2.0).round(2)
    array([[0.75, 0.25]])
    """
    powers = y_proba ** (1 / temperature)
    softened: np.ndarray = powers / powers.sum(axis=1, keepdims=True)
    return softened
