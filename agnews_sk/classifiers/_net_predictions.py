"""What a torch classifier predicts from the logits of its net."""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from scipy.special import expit, log_expit, log_softmax, softmax

from agnews_sk._core.label_sets import in_format


class NetPredictions(ABC):
    """Labels and probabilities from logits: of one label per row, or of several.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    label_format_ : str or None
        Format of the sets of labels that `fit` got; None for one label per row.
    thresholds_ : ndarray of float of shape (n_classes,) or None
    """

    classes_: np.ndarray
    label_format_: str | None
    thresholds_: np.ndarray | None

    @abstractmethod
    def _logits(self, X: Any) -> np.ndarray:
        """Return the logits of texts or ids, of shape (n_samples, n_classes), in float32."""

    @property
    def _several_labels(self) -> bool:
        """Whether rows have several labels; models saved by earlier versions have one."""
        return getattr(self, "label_format_", None) is not None

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each class.

        Parameters
        ----------
        X : array-like of str, or polars.Series of list of int, of shape (n_samples,)
            Of the kind seen in `fit`.

        Returns
        -------
        ndarray of float64 of shape (n_samples, n_classes)
            Columns in the order of `classes_`; independent of the order and the grouping of X.
            Rows sum to 1, unless they have several labels.
        """
        logits = self._logits(X).astype(np.float64)
        return expit(logits) if self._several_labels else softmax(logits, axis=1)

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Return the logarithm of the probability of each class.

        Parameters
        ----------
        X : array-like of str, or polars.Series of list of int, of shape (n_samples,)

        Returns
        -------
        ndarray of float64 of shape (n_samples, n_classes)
            Finite even where `predict_proba` rounds to zero.
        """
        logits = self._logits(X).astype(np.float64)
        return log_expit(logits) if self._several_labels else log_softmax(logits, axis=1)

    def decision_function(self, X: Any) -> np.ndarray:
        """Return the logit of each class.

        Parameters
        ----------
        X : array-like of str, or polars.Series of list of int, of shape (n_samples,)

        Returns
        -------
        ndarray of float32 of shape (n_samples, n_classes), or (n_samples,) for two classes
            Of two classes, how far the second one's logit is above the first one's. Several labels
            per row have a column each.
        """
        logits = self._logits(X)
        if len(self.classes_) == 2 and not self._several_labels:
            return logits[:, 1] - logits[:, 0]
        return logits

    def predict(self, X: Any) -> Any:
        """Return the most probable label of each text, or the labels that reach their thresholds.

        Parameters
        ----------
        X : array-like of str, or polars.Series of list of int, of shape (n_samples,)

        Returns
        -------
        ndarray of shape (n_samples,), or label sets in the format of those in `fit`
        """
        if self._several_labels:
            assert self.label_format_ is not None
            reached = self.predict_proba(X) >= self.thresholds_
            return in_format(reached, self.classes_, self.label_format_)
        best = self._logits(X).argmax(axis=1)
        return self.classes_[best]
