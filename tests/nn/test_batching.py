import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from agnews_sk.nn import RaggedDataset, RaggedLoader, bucket_batches, pad_collate

VALUES = np.array([5, 6, 7, 8, 9])
OFFSETS = np.array([0, 2, 2, 5])


def test_pad_collate_pads_to_the_longest_of_the_batch():
    batch = pad_collate(VALUES, OFFSETS, np.array([0, 2]), pad_id=1)
    assert batch["input_ids"].tolist() == [[5, 6, 1], [7, 8, 9]]
    assert batch["attention_mask"].tolist() == [[1, 1, 0], [1, 1, 1]]


def test_a_text_without_tokens_is_one_attended_pad():
    alone = pad_collate(VALUES, OFFSETS, np.array([1]), pad_id=3)
    assert alone["input_ids"].tolist() == [[3]]
    beside = pad_collate(VALUES, OFFSETS, np.array([1, 0]), pad_id=3)
    assert beside["attention_mask"].tolist() == [[1, 0], [1, 1]]


def test_a_batch_without_padding_needs_no_mask():
    assert "attention_mask" not in pad_collate(VALUES, OFFSETS, np.array([0, 0]), pad_id=3)


def test_a_real_pad_id_inside_a_text_stays_attended():
    batch = pad_collate(np.array([0, 4, 5]), np.array([0, 2, 3]), np.array([0, 1]), pad_id=0)
    assert batch["attention_mask"].tolist() == [[1, 1], [1, 0]]


@given(
    lengths=st.lists(st.integers(0, 50), min_size=1, max_size=200),
    tokens=st.integers(1, 300),
    seed=st.one_of(st.none(), st.integers(0, 99)),
)
def test_a_token_budget_is_kept_and_no_row_is_lost(lengths, tokens, seed):
    rng = None if seed is None else np.random.default_rng(seed)
    lengths = np.array(lengths)
    batches = bucket_batches(lengths, 1, rng, tokens_per_batch=tokens)
    assert sorted(np.concatenate(batches)) == list(range(len(lengths)))
    assert all(len(b) == 1 or lengths[b].max() * len(b) <= tokens for b in batches)


def test_a_token_budget_is_used_up():
    lengths = np.full(100, 10)
    batches = bucket_batches(lengths, 1, np.random.default_rng(0), tokens_per_batch=80)
    assert [len(batch) for batch in batches].count(8) >= 12


@given(
    lengths=st.lists(st.integers(0, 50), min_size=1, max_size=200),
    batch_size=st.integers(1, 20),
    seed=st.one_of(st.none(), st.integers(0, 99)),
)
def test_every_row_is_in_one_batch(lengths, batch_size, seed):
    rng = None if seed is None else np.random.default_rng(seed)
    batches = bucket_batches(np.array(lengths), batch_size, rng)
    assert sorted(np.concatenate(batches)) == list(range(len(lengths)))
    assert max(map(len, batches)) <= batch_size


def test_batches_hold_texts_of_like_length():
    rng = np.random.default_rng(0)
    lengths = rng.integers(20, 120, size=4000)
    batches = bucket_batches(lengths, 32, rng)
    padded = sum(lengths[batch].max() * len(batch) for batch in batches)
    assert padded / lengths.sum() < 1.05


def test_batches_change_from_draw_to_draw_and_repeat_with_the_seed():
    lengths = np.random.default_rng(0).integers(1, 50, size=500)

    def draws(seed):
        rng = np.random.default_rng(seed)
        return [np.concatenate(bucket_batches(lengths, 16, rng)).tolist() for _ in range(2)]

    first, second = draws(7)
    assert first != second
    assert draws(7) == [first, second]


def test_loader_yields_the_labels_and_weights_of_its_rows():
    dataset = RaggedDataset(VALUES, OFFSETS, np.array([0, 1, 2]), np.array([1.0, 2.0, 3.0]))
    loader = RaggedLoader(dataset, batch_size=2)
    batches = list(loader)
    assert len(batches) == len(loader) == 2
    for rows, (inputs, labels) in zip(loader.batches, batches):
        assert labels["target"].tolist() == rows.tolist()
        assert labels["weight"].tolist() == (rows + 1).tolist()
        assert len(inputs["input_ids"]) == len(rows)


def test_loader_without_labels_yields_none():
    (_, labels), *_ = RaggedLoader(RaggedDataset(VALUES, OFFSETS), batch_size=3)
    assert labels == {}


@pytest.mark.parametrize("dtype", [np.uint32, np.int32, np.int64])
def test_pad_collate_gives_int64_ids_of_any_integer_kind(dtype):
    batch = pad_collate(VALUES.astype(dtype), OFFSETS, np.array([0]), pad_id=0)
    assert batch["input_ids"].dtype == torch.int64


def test_padding_ratio_is_what_the_batches_hold():
    dataset = RaggedDataset(VALUES, OFFSETS)
    loader = RaggedLoader(dataset, batch_size=3)
    assert loader.padding_ratio == 9 / 6  # the empty text counts as one token
    assert sum(inputs["input_ids"].numel() for inputs, _ in loader) == 9
