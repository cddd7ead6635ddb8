"""Labelled rows of self-training: how much they weigh, and which of them are held out together."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from agnews_sk._core.effective_size import effective_size
from agnews_sk._core.repeats import repeats_of
from agnews_sk._core.splitting import fold_rows, join_groups
from agnews_sk._core.validation import encode_labels
from agnews_sk.classifiers._fitting import TrainingRows


@dataclass(frozen=True, eq=False)
class LabelledRows:
    """Rows with a label, and what their weights and origins say about them.

    Attributes
    ----------
    rows : TrainingRows of n_labelled rows
    classes : ndarray of shape (n_classes,)
        Labels by their codes.
    codes : ndarray of int of shape (n_labelled,)
        Class of each row.
    weight : ndarray of float of shape (n_labelled,)
    origins : ndarray of int of shape (n_labelled,)
        Copies of a row, and rows of one group, have the same.
    """

    rows: TrainingRows
    classes: np.ndarray
    codes: np.ndarray
    weight: np.ndarray
    origins: np.ndarray

    def take(self, indices: np.ndarray) -> "LabelledRows":
        """Return the rows at these positions, with the same classes."""
        per_row = (values[indices] for values in (self.codes, self.weight, self.origins))
        return LabelledRows(self.rows.take(indices), self.classes, *per_row)

    def class_counts(self) -> np.ndarray:
        """Return the effective number of rows of each class, ndarray of shape (n_classes,)."""
        by_class = np.bincount(self.codes, self.weight, minlength=len(self.classes))
        return by_class / by_class.sum() * effective_size(self.weight, self.origins)

    def folds(self, n_folds: int, random_state: Any) -> np.ndarray:
        """Return the fold of each row, -1 for those that are never held out.

        Those are rows without weight, and rows of classes with a single origin.

        Parameters
        ----------
        n_folds : int
        random_state : int, RandomState or None

        Returns
        -------
        ndarray of int of shape (n_labelled,)
        """
        folds = np.full(len(self.codes), -1)
        used = np.flatnonzero(self.weight > 0)
        folds[used] = fold_rows(self.codes[used], self.origins[used], n_folds, random_state)
        return folds


def labelled_rows(rows: TrainingRows, *estimators: Any) -> LabelledRows:
    """Return the rows that have a weight, and those of classes that have none.

    Parameters
    ----------
    rows : TrainingRows of n_samples rows
    *estimators : estimator
        What the rows are for: they say which columns make rows copies of each other.

    Returns
    -------
    LabelledRows

    Raises
    ------
    ValueError
        If no row has a weight above 0.
    """
    classes, codes = encode_labels(rows.y)
    weight = np.ones(len(codes)) if rows.weight is None else rows.weight
    if not weight.any():
        raise ValueError(
            f"sample_weight must be above 0 for some of the {len(codes)} labelled rows; raise it, "
            "or leave it out."
        )
    repeats = repeats_of(rows.X, *estimators)
    origins = join_groups(repeats, *([] if rows.groups is None else [rows.groups]))
    found = LabelledRows(rows, classes, codes, weight, origins)
    used = np.flatnonzero((weight > 0) | ~np.isin(codes, codes[weight > 0]))
    return found if len(used) == len(codes) else found.take(used)
