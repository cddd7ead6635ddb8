import numpy as np
import pytest
from scipy.special import softmax
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestNeighbors

from agnews_sk.classifiers import _teachers
from agnews_sk.classifiers._fitting import TrainingRows
from agnews_sk.classifiers._teachers import (
    ClassifierTeacher,
    VectorTeacher,
    fit_mixture,
    neighbor_graph,
    spread_labels,
)

RNG = np.random.default_rng(0)
CODES = np.arange(90) % 3
VECTORS = (RNG.normal(size=(90, 6)) + 2 * np.eye(6)[CODES]).astype(np.float32)


@pytest.mark.parametrize("block_bytes", [2**27, 400])
def test_the_graph_holds_the_nearest_neighbours_of_every_row(monkeypatch, block_bytes):
    monkeypatch.setattr(_teachers, "_BLOCK_BYTES", block_bytes)
    graph = neighbor_graph(VECTORS, 4)
    unit = VECTORS / np.linalg.norm(VECTORS, axis=1, keepdims=True)
    nearest = NearestNeighbors(n_neighbors=4).fit(unit).kneighbors_graph().toarray() > 0
    similarity = np.where(nearest | nearest.T, unit @ unit.T, 0).clip(min=0) ** 4
    scale = 1 / np.sqrt(similarity.sum(axis=1))
    expected = similarity * scale * scale[:, None]
    np.testing.assert_allclose(graph.toarray(), expected, atol=1e-6)


def test_a_row_without_similar_ones_is_isolated():
    vectors = np.array([[1, 0], [1, 0.1], [0, 0], [-1, 0.0]], dtype=np.float32)
    graph = neighbor_graph(vectors, 20).toarray()
    assert np.flatnonzero(graph.any(axis=1)).tolist() == [0, 1]
    assert np.isfinite(graph).all()
    given = np.array([[1, 0], [0, 0], [0, 0], [0, 0]], dtype=np.float32)
    np.testing.assert_allclose(spread_labels(graph, given), [[1, 0], [1, 0], [0.5] * 2, [0.5] * 2])


def test_spread_labels_are_those_of_the_linear_system():
    graph = neighbor_graph(VECTORS, 8)
    given = np.zeros((90, 3), dtype=np.float32)
    given[:12] = np.eye(3)[CODES[:12]]
    share = 0.97
    solved = np.linalg.solve(np.eye(90) - share * graph.toarray(), given)
    found = spread_labels(graph, given)
    expected = solved / solved.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found, expected, atol=0.03)
    assert (found.argmax(axis=1) == CODES).mean() > 0.7


def test_classes_with_more_labels_send_no_more():
    graph = neighbor_graph(np.ones((6, 2), dtype=np.float32), 5)
    given = np.zeros((6, 2), dtype=np.float32)
    given[:4, 0], given[4, 1] = 1, 1
    np.testing.assert_allclose(spread_labels(graph, given)[5], [0.5, 0.5], atol=0.02)


def test_the_mixture_of_labelled_rows_is_discriminant_analysis(monkeypatch):
    given = np.eye(3, dtype=np.float32)[CODES]
    found = fit_mixture(VECTORS, given.astype(float), given)
    shrunk = LinearDiscriminantAnalysis(
        solver="lsqr", covariance_estimator=Shrunk(), priors=[1 / 3] * 3
    )
    expected = shrunk.fit(VECTORS.astype(float), CODES).predict_proba(VECTORS.astype(float))
    np.testing.assert_allclose(found, expected, atol=1e-3)


class Shrunk:
    """The covariance of rows around the means of their classes, shrunk as the mixture does it."""

    def fit(self, centered):
        means = np.array([VECTORS[code == CODES].mean(axis=0) for code in range(3)])
        within = np.cov((VECTORS - means[CODES]).T.astype(float), bias=True)
        self.covariance_ = 0.6 * within + 0.4 * np.trace(within) / 6 * np.eye(6)
        return self


def test_unlabelled_rows_move_the_means_of_the_mixture():
    given = np.zeros((90, 3), dtype=np.float32)
    given[:6] = np.eye(3)[CODES[:6]]
    start = softmax(VECTORS[:, :3] * [1, 1, 2], axis=1)
    found = fit_mixture(VECTORS, start, given)
    assert (found.argmax(axis=1) == CODES).mean() > (start.argmax(axis=1) == CODES).mean()


def test_equal_vectors_are_told_apart_by_nothing():
    given = np.zeros((5, 2), dtype=np.float32)
    given[0, 0], given[1, 1] = 1, 1
    found = fit_mixture(np.ones((5, 3), dtype=np.float32), np.full((5, 2), 0.5), given)
    np.testing.assert_allclose(found, 0.5)


@pytest.mark.parametrize("keep_balance", [True, False])
def test_a_teacher_of_vectors_sees_only_the_labels_of_known_rows(keep_balance):
    known, out = np.arange(9), np.arange(9, 12)
    teacher = VectorTeacher(VECTORS, CODES[:12], keep_balance, 5)
    expected = VectorTeacher(VECTORS, CODES[:9], keep_balance, 5).probabilities(known, None)
    np.testing.assert_allclose(teacher.probabilities(known, out), expected[:3])
    assert teacher.probabilities(known, None).shape == (78, 3)


def test_a_classifier_teaches_what_it_learns_from_known_rows():
    rows = TrainingRows(VECTORS[:12], np.array(["b", "c", "a"])[CODES[:12]])
    teacher = ClassifierTeacher(LogisticRegression(), rows, VECTORS[12:], {})
    fitted = LogisticRegression().fit(VECTORS[:9], rows.y[:9])
    for out, X in ((None, VECTORS[12:]), (np.array([9, 10]), VECTORS[9:11])):
        found = teacher.probabilities(np.arange(9), out)
        np.testing.assert_array_equal(found, fitted.predict_proba(X))
