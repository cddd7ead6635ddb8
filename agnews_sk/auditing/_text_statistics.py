"""Three numbers per text that change when texts no longer look like those of the training."""

import math
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

# In the order of the columns of `bins`.
STATISTICS = ("unknown_words", "confidence", "rare_ngrams")
N_BINS = 256
_WORD = re.compile(r"\w+")
_LOG2_WORDS, _LOG2_NGRAMS = 17, 14
_N = 3  # characters of an n-gram
_MULTIPLIERS = np.array([0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D], dtype=np.uint32)
# Costs of n-grams are stored in eighths of a bit, means of them in sixteenths.
_COST_STEP, _MEAN_STEP = 1 / 8, 1 / 16
# The range of the log-odds of confidences.
_LOG_ODDS = (-4.0, 12.0)


@dataclass(frozen=True, eq=False)
class KnownTexts:
    """What texts consist of, as hashes: their words, and how rare each n-gram of characters is.

    Parameters
    ----------
    words : ndarray of bool of shape (131_072,)
        Whether any known word has this hash.
    costs : ndarray of uint8 of shape (16_384,)
        Bits of information of the trigrams of each hash, times 8.
    """

    words: np.ndarray
    costs: np.ndarray

    @classmethod
    def of(cls, texts: Iterable[str]) -> "KnownTexts":
        """Return the words and trigrams of these texts; case matters for trigrams only."""
        words = np.zeros(1 << _LOG2_WORDS, dtype=bool)
        counts = np.zeros(1 << _LOG2_NGRAMS)
        for text in texts:
            words[_word_hashes(text)] = True
            counts += np.bincount(_ngram_hashes(text), minlength=len(counts))
        shares = (counts + 0.5) / (counts.sum() + 0.5 * len(counts))
        costs = np.rint(-np.log2(shares) / _COST_STEP).clip(0, 255).astype(np.uint8)
        return cls(words, costs)

    def bins(self, texts: Sequence[str], confidences: np.ndarray) -> np.ndarray:
        """Return the statistics of texts as whole numbers below 256.

        Parameters
        ----------
        texts : sequence of str of shape (n_texts,)
        confidences : ndarray of shape (n_texts,)
            As `confidences_of` returns them.

        Returns
        -------
        ndarray of int of shape (n_texts, 3)
            Unknown words among the words of a text, the log-odds of its confidence, and the mean
            information of its trigrams. A text without words or trigrams has none that is unknown.
        """
        found = np.zeros((len(texts), len(STATISTICS)), dtype=np.int64)
        for i, text in enumerate(texts):
            words, ngrams = _word_hashes(text), _ngram_hashes(text)
            if words:
                found[i, 0] = (N_BINS - 1) * (1 - self.words[words].mean())
            if len(ngrams):
                mean = self.costs[ngrams].mean() * _COST_STEP
                found[i, 2] = min(mean / _MEAN_STEP, N_BINS - 1)
        lowest, highest = _LOG_ODDS
        share = (_log_odds(confidences) - lowest) / (highest - lowest)
        found[:, 1] = np.clip(share * (N_BINS - 1), 0, N_BINS - 1)
        return found


def values_of(bins: np.ndarray) -> np.ndarray:
    """Return what bins stand for: a share of words, a probability, and bits per trigram.

    Parameters
    ----------
    bins : ndarray of int of shape (n_texts, 3)

    Returns
    -------
    ndarray of float of shape (n_texts, 3)
    """
    lowest, highest = _LOG_ODDS
    odds = lowest + bins[:, 1] / (N_BINS - 1) * (highest - lowest)
    return np.column_stack(
        [bins[:, 0] / (N_BINS - 1), 1 / (1 + np.exp(-odds)), bins[:, 2] * _MEAN_STEP]
    )


def confidences_of(model: Any, probabilities: np.ndarray, thresholds: Any = None) -> np.ndarray:
    """Return the probability of the prediction for each text.

    Parameters
    ----------
    model : object
        For messages.
    probabilities : ndarray of shape (n_texts, n_classes)
    thresholds : ndarray of shape (n_classes,) or None
        Of a model that predicts several labels per text; the confidence is then the mean
        probability of what is predicted for each label.

    Returns
    -------
    ndarray of shape (n_texts,)

    Raises
    ------
    ValueError
        If a probability is not a number.
    """
    probabilities = np.asarray(probabilities, dtype=np.float64)
    if not np.isfinite(probabilities).all():
        raise ValueError(f"{type(model).__name__} predicts probabilities that are not finite.")
    if thresholds is None:
        return probabilities.max(axis=1)
    return np.where(probabilities >= thresholds, probabilities, 1 - probabilities).mean(axis=1)


def _word_hashes(text: str) -> list[int]:
    """Return a hash for each word of a text."""
    mask = (1 << _LOG2_WORDS) - 1
    words = _WORD.findall(text.lower())
    return [zlib.crc32(word.encode("utf-8", "surrogatepass")) & mask for word in words]


def _ngram_hashes(text: str) -> np.ndarray:
    """Return a hash for each trigram of a text, ndarray of uint32; wrapping is intended."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    if len(codes) < _N:
        return np.empty(0, dtype=np.uint32)
    n_grams = len(codes) - _N + 1
    mixed = np.zeros(n_grams, dtype=np.uint32)
    for i in range(_N):
        mixed = (mixed ^ codes[i : i + n_grams]) * _MULTIPLIERS[i]
        mixed ^= mixed >> np.uint32(15)
    return mixed >> np.uint32(32 - _LOG2_NGRAMS)


def _log_odds(confidences: np.ndarray) -> np.ndarray:
    """Return log(p / (1 - p)), with p kept away from 0 and 1."""
    nearest = math.exp(-_LOG_ODDS[1] - 1)
    kept = np.clip(confidences, nearest, 1 - nearest)
    return np.log(kept / (1 - kept))
