"""Linear classifiers of n-grams and static vectors: coefficient times value, put on the words."""

from typing import Any, NamedTuple

import numpy as np
import polars as pl
import scipy.sparse as sp
from sklearn.base import OneToOneFeatureMixin
from sklearn.feature_selection import SelectorMixin

from agnews_sk.inspection._embedded import (
    EmbeddedPart,
    embedded_parts,
    has_static,
    with_embedded,
)
from agnews_sk.inspection._places import Finder, names_ngrams, ngram_finder
from agnews_sk.inspection._steps import TextModel, cells_of
from agnews_sk.inspection._words import Attribution, Outside, Words
from agnews_sk.vectorization import MixedVectorizer

# Relative and absolute tolerance by which a score equals features times coefficients.
# Vectors are in single precision.
_TOLERANCE, _TOLERANCE_OF_VECTORS = 1e-6, 1e-4


class LinearModel(NamedTuple):
    """A linear decision function of named features.

    Attributes
    ----------
    names : ndarray of object of shape (n_features,)
    coefficients : ndarray of float of shape (n_classes, n_features)
    intercept : ndarray of float of shape (n_classes,)
    columns : ndarray of object of shape (n_features,)
        The column beside the texts that a feature comes from, "" for those of the texts.
    """

    names: np.ndarray
    coefficients: np.ndarray
    intercept: np.ndarray
    columns: np.ndarray


def linear_model(readers: tuple[Any, ...], classifier: Any) -> LinearModel | None:
    """Return the coefficients by feature, or None if this is no such linear model.

    Parameters
    ----------
    readers : tuple of estimator
        From texts to features. The first names n-grams, and others weight or select them; or it is
        the only one, and has static vectors.
    classifier : estimator

    Returns
    -------
    LinearModel or None
    """
    if not hasattr(classifier, "coef_") or not _are_known(readers):
        return None
    names = readers[0].get_feature_names_out()
    columns = np.full(len(names), "", dtype=object)
    if isinstance(readers[0], MixedVectorizer):
        columns = readers[0].feature_columns()
    for reader in readers[1:]:
        if isinstance(reader, SelectorMixin):
            columns = columns[reader.get_support()]
        elif not isinstance(reader, OneToOneFeatureMixin):
            return None
        names = reader.get_feature_names_out(names)
    coefficients = classifier.coef_
    if sp.issparse(coefficients):
        coefficients = coefficients.toarray()
    n_classes = len(classifier.classes_)
    intercept = np.broadcast_to(classifier.intercept_, len(coefficients))
    if len(coefficients) == 1 and n_classes == 2:
        coefficients = np.vstack([-coefficients, coefficients])
        intercept = np.append(-intercept, intercept)
    if coefficients.shape != (n_classes, len(names)):
        return None
    return LinearModel(names, coefficients, np.asarray(intercept, dtype=np.float64), columns)


def _are_known(readers: tuple[Any, ...]) -> bool:
    """Return whether the features are n-grams, or static vectors that no other step changes."""
    if not readers:
        return False
    return names_ngrams(readers[0]) or (len(readers) == 1 and has_static(readers[0]))


def attribute_linear(model: TextModel, linear: LinearModel) -> list[Attribution] | None:
    """Return the contribution of each word to the decision function.

    Parameters
    ----------
    model : TextModel
    linear : LinearModel

    Returns
    -------
    list of Attribution, or None
        None if the decision function is not the features times the coefficients plus intercept.
    """
    features = sp.csr_array(model.features(model.texts))
    scores = model.scores(model.texts)
    product = features @ linear.coefficients.T + linear.intercept  # (n_texts, n_classes)
    vectors = embedded_parts(model.readers[0]) if len(model.readers) == 1 else []
    tolerance = _TOLERANCE_OF_VECTORS if vectors else _TOLERANCE
    if scores.shape != product.shape or not np.allclose(
        product, scores, rtol=tolerance, atol=tolerance
    ):
        return None
    find, named = ngram_finder(model.readers[0]), _without(features, vectors)
    found = [
        _attribute(text, named[[row]], linear, find, scores[row])
        for row, text in enumerate(model.texts)
    ]
    for part in vectors:
        dense = features[:, part.columns].toarray()
        found = with_embedded(found, part, linear.coefficients[:, part.columns], dense)
    if model.columns is None:
        return found
    return [_by_column(one, linear, model.columns, row) for row, one in enumerate(found)]


def _without(features: sp.csr_array, parts: list[EmbeddedPart]) -> sp.csr_array:
    """Return features whose columns in these parts are zero."""
    kept = np.ones(features.shape[1])
    for part in parts:
        kept[part.columns] = 0
    named = features.multiply(kept[None, :]).tocsr() if parts else features
    named.eliminate_zeros()
    return named


def _by_column(
    found: Attribution, linear: LinearModel, columns: pl.DataFrame, row: int
) -> Attribution:
    """Return the contributions in one row with one value per column, the sum of its features."""
    totals = {name: np.zeros(len(found.scores)) for name in columns.columns}
    outside = [feature for feature in found.outside if feature.column not in totals]
    for feature in found.outside:
        if feature.column in totals:
            totals[feature.column] += feature.values
    cells = cells_of(columns, row)
    named = [Outside(f"{name} = {cells[name]}", total) for name, total in totals.items()]
    return found._replace(outside=[*outside, *named])


def _attribute(
    text: str, row: sp.csr_array, linear: LinearModel, find: Finder, scores: np.ndarray
) -> Attribution:
    """Return the contributions in one text.

    Parameters
    ----------
    text : str
    row : csr_array of shape (1, n_features)
    linear : LinearModel
    find : Finder
        Yields the n-grams of a text with their spans.
    scores : ndarray of float of shape (n_classes,)

    Notes
    -----
    Each feature is distributed over all its occurrences. A feature that is not found in the text,
    such as one of a hashing or custom analyzer, is reported next to the text, so that the sum of
    contributions stays exact.
    """
    words = Words(text)
    places: dict[str, list[np.ndarray]] = {}
    for name, spans in find(text):
        places.setdefault(name, []).append(words.spread(spans))
    values = np.zeros((len(words.starts), len(scores)))
    outside = []
    for column, value in zip(row.indices, row.data):
        contribution = linear.coefficients[:, column] * value  # (n_classes,)
        shares = np.sum(places.get(linear.names[column], [0.0]), axis=0)
        total = np.sum(shares)
        if total > 0:
            values += np.outer(shares / total, contribution)  # (n_words, n_classes)
        else:
            outside.append(Outside(linear.names[column], contribution, linear.columns[column]))
    return Attribution(words, values, outside, linear.intercept, scores)
