"""A correct classifier of several labels per row, and faulty ones."""

import numpy as np
import polars as pl
from scipy.special import expit
from sklearn.utils.validation import check_is_fitted

from agnews_sk._core.label_sets import check_label_sets, in_format, is_multilabel
from tests.testing.estimators import WordBayes, WordCounter


class SetBayes(WordBayes):
    """Naive Bayes that takes several labels per row too: each label against its absence."""

    def fit(self, X, y, sample_weight=None):
        self.format_ = None
        if not is_multilabel(y):
            return super().fit(X, y, sample_weight)
        self._validate_params()
        sets = self._check_sets(X, y)
        self.counter_ = WordCounter(lowercase=self.lowercase).fit(X)
        self.classes_, self.format_ = sets.classes, sets.format
        words = self.counter_.transform(X)
        self.word_log_, self.class_log_ = self._log_odds(words, sets.indicator)
        return self

    def _check_sets(self, X, y):
        return check_label_sets(y, X)

    def _log_odds(self, words, indicator):
        odds = []
        for has_label in (indicator, ~indicator):
            counts = has_label.T.astype(float) @ words + self.alpha
            share = (has_label.sum(axis=0) + 1e-9) / len(has_label)
            odds.append((np.log(counts / counts.sum(axis=1, keepdims=True)), np.log(share)))
        (words_with, with_label), (words_without, without) = odds
        return words_with - words_without, with_label - without

    def decision_function(self, X):
        check_is_fitted(self)
        return super().decision_function(X) if self.format_ is None else self._log_joint(X)

    def predict_log_proba(self, X):
        if getattr(self, "format_", None) is None:
            return super().predict_log_proba(X)
        return np.log(expit(self._log_joint(X)))

    def predict(self, X):
        check_is_fitted(self)
        return super().predict(X) if self.format_ is None else self._sets(self._log_joint(X) > 0)

    def _sets(self, indicator):
        return in_format(indicator, self.classes_, self.format_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


class GivesPositions(SetBayes):
    def _sets(self, indicator):
        rows = [np.flatnonzero(row).tolist() for row in indicator]
        return rows if self.format_ == "lists" else super()._sets(indicator)


class TakesNoColumnsOfLists(SetBayes):
    def _check_sets(self, X, y):
        if isinstance(y, pl.Series):
            raise TypeError("y must be a list")
        return super()._check_sets(X, y)


class GivesArraysForSparse(SetBayes):
    def _sets(self, indicator):
        return in_format(indicator, self.classes_, self.format_.replace("sparse", "array"))


class ProbabilitiesOfOneLabel(SetBayes):
    def predict_proba(self, X):
        found = super().predict_proba(X)
        return found[:, ::-1] if self.format_ == "lists" else found


class FailsOnUnknownLabels(SetBayes):
    def _log_odds(self, words, indicator):
        if not indicator.any(axis=0).all():
            raise ValueError("a label has no row")
        return super()._log_odds(words, indicator)


class RemembersItsSets(SetBayes):
    def fit(self, X, y, sample_weight=None):
        before = getattr(self, "format_", None)
        super().fit(X, y, sample_weight)
        if self.format_ is None and before is not None:
            self.class_log_ = self.class_log_ + 1.0 * np.arange(len(self.classes_))
        return self


class TakesMissingSetsAsEmpty(SetBayes):
    def _check_sets(self, X, y):
        rows = [row if isinstance(row, (list, tuple, set)) else [] for row in y]
        is_list = isinstance(y, list) and not all(isinstance(row, (list, tuple, set)) for row in y)
        return super()._check_sets(X, rows if is_list else y)


FAULTY_SETS = {
    GivesPositions: "check_label_sets",
    TakesNoColumnsOfLists: "check_label_set_containers",
    GivesArraysForSparse: "check_label_indicators",
    ProbabilitiesOfOneLabel: "check_label_set_probabilities",
    FailsOnUnknownLabels: "check_label_that_no_row_has",
    RemembersItsSets: "check_refit_with_one_label",
    TakesMissingSetsAsEmpty: "check_missing_label_set",
}
