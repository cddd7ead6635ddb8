"""What the words of training texts show: whether they suffice, or characters are needed too."""

import numpy as np
import polars as pl

from agnews_sk._core.user_warnings import warn_user
from agnews_sk.tokenization._encoded_tokens import EncodedTokens
from agnews_sk.tokenization._segmentation import Segmenter

_LONG_TEXT = 20  # characters: a longer text has more than one word
MOSTLY = 0.5


def word_statistics(
    texts: pl.Series, words: EncodedTokens, segmenter: Segmenter | None
) -> dict[str, float]:
    """Return statistics of the words of texts.

    Parameters
    ----------
    texts : polars.Series of str of shape (n_samples,)
    words : EncodedTokens of n_samples rows
    segmenter : Segmenter or None
        What has found some of the words.

    Returns
    -------
    dict of str to float
        `unseen`: the share of the words of new texts that are expected not to be in these; it is
        the share of the words that occur once (Good, 1953, "The population frequencies of
        species"). `segmented`: the share of the words that the segmenter found. `undivided`: the
        share of the texts that are long and have at most one word.
    """
    n_words = max(len(words.codes), 1)
    return {
        "unseen": float((np.bincount(words.codes) == 1).sum() / n_words),
        "segmented": min(segmenter.n_words / n_words, 1.0) if segmenter else 0.0,
        "undivided": undivided_share(texts, np.diff(words.offsets)),
    }


def undivided_share(texts: pl.Series, n_words: np.ndarray) -> float:
    """Return the share of the texts that are long and have at most one word.

    Parameters
    ----------
    texts : polars.Series of str of shape (n_samples,)
    n_words : ndarray of int of shape (n_samples,)

    Returns
    -------
    float
    """
    is_long = (texts.str.len_chars() >= _LONG_TEXT).to_numpy()
    return float((is_long & (n_words <= 1)).mean())


def warn_of_undivided(share: float, pattern: str) -> None:
    """Warn if most texts are not divided into words.

    Parameters
    ----------
    share : float
        As `undivided_share` returns it.
    pattern : str
        Regular expression of a word.

    Warns
    -----
    UserWarning
    """
    if share > MOSTLY:
        warn_user(
            f"{share:.0%} of the texts have at most one word each, by the "
            f"pattern {pattern!r}: it does not fit them, or their script has no spaces between "
            "words; choose n-grams of characters (analyzer='char_wb'), or another pattern.",
        )
