"""Token ids of texts, and the span of text of each."""

import re
from copy import copy
from typing import Any, NamedTuple

import numpy as np

from agnews_sk._core.stop_words import stop_word_set
from agnews_sk._core.text_pairs import Segment, split_pair
from agnews_sk.inspection._places import find_in_order
from agnews_sk.inspection._words import Attribution, Outside, Span, Words, changed_with_places
from agnews_sk.tokenization import (
    PretrainedTokenizer,
    SubwordTokenizer,
    Vocabulary,
    WordTokenizer,
    word_spans,
)


class Tokens(NamedTuple):
    """The tokens of one text.

    Attributes
    ----------
    ids : ndarray of int of shape (n_tokens,)
    spans : list of (int, int) or None
        Characters of each in the text; None where they are unknown.
    special : ndarray of bool of shape (n_tokens,)
        Whether the tokenizer adds it to every text, such as [CLS].
    """

    ids: np.ndarray
    spans: list[Span | None]
    special: np.ndarray

    def take(self, positions: list[int]) -> "Tokens":
        """Return the tokens at some positions."""
        return Tokens(
            self.ids[positions], [self.spans[i] for i in positions], self.special[positions]
        )


def tokenize(readers: tuple[Any, ...], texts: np.ndarray) -> list[Tokens] | None:
    """Return the tokens of texts with their spans.

    Parameters
    ----------
    readers : tuple of estimator
        Fitted: a tokenizer of subwords, or a `WordTokenizer` and a `Vocabulary`.
    texts : ndarray of object of shape (n_texts,)

    Returns
    -------
    list of Tokens, or None
        None for other steps.
    """
    kinds = tuple(type(reader) for reader in readers)
    if kinds in ((PretrainedTokenizer,), (SubwordTokenizer,)):
        return _subwords(readers[0], texts)
    if kinds == (WordTokenizer, Vocabulary):
        return _words(readers[0], readers[1], texts)
    return None


def on_words(
    words: Words, tokens: Tokens, values: np.ndarray, baseline: np.ndarray, scores: np.ndarray
) -> Attribution:
    """Distribute the contributions of tokens, (n_tokens, n_classes), to the words they overlap.

    Tokens that overlap no word, such as spaces, are reported next to the text. Special tokens must
    contribute nothing.
    """
    shares = np.array([words.spread([span]) for span in tokens.spans])  # (n_tokens, n_words)
    lost = np.flatnonzero((shares.sum(axis=1) == 0) & ~tokens.special)
    outside = [Outside(f"token {tokens.ids[i]}", values[i]) for i in lost]
    return Attribution(words, shares.T @ values, outside, baseline, scores)  # (n_words, n_classes)


def _subwords(tokenizer: Any, texts: np.ndarray) -> list[Tokens]:
    """Return the tokens of a subword tokenizer, whose backend returns their spans."""
    from tokenizers import Tokenizer

    backend = Tokenizer.from_str(tokenizer.tokenizer_json_)
    rows = []
    for text in texts:
        segments = split_pair(text) if tokenizer.text_pair else [Segment(text, 0)]
        found = backend.encode(*(segment.text for segment in segments))
        special = np.array(found.special_tokens_mask, dtype=bool)
        spans = [
            None if mark else (segments[of].start + start, segments[of].start + end)
            for mark, of, (start, end) in zip(special, found.sequence_ids, found.offsets)
        ]
        rows.append(Tokens(np.array(found.ids, dtype=np.int64), spans, special))
    return rows


def _words(tokenizer: WordTokenizer, vocabulary: Vocabulary, texts: np.ndarray) -> list[Tokens]:
    """Return the tokens of a word tokenizer.

    Spans are found with tokens that are not stemmed, as a stem need not be in the text. A word that
    is not in the vocabulary has no id, unless there is one for unknown words.
    """
    tokens = tokenizer.transform(texts)
    unstemmed = copy(tokenizer).set_params(stemmer=None, stop_words=None).transform(texts)
    known = vocabulary.vocabulary_
    rows = []
    for text, whole, kept, ids in zip(texts, unstemmed, tokens, vocabulary.transform(tokens)):
        spans = _spans_of_words(tokenizer, text, whole.to_list())
        with_id = [span for span, token in zip(spans, kept) if "<unk>" in known or token in known]
        rows.append(Tokens(ids.to_numpy(), with_id, np.zeros(len(ids), dtype=bool)))
    return rows


def _spans_of_words(tokenizer: WordTokenizer, text: str, tokens: list[str]) -> list[Span | None]:
    """Return the spans of a text's words without stop words, given its unstemmed tokens."""
    changed, places = _lowered(text) if tokenizer.lowercase else (text, np.arange(len(text) + 1))
    spans: list[Span | None]
    if tokenizer.method == "regex":
        found = word_spans(changed, re.compile(tokenizer.pattern), tokenizer.choose_segmenter())
        spans = [span for _, span in found]
    else:
        spans = find_in_order(tokens, changed)
    dropped = stop_word_set(tokenizer.stop_words)
    return [
        span and (int(places[span[0]]), int(places[span[1]]))
        for token, span in zip(tokens, spans)
        if token not in dropped
    ]


def _lowered(text: str) -> tuple[str, np.ndarray]:
    """Return the lowercased text, and the position of each of its characters in the original."""
    known = changed_with_places(text, str.lower)
    assert known is not None, "lower case is a change of single characters"
    return known
