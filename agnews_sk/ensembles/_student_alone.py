"""Whether a student would be better without its teacher, on rows that neither has seen."""

import warnings
from typing import Any

import numpy as np
from scipy.stats import binomtest

from agnews_sk._core.repeats import repeats_of
from agnews_sk._core.splitting import fold_rows, join_groups
from agnews_sk._core.user_warnings import warn_user
from agnews_sk._core.validation import take_rows
from agnews_sk.classifiers import TrainingRows, fit_on

_N_FOLDS = 5
# Folds are predicted until there are so many rows, so that the check of many rows is a single fit.
_ENOUGH_ROWS = 500
_SIGNIFICANCE = 0.01


def warn_if_better_alone(
    student: Any, rows: TrainingRows, right: np.ndarray, codes: np.ndarray, seed: int
) -> None:
    """Warn if the student, fitted without its teacher, is significantly more accurate than it.

    Parameters
    ----------
    student : classifier
    rows : TrainingRows of n_samples rows
    right : ndarray of bool of shape (n_samples,)
        Whether the teacher is right on each row, which it has not seen.
    codes : ndarray of int of shape (n_samples,)
        Positions of the labels among the classes.
    seed : int
        Random seed of the folds.

    Warns
    -----
    UserWarning

    Notes
    -----
    The student is fitted on four fifths of the rows, and both are compared on the others by
    McNemar's exact one-sided test; with fewer than 2,500 rows this is repeated with other fifths.
    """
    used = np.arange(len(codes)) if rows.weight is None else np.flatnonzero(rows.weight > 0)
    origins = [repeats_of(rows.X, student), *([] if rows.groups is None else [rows.groups])]
    folds = np.full(len(codes), -1)
    folds[used] = fold_rows(codes[used], join_groups(*origins)[used], _N_FOLDS, seed)
    counted = np.isin(np.arange(len(codes)), used)
    of_student, of_teacher = [], []
    for fold in range(_N_FOLDS):
        out = np.flatnonzero(folds == fold)
        if not len(out):
            continue
        found = _right(student, rows.take(np.flatnonzero((folds != fold) & counted)), rows, out)
        if found is None:
            return
        of_student += found.tolist()
        of_teacher += right[out].tolist()
        if len(of_student) >= _ENOUGH_ROWS:
            break
    _compare(np.array(of_student, dtype=bool), np.array(of_teacher, dtype=bool))


def _right(
    student: Any, kept: TrainingRows, rows: TrainingRows, out: np.ndarray
) -> np.ndarray | None:
    """Return whether a student fitted on some rows is right on others; None if it cannot be."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # those of the fit on all rows follow
            fitted = fit_on(student, kept, {}, name="student")
            predicted = np.asarray(fitted.predict(take_rows(rows.X, out)))
    except (TypeError, ValueError):
        return None
    return predicted == np.asarray(rows.y)[out]


def _compare(of_student: np.ndarray, of_teacher: np.ndarray) -> None:
    """Warn if the student is right significantly more often."""
    only_student = int((of_student & ~of_teacher).sum())
    n_discordant = int((of_student != of_teacher).sum())
    if not n_discordant:
        return
    p_value = binomtest(only_student, n_discordant, alternative="greater").pvalue
    if p_value <= _SIGNIFICANCE:
        warn_user(
            f"the student alone is right on {of_student.mean():.1%} of {len(of_student)} rows that "
            f"it was not fitted on, and the teacher on {of_teacher.mean():.1%}: the student is "
            "better without this teacher. Use another one, or a higher label_share.",
        )
