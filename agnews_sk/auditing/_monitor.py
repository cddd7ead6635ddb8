"""Watch a stream of texts, with a bound on false alarms over the whole stream."""

from typing import Any

import numpy as np

from agnews_sk._core.validation import check_texts
from agnews_sk.auditing._reference import TextReference
from agnews_sk.auditing._text_statistics import STATISTICS, confidences_of

# Bets on p-values, as slopes: that they are small, uniform or large.
_SLOPES = np.array([-1.8, -0.9, 0.0, 0.9, 1.8])
# The share of the capital that changes to another bet after each text.
_SWITCHED = 0.01
# Texts whose ranks are computed together, which affects speed only.
_BLOCK = 64


class DriftMonitor:
    """Watch the texts that a model predicts, and tell when they differ from its reference.

    Parameters
    ----------
    reference : TextReference
    max_false_alarms : float, default=0.05
        Upper bound of the probability that a stream of any length raises an alarm, although its
        texts and those of the reference come in random order from the same source.
    random_state : int, default=0
        Random seed of how ties are broken.

    Attributes
    ----------
    n_texts : int
        Number of texts so far.
    evidence : float
        Evidence against the same source: 1 is none, and the probability that it ever reaches `E`
        without a change is at most `1 / E`.
    alarm_at : int or None
        Number of texts after which the evidence first reached `1 / max_false_alarms`.

    Raises
    ------
    ValueError
        If `max_false_alarms` is not between 0 and 1.

    Notes
    -----
    A conformal test martingale (Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World,
    2nd ed., 2022, chapter 8) for each of the three statistics of a text: its share of unknown
    words, the confidence of its prediction, and the mean information of its trigrams. The p-value
    of a text is its rank among the reference and all earlier texts of the stream, with ties broken
    at random; such p-values are independent and uniform if the order is random. The martingale
    multiplies its capital by ``1 + slope * (p - 1 / 2)``, for a mixture of slopes between which it
    switches (the simple jumper). By Ville's inequality its capital ever reaches `C` with a
    probability of at most `1 / C`; `evidence` is the largest of the three capitals divided by
    three.

    Each text changes what later ones are compared with, so that evidence of a permanent change
    grows for a while only; `alarm_at` stays.

    Examples
    --------
    >>> from agnews_sk import make_tfidf_pipeline
    >>> from agnews_sk.auditing import DriftMonitor, TextReference
    >>> from agnews_sk.datasets import make_news
    >>> X, y = make_news(400, random_state=0, return_X_y=True)
    >>> model = make_tfidf_pipeline().fit(X[:200], y[:200])
    >>> monitor = DriftMonitor(TextReference.of(model, X[200:], X[:200]))
    >>> texts = ["#lol omg @user gr8 m8 !!"] * 40
    >>> monitor.update(texts, model.predict_proba(texts))
    True
    """

    def __init__(
        self, reference: TextReference, *, max_false_alarms: float = 0.05, random_state: int = 0
    ) -> None:
        if not 0 < max_false_alarms < 1:
            raise ValueError(f"max_false_alarms must be between 0 and 1, got {max_false_alarms!r}.")
        self.n_texts = 0
        self.alarm_at: int | None = None
        self._known = reference.known
        self._least_alarming = np.log(len(STATISTICS) / max_false_alarms)
        self._counts = reference.counts.copy()
        self._rng = np.random.default_rng(random_state)
        self._log_capital = np.zeros(len(STATISTICS))
        self._bets = np.full((len(STATISTICS), len(_SLOPES)), 1 / len(_SLOPES))

    @property
    def evidence(self) -> float:
        """Evidence that the texts differ from the reference."""
        return max(self.evidence_by_statistic.values())

    @property
    def evidence_by_statistic(self) -> dict[str, float]:
        """Evidence by each statistic."""
        kept = np.minimum(self._log_capital, 690.0)  # below the largest float
        return dict(zip(STATISTICS, (np.exp(kept) / len(STATISTICS)).tolist()))

    def update(
        self, texts: Any, probabilities: np.ndarray, thresholds: np.ndarray | None = None
    ) -> bool:
        """Add texts in the order of their arrival.

        Parameters
        ----------
        texts : array-like of str of shape (n_texts,)
            One per row, joined as the model joins its columns. Missing texts are empty.
        probabilities : ndarray of shape (n_texts, n_classes)
            The predictions for them.
        thresholds : ndarray of shape (n_classes,), optional
            Of a model that predicts several labels per text.

        Returns
        -------
        bool
            Whether there has been an alarm, now or earlier.

        Raises
        ------
        TypeError, ValueError
            If these are no texts, or not one row of finite probabilities for each.
        """
        if not len(texts):
            return self.alarm_at is not None
        checked = check_texts(texts, name="texts").fill_null("").to_list()
        confidences = confidences_of(self, probabilities, thresholds)
        if len(checked) != len(confidences):
            raise ValueError(
                f"probabilities must have one row per text, got {len(confidences)} for "
                f"{len(checked)} texts."
            )
        return self.update_bins(self._known.bins(checked, confidences))

    def update_bins(self, bins: np.ndarray) -> bool:
        """Add texts by their statistics, as `KnownTexts.bins` returns them.

        Parameters
        ----------
        bins : ndarray of int of shape (n_texts, 3)

        Returns
        -------
        bool
            Whether there has been an alarm, now or earlier.
        """
        for start in range(0, len(bins), _BLOCK):
            for p_values in self._p_values(bins[start : start + _BLOCK]):
                self._bet(p_values)
                self.n_texts += 1
                if self.alarm_at is None and self._log_capital.max() >= self._least_alarming:
                    self.alarm_at = self.n_texts
        return self.alarm_at is not None

    def _p_values(self, bins: np.ndarray) -> np.ndarray:
        """Count texts, and return the rank of each among the reference and all texts before it.

        Parameters
        ----------
        bins : ndarray of int of shape (n_texts, 3)

        Returns
        -------
        ndarray of float of shape (n_texts, 3)
            Between 0 and 1, small for large values.
        """
        each = np.arange(len(STATISTICS))
        n_texts = len(bins)
        ties = self._rng.random(bins.shape)
        until = np.tri(n_texts, dtype=bool)[:, :, None]  # (text, itself or an earlier one, 1)
        others = bins[None, :, :]
        larger = (until & (others > bins[:, None, :])).sum(axis=1)  # (n_texts, 3)
        equal = (until & (others == bins[:, None, :])).sum(axis=1)
        n_before = self._counts[0].sum()
        at_least = self._counts[:, ::-1].cumsum(axis=1)[:, ::-1]  # (3, n_bins)
        larger += (at_least - self._counts)[each, bins]
        equal += self._counts[each, bins]
        np.add.at(self._counts, (each, bins), 1)
        ranked = n_before + np.arange(1, n_texts + 1)
        return (larger + ties * equal) / ranked[:, None]

    def _bet(self, p_values: np.ndarray) -> None:
        """Multiply the capital of each statistic by what its bets return."""
        bets = (1 - _SWITCHED) * self._bets + _SWITCHED / len(_SLOPES)
        bets *= 1 + _SLOPES * (p_values[:, None] - 0.5)  # (statistic, slope)
        returned = bets.sum(axis=1)
        self._log_capital += np.log(returned)
        self._bets = bets / returned[:, None]
