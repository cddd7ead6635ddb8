import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agnews_sk.sampling._minhash import near_duplicate_groups, near_duplicate_pairs


def planted(n_texts, n_words, seed):
    """Return random texts, and behind them each again with one word changed."""
    rng = np.random.default_rng(seed)
    words = rng.integers(2000, size=(n_texts, n_words))
    changed = words.copy()
    changed[np.arange(n_texts), rng.integers(n_words, size=n_texts)] = 2000 + np.arange(n_texts)
    return pl.Series([" ".join(f"w{w}" for w in row) for row in np.vstack([words, changed])])


def brute_force(texts, threshold, size):
    def shingles(text):
        words = (text or "").split()
        return {tuple(words[i : i + size]) for i in range(max(len(words) - size + 1, bool(words)))}

    sets = [shingles(text) for text in texts]
    return [
        [i, j]
        for i in range(len(sets))
        for j in range(i + 1, len(sets))
        if sets[i] and sets[j] and len(sets[i] & sets[j]) / len(sets[i] | sets[j]) >= threshold
    ]


def test_texts_with_one_changed_word_are_found_and_no_others():
    pairs = near_duplicate_pairs(planted(500, 25, seed=0), random_state=0)
    assert (pairs[:, 1] - pairs[:, 0] == 500).all()
    assert len(pairs) >= 0.99 * 500


@given(
    st.lists(st.lists(st.sampled_from("abc"), max_size=5).map(" ".join), min_size=1, max_size=12),
    st.sampled_from([0.3, 0.5, 0.8, 1.0]),
    st.integers(1, 3),
)
@settings(max_examples=40, deadline=None)
def test_no_pair_is_below_the_threshold_and_no_equal_texts_are_missed(texts, threshold, size):
    pairs = near_duplicate_pairs(
        pl.Series(texts), threshold=threshold, shingle_words=size, random_state=0
    ).tolist()
    alike = brute_force(texts, threshold, size)
    assert [pair for pair in pairs if pair not in alike] == []
    assert [pair for pair in brute_force(texts, 1, size) if pair not in pairs] == []


@pytest.mark.parametrize(("threshold", "n_pairs"), [(0.4, 60), (0.6, 60), (0.8, 9)])
def test_pairs_at_any_threshold_are_those_of_brute_force(threshold, n_pairs):
    texts = planted(60, 12, seed=0)
    pairs = near_duplicate_pairs(texts, threshold=threshold, random_state=0).tolist()
    assert pairs == brute_force(texts, threshold, 2)
    assert len(pairs) == n_pairs


def test_pairs_come_in_order_and_each_once():
    texts = pl.Series(["a b c d", "x y", "a b c d", "a b c d"])
    assert near_duplicate_pairs(texts, random_state=0).tolist() == [[0, 2], [0, 3], [2, 3]]


@pytest.mark.parametrize("texts", [[None, None, ""], ["a"], [None, "a b"]], ids=str)
def test_texts_without_partners_are_in_no_pair(texts):
    column = pl.Series(texts, dtype=pl.String)
    assert near_duplicate_pairs(column, random_state=0).shape == (0, 2)
    assert near_duplicate_groups(column, random_state=0).tolist() == list(range(len(texts)))


def test_groups_follow_chains_of_pairs():
    words = [f"w{i}" for i in range(30)]
    texts = pl.Series([" ".join(words[i : i + 24]) for i in (0, 2, 4, 6)])
    pairs = near_duplicate_pairs(texts, random_state=0).tolist()
    assert [0, 3] not in pairs
    assert near_duplicate_groups(texts, random_state=0).tolist() == [0, 0, 0, 0]


def test_many_alike_texts_make_one_group_without_all_pairs():
    stem = " ".join(f"w{i}" for i in range(40))
    texts = pl.Series([f"{stem} closed at {i}" for i in range(500)])
    assert set(near_duplicate_groups(texts, random_state=0)) == {0}
    assert len(near_duplicate_pairs(texts, random_state=0)) < 500 * 499 / 2


def test_the_same_seed_gives_the_same_pairs():
    texts = planted(50, 10, seed=1)
    first, second = (near_duplicate_pairs(texts, threshold=0.6, random_state=3) for _ in range(2))
    np.testing.assert_array_equal(first, second)
