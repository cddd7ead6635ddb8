import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from agnews_sk.labelling import ActiveLearner
from agnews_sk.labelling._strategies import (
    Pool,
    check_strategy,
    choose,
    informativeness,
    represent,
)
from agnews_sk.vectorization import NgramVectorizer
from tests.labelling.blobs import blobs

PROBABILITIES = np.array([[0.9, 0.1, 0.0], [0.5, 0.49, 0.01], [0.4, 0.31, 0.29]])


@pytest.fixture(scope="module")
def fitted():
    X, y = blobs()
    return X, y, LogisticRegression().fit(X[:60], y[:60])


def pool_of(X, y, model):
    codes = np.searchsorted(model.classes_, y[:60])
    return Pool(X, np.arange(60, len(X)), np.arange(60), codes)


@pytest.mark.parametrize(("strategy", "most"), [("margin", 1), ("uncertainty", 2)])
def test_margin_compares_two_classes_and_uncertainty_looks_at_the_first(strategy, most):
    assert informativeness(PROBABILITIES, strategy).argmax() == most


@pytest.mark.parametrize("strategy", ["margin", "uncertainty"])
def test_the_least_certain_candidates_are_chosen_first(strategy, fitted):
    X, y, model = fitted
    y_proba = model.predict_proba(X[60:])
    chosen = choose(strategy, model, y_proba, pool_of(X, y, model), 7, seed=0)
    expected = 60 + np.argsort(-informativeness(y_proba, strategy))[:7]
    assert chosen.tolist() == expected.tolist()


def test_a_diverse_batch_is_uncertain_and_spread(fitted):
    X, y, model = fitted
    y_proba = model.predict_proba(X[60:])
    pool = pool_of(X, y, model)
    spread, nearest = (
        X[choose(strategy, model, y_proba, pool, 8, seed=0)] for strategy in ("diverse", "margin")
    )

    def closest(points):
        distances = np.linalg.norm(points[:, None] - points[None], axis=2)
        return distances[np.triu_indices(len(points), 1)].min()

    assert len(np.unique(spread, axis=0)) == 8
    assert closest(spread) > 2 * closest(nearest)
    certain = informativeness(y_proba, "margin") < np.quantile(
        informativeness(y_proba, "margin"), 0.6
    )
    assert not set(map(tuple, spread)) & set(map(tuple, X[60:][certain]))


def test_a_batch_is_no_larger_than_the_candidates(fitted):
    X, y, model = fitted
    pool = pool_of(X, y, model)._replace(candidates=np.array([70, 80]))
    y_proba = model.predict_proba(X[[70, 80]])
    for strategy in ("margin", "diverse"):
        assert sorted(choose(strategy, model, y_proba, pool, 5, seed=0)) == [70, 80]


def test_equal_rows_fill_a_diverse_batch(fitted):
    X, y, model = fitted
    X = np.vstack([X[:60], np.tile(X[60], (5, 1))])
    pool = Pool(X, np.arange(60, 65), np.arange(60), np.searchsorted(model.classes_, y[:60]))
    chosen = choose("diverse", model, model.predict_proba(X[60:]), pool, 4, seed=0)
    assert len(set(chosen.tolist())) == 4


def test_unknown_strategies_are_rejected():
    with pytest.raises(ValueError, match=r"strategy must be one of \['margin'.*got 'marginal'"):
        check_strategy("marginal")
    with pytest.raises(TypeError, match="an instance of a query strategy of scikit-activeml"):
        check_strategy(LogisticRegression())
    with pytest.raises(TypeError, match="an instance"):
        check_strategy(ActiveLearner)


def test_vectors_of_texts_are_those_before_the_last_step():
    texts = np.array(["oil up", "cup won", "oil down", "cup lost"], dtype=object)
    pipeline = make_pipeline(NgramVectorizer(), LogisticRegression()).fit(texts, [0, 1, 0, 1])
    vectors = represent(pipeline, texts, np.array([0, 2]))
    assert sparse.issparse(vectors)
    assert (vectors != pipeline[0].transform(texts[[0, 2]])).nnz == 0
    with pytest.raises(TypeError, match="compares vectors of rows"):
        represent(LogisticRegression(), texts, np.array([0]))


def test_strategies_of_scikit_activeml_choose_among_the_candidates(fitted):
    pool = pytest.importorskip("skactiveml.pool", reason="scikit-activeml is not installed")
    X, y, _ = fitted
    for strategy in (pool.CoreSet(random_state=0), pool.UncertaintySampling(random_state=0)):
        learner = ActiveLearner(
            LogisticRegression(), strategy=strategy, n_initial=10, random_state=0
        ).fit(X)
        first = learner.query(10)
        chosen = learner.teach(first, y[first]).query(6)
        assert learner.n_random_ == 0
        assert len(set(chosen.tolist()) - set(first.tolist())) == 6


def test_strategies_of_scikit_activeml_need_dense_vectors():
    pool = pytest.importorskip("skactiveml.pool", reason="scikit-activeml is not installed")
    texts = np.array(["oil up", "cup won", "oil down", "cup lost"], dtype=object)
    pipeline = make_pipeline(NgramVectorizer(), LogisticRegression()).fit(texts, [0, 1, 0, 1])
    rows = Pool(texts, np.array([2, 3]), np.array([0, 1]), np.array([0, 1]))
    with pytest.raises(TypeError, match="CoreSet needs dense vectors"):
        choose(pool.CoreSet(), pipeline, np.eye(2), rows, 1, seed=0)
