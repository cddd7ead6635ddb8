import dataclasses
import subprocess
import sys
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
    return model_input.truncate(ids).to_list()


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
    assert ModelInput(vocab_size=9).prepare(ids).to_list() == [[0, 8], []]
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
    assert ModelInput(vocab_size=10, max_length=3).prepare(none).to_list() == []
