"""Checks of arguments, once and before any fitting."""

import math
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

from agnews_sk._core.user_warnings import warn_user
from agnews_sk._core.validation import is_frame

_LONGEST_REPR = 60


def check_classifiers(classifiers: Any, *, name: str = "classifiers") -> None:
    """Reject anything but a mapping of names to classifiers.

    Parameters
    ----------
    classifiers : mapping of str to estimator
    name : str, default="classifiers"
        Name of the parameter in messages.

    Raises
    ------
    TypeError
        If it is not a mapping, a name is not a `str`, or a value is not a classifier.
    ValueError
        If it is empty.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> from agnews_sk.evaluation._inputs import check_classifiers
    >>> check_classifiers(DummyClassifier())
    Traceback (most recent call last):
    TypeError: classifiers must map names to classifiers, got DummyClassifier; give each a name, \
such as {"dummyclassifier": DummyClassifier()}.
    """
    if not isinstance(classifiers, Mapping):
        raise TypeError(
            f"{name} must map names to classifiers, got {type(classifiers).__name__}; "
            f"{_named(classifiers)}."
        )
    if not classifiers:
        raise ValueError(f"{name} is empty: at least one is needed, got 0.")
    for key, classifier in classifiers.items():
        if not isinstance(key, str):
            raise TypeError(f"names of {name} must be str, got {type(key).__name__} {key!r:.60}.")
        check_classifier(classifier, name=f"{name}[{key!r}]")


def _named(given: Any) -> str:
    """Return advice on how to pass a mapping."""
    if hasattr(given, "fit"):
        kind = type(given).__name__
        return f'give each a name, such as {{"{kind.lower()}": {kind}()}}'
    if isinstance(given, (list, tuple)) and all(isinstance(x, tuple) for x in given):
        return f"pass dict({'pairs' if given else ''})"
    return 'give each a name, such as {"a": first, "b": second}'


def check_classifier(classifier: Any, *, name: str) -> None:
    """Reject anything but an instance with `fit` and `predict`.

    Parameters
    ----------
    classifier : estimator
    name : str
        Name of the classifier in messages.

    Raises
    ------
    TypeError
        If it lacks `fit` or `predict`, or is a class.
    """
    if isinstance(classifier, type):
        raise TypeError(
            f"{name} must be an estimator, got the class {classifier.__name__}; "
            f"pass an instance: {classifier.__name__}()."
        )
    lacking = [method for method in ("fit", "predict") if not hasattr(classifier, method)]
    if lacking:
        raise TypeError(
            f"{name} must be an estimator with fit and predict, got {type(classifier).__name__} "
            f"{classifier!r:.60}, which lacks {' and '.join(lacking)}."
        )


def check_same_columns(X_train: Any, X_test: Any) -> None:
    """Reject frames of different libraries, or with different columns.

    Parameters
    ----------
    X_train, X_test : container of rows
        Other containers than frames pass.

    Raises
    ------
    TypeError
        If one is a frame of pandas and the other of Polars.
    ValueError
        If one lacks a column of the other.

    Examples
    --------
    >>> import pandas as pd
    >>> from agnews_sk.evaluation._inputs import check_same_columns
    >>> check_same_columns(pd.DataFrame({"text": []}), pd.DataFrame({"title": []}))
    Traceback (most recent call last):
    ValueError: X_train and X_test must have the same columns, but X_train alone has ['text'] and \
X_test alone has ['title'].
    """
    if not (is_frame(X_train) and is_frame(X_test)):
        return
    columns = {"X_train": _columns(X_train), "X_test": _columns(X_test)}
    if type(X_train) is not type(X_test):
        kinds = [type(X).__module__.partition(".")[0] for X in (X_train, X_test)]
        raise TypeError(
            f"X_train and X_test must be frames of the same library, got {kinds[0]} with the "
            f"columns {columns['X_train']} and {kinds[1]} with {columns['X_test']}; convert one of "
            "them."
        )
    train, test = columns.values()
    alone = {
        "X_train": [column for column in train if column not in test],
        "X_test": [column for column in test if column not in train],
    }
    if any(alone.values()):
        found = " and ".join(f"{part} alone has {only}" for part, only in alone.items() if only)
        raise ValueError(f"X_train and X_test must have the same columns, but {found}.")


def _columns(X: Any) -> list[str]:
    """Return the names of a frame's columns."""
    return [str(column) for column in X.columns]


def check_settings(n_resamples: int, confidence_level: float) -> None:
    """Reject an invalid number of resamples or confidence level.

    Parameters
    ----------
    n_resamples : int
    confidence_level : float

    Raises
    ------
    ValueError
        If there is no resample, or the level is not between 0 and 1.
    """
    if not isinstance(n_resamples, Integral) or n_resamples < 1:
        raise ValueError(f"n_resamples must be at least 1, got {n_resamples!r}.")
    check_confidence_level(confidence_level)


def check_confidence_level(confidence_level: float) -> None:
    """Reject a confidence level that is not between 0 and 1.

    Parameters
    ----------
    confidence_level : float

    Raises
    ------
    ValueError
        If it is not between 0 and 1.
    """
    if not isinstance(confidence_level, Real) or not 0 < confidence_level < 1:
        raise ValueError(
            f"confidence_level must be between 0 and 1, such as 0.95, got {confidence_level!r}."
        )


def warn_of_few_resamples(n_resamples: int, confidence_level: float) -> None:
    """Warn if there are too few resamples to estimate the ends of an interval.

    Parameters
    ----------
    n_resamples : int
    confidence_level : float
    """
    # At least one resample should lie beyond each end, where half of 1 - confidence_level does.
    needed = math.ceil(2 / (1 - confidence_level) - 1e-9)
    if n_resamples < needed:
        warn_user(
            f"n_resamples={n_resamples} is too small for bootstrap intervals at the confidence "
            f"level {confidence_level:g}, which need at least {needed:,}.",
        )
