import numpy as np
import pytest
from scipy.special import softmax
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestNeighbors

from agnews_sk.classifiers import _teachers
from agnews_sk.classifiers._fitting import TrainingRows
from agnews_sk.classifiers._labelled_rows import labelled_rows
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
ONES = np.ones(90, dtype=np.float32)


def labelled(n, weight=None, labels=("a", "b", "c"), **more):
    """The first rows with labels."""
    rows = TrainingRows(VECTORS[:n], np.array(labels)[CODES[:n]], weight, **more)
    return labelled_rows(rows, LogisticRegression())


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
    found = fit_mixture(VECTORS, given.astype(float), given, ONES)
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
    found = fit_mixture(VECTORS, start, given, ONES)
    assert (found.argmax(axis=1) == CODES).mean() > (start.argmax(axis=1) == CODES).mean()


def test_equal_vectors_are_told_apart_by_nothing():
    given = np.zeros((5, 2), dtype=np.float32)
    given[0, 0], given[1, 1] = 1, 1
    found = fit_mixture(np.ones((5, 3), dtype=np.float32), np.full((5, 2), 0.5), given, ONES[:5])
    np.testing.assert_allclose(found, 0.5)


def test_weights_of_the_mixture_are_repeated_rows():
    weight = np.where(np.arange(90) < 30, 3, 1)
    repeated = np.repeat(np.arange(90), weight)
    given = np.zeros((90, 3), dtype=np.float32)
    given[:12] = np.eye(3)[CODES[:12]]
    start = softmax(VECTORS[:, :3], axis=1)
    found = fit_mixture(VECTORS, start, given, weight.astype(np.float32))
    expected = fit_mixture(
        VECTORS[repeated], start[repeated], given[repeated], np.ones(150, np.float32)
    )
    np.testing.assert_allclose(found[repeated], expected, atol=1e-4)


def test_spread_labels_depend_on_ratios_of_weights_only():
    graph = neighbor_graph(VECTORS, 8)
    given = np.zeros((90, 3), dtype=np.float32)
    given[:12] = np.eye(3)[CODES[:12]]
    found = spread_labels(graph, given)
    np.testing.assert_allclose(spread_labels(graph, given * 0.01), found, atol=1e-5)
    given[:3] *= 100
    heavy = spread_labels(graph, given)
    assert np.abs(heavy - found).max() > 0.05


@pytest.mark.parametrize("keep_balance", [True, False])
def test_a_teacher_of_vectors_sees_only_the_labels_of_known_rows(keep_balance):
    known, asked = np.arange(9), np.arange(9, 90)
    teacher = VectorTeacher(VECTORS, labelled(12), keep_balance, 5)
    expected = VectorTeacher(VECTORS, labelled(9), keep_balance, 5).probabilities(known, asked)
    np.testing.assert_allclose(teacher.probabilities(known, asked), expected, atol=1e-6)
    assert teacher.probabilities(known, np.array([80, 3])).shape == (2, 3)


def test_a_teacher_of_vectors_learns_from_the_weights_of_rows():
    known, asked = np.arange(12), np.arange(12, 90)
    found = [
        VectorTeacher(VECTORS, one, True, 5).probabilities(known, asked)
        for one in (labelled(12), labelled(12, np.ones(12)), labelled(12, np.arange(1.0, 13)))
    ]
    np.testing.assert_allclose(found[0], found[1])
    assert np.abs(found[0] - found[2]).max() > 0.01


def test_a_classifier_teaches_what_it_learns_from_known_rows():
    taught = labelled(12, labels=("b", "c", "a"))
    teacher = ClassifierTeacher(LogisticRegression(), taught, VECTORS[12:], {})
    fitted = LogisticRegression().fit(VECTORS[:9], taught.rows.y[:9])
    for asked in (np.arange(12, 90), np.array([9, 10]), np.array([13, 9, 40, 10])):
        found = teacher.probabilities(np.arange(9), asked)
        np.testing.assert_array_equal(found, fitted.predict_proba(VECTORS[asked]))


def test_a_teacher_that_lacks_a_class_is_rejected():
    two = FrozenEstimator(LogisticRegression().fit(VECTORS[:2], ["a", "b"]))
    teacher = ClassifierTeacher(two, labelled(12), VECTORS[12:], {})
    with pytest.raises(ValueError, match=r"must know the classes .* got one without \['c'\]; fit"):
        teacher.probabilities(np.arange(12), np.arange(12, 20))
