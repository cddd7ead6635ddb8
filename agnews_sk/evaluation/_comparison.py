"""Fit several classifiers and compare them on the same test rows."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from agnews_sk._core.validation import as_frame, check_labels, take_rows
from agnews_sk.evaluation._cross_validation import cross_evaluate
from agnews_sk.evaluation._evaluation import ProgressCallback, evaluate_classifier
from agnews_sk.evaluation._inputs import check_classifiers, check_settings
from agnews_sk.evaluation._result import ComparisonResult


def compare_classifiers(
    classifiers: Mapping[str, Any],
    X_train: Any,
    y_train: Any,
    X_test: Any = None,
    y_test: Any = None,
    *,
    cv: Any = None,
    train_rows: Mapping[str, Any] | None = None,
    n_resamples: int = 2000,
    confidence_level: float = 0.95,
    random_state: Any = None,
    progress: ProgressCallback | None = None,
) -> ComparisonResult:
    """Fit classifiers and compare them on the same test rows, or on the same folds.

    Parameters
    ----------
    classifiers : mapping of str to estimator
        Classifiers or pipelines by name. Each is cloned, and stays as it was.
    X_train, X_test : DataFrame or array-like of str of shape (n_rows,)
        Whatever the classifiers take. In cross-validation, `X_train` are all rows, and there
        are no `X_test`.
    y_train, y_test : array-like of shape (n_rows,)
        Labels, none missing.
    cv : int or cross-validation splitter, optional
        Compare in cross-validation instead of on test rows: a number of folds, stratified and
        shuffled by `random_state`, which keep rows that repeat together; or a splitter such as
        `RepeatedStratifiedKFold`, which is taken as it is.
    train_rows : mapping of str to array-like of int, optional
        Positions of the training rows that a classifier gets, by its name; the others get all.
        Not in cross-validation.
    n_resamples : int, default=2000
        Bootstrap resamples of the test rows.
    confidence_level : float, default=0.95
        Between 0 and 1.
    random_state : int, Generator, RandomState or None, default=None
        Seed of the bootstrap and of the folds; the classifiers have their own.
    progress : callable taking a str, optional
        Told each stage, such as "tfidf: fitting on 8,000 rows", as it begins.

    Returns
    -------
    ComparisonResult

    Raises
    ------
    TypeError
        If `classifiers` is no mapping of names to classifiers, labels of test rows or predictions
        are of another kind than those of the training rows, or frames of another library.
    ValueError
        If there are no classifiers, labels are missing or not one a row, or `train_rows` names
        another classifier or rows that are not there, or neither test rows nor `cv` are given, or
        training and test rows have different columns.

    Warns
    -----
    UserWarning
        If a classifier meets test labels that it was not trained on: those rows count as wrong.
        If the resamples are too few for the confidence level.

    Notes
    -----
    Labels of any container come to the classifiers as one plain array, and predictions are compared
    as labels, whatever they are held in: 1.0 is 1. What an `AbstainingClassifier` gives no label
    counts as wrong, and is reported as `abstained`.

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
    check_classifiers(classifiers)
    _check_names(classifiers, train_rows)
    _check_kind(X_test, y_test, cv, train_rows)
    rng = np.random.default_rng(random_state)
    X_train, X_test = as_frame(X_train), as_frame(X_test)
    y_train = check_labels(y_train, X_train, name="y_train")
    if cv is not None:
        evaluations, rows, folds = cross_evaluate(
            classifiers, X_train, y_train, cv=cv, rng=rng, progress=progress
        )
        return ComparisonResult.from_evaluations(
            evaluations,
            rows=rows,
            folds=folds,
            n_resamples=n_resamples,
            confidence_level=confidence_level,
            random_state=rng,
        )
    y_test = check_labels(y_test, X_test, name="y_test")
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
        random_state=rng,
    )


def _check_kind(X_test: Any, y_test: Any, cv: Any, train_rows: Mapping[str, Any]) -> None:
    if (X_test is None) != (y_test is None):
        raise ValueError("X_test and y_test go together, got only one of them.")
    if (X_test is None) == (cv is None):
        given = "neither" if cv is None else "both"
        raise ValueError(f"Give either X_test and y_test, or cv, got {given}.")
    if cv is not None and train_rows:
        raise ValueError("train_rows goes with test rows, not with cv, which chooses the rows.")


def _check_names(classifiers: Mapping[str, Any], train_rows: Mapping[str, Any]) -> None:
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
