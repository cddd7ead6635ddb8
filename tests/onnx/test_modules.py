"""Modules that are exported return logits."""

from types import SimpleNamespace

import numpy as np
import torch

from agnews_sk.nn import set_chunk_pooling
from agnews_sk.onnx._modules import EmbeddingClassifier, Logits


class Encoder(torch.nn.Module):
    """Hidden states that are known: the id of each token, and its square."""

    def forward(self, input_ids, attention_mask):
        ids = input_ids.float()
        return SimpleNamespace(last_hidden_state=torch.stack([ids, ids**2], dim=-1))


class Output(torch.nn.Module):
    def __init__(self, wrapped):
        super().__init__()
        self.wrapped = wrapped
        self.attention = "sdpa"

    def set_attn_implementation(self, name):
        self.attention = name

    def forward(self, input_ids, attention_mask):
        logits = input_ids.float()
        return SimpleNamespace(logits=logits) if self.wrapped else logits


def test_logits_are_taken_out_of_an_output_of_transformers():
    ids = torch.tensor([[1, 2]])
    for wrapped in (True, False):
        assert Logits(Output(wrapped))(ids, ids).tolist() == [[1.0, 2.0]]


def test_attention_is_switched_to_eager():
    module = Output(True)
    Logits(module)
    assert module.attention == "eager"


def test_an_embedding_classifier_pools_attended_tokens_and_multiplies():
    matrix, bias = np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([0.5, -0.5])
    ids, mask = torch.tensor([[1, 3, 9]]), torch.tensor([[1, 1, 0]])
    found = EmbeddingClassifier(Encoder(), "mean", False, matrix, bias)(ids, mask)
    np.testing.assert_allclose(found.numpy(), [[2.5, 9.5]], rtol=1e-6)  # mean (2, 5)


def test_normalized_vectors_have_unit_length():
    ids = torch.tensor([[2]])
    module = EmbeddingClassifier(Encoder(), "mean", True, np.eye(2), np.zeros(2))
    expected = np.array([[2.0, 4.0]]) / np.hypot(2, 4)
    np.testing.assert_allclose(module(ids, torch.ones_like(ids)).numpy(), expected, rtol=1e-6)


CHUNKS = torch.tensor([[0, 1], [2, -1]])


def test_logits_are_pooled_over_the_chunks_of_a_text():
    module = Output(True)
    set_chunk_pooling(module, "mean", 2)
    ids = torch.tensor([[1, 2], [3, 6], [5, 5]])
    assert Logits(module)(ids, ids, CHUNKS).tolist() == [[2.0, 4.0], [5.0, 5.0]]


def test_vectors_are_pooled_over_the_chunks_of_a_text_before_they_are_multiplied():
    matrix, bias = np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([0.5, -0.5])
    ids = torch.tensor([[1], [3], [2]])
    mask = torch.ones_like(ids)
    module = EmbeddingClassifier(Encoder(), "mean", False, matrix, bias, "max")
    np.testing.assert_allclose(Logits(module)(ids, mask, CHUNKS), [[3.5, 17.5], [2.5, 7.5]])
