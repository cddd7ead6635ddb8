"""The outputs of a text's chunks become one."""

import numpy as np
import pytest
import torch

from agnews_sk.nn import ChunkPooling, TextTransformer, chunk_pooling_name, set_chunk_pooling

LOGITS = torch.tensor([[1.0, -2.0], [3.0, 0.0], [5.0, 5.0], [-1.0, 4.0]])
CHUNKS = torch.tensor([[1, 2, -1], [0, -1, -1], [0, 2, 3]])
NAMES = ["mean", "max", "attention"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mean", [[4.0, 2.5], [1.0, -2.0], [5 / 3, 7 / 3]]),
        ("max", [[5.0, 5.0], [1.0, -2.0], [5.0, 5.0]]),
    ],
    ids=["mean", "max"],
)
def test_logits_are_pooled_over_the_chunks_of_each_text(name, expected):
    torch.testing.assert_close(ChunkPooling(name, 2)(LOGITS, CHUNKS), torch.tensor(expected))


def test_attention_is_a_mean_with_weights():
    pooling = ChunkPooling("attention", 2)
    scores = pooling.pooling.score(pooling.pooling.hidden(LOGITS[1:3]).tanh())
    expected = (scores.softmax(dim=0) * LOGITS[1:3]).sum(dim=0)
    torch.testing.assert_close(pooling(LOGITS, CHUNKS)[0], expected)


@pytest.mark.parametrize("name", NAMES)
def test_a_text_of_one_chunk_keeps_its_output_to_the_last_bit(name):
    outputs = torch.randn(4, 7, generator=torch.Generator().manual_seed(0))
    chunks = torch.tensor([[0, -1], [3, -1], [1, 2]])
    found = ChunkPooling(name, 7)(outputs, chunks)
    assert torch.equal(found[:2], outputs[[0, 3]])


@pytest.mark.parametrize("name", NAMES)
def test_a_chunk_that_is_not_finite_affects_no_other_text(name):
    outputs = LOGITS.clone()
    outputs[0] = torch.nan
    found = ChunkPooling(name, 2)(outputs, CHUNKS)
    assert found[0].isfinite().all()
    assert found[1].isnan().all()


@pytest.mark.parametrize("name", NAMES)
def test_gradients_flow_through_all_chunks_of_a_mean_and_to_the_largest(name):
    outputs = LOGITS.clone().requires_grad_()
    ChunkPooling(name, 2)(outputs, CHUNKS[:1]).sum().backward()
    reached = outputs.grad.abs().sum(dim=1) > 0
    assert reached.tolist() == [False, name != "max", True, False]


def test_new_weights_leave_the_random_state_as_it_was():
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    first = ChunkPooling("attention", 4).pooling.hidden.weight
    assert torch.equal(torch.rand(3), expected)
    torch.manual_seed(0)
    assert torch.equal(ChunkPooling("attention", 4).pooling.hidden.weight, first)


def test_another_name_is_rejected():
    with pytest.raises(ValueError, match=r"chunk_pooling must be one of .*got 'first'"):
        ChunkPooling("first", 2)


def test_a_module_keeps_its_pooling_while_the_name_stays():
    module = TextTransformer(10, 2, d_model=8, n_heads=2)
    n_weights = len(module.state_dict())
    assert chunk_pooling_name(module) is None
    set_chunk_pooling(module, "attention", 2)
    kept = module.chunk_pooling
    set_chunk_pooling(module, "attention", 2)
    assert module.chunk_pooling is kept
    assert len(module.state_dict()) == n_weights + 3
    set_chunk_pooling(module, "max", 2)
    assert chunk_pooling_name(module) == "max"
    set_chunk_pooling(module, None, 2)
    assert chunk_pooling_name(module) is None
    assert len(module.state_dict()) == n_weights


def test_pooling_by_a_table_is_pooling_text_by_text():
    rng = np.random.default_rng(0)
    counts = rng.integers(1, 6, size=30)
    outputs = torch.from_numpy(rng.normal(size=(counts.sum(), 3)).astype(np.float32))
    table = torch.full((30, 5), -1)
    table[torch.arange(5) < torch.from_numpy(counts)[:, None]] = torch.arange(counts.sum())
    found = ChunkPooling("mean", 3)(outputs, table)
    expected = torch.stack([part.mean(dim=0) for part in outputs.split(counts.tolist())])
    torch.testing.assert_close(found, expected)
