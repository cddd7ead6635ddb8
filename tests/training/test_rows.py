import numpy as np
import pytest
import torch

from agnews_sk.nn import RaggedLoader
from agnews_sk.training import TextRows
from agnews_sk.training._rows import epoch_rng, in_order

ROWS = TextRows(np.array([5, 6, 7, 5, 6]), np.array([0, 2, 2, 3, 5]), np.array([1, 0, 1, 0]))


def test_an_item_is_the_ids_of_a_row_and_its_code():
    ids, code = ROWS[0]
    assert (ids.tolist(), code) == ([5, 6], 1)
    assert ROWS[-2][0].tolist() == [7]
    assert ROWS.X is ROWS
    assert ROWS.y.tolist() == [1, 0, 1, 0]


@pytest.mark.parametrize("row", [4, -5])
def test_an_index_out_of_range_ends_an_iteration(row):
    with pytest.raises(IndexError, match=f"row {row} of 4"):
        ROWS[row]
    assert len(list(ROWS)) == 4


def test_rows_without_labels_have_the_code_minus_one():
    assert TextRows(np.array([5]), np.array([0, 1]))[0][1] == -1


def test_equal_rows_have_one_value():
    first, empty, other, again = ROWS.equal_rows()
    assert first == again
    assert len({first, empty, other}) == 3


def test_results_of_batches_are_in_the_order_of_rows():
    loader = RaggedLoader(ROWS, batch_size=3, rng=np.random.default_rng(0))
    batches = [torch.tensor(rows)[:, None] for rows in loader.batches]
    assert in_order(loader, batches).tolist() == [[0], [1], [2], [3]]


def test_each_epoch_has_numbers_of_its_own_that_repeat():
    draws = [epoch_rng(seed, epoch).integers(10**9) for seed in (0, 1) for epoch in (0, 1)]
    assert len(set(draws)) == 4
    assert epoch_rng(1, 1).integers(10**9) == draws[-1]


def test_texts_of_several_chunks_are_equal_as_wholes():
    offsets, chunk_offsets = np.array([0, 1, 2, 3, 4, 6]), np.array([0, 2, 4, 5])
    rows = TextRows(np.array([5, 6, 5, 6, 7, 8]), offsets, None, None, chunk_offsets)
    assert rows.equal_rows().tolist() == [0, 0, 1]
    assert [ids.tolist() for ids, _ in rows] == [[5, 6], [5, 6], [7, 8]]
