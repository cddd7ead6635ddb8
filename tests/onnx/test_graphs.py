"""Graphs compute what scikit-learn and torch compute."""

import numpy as np
import onnxruntime
import pytest
import torch
from scipy import sparse

from agnews_sk.onnx._graphs import linear_graph, module_graph
from agnews_sk.onnx._inputs import GraphInputs
from agnews_sk.tokenization._model_input import ModelInput


class Mean(torch.nn.Module):
    """Mean of the vectors of attended tokens."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.embedding = torch.nn.Embedding(10, 3)
        self.dropout = torch.nn.Dropout(0.5)

    def forward(self, input_ids, attention_mask):
        mask = attention_mask[..., None].float()
        return self.dropout((self.embedding(input_ids) * mask).sum(1) / mask.sum(1))


def session(content):
    return onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])


def test_a_linear_graph_is_the_product_of_sparse_rows_and_a_matrix():
    rng = np.random.default_rng(0)
    X = sparse.random_array((20, 40), density=0.2, rng=rng, format="csr")
    matrix, bias = rng.normal(size=(40, 3)), rng.normal(size=3)
    run = session(linear_graph(matrix, bias)).run
    found = np.empty((20, 3))
    for rows, inputs in GraphInputs("matrix", ModelInput(40)).batches(X):
        (found[rows],) = run(None, inputs)
    np.testing.assert_allclose(found, X @ matrix + bias, atol=1e-12)


@pytest.fixture(scope="module")
def mean():
    return Mean().train()


@pytest.fixture(scope="module")
def mean_graph(mean):
    return module_graph(mean)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (5, 3)], ids=str)
def test_a_module_graph_takes_batches_of_any_shape_and_drops_nothing_out(mean, mean_graph, shape):
    rng = np.random.default_rng(0)
    ids, mask = rng.integers(0, 10, shape), np.ones(shape, dtype=np.int64)
    mask[0, 1:] = 0
    (found,) = session(mean_graph).run(None, {"input_ids": ids, "attention_mask": mask})
    vectors = mean.embedding.weight.detach().numpy()[ids]  # (batch, length, 3)
    expected = (vectors * mask[..., None]).sum(1) / mask.sum(1)[:, None]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_module_stays_in_training_mode_and_its_graph_repeats_itself(mean, mean_graph):
    assert module_graph(mean) == mean_graph
    assert mean.training
