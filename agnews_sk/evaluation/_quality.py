"""Scores of predictions, as functions of sums over rows.

A score that needs nothing but sums over rows can be computed on thousands of bootstrap resamples by
one matrix product: resamples are weights of the rows, of shape (n_resamples, n_rows), and the terms
of the rows have the shape (n_rows, n_sums). Only ROC-AUC depends on the order of rows, see
`Ranking`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from agnews_sk.evaluation._bootstrap import ScoreInterval, resample_weights
from agnews_sk.evaluation._exact import exact_intervals
from agnews_sk.evaluation._ranking import Ranking, rank, ratio

N_BINS = 15  # equally wide bins of confidence, as in Guo et al. (2017)

OVERALL = ("accuracy", "balanced_accuracy", "macro_precision", "macro_recall", "macro_f1")
PROBABILISTIC = ("log_loss", "brier", "calibration_error", "roc_auc")
PER_CLASS = ("precision", "recall", "f1")
OVERALL_OF_SETS = (
    "accuracy",
    "macro_precision",
    "macro_recall",
    "macro_f1",
    "micro_precision",
    "micro_recall",
    "micro_f1",
    "samples_f1",
    "hamming_loss",
)
PROBABILISTIC_OF_SETS = ("ranking_average_precision", "log_loss", "brier")
# A mean of absolute gaps is biased, more so on resamples than on the rows: its 95 % bootstrap
# interval has a coverage of about 90 % (benchmarks/bench_statistics.py).
WITHOUT_INTERVAL = {"calibration_error"}


def score_names(classes: Sequence[Any], *, multilabel: bool = False) -> list[str]:
    """Return the names of all scores, in the order in which they are computed.

    Parameters
    ----------
    classes : sequence of labels
    multilabel : bool, default=False
        Whether rows have several labels.

    Returns
    -------
    list of str

    Examples
    --------
    >>> from agnews_sk.evaluation._quality import score_names
    >>> score_names(["World"])[-3:]
    ['precision_World', 'recall_World', 'f1_World']
    """
    per_class = [f"{score}_{label}" for score in PER_CLASS for label in classes]
    if multilabel:
        return [*OVERALL_OF_SETS, *PROBABILISTIC_OF_SETS, *per_class]
    return [*OVERALL, *PROBABILISTIC, *per_class]


@dataclass(frozen=True, eq=False, kw_only=True)
class Outcome:
    """The predictions of one classifier as class codes.

    Attributes
    ----------
    y_true, y_pred : ndarray of int of shape (n_predictions,)
        Codes from 0 to `n_classes` - 1; -1 in `y_pred` is an abstention, which is an error and
        counts for no class.
    y_proba : ndarray of float of shape (n_predictions, n_classes) or None
        Without probabilities, the scores that need them are NaN.
    n_classes : int
    rows : ndarray of int of shape (n_predictions,)
        Position of the row of each prediction, from 0; repeated cross-validation predicts each row
        several times.
    """

    y_true: np.ndarray
    y_pred: np.ndarray
    y_proba: np.ndarray | None
    n_classes: int
    rows: np.ndarray

    multilabel: ClassVar[bool] = False

    @property
    def n_rows(self) -> int:
        """Number of distinct rows."""
        return int(self.rows.max()) + 1

    def right(self) -> np.ndarray:
        """Return which predictions are right: (n_predictions,)."""
        return self.y_pred == self.y_true

    def counts(self) -> np.ndarray:
        """Return how many rows of each class are right, true and predicted.

        Returns
        -------
        ndarray of float of shape (3, n_classes)
            Predictions of the same row share a total weight of 1.
        """
        right, predicted = self.right(), self.y_pred >= 0
        codes = self.y_true[right], self.y_true, self.y_pred[predicted]
        counted = [np.bincount(of_kind, minlength=self.n_classes) for of_kind in codes]
        # As all rows are predicted equally often, one factor makes predictions of a row add to 1.
        return np.stack(counted) * (len(np.unique(self.rows)) / len(self.rows))

    def exact_intervals(
        self, classes: Sequence[Any], confidence_level: float
    ) -> dict[str, ScoreInterval]:
        """Return the exact intervals of the scores that have one, by name."""
        return exact_intervals(self.counts(), classes, confidence_level)

    def terms(self) -> np.ndarray:
        """Return the terms of each prediction in the sums: (n_predictions, n_sums)."""
        return _terms(self.y_true, self.y_pred, self.y_proba, self.n_classes)

    def rankings(self) -> list[Ranking]:
        """Return the ranking of each class, for scores that sums over rows do not give."""
        return [] if self.y_proba is None else _rankings(self)

    def scores(self, sums: np.ndarray, aucs: list[np.ndarray]) -> np.ndarray:
        """Return scores of sums of shape (n, n_sums), and areas of shape (n,) for each class."""
        roc_auc = _mean_of_known(np.stack(aucs)) if aucs else np.full(len(sums), np.nan)
        return _scores_of_sums(sums, roc_auc, self.n_classes)

    def sums_of_rows(self) -> np.ndarray:
        """Return the terms of each row in the sums that scores are functions of.

        Returns
        -------
        ndarray of float of shape (n_rows, n_sums)
            As of `terms`, added up over the predictions of a row.
        """
        terms = self.terms()
        if np.array_equal(self.rows, np.arange(len(self.rows))):
            return terms
        sums = np.zeros((self.n_rows, terms.shape[1]))
        np.add.at(sums, self.rows, terms)
        return sums


@dataclass(frozen=True, eq=False)
class ScoreDraws:
    """Scores of one classifier: observed, on each bootstrap resample, and without each row.

    Attributes
    ----------
    observed : ndarray of float of shape (n_scores,)
    resampled : ndarray of float of shape (n_resamples, n_scores)
    jackknife : ndarray of float of shape (n_rows, n_scores)
    """

    observed: np.ndarray
    resampled: np.ndarray
    jackknife: np.ndarray

    def __sub__(self, other: Self) -> "ScoreDraws":
        """Return the differences of the scores, paired by resample and by row."""
        return ScoreDraws(
            self.observed - other.observed,
            self.resampled - other.resampled,
            self.jackknife - other.jackknife,
        )


def draw_scores(outcomes: Sequence[Outcome], n_resamples: int, seed: int) -> list[ScoreDraws]:
    """Score classifiers on their rows and on the same bootstrap resamples of them.

    Parameters
    ----------
    outcomes : sequence of Outcome
        Of the same rows.
    n_resamples : int
    seed : int

    Returns
    -------
    list of ScoreDraws
        One per classifier, scores in the order of `score_names`.
    """
    scorers = [_Scorer(outcome) for outcome in outcomes]
    chunks = [
        [scorer.of_weights(weights) for scorer in scorers]
        for weights in resample_weights(outcomes[0].n_rows, n_resamples, seed)
    ]
    return [
        ScoreDraws(scorer.observed(), np.concatenate(of_scorer), scorer.without_each_row())
        for scorer, of_scorer in zip(scorers, zip(*chunks))
    ]


def observed_scores(outcome: Outcome) -> np.ndarray:
    """Return the scores of one classifier, without resamples.

    Parameters
    ----------
    outcome : Outcome

    Returns
    -------
    ndarray of float of shape (n_scores,)
        In the order of `score_names`.
    """
    return _Scorer(outcome).observed()


class _Scorer:
    """Computes the scores of an outcome under any weights of its rows.

    Parameters
    ----------
    outcome : Outcome
    """

    def __init__(self, outcome: Outcome):
        self.outcome = outcome
        self.sums = outcome.sums_of_rows()
        self.rankings = outcome.rankings()

    def observed(self) -> np.ndarray:
        """Return the scores of the rows themselves: (n_scores,)."""
        return self.of_weights(np.ones((1, len(self.sums))))[0]

    def of_weights(self, weights: np.ndarray) -> np.ndarray:
        """Return the scores of rows weighted in several ways.

        Parameters
        ----------
        weights : ndarray of float of shape (n_weightings, n_rows)

        Returns
        -------
        ndarray of float of shape (n_weightings, n_scores)
        """
        aucs = [ranking.auc(weights) for ranking in self.rankings]
        return self.outcome.scores(weights @ self.sums, aucs)  # (n_weightings, n_scores)

    def without_each_row(self) -> np.ndarray:
        """Return the jackknife's scores, without each row in turn: (n_rows, n_scores)."""
        aucs = [ranking.auc_without_each_row(len(self.sums)) for ranking in self.rankings]
        # Subtracting a row from the total avoids weights of shape (n_rows, n_rows).
        return self.outcome.scores(self.sums.sum(axis=0) - self.sums, aucs)  # (n_rows, n_scores)


def _terms(
    y_true: np.ndarray, y_pred: np.ndarray, y_proba: np.ndarray | None, n_classes: int
) -> np.ndarray:
    """Return the terms of each prediction.

    Parameters
    ----------
    y_true, y_pred : ndarray of int of shape (n_predictions,)
    y_proba : ndarray of float of shape (n_predictions, n_classes) or None
    n_classes : int

    Returns
    -------
    ndarray of float of shape (n_predictions, 3 * n_classes + 2 + N_BINS)
        Whether the class is predicted rightly, true, and predicted, for each class; log loss; Brier
        score; and the gap of accuracy and confidence, by bin of confidence.
    """
    codes = np.arange(n_classes)
    true = y_true[:, np.newaxis] == codes  # (n_predictions, n_classes)
    predicted = y_pred[:, np.newaxis] == codes  # no class where it abstains, which is -1
    counts = np.hstack([true & predicted, true, predicted])  # (n_predictions, 3 * n_classes)
    if y_proba is None:
        return np.hstack([counts, np.full((len(y_true), 2 + N_BINS), np.nan)])
    epsilon = np.finfo(y_proba.dtype).eps  # as sklearn.metrics.log_loss clips
    of_true = np.clip(np.sum(y_proba * true, axis=1), epsilon, 1 - epsilon)
    brier = np.sum((y_proba - true) ** 2, axis=1)
    return np.column_stack([counts, -np.log(of_true), brier, _gaps(y_true, y_proba)])


def _gaps(y_true: np.ndarray, y_proba: np.ndarray) -> np.ndarray:
    """Return 1 or 0 for a right or wrong label, minus its confidence, in the column of its bin.

    The absolute sums of columns, over the number of rows, are the expected calibration error.
    Returns an ndarray of float of shape (n_predictions, N_BINS).
    """
    confidence = y_proba.max(axis=1)
    right = y_proba.argmax(axis=1) == y_true
    gaps = np.zeros((len(y_true), N_BINS))
    gaps[np.arange(len(y_true)), confidence_bins(confidence)] = right - confidence
    return gaps


def confidence_bins(confidence: np.ndarray, n_bins: int = N_BINS) -> np.ndarray:
    """Return the bin of each confidence, the same as in `sklearn.calibration.calibration_curve`.

    Parameters
    ----------
    confidence : ndarray of float of shape (n_rows,)
        From 0 to 1.
    n_bins : int

    Returns
    -------
    ndarray of int of shape (n_rows,)

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk.evaluation._quality import confidence_bins
    >>> confidence_bins(np.array([0.0, 0.5, 0.51, 1.0]), n_bins=2)
    array([0, 0, 1, 1])
    """
    return np.searchsorted(np.linspace(0, 1, n_bins + 1)[1:-1], confidence)


def _scores_of_sums(sums: np.ndarray, roc_auc: np.ndarray, n_classes: int) -> np.ndarray:
    """Return all scores, equal to those of scikit-learn.

    Parameters
    ----------
    sums : ndarray of float of shape (n, n_sums)
        Sums over rows of the columns of `_terms`.
    roc_auc : ndarray of float of shape (n,)
    n_classes : int

    Returns
    -------
    ndarray of float of shape (n, n_scores)
        In the order of `score_names`.
    """
    counts, losses = sums[..., : 3 * n_classes], sums[..., 3 * n_classes :]
    found = class_counts(counts, n_classes)
    n_rows = found.true.sum(axis=-1)
    precision, recall, f1 = found.scores()

    overall = [
        ratio(found.right.sum(axis=-1), n_rows, nothing=np.nan),
        ratio(recall.sum(axis=-1), np.sum(found.true > 0, axis=-1), nothing=np.nan),
        *(found.macro(score) for score in (precision, recall, f1)),
        ratio(losses[..., 0], n_rows, nothing=np.nan),
        ratio(losses[..., 1], n_rows, nothing=np.nan),
        ratio(np.abs(losses[..., 2:]).sum(axis=-1), n_rows, nothing=np.nan),
        roc_auc,
    ]
    return np.concatenate([np.stack(overall, axis=-1), *found.where_they_occur()], axis=-1)


class ClassCounts(NamedTuple):
    """How many rows of each class are right, true and predicted.

    Attributes
    ----------
    right, true, predicted : ndarray of float of shape (n, n_classes)
    """

    right: np.ndarray
    true: np.ndarray
    predicted: np.ndarray

    def scores(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return precision, recall and F1 of each class, each of shape (n, n_classes)."""
        return (
            ratio(self.right, self.predicted),
            ratio(self.right, self.true),
            ratio(2 * self.right, self.true + self.predicted),
        )

    def macro(self, score: np.ndarray) -> np.ndarray:
        """Return the mean of a score over the classes that are true or predicted: (n,)."""
        occurs = self.true + self.predicted > 0
        return ratio(np.sum(score * occurs, axis=-1), occurs.sum(axis=-1))

    def where_they_occur(self) -> list[np.ndarray]:
        """Return the three scores, NaN for classes that are neither true nor predicted."""
        occurs = self.true + self.predicted > 0
        return [np.where(occurs, score, np.nan) for score in self.scores()]


def class_counts(counts: np.ndarray, n_classes: int) -> ClassCounts:
    """Return the counts that lie next to each other in an array of (n, 3 * n_classes)."""
    by_kind = counts.reshape(*counts.shape[:-1], 3, n_classes)
    return ClassCounts(*np.moveaxis(by_kind, -2, 0))


def _rankings(outcome: Outcome) -> list[Ranking]:
    """Return the ranking of each class against the rest."""
    assert outcome.y_proba is not None
    return [
        rank(outcome.y_true == code, outcome.y_proba[:, code], outcome.rows)
        for code in range(outcome.n_classes)
    ]


def _mean_of_known(values: np.ndarray) -> np.ndarray:
    """Return the mean over the first axis without NaN; NaN where all are, without a warning."""
    known = ~np.isnan(values)
    return ratio(np.where(known, values, 0).sum(axis=0), known.sum(axis=0), nothing=np.nan)
