import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agnews_sk.sampling import _minhash
from agnews_sk.sampling._minhash import first_linked, near_duplicate_groups, near_duplicate_pairs


def planted(n_texts, n_words, seed):
    """Return random texts, then a copy of each with one word changed."""
    rng = np.random.default_rng(seed)
    words = rng.integers(2000, size=(n_texts, n_words))
    changed = words.copy()
    changed[np.arange(n_texts), rng.integers(n_words, size=n_texts)] = 2000 + np.arange(n_texts)
    return pl.Series([" ".join(f"w{w}" for w in row) for row in np.vstack([words, changed])])


def shingles_of(text, size):
    words = (text or "").split()
    return {tuple(words[i : i + size]) for i in range(max(len(words) - size + 1, bool(words)))}


def brute_force(texts, threshold, size):
    sets = [shingles_of(text, size) for text in texts]
    return [
        [i, j]
        for i in range(len(sets))
        for j in range(i + 1, len(sets))
        if sets[i] and sets[j] and len(sets[i] & sets[j]) / len(sets[i] | sets[j]) >= threshold
    ]


def test_pairs_with_one_changed_word_are_found_and_no_others():
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


def test_pairs_are_in_order_and_unique():
    texts = pl.Series(["a b c d", "x y", "a b c d", "a b c d"])
    assert near_duplicate_pairs(texts, random_state=0).tolist() == [[0, 2], [0, 3], [2, 3]]


@pytest.mark.parametrize("texts", [[None, None, ""], ["a"], [None, "a b"]], ids=str)
def test_texts_without_duplicates_are_in_no_pair(texts):
    column = pl.Series(texts, dtype=pl.String)
    assert near_duplicate_pairs(column, random_state=0).shape == (0, 2)
    assert near_duplicate_groups(column, random_state=0).tolist() == list(range(len(texts)))


def test_groups_follow_chains_of_pairs():
    words = [f"w{i}" for i in range(30)]
    texts = pl.Series([" ".join(words[i : i + 24]) for i in (0, 2, 4, 6)])
    pairs = near_duplicate_pairs(texts, random_state=0).tolist()
    assert [0, 3] not in pairs
    assert near_duplicate_groups(texts, random_state=0).tolist() == [0, 0, 0, 0]


def test_many_similar_texts_make_one_group_without_all_pairs():
    stem = " ".join(f"w{i}" for i in range(40))
    texts = pl.Series([f"{stem} closed at {i}" for i in range(500)])
    assert set(near_duplicate_groups(texts, random_state=0)) == {0}
    assert len(near_duplicate_pairs(texts, random_state=0)) < 500 * 499 / 2


def test_the_same_seed_gives_the_same_pairs():
    texts = planted(50, 10, seed=1)
    first, second = (near_duplicate_pairs(texts, threshold=0.6, random_state=3) for _ in range(2))
    np.testing.assert_array_equal(first, second)


WORD_LISTS = st.lists(st.lists(st.sampled_from("abcd"), max_size=6), min_size=1, max_size=8)


@given(WORD_LISTS, st.integers(1, 4))
@settings(max_examples=50, deadline=None)
def test_shingles_are_the_runs_of_words_of_each_text(rows, size):
    texts = [" ".join(row) or None for row in rows]
    matrix = _minhash._shingle_matrix(pl.Series(texts, dtype=pl.String), size).toarray()
    sets = [shingles_of(text, size) for text in texts]
    assert set(np.unique(matrix)) <= {0, 1}
    shared = matrix @ matrix.T
    assert shared.tolist() == [[len(one & other) for other in sets] for one in sets]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 2)), min_size=1, max_size=12))
def test_codes_are_the_first_row_with_the_same_values(rows):
    columns = [pl.Series(values) for values in zip(*rows)]
    codes = _minhash._codes(columns)
    assert codes.dtype == np.int64
    assert codes.tolist() == [rows.index(row) for row in rows]


@pytest.fixture(scope="module")
def pairs_at_the_threshold():
    """The shingles of 1,000 texts and of 1,000 that have a Jaccard similarity of 0.8 with them."""
    rng = np.random.default_rng(0)
    words = np.stack([rng.permutation(5_000)[:20] for _ in range(1_000)])  # (n_pairs, n_words)
    rows = np.vstack([words[:, :18], words[:, 2:]])  # 16 words of 20 are in both
    texts = pl.Series([" ".join(f"w{word}" for word in row) for row in rows])
    return _minhash._shingle_matrix(texts, 1)


def test_values_agree_as_often_as_the_jaccard_similarity_says(pairs_at_the_threshold):
    signatures = _minhash._signatures(pairs_at_the_threshold, 128, np.random.default_rng(0))
    assert signatures.shape == (128, 2_000)
    assert signatures.dtype == np.uint32
    agree = signatures[:, :1_000] == signatures[:, 1_000:]
    assert agree.mean() == pytest.approx(0.8, abs=0.005)
    # Independent values would spread as a binomial distribution does.
    assert agree.mean(axis=0).std() == pytest.approx(np.sqrt(0.8 * 0.2 / 128), rel=0.1)


@pytest.mark.parametrize("n_rows", [5, 10, 20])
def test_bands_find_the_share_of_pairs_that_their_formula_says(pairs_at_the_threshold, n_rows):
    signatures = _minhash._signatures(pairs_at_the_threshold, 120, np.random.default_rng(0))
    pairs = _minhash._candidate_pairs(signatures, n_rows)
    found = (pairs[:, 1] - pairs[:, 0] == 1_000).sum() / 1_000
    expected = 1 - (1 - 0.8**n_rows) ** (120 // n_rows)
    assert found == pytest.approx(expected, abs=4 * np.sqrt(expected * (1 - expected) / 1_000))


@pytest.mark.parametrize("threshold", [0.1, 0.5, 0.8, 0.95, 1.0])
@pytest.mark.parametrize("n_permutations", [1, 16, 128])
def test_bands_are_the_longest_that_find_the_promised_share(threshold, n_permutations):
    def found(n_rows):
        return 1 - (1 - threshold**n_rows) ** (n_permutations // n_rows)

    n_rows = _minhash._rows_per_band(threshold, n_permutations)
    longer = range(n_rows + 1, n_permutations + 1)
    assert n_rows == 1 or found(n_rows) >= 0.99
    assert all(found(length) < 0.99 for length in longer)


def test_a_signature_is_the_smallest_hash_under_each_permutation(pairs_at_the_threshold):
    shingles = pairs_at_the_threshold[:5]
    signatures = _minhash._signatures(shingles, 3, np.random.default_rng(7))
    rng = np.random.default_rng(7)
    hashes = rng.integers(2**32, size=shingles.shape[1], dtype=np.uint32).tolist()
    multipliers = [2 * int(m) + 1 for m in rng.integers(2**31, size=3, dtype=np.uint32)]
    for text in range(5):
        columns = shingles[[text]].indices
        expected = [min(hashes[c] * m % 2**32 for c in columns) for m in multipliers]
        assert signatures[:, text].tolist() == expected


@given(st.lists(st.integers(0, 3), min_size=1, max_size=15), st.integers(1, 4))
def test_texts_are_paired_with_the_next_ones_of_their_bucket(buckets, most):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_minhash, "_MAX_NEIGHBOURS", most)
        pairs = _minhash._bucket_pairs(np.array(buckets))
    n = len(buckets)
    expected = [
        i * n + j
        for i in range(n)
        for j in [j for j in range(i + 1, n) if buckets[j] == buckets[i]][:most]
    ]
    assert sorted(pairs.tolist()) == expected


def test_similarities_are_those_of_sets_in_blocks_of_any_size(monkeypatch):
    texts = ["a b c", "b c d", "x", "a b c d e"]
    shingles = _minhash._shingle_matrix(pl.Series(texts), 1)
    pairs = np.array([[i, j] for i in range(4) for j in range(i, 4)])
    sets = [set(text.split()) for text in texts]
    expected = [len(sets[i] & sets[j]) / len(sets[i] | sets[j]) for i, j in pairs]
    for block in (1, 3, 100):
        monkeypatch.setattr(_minhash, "_PAIRS_PER_BLOCK", block)
        assert _minhash._jaccard(shingles, pairs).tolist() == expected


@given(st.integers(1, 12), st.data())
def test_texts_are_linked_to_the_first_of_their_group(n_texts, data):
    position = st.integers(0, n_texts - 1)
    edges = data.draw(st.lists(st.tuples(position, position), max_size=10))
    first = list(range(n_texts))
    for one, other in edges:
        low, high = sorted((first[one], first[other]))
        first = [low if place == high else place for place in first]
    pairs = np.array([*edges, *[(i, i) for i in range(n_texts)]])
    assert first_linked(pairs).tolist() == first
