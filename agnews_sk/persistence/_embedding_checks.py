"""Checks of the embeddings of loaded estimators."""

from typing import Any

import numpy as np

from agnews_sk.persistence._errors import ArtifactError
from agnews_sk.persistence._schema import PIPELINE


def check_embeddings(classifier: Any) -> None:
    """Reject embeddings and layers that do not fit each other or the classes, or are not finite.

    Parameters
    ----------
    classifier : EmbeddingBagClassifier

    Raises
    ------
    ArtifactError
    """
    if "embeddings_" not in vars(classifier):
        return
    wide, n_classes = np.shape(classifier.embeddings_)[-1:], np.shape(classifier.classes_)
    shapes = {
        "embeddings_": (classifier.n_features_in_, *wide),
        "hidden_bias_": wide,
        "output_weights_": (*wide, *n_classes),
        "output_bias_": n_classes,
    }
    for name, shape in shapes.items():
        found = vars(classifier).get(name)
        if np.shape(found) != shape or not np.isfinite(found).all():
            raise _reject(classifier, f"whose {name} has not {shape} finite numbers.")
    if not 0 < classifier.temperature_ < np.inf:
        raise _reject(classifier, "without a temperature above 0.")


def check_static_vectors(embedder: Any) -> None:
    """Reject vectors that are not one of finite numbers for each token of the tokenizer.

    Parameters
    ----------
    embedder : StaticEmbedder

    Raises
    ------
    ArtifactError
    """
    state = vars(embedder)
    if "embeddings_" not in state and "tokenizer_" not in state:
        return
    vectors, n_tokens = state.get("embeddings_"), state["tokenizer_"].vocab_size_
    is_table = isinstance(vectors, np.ndarray) and vectors.dtype == np.float16
    fits = is_table and vectors.ndim == 2 and len(vectors) == n_tokens
    if not fits or not np.isfinite(vectors).all():
        raise _reject(embedder, f"whose embeddings_ are not {n_tokens} vectors of finite float16.")


def _reject(owner: Any, what: str) -> ArtifactError:
    """Return the error that names the type of an object and its fault."""
    return ArtifactError(f"{PIPELINE} has a {type(owner).__name__} {what}")
