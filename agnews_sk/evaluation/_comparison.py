"""Fit several classifiers and compare them on the same test rows."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from agnews_sk._core.label_sets import check_label_sets, check_target, is_multilabel
from agnews_sk._core.observed import observed
from agnews_sk._core.validation import as_frame, n_rows, take_rows
from agnews_sk.evaluation._cross_validation import cross_evaluate
from agnews_sk.evaluation._evaluation import ProgressCallback, evaluate_classifier
from agnews_sk.evaluation._inputs import check_classifiers, check_settings
from agnews_sk.evaluation._result import ComparisonResult
from agnews_sk.evaluation._set_evaluation import sets_of_test_rows


@observed("compare")
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
        Classifiers or pipelines by name. Each is cloned, so that the given ones stay unfitted.
    X_train : DataFrame or array-like of str of shape (n_rows,)
        What the classifiers take; for cross-validation all rows.
    y_train : array-like of shape (n_rows,), or sets of labels, or indicators
        Labels, none missing: one per row; or a list, tuple or set of labels per row, or a matrix or
        frame of 0 and 1 with a column per label.
    X_test, y_test : like X_train and y_train, optional
        Not given for cross-validation.
    cv : int or cross-validation splitter, optional
        Compare by cross-validation instead of on test rows: a number of folds, which are
        stratified, shuffled by `random_state`, and keep copies of a row in one fold; or a splitter
        such as `RepeatedStratifiedKFold`, which is used as it is.
    train_rows : mapping of str to array-like of int, optional
        Positions of the training rows of a classifier, by its name; the others are fitted on all.
        Not with `cv`.
    n_resamples : int, default=2000
        Bootstrap resamples of the test rows.
    confidence_level : float, default=0.95
        Between 0 and 1.
    random_state : int, Generator, RandomState or None, default=None
        Random seed of the bootstrap and of the folds; the classifiers have their own.
    progress : callable taking a str, optional
        Called at the start of each stage with its description, such as "tfidf: fitting on 8,000
        rows".

    Returns
    -------
    ComparisonResult

    Raises
    ------
    TypeError
        If `classifiers` is not a mapping of names to classifiers; if test labels or predictions are
        of another kind than the training labels; or if training and test rows are frames of
        different libraries.
    ValueError
        If there are no classifiers; labels are missing or not one per row; `train_rows` names an
        unknown classifier or positions out of range; neither or both of test rows and `cv` are
        given; or training and test rows have different columns.

    Warns
    -----
    UserWarning
        If test labels are not among a classifier's training labels: those rows count as errors.
        If the resamples are too few for the confidence level.

    Notes
    -----
    Labels of any container reach the classifiers as one plain array, and predictions are compared
    by value, regardless of their container: 1.0 equals 1. Several labels per row reach them in the
    form in which they are given; folds are stratified by label, from the rarest on. Rows on which
    an `AbstainingClassifier` abstains count as errors, and their share is reported as `abstained`.

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
    y_train = check_target(y_train, X_train, name="y_train")
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
    y_test = _test_labels(y_test, X_test, y_train)
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
    """Reject anything but either test rows, or `cv` without `train_rows`."""
    if (X_test is None) != (y_test is None):
        raise ValueError("X_test and y_test must be given together, got only one of them.")
    if (X_test is None) == (cv is None):
        given = "neither" if cv is None else "both"
        raise ValueError(f"Pass either X_test and y_test, or cv, got {given}.")
    if cv is not None and train_rows:
        raise ValueError("train_rows cannot be combined with cv, which chooses the training rows.")


def _check_names(classifiers: Mapping[str, Any], train_rows: Mapping[str, Any]) -> None:
    """Reject training rows of a classifier that is not given."""
    unknown = [name for name in train_rows if name not in classifiers]
    if unknown:
        raise ValueError(
            f"train_rows must name given classifiers, {list(classifiers)}, got {unknown}."
        )


def _test_labels(y_test: Any, X_test: Any, y_train: Any) -> Any:
    """Return the labels of test rows; label sets as lists, read in the format of the training rows.

    Parameters
    ----------
    y_test : container of n_test labels or sets of labels
    X_test : container of n_test rows
    y_train : container of n_train labels or sets of labels
        As `check_target` returns it.
    """
    if not is_multilabel(y_train):
        return check_target(y_test, X_test, name="y_test")
    known = check_label_sets(y_train)
    return sets_of_test_rows(y_test, X_test, known.classes, known.format)


def _train_part(X_train: Any, y_train: Any, positions: Any, name: str) -> tuple[Any, Any]:
    """Return the training rows and labels of one classifier.

    Parameters
    ----------
    X_train : container of n_train rows
    y_train : ndarray of shape (n_train,)
    positions : array-like of int of shape (n_kept,) or None
        None keeps all.
    name : str
        Name of the classifier in messages.
    """
    if positions is None:
        return X_train, y_train
    rows = np.asarray(positions)
    if rows.ndim != 1 or rows.dtype.kind not in "iu":
        raise TypeError(
            f"train_rows[{name!r}] must be a 1-D array of int positions, got {rows.dtype} of "
            f"shape {rows.shape}; np.flatnonzero turns a mask into positions."
        )
    n_train = n_rows(y_train)
    if len(rows) == 0 or rows.min() < 0 or rows.max() >= n_train:
        raise ValueError(
            f"train_rows[{name!r}] must hold positions from 0 to {n_train - 1}, got "
            f"{f'{rows.min()} to {rows.max()}' if len(rows) else 'none'}."
        )
    return take_rows(X_train, rows), take_rows(y_train, rows)
