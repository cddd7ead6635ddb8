"""The spans of a vectorizer's n-grams in a text."""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any

from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import FeatureUnion

from agnews_sk._core.stop_words import stop_word_set
from agnews_sk.inspection._words import Span, changed_with_places
from agnews_sk.tokenization import Segmenter, segmenter_to_transform, word_spans
from agnews_sk.vectorization import MixedVectorizer, NgramUnion, NgramVectorizer

# From a text to the names of its n-grams, each with the spans of its tokens.
Finder = Callable[[str], Iterator[tuple[str, list[Span | None]]]]
Preprocess = Callable[[str], str]


def names_ngrams(reader: Any) -> bool:
    """Return whether a step is a vectorizer of n-grams, or a union that has one."""
    if isinstance(reader, MixedVectorizer):
        return names_ngrams(reader.text)
    if isinstance(reader, FeatureUnion):
        return any(names_ngrams(part) for _, part in reader.transformer_list)
    return isinstance(reader, (CountVectorizer, NgramUnion, NgramVectorizer))


def ngram_finder(reader: Any) -> Finder:
    """Return a function that finds the n-grams of a vectorizer in a text.

    Parameters
    ----------
    reader : CountVectorizer, NgramVectorizer, NgramUnion, FeatureUnion, MixedVectorizer or other
        Of a `FeatureUnion`, the parts that are not vectorizers of n-grams are ignored. Other steps
        have no n-grams.

    Returns
    -------
    callable
        Takes a text, and yields feature names with spans in characters of that text; nothing if
        preprocessing changes the text in a way that loses the positions. A span is None where a
        token is not in the text, as after stemming.
    """
    if not names_ngrams(reader):
        return lambda text: iter(())
    if isinstance(reader, MixedVectorizer):
        find_in = ngram_finder(reader.text_)
        return lambda text: ((f"text__{name}", spans) for name, spans in find_in(text))
    if isinstance(reader, (FeatureUnion, NgramUnion)):
        parts = [(prefix, ngram_finder(part)) for prefix, part in _parts(reader)]
        return lambda text: chain.from_iterable(
            ((prefix + name, spans) for name, spans in find(text)) for prefix, find in parts
        )
    preprocess, segmenter = _preprocessor(reader), _segmenter(reader)

    def find(text: str) -> Iterator[tuple[str, list[Span | None]]]:
        known = changed_with_places(text, preprocess)
        if known is None:
            return
        changed, places = known
        for name, spans in _ngrams(reader, changed, segmenter):
            yield name, [span and (int(places[span[0]]), int(places[span[1]])) for span in spans]

    return find


def _parts(union: FeatureUnion | NgramUnion) -> list[tuple[str, Any]]:
    """Return the vectorizers of n-grams in a union, each with the prefix of its names."""
    if isinstance(union, NgramUnion):
        return union.fitted_parts
    return [
        (f"{name}__" if union.verbose_feature_names_out else "", part)
        for name, part in union.transformer_list
        if names_ngrams(part)
    ]


def _segmenter(vectorizer: Any) -> Segmenter | None:
    """Return what splits texts without spaces for a vectorizer."""
    is_ours = isinstance(vectorizer, NgramVectorizer)
    return segmenter_to_transform(vectorizer.segmenter_) if is_ours else None


def _preprocessor(vectorizer: Any) -> Preprocess:
    """Return the function that preprocesses a text, for example by lowercasing."""
    if isinstance(vectorizer, NgramVectorizer):
        return str.lower if vectorizer.lowercase else str
    return vectorizer.build_preprocessor()


def _ngrams(
    vectorizer: Any, text: str, segmenter: Segmenter | None
) -> Iterator[tuple[str, list[Span | None]]]:
    """Yield the n-grams of a preprocessed text; none for a custom analyzer."""
    if vectorizer.analyzer == "word":
        return _word_ngrams(vectorizer, text, segmenter)
    if vectorizer.analyzer == "char_wb":
        return chain.from_iterable(
            _ngrams_within(match, vectorizer.ngram_range) for match in re.finditer(r"\S+", text)
        )
    if vectorizer.analyzer == "char":
        return _character_ngrams(text, 0, vectorizer.ngram_range)
    return iter(())


def _word_ngrams(
    vectorizer: Any, text: str, segmenter: Segmenter | None
) -> Iterator[tuple[str, list[Span | None]]]:
    """Yield n-grams of words without stop words, as scikit-learn joins them over gaps."""
    tokenizer = getattr(vectorizer, "tokenizer", None)
    found: Sequence[tuple[str, Span | None]]
    if tokenizer is None:
        pattern = re.compile(vectorizer.token_pattern)
        found = word_spans(text, pattern, segmenter)
    else:
        tokens = tokenizer(text)
        found = list(zip(tokens, find_in_order(tokens, text)))
    dropped = stop_word_set(vectorizer.stop_words)
    kept = [(token, span) for token, span in found if token not in dropped]
    min_n, max_n = vectorizer.ngram_range
    for n in range(min_n, max_n + 1):
        for i in range(len(kept) - n + 1):
            tokens, spans = zip(*kept[i : i + n])
            yield " ".join(tokens), list(spans)


def _ngrams_within(
    word: re.Match[str], ngram_range: tuple[int, int]
) -> Iterator[tuple[str, list[Span | None]]]:
    """Yield n-grams of the characters of a word; that of a space around it is at the word."""
    for name, spans in _character_ngrams(f" {word.group()} ", word.start() - 1, ngram_range):
        yield name, spans or [word.span()]


def _character_ngrams(
    text: str, shift: int, ngram_range: tuple[int, int]
) -> Iterator[tuple[str, list[Span | None]]]:
    """Yield n-grams of characters, with a run of whitespace as one space as in scikit-learn.

    Parameters
    ----------
    text : str
    shift : int
        Added to all positions, as of a word within its text.
    ngram_range : tuple of (int, int)
        A text shorter than n has itself as its only n-gram.
    """
    found = list(re.finditer(r"\s{2,}|.", text, flags=re.DOTALL))
    squeezed = "".join(" " if len(match.group()) > 1 else match.group() for match in found)
    min_n, max_n = ngram_range
    for n in range(min_n, max_n + 1):
        for i in range(max(len(squeezed) - n, 0) + 1):
            piece = squeezed[i : i + n]
            inner = [found[i + j].start() + shift for j, c in enumerate(piece) if c != " "]
            yield piece, [(inner[0], inner[-1] + 1)] if inner else []


def find_in_order(tokens: list[str], text: str) -> list[Span | None]:
    """Return the span of each token, searched from the end of the one before.

    Parameters
    ----------
    tokens : list of str
    text : str

    Returns
    -------
    list of (int, int) or None
        None for a token that is not found, such as one that the tokenizer replaced.

    Examples
    --------
    >>> from agnews_sk.inspection._places import find_in_order
    >>> find_in_order(["up", "``", "up"], 'up "up"')
    [(0, 2), None, (4, 6)]
    """
    spans: list[Span | None] = []
    place = 0
    for token in tokens:
        start = text.find(token, place)
        spans.append(None if start < 0 else (start, start + len(token)))
        place = place if start < 0 else start + len(token)
    return spans
