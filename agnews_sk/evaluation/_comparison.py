"""Fit several classifiers and compare them on the same test rows."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from agnews_sk._validation import take_rows
from agnews_sk.evaluation._evaluation import Progress, check_labels, evaluate_classifier
from agnews_sk.evaluation._result import ComparisonResult, check_settings


def compare_classifiers(
    classifiers: Mapping[str, Any],
    X_train: Any,
    y_train: Any,
    X_test: Any,
    y_test: Any,
    *,
    train_rows: Mapping[str, Any] | None = None,
    n_resamples: int = 2000,
    confidence_level: float = 0.95,
    random_state: Any = None,
    progress: Progress | None = None,
) -> ComparisonResult:
    """Fit classifiers on training rows and compare them on the same test rows.

    Parameters
    ----------
    classifiers : mapping of str to estimator
        Classifiers or pipelines by name. Each is cloned, and stays as it was.
    X_train, X_test : DataFrame or array-like of str of shape (n_rows,)
        Whatever the classifiers take.
    y_train, y_test : array-like of shape (n_rows,)
        Labels, none missing.
    train_rows : mapping of str to array-like of int, optional
        Positions of the training rows that a classifier gets, by its name; the others get all.
    n_resamples : int, default=2000
        Bootstrap resamples of the test rows.
    confidence_level : float, default=0.95
        Between 0 and 1.
    random_state : int, Generator, RandomState or None, default=None
        Seed of the bootstrap; the classifiers have their own.
    progress : callable taking a str, optional
        Told each stage, such as "tfidf: fitting on 8,000 rows", as it begins.

    Returns
    -------
    ComparisonResult

    Raises
    ------
    TypeError
        If a name is not a `str`.
    ValueError
        If there are no classifiers, labels are missing or not one a row, or `train_rows` names
        another classifier or rows that are not there.

    Warns
    -----
    UserWarning
        If a classifier meets test labels that it was not trained on: those rows count as wrong.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> from sklearn.feature_extraction.text import CountVectorizer
    >>> from sklearn.naive_bayes import MultinomialNB
    >>> from sklearn.pipeline import make_pipeline
    >>> from agnews_sk.evaluation import compare_classifiers
    >>> result = compare_classifiers(
    ...     {
    ...         "bayes": make_pipeline(CountVectorizer(), MultinomialNB()),
    ...         "constant": DummyClassifier(),
    ...     },
    ...     ["oil rises", "team wins", "oil sinks"],
    ...     ["Business", "Sports", "Business"],
    ...     ["oil falls", "team loses"],
    ...     ["Business", "Sports"],
    ...     random_state=0,
    ... )
    >>> result.scores["accuracy"].to_dict()
    {'bayes': 1.0, 'constant': 0.5}
    >>> result.pairwise()[["only_a", "only_b", "p_value"]].to_dict("records")
    [{'only_a': 1, 'only_b': 0, 'p_value': 1.0}]
    """
    check_settings(n_resamples, confidence_level)
    train_rows = train_rows or {}
    _check_names(classifiers, train_rows)
    check_labels(y_train, X_train, name="train")
    check_labels(y_test, X_test, name="test")
    parts = {
        name: _train_part(X_train, y_train, train_rows.get(name), name) for name in classifiers
    }
    evaluations = [
        evaluate_classifier(name, classifier, *parts[name], X_test, y_test, progress=progress)
        for name, classifier in classifiers.items()
    ]
    return ComparisonResult.from_evaluations(
        evaluations,
        n_resamples=n_resamples,
        confidence_level=confidence_level,
        random_state=random_state,
    )


def _check_names(classifiers: Mapping[str, Any], train_rows: Mapping[str, Any]) -> None:
    if not classifiers:
        raise ValueError("classifiers is empty: at least one is needed, got 0.")
    for name in classifiers:
        if not isinstance(name, str):
            raise TypeError(
                f"names of classifiers must be str, got {type(name).__name__} {name!r}."
            )
    unknown = [name for name in train_rows if name not in classifiers]
    if unknown:
        raise ValueError(
            f"train_rows must name given classifiers, {list(classifiers)}, got {unknown}."
        )


def _train_part(X_train: Any, y_train: Any, positions: Any, name: str) -> tuple[Any, Any]:
    if positions is None:
        return X_train, y_train
    rows = np.asarray(positions)
    if rows.ndim != 1 or rows.dtype.kind not in "iu":
        raise TypeError(
            f"train_rows[{name!r}] must be a 1-D array of int positions, got {rows.dtype} of "
            f"shape {rows.shape}; np.flatnonzero makes positions from a mask."
        )
    n_train = len(y_train)
    if len(rows) == 0 or rows.min() < 0 or rows.max() >= n_train:
        raise ValueError(
            f"train_rows[{name!r}] must hold positions from 0 to {n_train - 1}, got "
            f"{f'{rows.min()} to {rows.max()}' if len(rows) else 'none'}."
        )
    return take_rows(X_train, rows), take_rows(y_train, rows)
