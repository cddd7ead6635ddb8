"""The rounds of self-training, and predictions of held-out rows without and with them."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from scipy.special import betainc

from agnews_sk._core.effective_size import effective_size
from agnews_sk._core.validation import take_rows
from agnews_sk.classifiers._fitting import fit_on, probabilities
from agnews_sk.classifiers._labelled_rows import LabelledRows
from agnews_sk.classifiers._pseudo_labels import PseudoLabels, balanced, choose_labels
from agnews_sk.classifiers._teachers import Teacher

MOST_ROWS = 1_000  # unlabelled ones that a comparison trains on
_SETTLED = 0.002  # share of pseudo-labels that change in a round, below which it is the last
_LEVEL = 0.1  # of the test whether self-training is worse


class Trained(NamedTuple):
    """What the rounds learn.

    Attributes
    ----------
    estimator : classifier or None
        Fitted in the last round; None if no row got a pseudo-label in the first.
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

    def run(self, y_proba: np.ndarray, labelled: LabelledRows, unlabelled: Any) -> Trained:
        """Fit until the pseudo-labels hardly change.

        Parameters
        ----------
        y_proba : ndarray of float of shape (n_unlabelled, n_classes)
            Of the first round.
        labelled : LabelledRows
        unlabelled : container of n_unlabelled rows

        Returns
        -------
        Trained
        """
        classes, counts = labelled.classes, labelled.class_counts()
        before, found = None, Trained(None, 0, 0)
        for n_rounds in range(1, self.max_rounds + 1):
            labels = choose_labels(
                balanced(y_proba, counts) if self.keep_balance else y_proba,
                threshold=self.threshold,
                coverage=self.coverage,
                soft=self.soft,
            )
            if before is None and not len(labels.rows):
                break
            if before is not None and _share_changed(before, labels, len(y_proba)) < _SETTLED:
                break
            rows = labelled.rows.plus(unlabelled, labels, classes)
            fitted = fit_on(self.estimator, rows, self.fit_params)
            found = Trained(fitted, n_rounds, len(np.unique(labels.rows)))
            if n_rounds < self.max_rounds:
                before, y_proba = labels, probabilities(fitted, unlabelled, classes)
        return found


class Fold(NamedTuple):
    """A part of the labelled rows, predicted by what the others teach.

    Attributes
    ----------
    known, out : ndarray of int of shape (n_known,) and (n_out,)
        Positions of the labelled rows that teach, and of those that are held out.
    y_proba : ndarray of float of shape (n_out, n_classes)
        Of the rows that are held out.
    of_sample : ndarray of float of shape (n_sample, n_classes)
        Of unlabelled rows.
    """

    known: np.ndarray
    out: np.ndarray
    y_proba: np.ndarray
    of_sample: np.ndarray


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Labelled rows that are held out part by part.

    Attributes
    ----------
    labelled : LabelledRows
    teacher : Teacher
        Of these rows.
    fold_of : ndarray of int of shape (n_labelled,)
        Part of each row; rows of part -1 are never held out.
    sample : ndarray of int of shape (n_sample,)
        Positions of the unlabelled rows to compare with.
    by_estimator : bool
        Whether the teacher is the estimator, so that both predict the same from labelled rows.
    """

    labelled: LabelledRows
    teacher: Teacher
    fold_of: np.ndarray
    sample: np.ndarray
    by_estimator: bool

    @cached_property
    def folds(self) -> list[Fold]:
        """The parts; the teacher learns once for each, when they are first asked for."""
        found = []
        for fold in np.setdiff1d(self.fold_of, [-1]):
            known, out = np.flatnonzero(self.fold_of != fold), np.flatnonzero(self.fold_of == fold)
            asked = np.concatenate([out, len(self.fold_of) + self.sample])
            y_proba = self.teacher.probabilities(known, asked)
            found.append(Fold(known, out, y_proba[: len(out)], y_proba[len(out) :]))
        return found

    @cached_property
    def rows(self) -> LabelledRows:
        """The rows that are held out, in the order of the parts."""
        none = np.empty(0, dtype=np.intp)
        return self.labelled.take(np.concatenate([none, *(fold.out for fold in self.folds)]))

    def predictions(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return how the teacher predicts each row without its label.

        Returns
        -------
        confidence : ndarray of float of shape (n_held_out,)
        is_right : ndarray of bool of shape (n_held_out,)
        weight : ndarray of float of shape (n_held_out,)
        """
        none = np.empty((0, len(self.labelled.classes)))
        y_proba = np.concatenate([none, *(fold.y_proba for fold in self.folds)])
        is_right = y_proba.argmax(axis=1) == self.rows.codes
        return y_proba.max(axis=1), is_right, self.rows.weight


class Changes(NamedTuple):
    """How self-training predicts held-out rows otherwise than the estimator alone.

    Attributes
    ----------
    n_held_out : int
    better, worse : int
        Rows that only self-training predicts right, and that only the estimator alone does.
    gain : float
        Difference of the accuracies, weighted; NaN if no row is held out.
    is_worse : bool
        Whether self-training is worse beyond chance.
    """

    n_held_out: int
    better: int
    worse: int
    gain: float
    is_worse: bool


def count_changes(rounds: Rounds, held_out: HeldOut, sample: Any) -> Changes:
    """Count held-out rows that self-training predicts otherwise than the estimator alone.

    Parameters
    ----------
    rounds : Rounds
    held_out : HeldOut
    sample : container of n_sample rows
        The unlabelled rows at `held_out.sample`.

    Returns
    -------
    Changes
    """
    labelled = held_out.labelled
    changes = [np.empty(0)]
    for known, out, y_proba, of_sample in held_out.folds:
        kept = labelled.take(known)
        trained = rounds.run(of_sample, kept, sample).estimator
        if trained is None:  # without pseudo-labels it is the estimator alone
            changes.append(np.zeros(len(out)))
            continue
        X, codes = take_rows(labelled.rows.X, out), labelled.codes[out]
        if not held_out.by_estimator:
            alone = fit_on(rounds.estimator, kept.rows, rounds.fit_params)
            y_proba = probabilities(alone, X, labelled.classes)
        of_trained = probabilities(trained, X, labelled.classes)
        right, right_alone = (one.argmax(axis=1) == codes for one in (of_trained, y_proba))
        changes.append(right.astype(float) - right_alone)
    return _summed(np.concatenate(changes), held_out.rows)


def _summed(change: np.ndarray, rows: LabelledRows) -> Changes:
    """Return the changes of rows: 1 where only self-training is right, -1 where it is wrong.

    Copies of a row, and rows of one origin, are tested as one row of their summed weight.
    """
    better, worse = int((change > 0).sum()), int((change < 0).sum())
    if not len(change):
        return Changes(0, better, worse, np.nan, False)
    gain = float(np.average(change, weights=rows.weight))
    changed = rows.weight * (change != 0)
    size = effective_size(changed, rows.origins)
    share = float(changed[change < 0].sum() / changed.sum()) if size else 0.0
    is_worse = is_significant(size * (1 - share), size * share)
    return Changes(len(change), better, worse, gain, is_worse)


def is_significant(better: float, worse: float) -> bool:
    """Return whether more rows become worse than better, beyond chance.

    A sign test, or exact McNemar test, at the level of 10 %: the fewest rows that show it are four
    worse ones and no better one.

    Parameters
    ----------
    better, worse : float
        Numbers of independent rows; fractions, as effective sizes are, have the p-value of the beta
        distribution that the binomial one is at whole numbers.

    Returns
    -------
    bool

    Examples
    --------
    >>> from agnews_sk.classifiers._rounds import is_significant
    >>> is_significant(0, 3), is_significant(0, 4), is_significant(2, 6), is_significant(2, 7)
    (False, True, False, True)
    """
    return bool(worse > 0 and betainc(worse, better + 1, 0.5) <= _LEVEL)


def _share_changed(before: PseudoLabels, labels: PseudoLabels, n_unlabelled: int) -> float:
    """Return the share of unlabelled rows whose most probable label is not that of before."""
    old, new = (np.full(n_unlabelled, -1) for _ in range(2))
    for kept, one in ((old, before), (new, labels)):
        order = np.argsort(one.weight, kind="stable")
        kept[one.rows[order]] = one.codes[order]
    return float(np.mean(old != new))
