import numpy as np
import pytest
import scipy.sparse as sp

from agnews_sk._core.embedding_net import EmbeddingNet, _Batch, _divide, _gradients


def test_gradients_equal_finite_differences():
    random = np.random.default_rng(0)
    X = sp.random_array((5, 7), density=0.6, rng=random, format="csr")
    target, weight = random.dirichlet(np.ones(3), 5), random.random((5, 1))
    layers = [random.normal(size=shape) for shape in [(7, 4), (4,), (4, 3), (3,)]]

    def loss(*layers):
        margins = EmbeddingNet(*layers).of(X)
        proba = np.exp(margins) / np.exp(margins).sum(axis=1, keepdims=True)
        return -(weight * target * np.log(proba)).sum()

    batch = _Batch(np.arange(7), X, X.T.tocsr(), target, weight)
    of_embeddings, of_layers = _gradients(batch, layers[0], EmbeddingNet(*layers))
    for position, found in enumerate([of_embeddings, *of_layers]):
        for place in np.ndindex(found.shape):
            moved = [[layer.copy() for layer in layers] for _ in range(2)]
            moved[0][position][place] += 1e-5
            moved[1][position][place] -= 1e-5
            expected = (loss(*moved[0]) - loss(*moved[1])) / 2e-5
            assert found[place] == pytest.approx(expected, abs=1e-8)


def test_minibatches_have_each_row_once_with_the_features_that_it_has():
    X = sp.random_array((10, 30), density=0.2, rng=0, format="csr", dtype=np.float32)
    target, weight = np.eye(10), np.arange(10.0)
    found, rows = np.zeros((10, 30)), []
    for batch in _divide(X, target, weight, 4, np.random.default_rng(0)):
        chosen = batch.target.argmax(axis=1)
        found[np.ix_(chosen, batch.features)] = batch.X.toarray()
        assert (batch.X != batch.transposed.T).nnz == 0
        assert batch.features.tolist() == sorted(set(X[chosen].indices))
        np.testing.assert_allclose(batch.weight[:, 0], weight[chosen] / len(chosen))
        rows += chosen.tolist()
    np.testing.assert_array_equal(found, X.toarray())
    assert sorted(rows) == list(range(10)) != rows
