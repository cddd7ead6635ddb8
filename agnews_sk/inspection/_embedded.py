"""Dense vectors of texts among the features of a linear classifier, and what they add to a score.

The features of an embedding have no meaning of their own: contributions of static vectors are those
of their tokens, and those of other vectors are added up.
"""

from typing import Any, NamedTuple

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin
from sklearn.pipeline import FeatureUnion

from agnews_sk.inspection._tokens import Tokens, on_words, tokenize
from agnews_sk.inspection._words import Attribution, Outside, Words
from agnews_sk.vectorization import MixedVectorizer, StaticEmbedder


class EmbeddedPart(NamedTuple):
    """Columns that are a vector of the text.

    Attributes
    ----------
    name : str
    columns : slice
    embedder : estimator
    """

    name: str
    columns: slice
    embedder: Any


def embedded_parts(reader: Any, start: int = 0) -> list[EmbeddedPart]:
    """Return the parts of a step's features that are vectors of the text.

    Parameters
    ----------
    reader : estimator
        Fitted.
    start : int, default=0
        Its first column.

    Returns
    -------
    list of EmbeddedPart
    """
    if isinstance(reader, MixedVectorizer):
        return embedded_parts(reader.text_, reader.transformer_.output_indices_["text"].start)
    if isinstance(reader, StaticEmbedder):
        width = len(reader.get_feature_names_out())
        return [EmbeddedPart("static", slice(start, start + width), reader)]
    if not isinstance(reader, FeatureUnion):
        return []
    found: list[EmbeddedPart] = []
    for name, part in reader.transformer_list:
        if part == "drop" or not hasattr(part, "get_feature_names_out"):
            return found  # the width is unknown of "passthrough" and the like
        width = len(part.get_feature_names_out())
        last = part.steps[-1][1] if hasattr(part, "steps") else part
        if isinstance(last, ClassNamePrefixFeaturesOutMixin):
            found.append(EmbeddedPart(name, slice(start, start + width), part))
        start += width
    return found


def has_static(reader: Any) -> bool:
    """Return whether some features of a fitted step are static vectors of the text."""
    return any(isinstance(part.embedder, StaticEmbedder) for part in embedded_parts(reader))


def with_embedded(
    found: list[Attribution], part: EmbeddedPart, coefficients: np.ndarray, vectors: np.ndarray
) -> list[Attribution]:
    """Return contributions with those of vectors of the text.

    Parameters
    ----------
    found : list of Attribution of shape (n_texts,)
    part : EmbeddedPart
    coefficients : ndarray of float of shape (n_classes, n_columns)
    vectors : ndarray of float of shape (n_texts, n_columns)
        Features of the texts; of a `StaticEmbedder`, multiples of the sums of token vectors.

    Returns
    -------
    list of Attribution
    """
    texts = np.array([one.words.text for one in found], dtype=object)
    embedder, tokens = part.embedder, None
    if isinstance(embedder, StaticEmbedder):
        tokens = tokenize((embedder.tokenizer_,), texts)
    if tokens is None:
        totals = vectors @ coefficients.T  # (n_texts, n_classes)
        return [
            one._replace(outside=[*one.outside, Outside(part.name, total)])
            for one, total in zip(found, totals)
        ]
    return [
        _added(one, row, _of_tokens(row, vector, embedder) @ coefficients.T)
        for one, row, vector in zip(found, tokens, vectors)
    ]


def _added(found: Attribution, tokens: Tokens, values: np.ndarray) -> Attribution:
    """Return contributions in a text with those of its tokens, (n_tokens, n_classes)."""
    words: Words = found.words
    more = on_words(words, tokens, values, found.baseline, found.scores)
    outside = [*found.outside, *more.outside]
    return found._replace(values=found.values + more.values, outside=outside)


def _of_tokens(tokens: Tokens, vector: np.ndarray, embedder: StaticEmbedder) -> np.ndarray:
    """Return the vectors of the tokens of a text, (n_tokens, n_features), which sum to its own."""
    found = embedder.embeddings_[tokens.ids].astype(np.float64)
    total = found.sum(axis=0)
    length = np.linalg.norm(total)
    return found * (np.linalg.norm(vector) / length) if length > 0 else found
