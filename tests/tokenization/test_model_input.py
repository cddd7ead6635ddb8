import dataclasses
import json
import subprocess
import sys
import warnings
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from agnews_sk.tokenization._model_input import ModelInput, SpecialTokens, find_special_tokens

IDS = pl.Series([[1, 10, 11, 12, 13, 14, 2], [1, 2], [1, 20, 21, 22, 2]])


def truncate(ids, max_length, truncation, special_tokens):
    model_input = ModelInput(
        vocab_size=1000,
        max_length=max_length,
        truncation=truncation,
        special_tokens=SpecialTokens(*special_tokens),
    )
    return model_input.cut(ids).ids.to_list()


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("head", [[1, 10, 11, 12, 2], [1, 2], [1, 20, 21, 22, 2]]),
        ("tail", [[1, 12, 13, 14, 2], [1, 2], [1, 20, 21, 22, 2]]),
    ],
)
def test_truncation_keeps_the_special_tokens(part, expected):
    assert truncate(IDS, 5, part, (1, 1)) == expected


def test_head_and_tail_keeps_a_quarter_of_the_head():
    ids = pl.Series([[1, *range(100, 120), 2]])
    kept = truncate(ids, 10, "head+tail", (1, 1))
    assert kept == [[1, 100, 101, 114, 115, 116, 117, 118, 119, 2]]


@pytest.mark.parametrize("part", ["head", "tail", "head+tail"])
@pytest.mark.parametrize("length", [1, 2, 3])
@pytest.mark.parametrize("special_tokens", [(0, 0), (1, 0), (1, 1)], ids=str)
def test_no_text_is_longer_than_max_length(part, length, special_tokens):
    kept = truncate(IDS, length, part, special_tokens)
    assert [len(row) for row in kept] == [min(length, n) for n in (7, 2, 5)]


def test_without_special_tokens_head_and_tail_are_the_ends():
    ids = pl.Series([[1, 2, 3, 4]])
    assert truncate(ids, 2, "head", (0, 0)) == [[1, 2]]
    assert truncate(ids, 2, "tail", (0, 0)) == [[3, 4]]


def kept_one_by_one(row, max_length, truncation, special_tokens):
    """The reference: cut one list."""
    if len(row) <= max_length:
        return row
    first, last = special_tokens
    inner = row[first : len(row) - last]
    room = max_length - first - last
    n_head = {"head": room, "tail": 0, "head+tail": room // 4}[truncation]
    cut = inner[:n_head] + inner[len(inner) - (room - n_head) :]
    return row[:first] + cut + row[len(row) - last :]


@pytest.mark.parametrize("truncation", ["head", "tail", "head+tail"])
@pytest.mark.parametrize("special_tokens", [(0, 0), (1, 0), (0, 1), (1, 1)], ids=str)
def test_truncation_agrees_with_cutting_text_by_text(truncation, special_tokens):
    rng = np.random.default_rng(0)
    rows = [list(range(n)) for n in rng.integers(0, 30, size=50)]
    ids = pl.Series(rows, dtype=pl.List(pl.Int64))
    for max_length in (2, 3, 9, 29, 30):
        expected = [kept_one_by_one(row, max_length, truncation, special_tokens) for row in rows]
        assert truncate(ids, max_length, truncation, special_tokens) == expected


def test_special_tokens_are_those_of_every_text():
    assert find_special_tokens(IDS) == (1, 1)
    assert find_special_tokens(pl.Series([[1, 3], [1, 4]])) == (1, 0)
    assert find_special_tokens(pl.Series([[3, 4], [5, 4]])) == (0, 1)
    assert find_special_tokens(pl.Series([[3, 4], []])) == (0, 0)


def test_a_single_text_has_no_special_tokens():
    assert find_special_tokens(IDS[:1]) == (0, 0)


@pytest.mark.parametrize("bad", [[[0, 9]], [[-1, 2]]], ids=["too high", "negative"])
def test_an_id_outside_the_vocabulary_is_named(bad):
    message = r"X_val has the id (9|-1), which is outside the vocabulary of 9 ids"
    with pytest.raises(ValueError, match=message):
        ModelInput(vocab_size=9).prepare(pl.Series(bad), name="X_val")


def test_the_largest_id_and_texts_without_ids_pass():
    ids = pl.Series([[0, 8], []])
    assert ModelInput(vocab_size=9).prepare(ids).ids.to_list() == [[0, 8], []]
    ModelInput(vocab_size=9).check(pl.Series([[]], dtype=pl.List(pl.Int64)))


def test_an_id_that_truncation_would_drop_is_rejected_too():
    with pytest.raises(ValueError, match="the id 7, which is outside the vocabulary of 5"):
        ModelInput(vocab_size=5, max_length=1).prepare(pl.Series([[1, 7]]))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"pad_id": 9}, r"pad_id, the id of the padding, must be in \[0, 9\).*got 9"),
        ({"pad_id": -1}, "got -1"),
        ({"max_length": 0}, "max_length must be at least 1, got 0"),
        ({"truncation": "middle"}, "truncation must be one of .*got 'middle'"),
        ({"truncation": "chunk", "max_length": 4, "chunk_overlap": 3}, "0.5 or 2 tokens.*got 3"),
        ({"truncation": "chunk", "chunk_overlap": -0.1}, "chunk_overlap must be at most half"),
        ({"truncation": "chunk", "max_chunks": 0}, "max_chunks must be from 1 to 1024, got 0"),
        ({"truncation": "chunk", "max_chunks": 1025}, "max_chunks must be from 1 to 1024"),
        (
            {"truncation": "chunk", "max_length": 2, "special_tokens": SpecialTokens(1, 1)},
            "max_length must be at least 3 with truncation=.chunk.",
        ),
    ],
    ids=lambda value: str(value)[:20],
)
def test_values_out_of_range_are_rejected(wrong, message):
    with pytest.raises(ValueError, match=message):
        ModelInput(vocab_size=9, **wrong)


def test_a_tokenizer_with_more_ids_than_the_model_is_rejected():
    ModelInput(vocab_size=9).check_tokenizer(SimpleNamespace(vocab_size_=9))
    with pytest.raises(ValueError, match="the tokenizer has 10 ids, the model 9"):
        ModelInput(vocab_size=9).check_tokenizer(SimpleNamespace(vocab_size_=10))


def test_it_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError, match="pad_id"):
        ModelInput(vocab_size=9).pad_id = 1


def test_it_needs_no_torch():
    code = "import sys, agnews_sk.tokenization; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_no_texts_are_prepared_as_none():
    none = pl.Series([], dtype=pl.List(pl.Int64))
    for truncation in ("head", "chunk"):
        model_input = ModelInput(vocab_size=10, max_length=3, truncation=truncation)
        ids, chunk_offsets = model_input.prepare(none)
        assert ids.to_list() == []
        assert chunk_offsets is None


def chunking(max_length=5, **settings):
    return ModelInput(
        vocab_size=200, max_length=max_length, truncation="chunk",
        special_tokens=SpecialTokens(1, 1), **settings,
    )  # fmt: skip


def test_long_texts_become_chunks_with_special_tokens():
    ids, offsets = chunking(chunk_overlap=1).prepare(IDS)
    assert ids.to_list() == [
        [1, 10, 11, 12, 2],
        [1, 12, 13, 14, 2],
        [1, 2],
        [1, 20, 21, 22, 2],
    ]
    assert offsets.tolist() == [0, 2, 3, 4]


def test_an_overlap_is_a_share_of_a_chunk_or_a_number():
    ids = pl.Series([[1, *range(100, 150), 2], [1, 2]])
    as_share, as_number = (chunking(22, chunk_overlap=overlap) for overlap in (0.25, 5))
    assert as_share.cut(ids).ids.to_list() == as_number.cut(ids).ids.to_list()
    without = chunking(22, chunk_overlap=0).cut(ids)
    assert len(without.ids) == 4
    assert without.ids.list.len().to_list() == [19, 19, 19, 2]


def test_texts_that_fit_are_no_chunks():
    ids, offsets = chunking(7).prepare(IDS)
    assert ids is IDS
    assert offsets is None


@pytest.mark.parametrize(
    "model_input",
    [ModelInput(9), chunking(chunk_overlap=np.int64(1)), chunking(chunk_overlap=0.2, max_chunks=3)],
    ids=["head", "chunk, number", "chunk, share"],
)
def test_a_dict_of_plain_values_describes_it(model_input):
    entries = json.loads(json.dumps(model_input.as_dict()))
    assert ModelInput.from_dict(entries, vocab_size=model_input.vocab_size) == model_input
    del entries["chunk_overlap"], entries["max_chunks"]  # as written by earlier versions
    ModelInput.from_dict(entries, vocab_size=model_input.vocab_size)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"max_length": 5}, r"2 of 12 texts \(17%\) are longer than max_length=5 tokens"),
        ({"max_length": 5}, "truncation='chunk' reads them whole"),
        (
            {"max_length": 4, "truncation": "chunk", "max_chunks": 2, "chunk_overlap": 0},
            r"2 of 12 texts \(17%\) are longer than the 2 chunks of max_length=4.*raise max_chunks",
        ),
    ],
    ids=["head", "way out", "chunk"],
)
def test_a_warning_says_how_many_texts_are_cut(settings, message):
    ids = pl.Series([[1] * 9] * 2 + [[1, 2]] * 10)
    with pytest.warns(UserWarning, match=message):
        ModelInput(9, **settings).warn_of_cut(ids)


def test_few_long_texts_are_no_reason_for_a_warning():
    ids = pl.Series([[1] * 9] + [[1, 2]] * 9)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ModelInput(9, max_length=5).warn_of_cut(ids)
        ModelInput(9, max_length=3, truncation="chunk").warn_of_cut(ids)
