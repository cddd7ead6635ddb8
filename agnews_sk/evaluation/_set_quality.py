"""Scores of predicted label sets, several labels per row; see `_quality`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.stats import rankdata

from agnews_sk.evaluation._bootstrap import ScoreInterval
from agnews_sk.evaluation._exact import share_interval
from agnews_sk.evaluation._quality import Outcome, class_counts
from agnews_sk.evaluation._ranking import Ranking, ratio


@dataclass(frozen=True, eq=False, kw_only=True)
class SetOutcome(Outcome):
    """The predictions of one classifier as indicators of labels.

    Attributes
    ----------
    y_true, y_pred : ndarray of bool of shape (n_predictions, n_classes)
        Which row has which label, and is predicted to have it.
    y_proba : ndarray of float of shape (n_predictions, n_classes) or None
        Probability of each label.
    n_classes, rows
        As in `Outcome`.
    """

    multilabel: ClassVar[bool] = True

    def right(self) -> np.ndarray:
        """Return for which predictions the whole set is right: (n_predictions,)."""
        return (self.y_pred == self.y_true).all(axis=1)

    def counts(self) -> np.ndarray:
        """Return how many rows of each label are right, true and predicted: (3, n_classes)."""
        counted = [self.y_true & self.y_pred, self.y_true, self.y_pred]
        return np.stack([kind.sum(axis=0) for kind in counted]) * self._share_of_prediction()

    def exact_intervals(
        self, classes: Sequence[Any], confidence_level: float
    ) -> dict[str, ScoreInterval]:
        """Return the exact intervals of the scores that have one, by name."""
        found = super().exact_intervals(classes, confidence_level)
        n_right = self.right().sum() * self._share_of_prediction()
        low, high = share_interval(n_right, self.n_rows, confidence_level)
        found["accuracy"] = ScoreInterval(float(low), float(high), "exact")
        return found

    def rankings(self) -> list[Ranking]:
        """Return nothing: all scores are functions of sums over rows."""
        return []

    def terms(self) -> np.ndarray:
        """Return the terms of each prediction in the sums.

        Returns
        -------
        ndarray of float of shape (n_predictions, 3 * n_classes + 7)
            Whether the label is predicted rightly, true, and predicted, for each label; 1; whether
            the set is right; F1 of the set; share of wrong labels; and, NaN without probabilities,
            average precision of the ranking, log loss and Brier score.
        """
        true, predicted = self.y_true, self.y_pred
        both, wrong = true & predicted, true != predicted
        n_labels = true.sum(axis=1) + predicted.sum(axis=1)
        # Nothing predicted where there is nothing to predict is right.
        f1 = np.where(n_labels == 0, 1.0, ratio(2 * both.sum(axis=1), n_labels))
        of_set = [np.ones(len(true)), self.right(), f1, wrong.mean(axis=1)]
        losses = _losses(true, self.y_proba)
        return np.hstack([both, true, predicted, np.column_stack([*of_set, losses])])

    def scores(self, sums: np.ndarray, aucs: list[np.ndarray]) -> np.ndarray:
        """Return the scores of sums of shape (n, n_sums), in the order of `score_names`."""
        counts, rest = np.split(sums, [3 * self.n_classes], axis=-1)
        found = class_counts(counts, self.n_classes)
        pooled = class_counts(
            np.stack([kind.sum(axis=-1) for kind in found], axis=-1), 1
        ).scores()  # of all labels as one
        means = np.moveaxis(ratio(rest, rest[..., :1], nothing=np.nan), -1, 0)
        _, right, f1, wrong, precision, log_loss, brier = means
        overall = [
            right,
            *(found.macro(score) for score in found.scores()),
            *(score[..., 0] for score in pooled),
            f1,
            wrong,
            precision,
            log_loss,
            brier,
        ]
        return np.concatenate([np.stack(overall, axis=-1), *found.where_they_occur()], axis=-1)

    def _share_of_prediction(self) -> float:
        """Return the weight of a prediction, of which those of one row add up to 1."""
        return len(np.unique(self.rows)) / len(self.rows)


def _losses(true: np.ndarray, y_proba: np.ndarray | None) -> np.ndarray:
    """Return ranking average precision, log loss and Brier score of each row: (n_rows, 3).

    Losses are means over labels. The ranking average precision is that of scikit-learn's
    `label_ranking_average_precision_score`: 1 for rows with no or all labels.
    """
    if y_proba is None:
        return np.full((len(true), 3), np.nan)
    rank = rankdata(-y_proba, method="max", axis=1)
    among_true = rankdata(np.where(true, -y_proba, np.inf), method="max", axis=1)
    n_true = true.sum(axis=1)
    precision = ratio(np.where(true, among_true / rank, 0).sum(axis=1), n_true)
    precision[(n_true == 0) | (n_true == true.shape[1])] = 1
    epsilon = np.finfo(y_proba.dtype).eps
    of_truth = np.clip(np.where(true, y_proba, 1 - y_proba), epsilon, 1)
    brier = np.mean((y_proba - true) ** 2, axis=1)
    return np.column_stack([precision, -np.log(of_truth).mean(axis=1), brier])
