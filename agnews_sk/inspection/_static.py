"""Linear classifiers of static embeddings: the share of each token in the score."""

import numpy as np

from agnews_sk.inspection._steps import TextModel
from agnews_sk.inspection._tokens import Tokens, on_words, tokenize
from agnews_sk.inspection._words import Attribution, Words
from agnews_sk.vectorization import StaticEmbedder

# Relative and absolute tolerance of sums in single precision.
_TOLERANCE = 1e-4


def attribute_static(model: TextModel) -> list[Attribution] | None:
    """Return the contribution of each word to the decision function.

    The vector of a text is a multiple of the sum of its tokens' vectors, so that its product with
    the coefficients is a sum over the tokens.

    Parameters
    ----------
    model : TextModel

    Returns
    -------
    list of Attribution, or None
        None if this is not a linear decision function of a `StaticEmbedder`.
    """
    classifier = model.classifier
    is_static = len(model.readers) == 1 and isinstance(model.readers[0], StaticEmbedder)
    if not is_static or not hasattr(classifier, "coef_"):
        return None
    embedder = model.readers[0]
    tokens = tokenize((embedder.tokenizer_,), model.texts)
    scores = model.scores(model.texts)  # (n_texts, n_classes)
    coefficients, intercept = classifier.coef_, np.ravel(classifier.intercept_)
    if len(coefficients) == 1 and scores.shape[1] == 2:
        coefficients = np.vstack([-coefficients, coefficients])
        intercept = np.append(-intercept, intercept)
    vectors = embedder.transform(model.texts)
    if tokens is None or not np.allclose(
        vectors @ coefficients.T + intercept, scores, rtol=_TOLERANCE, atol=_TOLERANCE
    ):
        return None
    return [
        on_words(Words(text), row, _of_tokens(row, vector, embedder) @ coefficients.T, *ends)
        for text, row, vector, *ends in zip(
            model.texts, tokens, vectors, [intercept] * len(scores), scores
        )
    ]


def _of_tokens(tokens: Tokens, vector: np.ndarray, embedder: StaticEmbedder) -> np.ndarray:
    """Return the vectors of the tokens of a text, (n_tokens, n_features), which sum to its own."""
    found = embedder.embeddings_[tokens.ids].astype(np.float64)
    total = found.sum(axis=0)
    length = np.linalg.norm(total)
    return found * (np.linalg.norm(vector) / length) if length > 0 else found
