"""EDA's four edits on many texts at once: delete, swap, insert and replace words.

Texts are a ragged array: the integers of all words, one text after the other, and the offset of
each text. An edit takes the number of words to edit per text, and returns the edited ragged array.
Everything is vectorized over all texts, without a Python loop over them.
"""

from typing import NamedTuple

import numpy as np


class Ragged(NamedTuple):
    """Texts as a ragged array of integers.

    Attributes
    ----------
    words : ndarray of int of shape (n_words,)
        The words of all texts, one text after the other.
    offsets : ndarray of int of shape (n_texts + 1,)
        Text i has the words `words[offsets[i]:offsets[i + 1]]`.
    """

    words: np.ndarray
    offsets: np.ndarray

    @property
    def lengths(self) -> np.ndarray:
        """Return the number of words of each text, of shape (n_texts,)."""
        return np.diff(self.offsets)

    @property
    def rows(self) -> np.ndarray:
        """Return the position of the text that each word belongs to, of shape (n_words,)."""
        return np.repeat(np.arange(len(self.lengths)), self.lengths)

    def take(self, texts: np.ndarray) -> "Ragged":
        """Return the texts at these positions, in this order; a text may come more than once.

        Parameters
        ----------
        texts : ndarray of int of shape (n_taken,)

        Returns
        -------
        Ragged
            Of n_taken texts.
        """
        lengths = self.lengths[texts]
        offsets = np.concatenate([[0], np.cumsum(lengths)])  # (n_taken + 1,)
        # How far the words of each text move towards the start, per word taken.
        shift = np.repeat(self.offsets[texts] - offsets[:-1], lengths)  # (n_words_taken,)
        return Ragged(self.words[np.arange(offsets[-1]) + shift], offsets)


class Substitutes(NamedTuple):
    """The integers of the words that may replace a word.

    Attributes
    ----------
    starts, ends : ndarray of int of shape (n_words,)
        Word w may be replaced by any of `range(starts[w], ends[w])`.
    """

    starts: np.ndarray
    ends: np.ndarray

    def exist(self, words: np.ndarray) -> np.ndarray:
        """Return which words have a substitute."""
        return self.ends[words] > self.starts[words]

    def draw(self, words: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return a random substitute for each word; every word must have one."""
        return rng.integers(self.starts[words], self.ends[words])


def delete(texts: Ragged, counts: np.ndarray, rng: np.random.Generator) -> Ragged:
    """Delete random words, but leave at least one word of a text.

    Parameters
    ----------
    texts : Ragged
    counts : ndarray of int of shape (n_texts,)
        Number of words to delete from each text.
    rng : numpy.random.Generator

    Returns
    -------
    Ragged
    """
    gone = _choose(texts, np.minimum(counts, texts.lengths - 1), rng)
    return _from_rows(texts.words[~gone], texts.rows[~gone], len(texts.lengths))


def swap(texts: Ragged, counts: np.ndarray, rng: np.random.Generator) -> Ragged:
    """Swap two different random words of a text, several times; a text of one word is unchanged.

    Parameters
    ----------
    texts : Ragged
    counts : ndarray of int of shape (n_texts,)
        Number of swaps in each text.
    rng : numpy.random.Generator

    Returns
    -------
    Ragged
    """
    words = texts.words.copy()
    counts = np.where(texts.lengths > 1, counts, 0)
    for done in range(counts.max(initial=0)):
        active = np.flatnonzero(counts > done)  # texts with a swap left, (n_active,)
        length, start = texts.lengths[active], texts.offsets[active]
        left = rng.integers(length)
        right = (left + rng.integers(1, length)) % length  # never equal to left
        left, right = start + left, start + right
        words[left], words[right] = words[right], words[left]
    return Ragged(words, texts.offsets)


def insert(
    texts: Ragged, counts: np.ndarray, rng: np.random.Generator, substitutes: Substitutes
) -> Ragged:
    """Insert substitutes of random words of a text at random positions.

    A text in which no word has a substitute gets copies of its own words.

    Parameters
    ----------
    texts : Ragged
    counts : ndarray of int of shape (n_texts,)
        Number of words to insert into each text.
    rng : numpy.random.Generator
    substitutes : Substitutes

    Returns
    -------
    Ragged
    """
    source = _insertable(texts, substitutes)
    counts = np.where(source.lengths > 0, counts, 0)
    rows = np.repeat(np.arange(len(counts)), counts)  # text of each inserted word, (n_inserted,)
    words = source.words[source.offsets[rows] + rng.integers(source.lengths[rows])]
    known = substitutes.exist(words)
    words[known] = substitutes.draw(words[known], rng)
    # Before any word of the text or after the last one, which is before the next text's first:
    # the order of texts is kept, since rows are inserted alike.
    places = texts.offsets[rows] + rng.integers(texts.lengths[rows] + 1)  # (n_inserted,)
    order = np.argsort(places, kind="stable")
    return _from_rows(
        np.insert(texts.words, places[order], words[order]),
        np.insert(texts.rows, places[order], rows[order]),
        len(counts),
    )


def replace(
    texts: Ragged, counts: np.ndarray, rng: np.random.Generator, substitutes: Substitutes
) -> Ragged:
    """Replace random words that have substitutes by one of them.

    Parameters
    ----------
    texts : Ragged
    counts : ndarray of int of shape (n_texts,)
        Number of words to replace in each text; fewer if fewer have substitutes.
    rng : numpy.random.Generator
    substitutes : Substitutes

    Returns
    -------
    Ragged
    """
    known = np.flatnonzero(substitutes.exist(texts.words))
    candidates = _from_rows(known, texts.rows[known], len(texts.lengths))
    chosen = known[_choose(candidates, counts, rng)]
    words = texts.words.copy()
    words[chosen] = substitutes.draw(words[chosen], rng)
    return Ragged(words, texts.offsets)


def _choose(texts: Ragged, counts: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Mark random words of each text, drawn without replacement.

    Parameters
    ----------
    texts : Ragged
    counts : ndarray of int of shape (n_texts,)
        Number of words to mark in each text; all if it has fewer.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of bool of shape (n_words,)
    """
    # A random permutation within each text: sorted by text, then by a random key.
    order = np.lexsort([rng.random(len(texts.words)), texts.rows])  # (n_words,)
    rank = np.arange(len(order)) - texts.offsets[texts.rows]  # position within its text
    chosen = np.zeros(len(order), dtype=bool)
    chosen[order] = rank < counts[texts.rows]
    return chosen


def _insertable(texts: Ragged, substitutes: Substitutes) -> Ragged:
    """Return the words of each text that have substitutes, or all of its words if none has."""
    known = substitutes.exist(texts.words)
    n_known = np.bincount(texts.rows[known], minlength=len(texts.lengths))
    usable = known | (n_known == 0)[texts.rows]
    return _from_rows(texts.words[usable], texts.rows[usable], len(texts.lengths))


def _from_rows(words: np.ndarray, rows: np.ndarray, n_texts: int) -> Ragged:
    """Return words, each with the text it belongs to in ascending order, as a ragged array."""
    lengths = np.bincount(rows, minlength=n_texts)
    return Ragged(words, np.concatenate([[0], np.cumsum(lengths)]))
