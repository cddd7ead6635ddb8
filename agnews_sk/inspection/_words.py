"""The words of a text, and what falls to each when a value belongs to a stretch of it."""

import re
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

_WORD = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]+")

# Scores of nets are float32.
_ROUNDING = 1e-5

Span = tuple[int, int]


class Outside(NamedTuple):
    """What a feature that stands nowhere in the text contributes.

    Attributes
    ----------
    name : str
    values : ndarray of float of shape (n_scores,)
    """

    name: str
    values: np.ndarray


class Words:
    """The words of one text and their places: letters and digits, or a run of punctuation.

    Parameters
    ----------
    text : str

    Attributes
    ----------
    starts, ends : ndarray of int of shape (n_words,)
        Characters from and up to which each word goes.

    Examples
    --------
    >>> from agnews_sk.inspection._words import Words
    >>> words = Words("Oil's up, again")
    >>> words.names
    ["Oil's", 'up', ',', 'again']
    >>> words.touched((4, 8))
    slice(0, 2, None)
    """

    def __init__(self, text: str) -> None:
        spans = np.array([m.span() for m in _WORD.finditer(text)], dtype=np.intp).reshape(-1, 2)
        self.text = text
        self.starts, self.ends = spans.T

    @property
    def names(self) -> list[str]:
        """The words as they stand in the text."""
        return [self.text[start:end] for start, end in zip(self.starts, self.ends)]

    def touched(self, span: Span) -> slice:
        """Return which words lie, wholly or in part, within these characters."""
        start, end = span
        first = int(np.searchsorted(self.ends, start, side="right"))
        last = int(np.searchsorted(self.starts, end, side="left"))
        return slice(first, max(first, last))

    def spread(self, spans: Iterable[Span | None]) -> np.ndarray:
        """Return the share of each word in a value that belongs to these stretches alike.

        Parameters
        ----------
        spans : iterable of (int, int) or None
            None is a stretch that is not in the text.

        Returns
        -------
        ndarray of float of shape (n_words,)
            Each stretch has an equal share, and each word in it an equal part of that. Their sum
            is 1, or 0 where no stretch touches a word.
        """
        slices = [self.touched(span) for span in spans if span is not None]
        slices = [found for found in slices if found.stop > found.start]
        shares = np.zeros(len(self.starts))
        for found in slices:
            shares[found] += 1 / (len(slices) * (found.stop - found.start))
        return shares


class Attribution(NamedTuple):
    """What the words of one text contribute to each score.

    Attributes
    ----------
    words : Words
    values : ndarray of float of shape (n_words, n_classes)
    outside : list of Outside
    baseline, scores : ndarray of float of shape (n_classes,)
        Score without the words, and with them.
    """

    words: Words
    values: np.ndarray
    outside: list[Outside]
    baseline: np.ndarray
    scores: np.ndarray

    @property
    def error(self) -> float:
        """How far the contributions are from the change of the scores, see `relative_error`."""
        beside = sum((feature.values for feature in self.outside), start=np.zeros(len(self.scores)))
        return relative_error(self.values.sum(axis=0) + beside, self.scores - self.baseline)


def changed_with_places(text: str, change) -> tuple[str, np.ndarray] | None:
    """Return a changed text and where each of its characters, and its end, stood before.

    Parameters
    ----------
    text : str
    change : callable taking and returning a str
        Such as `str.lower`.

    Returns
    -------
    tuple of str and ndarray of int of shape (n_characters + 1,), or None
        None where the change is not one of single characters, so that places cannot be told.

    Examples
    --------
    >>> from agnews_sk.inspection._words import changed_with_places
    >>> changed, places = changed_with_places("İx", str.lower)
    >>> len(changed), places.tolist()
    (3, [0, 0, 1, 2])
    """
    changed = change(text)
    if len(changed) == len(text):
        return changed, np.arange(len(text) + 1)
    lengths = [len(change(character)) for character in text]
    if sum(lengths) != len(changed):
        return None
    return changed, np.append(np.repeat(np.arange(len(text)), lengths), len(text))


def relative_error(total: np.ndarray, change: np.ndarray) -> float:
    """Return how far contributions are from the change of the scores that they explain.

    Parameters
    ----------
    total : ndarray of float of shape (n_classes,)
        Sum of all contributions to each score.
    change : ndarray of float of shape (n_classes,)
        Score less its baseline.

    Returns
    -------
    float
        The largest difference of any class, as a share of the largest change of any class. A
        change below 1e-5 is rounding, of a text without words for example, and counts as 1e-5.
    """
    largest = max(float(np.max(np.abs(change))), _ROUNDING)
    return float(np.max(np.abs(total - change))) / largest
