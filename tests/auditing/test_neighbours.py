import numpy as np
import scipy.sparse as sp

from agnews_sk.auditing import _neighbours
from agnews_sk.auditing._neighbours import neighbour_votes


def rows_of(*lists, n_features=6):
    """Rows of norm 1 with these features."""
    dense = np.zeros((len(lists), n_features))
    for row, features in zip(dense, lists):
        row[features] = 1 / np.sqrt(len(features))
    return sp.csr_array(dense)


def test_similar_texts_vote_for_their_labels():
    features = rows_of([0, 1], [0, 1], [1, 2], [3, 4], [4])
    found = neighbour_votes(features, np.array([0, 1, 1, 2, 0]), np.arange(5))
    similarity = (features @ features.T).toarray() ** 2
    np.fill_diagonal(similarity, 0)
    np.testing.assert_allclose(found, similarity @ np.eye(3)[[0, 1, 1, 2, 0]], atol=1e-6)


def test_copies_do_not_vote_for_each_other():
    features = rows_of([0, 1], [0, 1], [0])
    found = neighbour_votes(features, np.array([0, 1, 1]), np.array([7, 7, 8]))
    np.testing.assert_allclose(found, [[0, 0.5], [0, 0.5], [0.5, 0.5]], atol=1e-6)


def test_ngrams_of_many_texts_are_not_compared(monkeypatch):
    monkeypatch.setattr(_neighbours, "_MOST_TEXTS", 2)
    features = rows_of([0, 1], [0, 1], [0, 2])
    found = neighbour_votes(features, np.array([0, 1, 1]), np.arange(3))
    np.testing.assert_allclose(found, [[0, 0.25], [0.25, 0], [0, 0]], atol=1e-6)


def test_blocks_of_rows_give_the_same_votes(monkeypatch):
    rng = np.random.default_rng(0)
    features = rows_of(*[rng.choice(6, 2, replace=False) for _ in range(20)])
    codes, groups = rng.integers(3, size=20), rng.integers(15, size=20)
    at_once = neighbour_votes(features, codes, groups)
    monkeypatch.setattr(_neighbours, "_BLOCK", 7)
    np.testing.assert_allclose(neighbour_votes(features, codes, groups), at_once, atol=1e-6)
