import numpy as np
import polars as pl
import pytest

from agnews_sk._core.ids import (
    CommonEnds,
    as_ragged_ids,
    check_ids,
    find_common_ends,
    truncate_ids,
)

IDS = pl.Series([[1, 10, 11, 12, 13, 14, 2], [1, 2], [1, 20, 21, 22, 2]])


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("head", [[1, 10, 11, 12, 2], [1, 2], [1, 20, 21, 22, 2]]),
        ("tail", [[1, 12, 13, 14, 2], [1, 2], [1, 20, 21, 22, 2]]),
    ],
)
def test_truncation_keeps_the_special_tokens(part, expected):
    assert truncate_ids(IDS, 5, part, CommonEnds(1, 1)).to_list() == expected


def test_head_and_tail_keeps_a_quarter_of_the_head():
    ids = pl.Series([[1, *range(100, 120), 2]])
    kept = truncate_ids(ids, 10, "head+tail", CommonEnds(1, 1))
    assert kept.to_list() == [[1, 100, 101, 114, 115, 116, 117, 118, 119, 2]]


@pytest.mark.parametrize("part", ["head", "tail", "head+tail"])
@pytest.mark.parametrize("length", [1, 2, 3])
@pytest.mark.parametrize("ends", [CommonEnds(0, 0), CommonEnds(1, 0), CommonEnds(1, 1)], ids=str)
def test_no_text_is_longer_than_asked(part, length, ends):
    kept = truncate_ids(IDS, length, part, ends)
    assert kept.list.len().to_list() == [min(length, n) for n in (7, 2, 5)]


def test_without_special_tokens_head_and_tail_are_the_ends():
    ids = pl.Series([[1, 2, 3, 4]])
    assert truncate_ids(ids, 2, "head", CommonEnds(0, 0)).to_list() == [[1, 2]]
    assert truncate_ids(ids, 2, "tail", CommonEnds(0, 0)).to_list() == [[3, 4]]


def test_common_ends_are_those_of_every_text():
    assert find_common_ends(IDS) == (1, 1)
    assert find_common_ends(pl.Series([[1, 3], [1, 4]])) == (1, 0)
    assert find_common_ends(pl.Series([[3, 4], [5, 4]])) == (0, 1)
    assert find_common_ends(pl.Series([[3, 4], []])) == (0, 0)


def test_an_array_is_texts_of_one_length():
    assert as_ragged_ids(np.array([[1, 2], [3, 4]])).to_list() == [[1, 2], [3, 4]]


@pytest.mark.parametrize("bad", [[[0, 9]], [[-1, 2]]], ids=["too high", "negative"])
def test_an_id_outside_the_vocabulary_is_named(bad):
    with pytest.raises(ValueError, match=r"id (9|-1), which is outside the vocabulary of 9 ids"):
        check_ids(pl.Series(bad), 9)


def test_words_and_nulls_among_ids_are_refused():
    with pytest.raises(TypeError, match="got lists of String; put a Vocabulary"):
        as_ragged_ids(pl.Series([["oil"]]))
    with pytest.raises(ValueError, match="null among the ids"):
        as_ragged_ids(pl.Series([[1, None]]))
    with pytest.raises(ValueError, match="X is empty"):
        as_ragged_ids(pl.Series([], dtype=pl.List(pl.Int64)))
