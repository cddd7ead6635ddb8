"""Labels without labelled texts: from descriptions of the classes, through an embedder."""

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import softmax
from sklearn.base import clone

from agnews_sk._core.validation import check_labels, is_frame
from agnews_sk.cleaning import ColumnJoiner, TextCleaner
from agnews_sk.vectorization._embedder import SentenceEmbedder

# From a difference of cosines to one of logits.
_SHARPNESS = 20.0
# More rounds without known shares drift to clusters of equal size.
_ROUNDS, _ROUNDS_WITH_SHARES = 2, 5
_MAX_ITERATIONS, _TOLERANCE = 200, 1e-3
# With fewer texts per class their mean and their clusters are chance.
_FEW_TEXTS = 10
# Vectors of the same text differ by rounding.
_SAME_COSINE = 1 - 1e-5


def suggest_labels(
    X: Any,
    descriptions: Mapping[Any, str | Sequence[str]],
    *,
    shares: Mapping[Any, float] | str | None = None,
    embedder: SentenceEmbedder | None = None,
) -> pd.DataFrame:
    r"""Suggest a label for each text from what its class is called, without any labelled text.

    Fit any pipeline on the suggestions, or begin labelling with them. They are wrong often, so
    label some texts to know how often.

    Parameters
    ----------
    X : DataFrame or array-like of str of shape (n_samples,)
        Texts without labels; the text columns of a frame are joined. The more, the better, up to
        some thousands: the classes are adapted to them. Missing and empty texts get a label that
        means nothing.
    descriptions : dict of label to str, or to list of str
        Name of each class, or sentences that describe it. Sentences help where names are short or
        ambiguous.
    shares : dict of label to float, "equal" or None, default=None
        How frequent the classes are, where that is roughly known. None assumes nothing, which is
        less accurate.
    embedder : SentenceEmbedder, optional
        Another model, or one with a cache. It is cloned.

    Returns
    -------
    pandas.DataFrame of shape (n_samples, 2)
        "label", and "probability", which orders the suggestions by certainty but is too high where
        descriptions do not fit the texts. The index is that of X.

    Raises
    ------
    TypeError
        If `descriptions` is no dict, or its labels are of different kinds.
    ValueError
        If there are fewer than two descriptions, one is empty or has the vector of another, or
        `shares` has other labels or values than positive numbers.

    Notes
    -----
    A text's first logits are :math:`20 \cos(x - \bar x, d_k - \bar d)` with the vectors of texts
    and descriptions, centred because texts and names differ in more than the class. Each class is
    then moved to the mean of the texts, weighted by its probabilities, and the logits are computed
    again: once without `shares`, and four times with them, where shifts of the logits give the
    classes their shares on average. With fewer than ten texts per class, nothing is centred or
    moved.

    Examples
    --------
    >>> from agnews_sk.vectorization import suggest_labels
    >>> names = {"Business": "business and finance", "Sports": "sports"}
    >>> suggest_labels(["Oil prices rise", "Cup final tonight"], names)  # doctest: +SKIP
          label  probability
    0  Business     0.930213
    1    Sports     0.963108
    """
    classes, sentences, owners = _flat(descriptions)
    known = _shares(shares, classes)
    embedder = clone(embedder or SentenceEmbedder())
    cleaner = TextCleaner().fit(sentences)
    texts = cleaner.transform(ColumnJoiner().fit_transform(X))
    vectors = embedder.fit(texts).transform(texts)  # (n_samples, n_features)
    described = embedder.transform(cleaner.transform(sentences))
    prototypes = np.stack([described[owners == k].mean(axis=0) for k in range(len(classes))])
    _check_distinct(prototypes, classes)
    y_proba = _probabilities(vectors, prototypes, known)
    best = y_proba.argmax(axis=1)
    keeps_index = is_frame(X) or isinstance(X, pd.Series)
    return pd.DataFrame(
        {"label": classes[best], "probability": y_proba.max(axis=1)},
        index=getattr(X, "index", None) if keeps_index else None,
    )


def _flat(
    descriptions: Mapping[Any, str | Sequence[str]],
) -> tuple[np.ndarray, list[str], np.ndarray]:
    """Return the labels, all descriptions, and the position of the label of each."""
    if not isinstance(descriptions, (Mapping, pd.Series)):
        raise TypeError(
            "descriptions must be a dict of label to description, such as {'sport': 'sport'} where "
            f"names describe the classes, got {type(descriptions).__name__}."
        )
    if len(descriptions) < 2:
        raise ValueError(f"descriptions must describe at least 2 classes, got {len(descriptions)}.")
    sentences: list[str] = []
    owners: list[int] = []
    for k, (label, described) in enumerate(descriptions.items()):
        of_class = _sentences(label, described)
        sentences += of_class
        owners += [k] * len(of_class)
    classes = check_labels([label for label, _ in descriptions.items()], name="descriptions")
    return classes, sentences, np.array(owners)


def _sentences(label: Any, described: Any) -> list[str]:
    """Return the descriptions of a class as a list."""
    is_text = isinstance(described, str)
    of_class = [described] if is_text or not np.iterable(described) else list(described)
    if not of_class or not all(isinstance(s, str) and s.strip() for s in of_class):
        raise ValueError(
            f"descriptions of {label!r} must be a text or a list of texts, got {described!r}."
        )
    return of_class


def _check_distinct(prototypes: np.ndarray, classes: np.ndarray) -> None:
    """Reject classes with the same vector, of which only the first one would ever be suggested."""
    unit = _scaled(prototypes)
    same = np.argwhere(np.triu(unit @ unit.T > _SAME_COSINE, k=1))
    if len(same):
        one, other = classes[same[0]].tolist()
        raise ValueError(
            f"the descriptions of {one!r} and {other!r} are the same for the embedder; describe "
            "them by other words."
        )


def _shares(shares: Mapping[Any, float] | str | None, classes: np.ndarray) -> np.ndarray | None:
    """Return the shares of the classes in their order, adding up to 1; None if unknown."""
    if shares is None:
        return None
    if isinstance(shares, str):
        if shares != "equal":
            raise ValueError(f"shares must be a dict, 'equal' or None, got {shares!r}.")
        return np.full(len(classes), 1 / len(classes))
    is_right = set(shares) == set(classes.tolist()) and all(
        isinstance(share, Real) and 0 < share < np.inf for share in shares.values()
    )
    if not is_right:
        raise ValueError(
            f"shares must have a positive number for each of {classes.tolist()}, got {shares!r}."
        )
    found = np.array([shares[label] for label in classes.tolist()], dtype=float)
    return found / found.sum()


def _probabilities(
    vectors: np.ndarray, prototypes: np.ndarray, shares: np.ndarray | None
) -> np.ndarray:
    """Return the probability of each class for each text.

    Parameters
    ----------
    vectors : ndarray of float of shape (n_samples, n_features)
    prototypes : ndarray of float of shape (n_classes, n_features)
        Of the descriptions.
    shares : ndarray of float of shape (n_classes,) or None

    Returns
    -------
    ndarray of float of shape (n_samples, n_classes)
    """
    if len(vectors) < _FEW_TEXTS * len(prototypes):
        return softmax(_SHARPNESS * _scaled(vectors) @ _scaled(prototypes).T, axis=1)
    rows = _scaled(vectors - vectors.mean(axis=0))
    centroids = _scaled(prototypes - prototypes.mean(axis=0))
    y_proba = _with_shares(_SHARPNESS * rows @ centroids.T, shares)
    for _ in range((_ROUNDS if shares is None else _ROUNDS_WITH_SHARES) - 1):
        centroids = _scaled(y_proba.T @ rows)  # (n_classes, n_features)
        y_proba = _with_shares(_SHARPNESS * rows @ centroids.T, shares)
    return y_proba


def _with_shares(logits: np.ndarray, shares: np.ndarray | None) -> np.ndarray:
    """Return probabilities of shape (n_samples, n_classes), whose means are the shares if known."""
    if shares is None:
        return softmax(logits, axis=1)
    shift = np.zeros(len(shares))
    for _ in range(_MAX_ITERATIONS):
        missing = np.log(shares) - np.log(softmax(logits + shift, axis=1).mean(axis=0))
        shift += missing
        if np.abs(missing).max() < _TOLERANCE:
            break
    return softmax(logits + shift, axis=1)


def _scaled(vectors: np.ndarray) -> np.ndarray:
    """Return vectors of length 1; those of length 0 stay."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1)
