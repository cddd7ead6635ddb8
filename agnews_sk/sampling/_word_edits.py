"""EDA's four edits on many texts at once: delete, swap, insert, replace words.

Texts are ragged: `words` holds an int for each word, text after text, and `offsets` where each
text begins. Each edit takes how many words to edit per text and returns the edited ragged texts.
"""

from typing import NamedTuple

import numpy as np


class Ragged(NamedTuple):
    """Texts as ints: `words` of shape (n_words,), `offsets` of shape (n_texts + 1,)."""

    words: np.ndarray
    offsets: np.ndarray

    @property
    def lengths(self) -> np.ndarray:
        """Number of words of each text."""
        return np.diff(self.offsets)

    @property
    def rows(self) -> np.ndarray:
        """Text that each word belongs to."""
        return np.repeat(np.arange(len(self.lengths)), self.lengths)

    def take(self, texts: np.ndarray) -> "Ragged":
        """Return these texts, in this order."""
        lengths = self.lengths[texts]
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        shift = np.repeat(self.offsets[texts] - offsets[:-1], lengths)
        return Ragged(self.words[np.arange(offsets[-1]) + shift], offsets)


class Substitutes(NamedTuple):
    """Ints that may stand for a word: those of word w are `range(starts[w], ends[w])`."""

    starts: np.ndarray
    ends: np.ndarray

    def exist(self, words: np.ndarray) -> np.ndarray:
        """Tell which words have a substitute."""
        return self.ends[words] > self.starts[words]

    def draw(self, words: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return a substitute for each word; each must have one."""
        return rng.integers(self.starts[words], self.ends[words])


def delete(texts: Ragged, counts: np.ndarray, rng: np.random.Generator) -> Ragged:
    """Delete random words, but never the last one of a text."""
    gone = _choose(texts, np.minimum(counts, texts.lengths - 1), rng)
    return _from_rows(texts.words[~gone], texts.rows[~gone], len(texts.lengths))


def swap(texts: Ragged, counts: np.ndarray, rng: np.random.Generator) -> Ragged:
    """Swap two random words, as often as asked; a text of one word stays."""
    words = texts.words.copy()
    counts = np.where(texts.lengths > 1, counts, 0)
    for done in range(counts.max(initial=0)):
        active = np.flatnonzero(counts > done)
        length, start = texts.lengths[active], texts.offsets[active]
        left = rng.integers(length)
        right = (left + rng.integers(1, length)) % length
        left, right = start + left, start + right
        words[left], words[right] = words[right], words[left]
    return Ragged(words, texts.offsets)


def insert(
    texts: Ragged, counts: np.ndarray, rng: np.random.Generator, substitutes: Substitutes
) -> Ragged:
    """Insert, at random places, substitutes of random words of the text.

    A text none of whose words has a substitute gets random words of its own.
    """
    source = _insertable(texts, substitutes)
    counts = np.where(source.lengths > 0, counts, 0)
    rows = np.repeat(np.arange(len(counts)), counts)
    words = source.words[source.offsets[rows] + rng.integers(source.lengths[rows])]
    known = substitutes.exist(words)
    words[known] = substitutes.draw(words[known], rng)
    places = texts.offsets[rows] + rng.integers(texts.lengths[rows] + 1)
    order = np.argsort(places, kind="stable")
    return _from_rows(
        np.insert(texts.words, places[order], words[order]),
        np.insert(texts.rows, places[order], rows[order]),
        len(counts),
    )


def replace(
    texts: Ragged, counts: np.ndarray, rng: np.random.Generator, substitutes: Substitutes
) -> Ragged:
    """Replace random words that have substitutes by one of them."""
    known = np.flatnonzero(substitutes.exist(texts.words))
    candidates = _from_rows(known, texts.rows[known], len(texts.lengths))
    chosen = known[_choose(candidates, counts, rng)]
    words = texts.words.copy()
    words[chosen] = substitutes.draw(words[chosen], rng)
    return Ragged(words, texts.offsets)


def _choose(texts: Ragged, counts: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Mark this many words of each text, or all where it has fewer, drawn without replacement."""
    order = np.lexsort([rng.random(len(texts.words)), texts.rows])
    rank = np.arange(len(order)) - texts.offsets[texts.rows]
    chosen = np.zeros(len(order), dtype=bool)
    chosen[order] = rank < counts[texts.rows]
    return chosen


def _insertable(texts: Ragged, substitutes: Substitutes) -> Ragged:
    """Return the words that have substitutes, or all words of a text that has none such."""
    known = substitutes.exist(texts.words)
    n_known = np.bincount(texts.rows[known], minlength=len(texts.lengths))
    usable = known | (n_known == 0)[texts.rows]
    return _from_rows(texts.words[usable], texts.rows[usable], len(texts.lengths))


def _from_rows(words: np.ndarray, rows: np.ndarray, n_texts: int) -> Ragged:
    lengths = np.bincount(rows, minlength=n_texts)
    return Ragged(words, np.concatenate([[0], np.cumsum(lengths)]))
