"""The words of a text, and the distribution of values of spans to them."""

import re
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from agnews_sk.tokenization import Span, segmenter_to_show, word_spans

_WORD = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]+")

# Smallest change of a score that is not rounding: scores of nets are float32.
_ROUNDING = 1e-5


class Outside(NamedTuple):
    """The contribution of a feature that is not in the text.

    Attributes
    ----------
    name : str
    values : ndarray of float of shape (n_scores,)
    column : str, default=""
        The column beside the texts that it comes from.
    """

    name: str
    values: np.ndarray
    column: str = ""


class Words:
    """The words of one text with their spans: runs of letters and digits, or of punctuation.

    Chinese, Japanese, Thai, Lao, Khmer and Burmese are split by dictionaries if they are installed,
    and else into characters.

    Parameters
    ----------
    text : str

    Attributes
    ----------
    starts, ends : ndarray of int of shape (n_words,)
        Character offsets of each word, the end exclusive.

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
        found = [span for _, span in word_spans(text, _WORD, segmenter_to_show())]
        spans = np.array(found, dtype=np.intp).reshape(-1, 2)
        self.text = text
        self.starts, self.ends = spans.T

    @property
    def names(self) -> list[str]:
        """The words as written in the text."""
        return [self.text[start:end] for start, end in zip(self.starts, self.ends)]

    def touched(self, span: Span) -> slice:
        """Return the words that overlap a span, as a slice of positions."""
        start, end = span
        first = int(np.searchsorted(self.ends, start, side="right"))
        last = int(np.searchsorted(self.starts, end, side="left"))
        return slice(first, max(first, last))

    def spread(self, spans: Iterable[Span | None]) -> np.ndarray:
        """Return the share of each word in a value that several spans have in common.

        Parameters
        ----------
        spans : iterable of (int, int) or None
            None is a span that is not in the text.

        Returns
        -------
        ndarray of float of shape (n_words,)
            Each span that overlaps words has an equal share, and each of these words an equal part
            of it. The sum is 1, or 0 if no span overlaps a word.
        """
        slices = [self.touched(span) for span in spans if span is not None]
        slices = [found for found in slices if found.stop > found.start]
        shares = np.zeros(len(self.starts))
        for found in slices:
            shares[found] += 1 / (len(slices) * (found.stop - found.start))
        return shares


class Attribution(NamedTuple):
    """The contributions of the words of one text to each score.

    Attributes
    ----------
    words : Words
    values : ndarray of float of shape (n_words, n_classes)
    outside : list of Outside
    baseline, scores : ndarray of float of shape (n_classes,)
        Scores without the words, and with them.
    """

    words: Words
    values: np.ndarray
    outside: list[Outside]
    baseline: np.ndarray
    scores: np.ndarray

    @property
    def error(self) -> float:
        """Completeness error of the contributions, see `relative_error`."""
        beside = sum((feature.values for feature in self.outside), start=np.zeros(len(self.scores)))
        return relative_error(self.values.sum(axis=0) + beside, self.scores - self.baseline)


def changed_with_places(text: str, change) -> tuple[str, np.ndarray] | None:
    """Return a changed text, and the original position of each of its characters and its end.

    Parameters
    ----------
    text : str
    change : callable taking and returning a str
        Such as `str.lower`.

    Returns
    -------
    tuple of str and ndarray of int of shape (n_characters + 1,), or None
        None if the change is not one of single characters, so that positions are unknown.

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
    """Return the completeness error of contributions.

    Parameters
    ----------
    total : ndarray of float of shape (n_classes,)
        Sum of all contributions to each score.
    change : ndarray of float of shape (n_classes,)
        Score minus its baseline.

    Returns
    -------
    float
        The largest difference of `total` and `change`, relative to the largest change. A change
        below 1e-5 is rounding, for example of a text without words, and is taken as 1e-5.
    """
    largest = max(float(np.max(np.abs(change))), _ROUNDING)
    return float(np.max(np.abs(total - change))) / largest
