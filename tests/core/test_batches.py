import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agnews_sk._core.batches import bucket_batches, chunk_table, chunks_of, pad_ids


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


def test_batches_hold_texts_of_similar_length():
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


def test_the_longest_batch_comes_first():
    lengths = np.array([3, 9, 1, 8, 7])
    assert [batch.tolist() for batch in bucket_batches(lengths, 2)] == [[1, 3], [4, 0], [2]]
    assert [batch.tolist() for batch in bucket_batches(lengths, 1, tokens_per_batch=16)] == [
        [1],
        [3, 4],
        [0, 2],
    ]


@given(
    rows=st.lists(st.lists(st.integers(1, 9), max_size=6), min_size=1, max_size=8),
    pad_id=st.integers(0, 9),
)
def test_padding_agrees_with_filling_row_by_row(rows, pad_id):
    values = np.array([i for row in rows for i in row], dtype=np.int64)
    offsets = np.cumsum([0, *map(len, rows)])
    taken = np.arange(len(rows))[::-1]
    ids, attended = pad_ids(values, offsets, taken, pad_id=pad_id)
    filled = [row or [pad_id] for row in rows[::-1]]
    width = max(map(len, filled))
    assert ids.tolist() == [row + [pad_id] * (width - len(row)) for row in filled]
    assert attended.tolist() == [[True] * len(r) + [False] * (width - len(r)) for r in filled]


@pytest.mark.parametrize("dtype", [np.int16, np.uint8, np.int64])
def test_padded_ids_are_int64(dtype):
    ids, _ = pad_ids(np.array([5], dtype=dtype), np.array([0, 1]), np.array([0]), pad_id=0)
    assert ids.dtype == np.int64


@given(
    rows=st.lists(st.tuples(st.integers(0, 50), st.integers(1, 9)), min_size=1, max_size=100),
    batch_size=st.integers(1, 20),
    tokens=st.one_of(st.none(), st.integers(1, 300)),
    seed=st.one_of(st.none(), st.integers(0, 99)),
)
def test_the_chunks_of_a_row_are_in_one_batch_and_count(rows, batch_size, tokens, seed):
    rng = None if seed is None else np.random.default_rng(seed)
    lengths, n_chunks = np.array(rows).T
    batches = bucket_batches(lengths, batch_size, rng, tokens_per_batch=tokens, n_chunks=n_chunks)
    assert sorted(np.concatenate(batches)) == list(range(len(rows)))
    for batch in batches:
        count = n_chunks[batch].sum()
        fits = count <= batch_size if tokens is None else lengths[batch].max() * count <= tokens
        assert len(batch) == 1 or fits


@pytest.mark.parametrize("tokens", [None, 100])
def test_rows_of_one_chunk_are_batched_as_without_chunks(tokens):
    lengths = np.random.default_rng(0).integers(0, 30, size=400)
    ones = np.ones(400, dtype=np.int64)
    found = [
        bucket_batches(
            lengths, 8, np.random.default_rng(1), tokens_per_batch=tokens, n_chunks=n_chunks
        )
        for n_chunks in (None, ones)
    ]
    assert [b.tolist() for b in found[0]] == [b.tolist() for b in found[1]]


def test_a_table_of_chunks_points_to_those_of_each_row():
    offsets = np.array([0, 1, 4, 6])
    rows = np.array([2, 0, 1])
    chunks, table = chunks_of(offsets, rows), chunk_table(np.diff(offsets)[rows])
    assert chunks.tolist() == [4, 5, 0, 1, 2, 3]
    assert table.tolist() == [[0, 1, -1], [2, -1, -1], [3, 4, 5]]
