"""Three numbers per text that change when texts no longer look like those of the training."""

import math
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
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
# Texts that are hashed together, which affects speed and memory only.
_BLOCK = 64
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

    words: np.ndarray = field(repr=False)
    costs: np.ndarray = field(repr=False)

    @classmethod
    def of(cls, texts: Iterable[str]) -> "KnownTexts":
        """Return the words and trigrams of these texts; case matters for trigrams only."""
        words = np.zeros(1 << _LOG2_WORDS, dtype=bool)
        counts = np.zeros(1 << _LOG2_NGRAMS)
        for text in texts:
            words[_word_hashes(text)] = True
            counts += np.bincount(_ngram_hashes([text])[0], minlength=len(counts))
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
        for start in range(0, len(texts), _BLOCK):
            block = texts[start : start + _BLOCK]
            rows = found[start : start + _BLOCK]
            known, n_words = self._known_words(block)
            rows[:, 0] = np.where(n_words > 0, (N_BINS - 1) * (1 - known), 0)
            rows[:, 2] = np.minimum(self._mean_costs(block) / _MEAN_STEP, N_BINS - 1)
        lowest, highest = _LOG_ODDS
        share = (_log_odds(confidences) - lowest) / (highest - lowest)
        found[:, 1] = np.clip(share * (N_BINS - 1), 0, N_BINS - 1)
        return found

    def _known_words(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Return the share of known words of each text, and how many words it has."""
        hashes = [_word_hashes(text) for text in texts]
        n_words = np.array([len(one) for one in hashes])
        every = np.fromiter(chain.from_iterable(hashes), dtype=np.int64, count=n_words.sum())
        return _means(self.words[every], n_words), n_words

    def _mean_costs(self, texts: Sequence[str]) -> np.ndarray:
        """Return the mean information of the trigrams of each text in bits, 0 without any."""
        hashes, n_ngrams = _ngram_hashes(texts)
        return _means(self.costs[hashes], n_ngrams) * _COST_STEP


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
        If a probability is not a number, or there is not one row of them per text.
    """
    probabilities = np.asarray(probabilities, dtype=np.float64)
    if probabilities.ndim != 2:
        raise ValueError(
            f"probabilities must be of shape (n_texts, n_classes), got shape {probabilities.shape}."
        )
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


def _ngram_hashes(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return hashes of the trigrams of texts; wrapping is intended.

    Parameters
    ----------
    texts : sequence of str of shape (n_texts,)

    Returns
    -------
    hashes : ndarray of uint32 of shape (n_ngrams,)
        Those of the first text, then those of the second, and so on.
    sizes : ndarray of int of shape (n_texts,)
        Number of trigrams of each text.
    """
    lengths = np.array([len(text) for text in texts])
    codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), dtype="<u4")
    n_places = max(len(codes) - _N + 1, 0)
    mixed = np.zeros(n_places, dtype=np.uint32)
    for i in range(_N):
        mixed = (mixed ^ codes[i : i + n_places]) * _MULTIPLIERS[i]
        mixed ^= mixed >> np.uint32(15)
    ends = np.repeat(np.cumsum(lengths), lengths)[:n_places]
    is_within = np.arange(_N, n_places + _N) <= ends  # not across two texts
    return mixed[is_within] >> np.uint32(32 - _LOG2_NGRAMS), np.maximum(lengths - _N + 1, 0)


def _means(values: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Return the mean of each run of values, ndarray of shape (n_runs,), 0 of an empty one."""
    sums = np.bincount(
        np.repeat(np.arange(len(sizes)), sizes), weights=values, minlength=len(sizes)
    )
    return sums / np.maximum(sizes, 1)


def _log_odds(confidences: np.ndarray) -> np.ndarray:
    """Return log(p / (1 - p)), with p kept away from 0 and 1."""
    nearest = math.exp(-_LOG_ODDS[1] - 1)
    kept = np.clip(confidences, nearest, 1 - nearest)
    return np.log(kept / (1 - kept))
