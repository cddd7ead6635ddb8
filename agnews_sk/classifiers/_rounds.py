"""The rounds of self-training, and predictions of held-out rows without and with them."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import binomtest

from agnews_sk._core.label_arrays import codes_of
from agnews_sk._core.validation import encode_labels, take_rows
from agnews_sk.classifiers._fitting import TrainingRows, fit_on, probabilities
from agnews_sk.classifiers._pseudo_labels import PseudoLabels, balanced, choose_labels
from agnews_sk.classifiers._teachers import Teacher

MOST_ROWS = 1_000  # unlabelled ones that a comparison trains on
_SETTLED = 0.002  # share of pseudo-labels that change in a round, below which it is the last
_LEVEL = 0.1  # of the test whether self-training is worse


class Trained(NamedTuple):
    """What the rounds learn.

    Attributes
    ----------
    estimator : classifier
        Fitted in the last round.
    n_rounds : int
    n_labels : int
        Unlabelled rows with a pseudo-label in the last round.
    """

    estimator: Any
    n_rounds: int
    n_labels: int


@dataclass(frozen=True)
class Rounds:
    """Fits on pseudo-labels, each of which the fit before gives.

    Attributes
    ----------
    estimator : classifier with `predict_proba`
    fit_params : dict of str to object
        Further arguments of its `fit`.
    max_rounds : int
    threshold : float or None
        Lowest confidence of a pseudo-label.
    coverage : float
        Without a threshold, the share of the rows of each predicted class that get one.
    soft, keep_balance : bool
        As `pseudo_labels="soft"` and `keep_balance` of `SelfTrainedClassifier`.
    """

    estimator: Any
    fit_params: dict[str, Any]
    max_rounds: int
    threshold: float | None
    coverage: float
    soft: bool
    keep_balance: bool

    def run(self, y_proba: np.ndarray, rows: TrainingRows, unlabelled: Any) -> Trained:
        """Fit until the pseudo-labels hardly change.

        Parameters
        ----------
        y_proba : ndarray of float of shape (n_unlabelled, n_classes)
            Of the first round.
        rows : TrainingRows of n_labelled rows
        unlabelled : container of n_unlabelled rows

        Returns
        -------
        Trained
        """
        classes, codes = encode_labels(rows.y)
        counts = np.bincount(codes)
        before = None
        for n_rounds in range(1, self.max_rounds + 1):
            labels = choose_labels(
                balanced(y_proba, counts) if self.keep_balance else y_proba,
                threshold=self.threshold,
                coverage=self.coverage,
                soft=self.soft,
            )
            if before is not None and _share_changed(before, labels, len(y_proba)) < _SETTLED:
                break
            fitted = fit_on(self.estimator, rows.plus(unlabelled, labels, classes), self.fit_params)
            found = Trained(fitted, n_rounds, len(np.unique(labels.rows)))
            if n_rounds < self.max_rounds:
                before, y_proba = labels, probabilities(fitted, unlabelled, classes)
        return found


def predict_held_out(
    teacher: Teacher, codes: np.ndarray, folds: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Predict each labelled row without its label.

    Parameters
    ----------
    teacher : Teacher
    codes, folds : ndarray of int of shape (n_labelled,)
        Class and fold of each.

    Returns
    -------
    confidence : ndarray of float of shape (n_held_out,)
    is_right : ndarray of bool of shape (n_held_out,)
    """
    confidence, is_right = [np.empty(0)], [np.empty(0, dtype=bool)]
    for fold in np.setdiff1d(folds, [-1]):
        out = np.flatnonzero(folds == fold)
        y_proba = teacher.probabilities(np.flatnonzero(folds != fold), out)
        confidence.append(y_proba.max(axis=1))
        is_right.append(y_proba.argmax(axis=1) == codes[out])
    return np.concatenate(confidence), np.concatenate(is_right)


def count_changes(
    rounds: Rounds, teacher: Teacher, rows: TrainingRows, folds: np.ndarray, unlabelled: Any
) -> tuple[int, int, int]:
    """Count held-out rows that self-training predicts otherwise than the estimator alone.

    Parameters
    ----------
    rounds : Rounds
    teacher : Teacher
        Of these rows.
    rows : TrainingRows of n_labelled rows
    folds : ndarray of int of shape (n_labelled,)
        Part of each row; rows of part -1 are never held out.
    unlabelled : container of n_unlabelled rows

    Returns
    -------
    better, worse : int
        Rows that only self-training predicts right, and that only the estimator alone does.
    n_held_out : int
    """
    classes, codes = encode_labels(rows.y)
    better = worse = 0
    for fold in np.setdiff1d(folds, [-1]):
        known, out = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        kept = rows.take(known)
        trained = rounds.run(teacher.probabilities(known, None), kept, unlabelled).estimator
        alone = fit_on(rounds.estimator, kept, rounds.fit_params)
        X = take_rows(rows.X, out)
        right, right_alone = (
            codes_of(np.asarray(one.predict(X)), classes) == codes[out] for one in (trained, alone)
        )
        better += int((right & ~right_alone).sum())
        worse += int((right_alone & ~right).sum())
    return better, worse, int((folds >= 0).sum())


def is_significant(better: int, worse: int) -> bool:
    """Return whether more rows become worse than better, beyond chance.

    A sign test, or exact McNemar test, at the level of 10 %: the fewest rows that show it are four
    worse ones and no better one.

    Parameters
    ----------
    better, worse : int

    Returns
    -------
    bool

    Examples
    --------
    >>> from agnews_sk.classifiers._rounds import is_significant
    >>> is_significant(0, 3), is_significant(0, 4), is_significant(2, 6), is_significant(2, 7)
    (False, True, False, True)
    """
    n = better + worse
    return bool(n and binomtest(worse, n, alternative="greater").pvalue <= _LEVEL)


def _share_changed(before: PseudoLabels, labels: PseudoLabels, n_unlabelled: int) -> float:
    """Return the share of unlabelled rows whose most probable label is not that of before."""
    old, new = (np.full(n_unlabelled, -1) for _ in range(2))
    for kept, one in ((old, before), (new, labels)):
        order = np.argsort(one.weight, kind="stable")
        kept[one.rows[order]] = one.codes[order]
    return float(np.mean(old != new))
