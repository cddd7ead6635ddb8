"""Batches that an exported graph takes."""

import json

import numpy as np
import polars as pl
import pytest
from scipy import sparse

from agnews_sk.onnx._inputs import GraphInputs
from agnews_sk.tokenization._model_input import ModelInput, SpecialTokens

IDS = pl.Series([[2, 5, 6, 3], [2, 3], [], [2, 7, 8, 9, 3]], dtype=pl.List(pl.Int64))


def inputs_of(kind, n_columns, **settings):
    return GraphInputs(kind, ModelInput(n_columns, **settings))


def rows_of(inputs, transformed):
    """The unpadded cells of each row, by position, collected over all batches."""
    found = {}
    for rows, arrays in inputs.batches(transformed):
        first, second = arrays.values()
        for row, a, b in zip(rows.tolist(), first, second):
            assert row not in found
            found[row] = a, b
    return [found[row] for row in range(len(found))]


def test_ids_are_padded_and_their_padding_is_not_attended():
    inputs = inputs_of("ids", 10, pad_id=1)
    for (ids, mask), expected in zip(rows_of(inputs, IDS), IDS.to_list()):
        assert mask.dtype == np.int64
        assert ids[: len(expected)].tolist() == expected
        assert (ids[len(expected) :] == 1).all()
        assert mask.sum() == max(len(expected), 1)  # an empty text attends to one padding token


def test_long_texts_are_truncated_but_keep_their_special_tokens():
    inputs = inputs_of(
        "ids", 10, max_length=3, truncation="tail", special_tokens=SpecialTokens(1, 1)
    )
    ids, mask = rows_of(inputs, IDS)[3]
    assert ids[mask == 1].tolist() == [2, 9, 3]


def test_padded_cells_restore_a_sparse_matrix():
    rng = np.random.default_rng(0)
    matrix = sparse.random_array((30, 50), density=0.1, rng=rng, format="csr")
    inputs = inputs_of("matrix", 50)
    for (columns, values), expected in zip(rows_of(inputs, matrix), matrix.toarray()):
        found = np.zeros(50)
        np.add.at(found, columns, values)  # padded cells add 0 to column 0
        np.testing.assert_array_equal(found, expected)


def test_every_row_is_in_one_batch_of_bounded_size():
    ids = pl.Series([[0] * (1 + i % 60) for i in range(200)])
    batches = list(inputs_of("ids", 10).batches(ids))
    assert sorted(np.concatenate([rows for rows, _ in batches]).tolist()) == list(range(200))
    assert all(arrays["input_ids"].size <= 512 for _, arrays in batches)


def test_other_columns_and_ids_outside_the_vocabulary_are_rejected():
    with pytest.raises(ValueError, match="X has 3 columns, expected 2"):
        list(inputs_of("matrix", 2).batches(sparse.csr_array(np.eye(3))))
    with pytest.raises(ValueError, match="the id 9, which is outside the vocabulary of 9"):
        list(inputs_of("ids", 9).batches(IDS))


def test_inputs_survive_json():
    inputs = inputs_of(
        "ids",
        10,
        pad_id=1,
        max_length=9,
        truncation="head+tail",
        special_tokens=SpecialTokens(1, 0),
    )
    assert GraphInputs.from_dict(json.loads(json.dumps(inputs.as_dict()))) == inputs


@pytest.mark.parametrize(
    ("name", "forged"),
    [
        ("kind", "texts"),
        ("truncation", "middle"),
        ("pad_id", 10),
        ("pad_id", -1),
        ("max_length", 0),
    ],
)
def test_values_that_make_no_inputs_are_rejected(name, forged):
    written = inputs_of("ids", 10).as_dict()
    with pytest.raises(ValueError, match=f"{name}.* must be .*, got {forged!r}"):
        GraphInputs.from_dict({**written, name: forged})


def chunked():
    settings = {"max_length": 4, "chunk_overlap": 0, "special_tokens": SpecialTokens(1, 1)}
    return inputs_of("ids", 10, truncation="chunk", **settings)


def test_chunks_of_a_row_are_in_one_batch_with_a_table_of_them():
    inputs = chunked()
    assert inputs.names == ["input_ids", "attention_mask", "chunks"]
    found = {}
    for rows, arrays in inputs.batches(IDS):
        assert list(arrays) == inputs.names
        for row, table in zip(rows.tolist(), arrays["chunks"]):
            found[row] = [
                arrays["input_ids"][i][arrays["attention_mask"][i] == 1].tolist()
                for i in table[table >= 0]
            ]
    assert found == {0: [[2, 5, 6, 3]], 1: [[2, 3]], 2: [[0]], 3: [[2, 7, 8, 3], [2, 8, 9, 3]]}


def test_a_batch_without_long_texts_has_a_table_too():
    ((rows, arrays),) = chunked().batches(IDS[:3])
    assert arrays["chunks"].tolist() == [[0], [1], [2]]
    assert len(rows) == 3


def test_inputs_of_earlier_versions_are_read():
    written = inputs_of("ids", 10).as_dict()
    del written["chunk_overlap"], written["max_chunks"]
    assert GraphInputs.from_dict(written) == inputs_of("ids", 10)


@pytest.mark.parametrize(
    ("name", "forged"), [("max_chunks", 10**9), ("max_chunks", 0), ("chunk_overlap", 0.9)]
)
def test_chunks_that_multiply_the_tokens_are_rejected(name, forged):
    with pytest.raises(ValueError, match=f"{name} must be .*got {forged!r}"):
        GraphInputs.from_dict({**chunked().as_dict(), name: forged})


def test_a_batch_of_chunks_is_bounded_too_unless_it_is_one_row():
    ids = pl.Series([[1] * (2 + 9 * i % 700) for i in range(200)])
    inputs = inputs_of("ids", 10, max_length=40, truncation="chunk")
    batches = list(inputs.batches(ids))
    assert sorted(np.concatenate([rows for rows, _ in batches]).tolist()) == list(range(200))
    assert all(len(rows) == 1 or arrays["input_ids"].size <= 512 for rows, arrays in batches)
    assert max(arrays["input_ids"].size for _, arrays in batches) > 512
