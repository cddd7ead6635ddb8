import numpy as np
import pytest
import torch

from agnews_sk.nn import RaggedDataset, RaggedLoader, pad_collate

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


def test_loader_yields_the_labels_and_weights_of_its_rows():
    dataset = RaggedDataset(VALUES, OFFSETS, np.array([0, 1, 2]), np.array([1.0, 2.0, 3.0]))
    loader = RaggedLoader(dataset, batch_size=2)
    batches = list(loader)
    assert len(batches) == len(loader) == 2
    for rows, (inputs, labels) in zip(loader.batches, batches):
        assert labels["target"].tolist() == rows.tolist()
        assert labels["weight"].tolist() == (rows + 1).tolist()
        assert len(inputs["input_ids"]) == len(rows)


def test_loader_yields_the_batches_that_it_is_given():
    batches = [np.array([2, 0]), np.array([0])]
    loader = RaggedLoader(RaggedDataset(VALUES, OFFSETS, np.arange(3)), 1, batches=batches)
    assert [labels["target"].tolist() for _, labels in loader] == [[2, 0], [0]]


def test_loader_without_labels_yields_none():
    (_, labels), *_ = RaggedLoader(RaggedDataset(VALUES, OFFSETS), batch_size=3)
    assert labels == {}


@pytest.mark.parametrize("dtype", [np.uint32, np.int32, np.int64])
def test_pad_collate_gives_int64_ids_of_any_integer_kind(dtype):
    batch = pad_collate(VALUES.astype(dtype), OFFSETS, np.array([0]), pad_id=0)
    assert batch["input_ids"].dtype == torch.int64


def test_padding_ratio_is_that_of_the_batches():
    dataset = RaggedDataset(VALUES, OFFSETS)
    loader = RaggedLoader(dataset, batch_size=3)
    assert loader.padding_ratio == 9 / 6  # the empty text counts as one token
    assert sum(inputs["input_ids"].numel() for inputs, _ in loader) == 9


CHUNKED = RaggedDataset(
    VALUES, np.array([0, 2, 3, 5]), np.array([0, 1]), np.array([1.0, 2.0]), np.array([0, 2, 3])
)


def test_a_text_of_several_chunks_is_one_row():
    assert len(CHUNKED) == 2
    assert CHUNKED.lengths.tolist() == [2, 2]
    assert CHUNKED.n_chunks.tolist() == [2, 1]
    assert CHUNKED.text_offsets.tolist() == [0, 3, 5]
    inputs, labels = RaggedLoader(CHUNKED, batch_size=3).batch(np.array([1, 0]))
    assert inputs["input_ids"].tolist() == [[8, 9], [5, 6], [7, 0]]
    assert inputs["chunks"].tolist() == [[0, -1], [1, 2]]
    assert labels["target"].tolist() == [1, 0]


def test_a_batch_of_texts_of_one_chunk_has_no_table():
    inputs, _ = RaggedLoader(CHUNKED, batch_size=3).batch(np.array([1]))
    assert inputs.keys() == {"input_ids"}


def test_taken_rows_keep_their_chunks():
    for rows in ([0], [1], [0, 1]):
        taken = CHUNKED.take(np.array(rows))
        assert len(taken) == len(rows)
        assert taken.n_chunks.tolist() == CHUNKED.n_chunks[rows].tolist()
        assert taken.weight.tolist() == CHUNKED.weight[rows].tolist()
        expected = np.concatenate([VALUES[slice(*CHUNKED.text_offsets[i : i + 2])] for i in rows])
        assert taken.values.tolist() == expected.tolist()


def test_the_batch_size_counts_chunks():
    assert [rows.tolist() for rows in RaggedLoader(CHUNKED, batch_size=2).batches] == [[0], [1]]
    assert RaggedLoader(CHUNKED, batch_size=3).padding_ratio == 1.0
