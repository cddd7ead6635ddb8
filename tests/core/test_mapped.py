"""Ids that may be larger than memory are kept in files, and gathered without a second copy."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agnews_sk._core import mapped
from agnews_sk._core.columnar import flat_values, to_ragged
from agnews_sk._core.mapped import hash_runs, mapped_in, new_array, take_runs
from agnews_sk.nn import RaggedDataset
from agnews_sk.tokenization import ModelInput


@pytest.fixture
def small_pieces(monkeypatch):
    monkeypatch.setattr(mapped, "MOST_VALUES", 1_000)


@pytest.mark.parametrize("most", [1, 3, 1_000])
@given(
    runs=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=12),
)
def test_runs_are_taken_in_their_order_whatever_the_size_of_pieces(most, runs):
    values = np.arange(100, 120, dtype=np.uint16)
    starts, lengths = np.array(runs, dtype=np.int64).reshape(-1, 2).T
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mapped, "MOST_VALUES", most)
        taken = take_runs(values, starts, lengths)
    expected = [values[start : start + length] for start, length in runs]
    np.testing.assert_array_equal(taken, np.concatenate([values[:0], *expected]))
    assert taken.dtype == values.dtype


def test_arrays_are_in_files_within_the_block_only(tmp_path):
    with mapped_in(tmp_path):
        inside, empty = new_array(5, np.dtype(np.int32)), new_array(0, np.dtype(np.int32))
    assert isinstance(inside, np.memmap)
    inside[:] = np.arange(5)
    assert inside.tolist() == [0, 1, 2, 3, 4]
    assert (len(empty), inside.dtype) == (0, np.int32)
    assert not isinstance(new_array(5, np.dtype(np.int32)), np.memmap)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("most", [1, 4, 1_000])
def test_equal_rows_have_one_hash_in_any_dtype_and_piece(monkeypatch, most):
    monkeypatch.setattr(mapped, "MOST_VALUES", most)
    rows = [[5, 6], [], [6, 5], [5], [5, 6], [5, 6, 0], [5, 5], [0, 5, 6], [7, 8, 9, 7, 8, 9]]
    values, offsets = np.concatenate(rows).astype(np.int64), np.cumsum([0, *map(len, rows)])
    hashes = hash_runs(values, offsets)
    assert hashes[0] == hashes[4]
    assert len(set(hashes.tolist())) == len(rows) - 1
    monkeypatch.undo()
    np.testing.assert_array_equal(hashes, hash_runs(values.astype(np.uint16), offsets))


def test_hashes_of_many_different_rows_differ():
    values = np.arange(200_000).repeat(2)
    values[1::2] = 7
    assert len(np.unique(hash_runs(values, np.arange(0, len(values) + 1, 2)))) == 200_000


def test_integers_of_a_column_are_those_of_the_file(tmp_path):
    with mapped_in(tmp_path):
        values = new_array(6, np.dtype(np.uint16))
    values[:] = np.arange(6)
    column = to_ragged(values, np.array([0, 2, 2, 6]))
    assert np.shares_memory(flat_values(column).to_numpy(), values)


ROWS, LENGTH = 100, 1_000
IDS = np.tile(np.arange(LENGTH, dtype=np.uint16), ROWS)
OFFSETS = np.arange(ROWS + 1) * LENGTH


def read(truncation):
    """Return the longest input of 900 tokens of each text."""
    model_input = ModelInput(vocab_size=LENGTH, max_length=900, truncation=truncation)
    chunks = model_input.prepare(to_ragged(IDS, OFFSETS)).ids
    return flat_values(chunks).to_numpy()


def peak_of(work):
    """Return the most bytes that NumPy has while a function runs."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize(
    "work",
    [
        lambda: RaggedDataset(IDS, OFFSETS).take(np.arange(0, ROWS, 2)),
        lambda: read("head"),
        lambda: read("head+tail"),
        lambda: read("chunk"),
    ],
    ids=["rows", "head", "both ends", "chunks"],
)
def test_no_copy_of_the_ids_is_in_memory(tmp_path, work):
    assert peak_of(work) > IDS.nbytes / 2
    with mapped_in(tmp_path):
        assert peak_of(work) < IDS.nbytes / 2


@pytest.mark.usefixtures("small_pieces")
def test_hashing_rows_takes_memory_for_a_piece_only():
    assert peak_of(lambda: hash_runs(IDS, OFFSETS)) < IDS.nbytes / 2
