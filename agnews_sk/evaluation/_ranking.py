"""Rankings by probability, for scores that depend on the order of rows."""

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True, eq=False)
class Ranking:
    """Predictions of one class against the rest, sorted by the probability of the class.

    The area under the ROC curve is the probability that a positive ranks above a negative, ties
    counted half (Mann and Whitney, 1947). Sorting once makes it a cumulative sum of weights for
    each resample, instead of a sort.

    Attributes
    ----------
    positives : ndarray of int of shape (n_positives,)
        Rows of the class.
    negatives : ndarray of int of shape (n_negatives,)
        Rows of the rest, by ascending probability.
    below, upto : ndarray of int of shape (n_positives,)
        Number of negatives with a lower, and with a lower or equal probability.
    placements : ndarray of float of shape (n_positives + n_negatives,)
        Number of pairs that each prediction, positives first, takes part in and that are ranked
        rightly.
    """

    positives: np.ndarray
    negatives: np.ndarray
    below: np.ndarray
    upto: np.ndarray
    placements: np.ndarray = field(repr=False)

    def auc(self, weights: np.ndarray) -> np.ndarray:
        """Return the area under the curve for weights of shape (n, n_rows): (n,)."""
        of_class = weights[:, self.positives]  # (n, n_positives)
        passed = np.zeros((len(weights), len(self.negatives) + 1))  # weight of the first negatives
        np.cumsum(weights[:, self.negatives], axis=1, out=passed[:, 1:])
        wins = np.sum(of_class * (passed[:, self.below] + passed[:, self.upto]) / 2, axis=1)
        return ratio(wins, of_class.sum(axis=1) * passed[:, -1], nothing=np.nan)

    def auc_without_each_row(self, n_rows: int) -> np.ndarray:
        """Return the area without each row: (n_rows,); all predictions of a row have one class."""
        rows = np.concatenate([self.positives, self.negatives])
        wins_of_row = np.bincount(rows, weights=self.placements, minlength=n_rows)
        n_positive = len(self.positives) - np.bincount(self.positives, minlength=n_rows)
        n_negative = len(self.negatives) - np.bincount(self.negatives, minlength=n_rows)
        wins = self.placements[: len(self.positives)].sum() - wins_of_row
        return ratio(wins, (n_positive * n_negative).astype(float), nothing=np.nan)


def rank(is_class: np.ndarray, probability: np.ndarray, rows: np.ndarray) -> Ranking:
    """Return the ranking of one class, all arguments of shape (n_predictions,)."""
    of_class, of_rest = probability[is_class], probability[~is_class]
    order = np.argsort(of_rest, kind="stable")
    of_rest = of_rest[order]
    below = np.searchsorted(of_rest, of_class, side="left")
    upto = np.searchsorted(of_rest, of_class, side="right")
    ranked = np.sort(of_class)
    lower = np.searchsorted(ranked, of_rest, side="left")  # positives below each negative
    not_higher = np.searchsorted(ranked, of_rest, side="right")
    wins_against = len(of_class) - (lower + not_higher) / 2  # (n_negatives,)
    return Ranking(
        rows[is_class],
        rows[~is_class][order],
        below,
        upto,
        np.concatenate([(below + upto) / 2, wins_against]),
    )


def ratio(numerator: np.ndarray, denominator: np.ndarray, *, nothing: float = 0.0) -> np.ndarray:
    """Divide, with `nothing` where the denominator is zero."""
    out = np.full(np.shape(numerator), nothing)
    return np.divide(numerator, denominator, out=out, where=denominator > 0)
