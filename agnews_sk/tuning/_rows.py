"""Checks of the rows and labels of a search."""

from collections.abc import Mapping, Set
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.model_selection import check_cv

from agnews_sk._core.label_sets import is_multilabel, stratification
from agnews_sk._core.splitting import fold_rows


def check_rows(X: Any) -> None:
    """Reject objects that have a length but are not containers of rows.

    Parameters
    ----------
    X : container of n_samples rows

    Raises
    ------
    TypeError
        If X is a single text, a dict, a set or None.

    Examples
    --------
    >>> from agnews_sk.tuning._rows import check_rows
    >>> check_rows("Oil rises")
    Traceback (most recent call last):
    TypeError: X must have one row per text, got a single str; wrap it in a list: ['Oil rises'].
    """
    if isinstance(X, (str, bytes)):
        raise TypeError(
            f"X must have one row per text, got a single {type(X).__name__}; wrap it in a list: "
            f"[{X!r}]."
        )
    if X is None or isinstance(X, (Mapping, Set)):
        what = "None" if X is None else type(X).__name__
        raise TypeError(f"X must be a frame, a list, an array or a Series of rows, got {what}.")


def has_columns(y: Any) -> bool:
    """Return whether y has several columns, which the estimator itself must check."""
    shape: tuple[int, ...] = getattr(y, "shape", ())
    return len(shape) == 2 and shape[1] > 1


def make_splitter(cv: Any, y: Any, *, classifier: bool) -> Any:
    """Return the splitter of a search; a number of folds is stratified, by label sets too.

    Parameters
    ----------
    cv : int, cross-validation splitter, iterable of splits, or None
        None is 5 folds.
    y : container of n_samples labels or sets of labels, or None
    classifier : bool

    Returns
    -------
    cross-validation splitter
    """
    if not (classifier and is_multilabel(y) and (cv is None or isinstance(cv, Integral))):
        return check_cv(cv, y, classifier=classifier)
    indicator = stratification(y)
    n_folds = 5 if cv is None else int(cv)
    # Each row is tested on once, also those of a label with a single row.
    folds = np.maximum(fold_rows(indicator, np.arange(len(indicator)), n_folds, 0), 0)
    return check_cv(
        [(np.flatnonzero(folds != k), np.flatnonzero(folds == k)) for k in range(n_folds)]
    )
