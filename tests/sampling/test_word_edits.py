"""The four edits on ragged words: what they keep, and how many words they change."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agnews_sk.sampling._word_edits import Ragged, Substitutes, delete, insert, replace, swap

LISTS = st.lists(st.lists(st.integers(0, 5), max_size=5), min_size=1, max_size=5)
SEEDS = st.integers(0, 9)
# Words 0 and 1 have substitutes, 10 and 11 to 13; the others have none.
SUBSTITUTES = Substitutes(np.array([10, 11, 0, 0, 0, 0]), np.array([11, 14, 0, 0, 0, 0]))


def ragged(lists):
    offsets = np.concatenate([[0], np.cumsum([len(row) for row in lists])])
    return Ragged(np.array([word for row in lists for word in row], dtype=int), offsets)


def unragged(texts):
    return [row.tolist() for row in np.split(texts.words, texts.offsets[1:-1])]


def counts_for(lists, seed):
    return np.random.default_rng(seed).integers(0, 4, size=len(lists))


@given(LISTS)
def test_lengths_and_rows_describe_the_texts(lists):
    texts = ragged(lists)
    assert texts.lengths.tolist() == [len(row) for row in lists]
    assert texts.rows.tolist() == [i for i, row in enumerate(lists) for _ in row]


@given(LISTS, SEEDS)
def test_texts_are_taken_in_any_order_and_more_than_once(lists, seed):
    chosen = np.random.default_rng(seed).integers(len(lists), size=6)
    assert unragged(ragged(lists).take(chosen)) == [lists[i] for i in chosen]


def is_subsequence(part, whole):
    left = iter(whole)
    return all(word in left for word in part)


@given(LISTS, SEEDS)
def test_delete_removes_the_requested_number_of_words_and_leaves_one(lists, seed):
    lists = [row for row in lists if row] or [[1]]
    counts = counts_for(lists, seed)
    edited = unragged(delete(ragged(lists), counts, np.random.default_rng(seed)))
    for row, count, found in zip(lists, counts, edited, strict=True):
        assert len(found) == max(1, len(row) - count)
        assert is_subsequence(found, row)


@given(LISTS, SEEDS)
def test_swap_keeps_the_words_of_each_text(lists, seed):
    edited = unragged(swap(ragged(lists), counts_for(lists, seed), np.random.default_rng(seed)))
    assert [sorted(row) for row in edited] == [sorted(row) for row in lists]


def test_one_swap_moves_exactly_two_words():
    lists = [[0, 1, 2, 3, 4]] * 50
    edited = unragged(swap(ragged(lists), np.ones(50, dtype=int), np.random.default_rng(0)))
    assert {sum(a != b for a, b in zip(lists[0], row, strict=True)) for row in edited} == {2}


@given(LISTS, SEEDS)
def test_insert_adds_substitutes_of_the_text_and_keeps_its_words_in_order(lists, seed):
    counts = counts_for(lists, seed)
    edited = unragged(insert(ragged(lists), counts, np.random.default_rng(seed), SUBSTITUTES))
    for row, count, found in zip(lists, counts, edited, strict=True):
        assert len(found) == len(row) + (count if row else 0)
        assert is_subsequence(row, found)
        known = {10} if 0 in row else set()
        known |= {11, 12, 13} if 1 in row else set()
        assert set(found) <= set(row) | known
        if known:
            assert sum(word >= 10 for word in found) == count


@given(LISTS, SEEDS)
def test_replace_changes_words_with_substitutes_alone(lists, seed):
    counts = counts_for(lists, seed)
    edited = unragged(replace(ragged(lists), counts, np.random.default_rng(seed), SUBSTITUTES))
    for row, count, found in zip(lists, counts, edited, strict=True):
        changed = [(a, b) for a, b in zip(row, found, strict=True) if a != b]
        assert len(changed) == min(count, sum(word < 2 for word in row))
        assert all(b in ({10} if a == 0 else {11, 12, 13}) for a, b in changed)


@pytest.mark.parametrize("edit", [delete, swap])
def test_every_word_is_as_likely_as_any_other(edit):
    n = 4_000
    lists = [[0, 1, 2, 3]] * n
    edited = unragged(edit(ragged(lists), np.ones(n, dtype=int), np.random.default_rng(0)))
    at_place = [np.mean([row[i : i + 1] == [i] for row in edited]) for i in range(4)]
    expected = [0.75, 0.5, 0.25, 0] if edit is delete else [0.5] * 4
    np.testing.assert_allclose(at_place, expected, atol=0.05)
