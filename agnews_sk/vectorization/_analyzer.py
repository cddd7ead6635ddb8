"""From texts to the units of n-grams: words, or characters."""

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from agnews_sk._core.columnar import flat_values, without_nulls
from agnews_sk._core.stop_words import stop_word_set, warn_of_stop_words
from agnews_sk._core.user_warnings import warn_user
from agnews_sk._core.validation import check_texts
from agnews_sk.tokenization import (
    WORD_PATTERN,
    EncodedTokens,
    Segmenter,
    drop_tokens,
    encode_tokens,
    find_words,
    is_ragged,
    lower_case,
    split_words,
    squeeze_spaces,
    words_of_few,
)
from agnews_sk.vectorization._ngrams import encode_characters
from agnews_sk.vectorization._token_codes import SEPARATOR

ANALYZERS = ("word", "char", "char_wb")
_SPACES = re.compile(r"\s{2,}")
_BETWEEN_WORDS = f" {SEPARATOR} "


class Analyzer(NamedTuple):
    """How a vectorizer divides texts.

    Attributes
    ----------
    kind : {"word", "char", "char_wb"}
    lowercase : bool
    token_pattern : str
        May be None if there are no words.
    stop_words : str, iterable of str or None
    """

    kind: str
    lowercase: bool
    token_pattern: str
    stop_words: str | Iterable[str] | None

    def check(self) -> None:
        """Reject a missing pattern of words, and warn of what has no effect.

        Raises
        ------
        ValueError
            If words are to be found and `token_pattern` is None.

        Warns
        -----
        UserWarning
            If a parameter for words is set and there are none, or texts never have a stop word.
        """
        if self.kind == "word":
            if self.token_pattern is None:
                raise ValueError("token_pattern must be a str for analyzer='word', got None.")
            words_of = self._replace(stop_words=None).split_few
            warn_of_stop_words(self.stop_words, words_of)
            return
        is_default = self.token_pattern in (None, WORD_PATTERN, f"(?u){WORD_PATTERN}")
        unused = {"token_pattern": not is_default, "stop_words": self.stop_words is not None}
        for name, is_set in unused.items():
            if is_set:
                message = f"The parameter {name!r} will not be used since 'analyzer' != 'word'."
                warn_user(message, UserWarning)

    def encode(self, X: pl.Series, segmenter: Segmenter | None = None) -> EncodedTokens:
        """Return the words of texts, or the given tokens or ids, as codes, without stop words.

        Parameters
        ----------
        X : polars.Series of str, or of list, of shape (n_samples,)
            As `texts_or_tokens` returns it.
        segmenter : Segmenter, optional

        Returns
        -------
        EncodedTokens
            For "char_wb" the parts between whitespace, and for "char" the characters.
        """
        if is_ragged(X):
            return self._without_stop_words(encode_tokens(self._checked(X)))
        if self.kind == "char":
            texts = lower_case(X) if self.lowercase else X
            return encode_characters(squeeze_spaces(texts))
        return self._without_stop_words(
            encode_tokens(X, lambda texts: self._split(texts, segmenter))
        )

    def split(self, X: pl.Series, segmenter: Segmenter | None = None) -> EncodedTokens | pl.Series:
        """Return the units as `encode` does, but words as they are if none is a stop word.

        Parameters
        ----------
        X : polars.Series of str, or of list, of shape (n_samples,)
        segmenter : Segmenter, optional

        Returns
        -------
        EncodedTokens, or polars.Series of list of str of shape (n_samples,)
        """
        if is_ragged(X) or self.kind != "word" or self.stop_words is not None:
            return self.encode(X, segmenter)
        return self._split(X, segmenter)

    def _split(self, texts: pl.Series, segmenter: Segmenter | None) -> pl.Series:
        """Return the words of texts, for "char_wb" the parts between whitespace."""
        if self.kind == "word":
            return find_words(texts, self.token_pattern, segmenter, lowercase=self.lowercase)
        return split_words(texts, lowercase=self.lowercase)

    def split_few(
        self, texts: list[str], segmenter: Segmenter | None = None
    ) -> list[list[str]] | list[str]:
        """Return the units of a few texts, one text after the other.

        Parameters
        ----------
        texts : list of str of length n_samples
        segmenter : Segmenter, optional

        Returns
        -------
        list of (list of str, or str) of length n_samples
            Words, or strings of characters, which for "char_wb" have a `SEPARATOR` between words.
        """
        if self.kind != "word":
            return [self._in_characters(text) for text in texts]
        words = words_of_few(texts, self.token_pattern, segmenter, lowercase=self.lowercase)
        if self.stop_words is None:
            return words
        stop_words = stop_word_set(self.stop_words)
        return [[word for word in row if word not in stop_words] for row in words]

    def _in_characters(self, text: str) -> str:
        """Return a text whose characters are counted, with `SEPARATOR` where n-grams end."""
        text = text.lower() if self.lowercase else text
        if self.kind == "char":
            return _SPACES.sub(" ", text)
        words = text.split()
        return f" {_BETWEEN_WORDS.join(words)} " if words else ""

    def _without_stop_words(self, tokens: EncodedTokens) -> EncodedTokens:
        """Return the words that are no stop words; ids cannot be compared with these."""
        if self.kind != "word" or self.stop_words is None:
            return tokens
        if tokens.distinct.dtype != pl.String:
            raise ValueError(
                "stop_words must be None where X holds ids; remove stop words before they become "
                "ids, with WordTokenizer(stop_words=...)."
            )
        stop_words = stop_word_set(self.stop_words)
        return drop_tokens(tokens, np.array([t in stop_words for t in tokens.distinct], dtype=bool))

    def _checked(self, ragged: pl.Series) -> pl.Series:
        """Return a list column of str or int64, or raise TypeError if it holds anything else."""
        inner = flat_values(ragged.head(0)).dtype
        if inner == pl.String and self.kind != "char":
            return ragged
        if inner.is_integer() and self.kind == "word":
            return ragged.cast(pl.List(pl.Int64))
        raise TypeError(
            f"X must hold texts, or lists of str (not for analyzer='char') or of int (for "
            f"analyzer='word'), got lists of {inner} for analyzer={self.kind!r}."
        )


def texts_or_tokens(X: Any) -> pl.Series:
    """Return lists of tokens as they are, and texts in any container as a column.

    Parameters
    ----------
    X : array-like of str, or polars.Series of list, of shape (n_samples,)

    Returns
    -------
    polars.Series of shape (n_samples,)
        A missing text is empty.
    """
    return X if is_ragged(X) else without_nulls(check_texts(X))
