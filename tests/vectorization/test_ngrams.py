"""N-grams as integers agree with slices of the rows."""

from itertools import chain

import numpy as np
import polars as pl
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from agnews_sk.tokenization._encoded_tokens import encode_tokens
from agnews_sk.vectorization import _ngrams
from agnews_sk.vectorization._ngrams import (
    NgramRange,
    Occurrences,
    count_matrix,
    encode_characters,
    learn_ngrams,
    number,
    occurrences,
    spread_over_rows,
    walk_ngrams,
)

ROWS = st.lists(st.lists(st.sampled_from("abc"), max_size=6), min_size=1, max_size=6)
RANGES = st.sampled_from([(1, 1), (1, 3), (2, 2), (3, 5)])


def encoded(rows):
    return encode_tokens(pl.Series(rows, dtype=pl.List(pl.String)))


def slices(row, n):
    return [tuple(row[i : i + n]) for i in range(len(row) - n + 1)]


def counted(row, wanted):
    """Return the n-grams of a row that are counted, shorter ones first, each from left to right."""
    if wanted.whole_rows and 0 < len(row) < wanted.min_n:
        return [tuple(row)]
    return [ngram for n in range(wanted.min_n, wanted.max_n + 1) for ngram in slices(row, n)]


@given(ROWS, st.integers(1, 7))
def test_a_walk_visits_every_slice_of_every_row_once(rows, max_n):
    tokens = encoded(rows)
    base = len(tokens.distinct) + 1
    spelled = [[(token,) for token in tokens.distinct]]  # the n-gram of each code, per length

    def encode(n, keys):
        assert keys.dtype == np.int64
        distinct = sorted(set(keys.tolist()))
        spelled.append(
            [(*spelled[-1][key // base], tokens.distinct[key % base]) for key in distinct]
        )
        return np.searchsorted(distinct, keys)

    for n, (codes, lengths) in enumerate(walk_ngrams(tokens, base, max_n, encode), start=1):
        expected = [slices(row, n) for row in rows]
        assert lengths.tolist() == [len(ngrams) for ngrams in expected]
        found = [spelled[n - 1][code] for code in codes.tolist()]
        assert found == [ngram for ngrams in expected for ngram in ngrams]
    assert n == max_n


def test_keys_beyond_32_bits_are_not_wrapped():
    tokens = encoded([["a", "b", "c"]])
    seen = []
    list(walk_ngrams(tokens, 2**31, 2, lambda n, keys: seen.append(keys) or keys))
    assert seen[0].tolist() == [1, 2**31 + 2]


@given(ROWS, RANGES, st.booleans())
@settings(deadline=None)
def test_learned_terms_have_their_positions_in_the_order_of_first_occurrence(
    rows, ngram_range, whole_rows
):
    wanted = NgramRange(*ngram_range, whole_rows)
    tokens = encoded(rows)
    learned = learn_ngrams(tokens, wanted)
    terms = learned.terms[np.argsort(learned.position)].tolist()
    names = [tuple(tokens.distinct[i] for i in term if i >= 0) for term in terms]
    expected = [counted(row, wanted) for row in rows]
    assert names == list(dict.fromkeys(ngram for ngrams in expected for ngram in ngrams))
    assert learned.terms.shape == (len(names), wanted.max_n)
    codes, rows = (np.concatenate(part) for part in zip(*learned.found))
    assert {learned.terms.dtype, codes.dtype, rows.dtype} == {np.dtype(np.int32)}
    met = sorted((row, names[code]) for row, code in zip(rows.tolist(), codes))
    assert met == sorted((i, ngram) for i, ngrams in enumerate(expected) for ngram in ngrams)


@given(ROWS, RANGES, st.booleans())
@settings(deadline=None)
def test_learned_terms_are_sorted_within_a_length(rows, ngram_range, whole_rows):
    terms = learn_ngrams(encoded(rows), NgramRange(*ngram_range, whole_rows)).terms.tolist()
    assert terms == sorted(terms, key=lambda term: (sum(code >= 0 for code in term), term))


@pytest.mark.parametrize("factor", [1, 2**58], ids=["in one integer", "by a hash table"])
@given(st.lists(st.integers(0, 9), max_size=20))
def test_numbers_are_ranks_among_distinct_keys(factor, keys):
    codes, distinct = number(np.array(keys, dtype=np.int64) * factor)
    assert distinct.tolist() == [key * factor for key in sorted(set(keys))]
    assert codes.tolist() == [sorted(set(keys)).index(key) for key in keys]
    assert codes.dtype == np.int32


def test_rows_ascend_within_a_length():
    learned = learn_ngrams(encoded([["a", "b"], ["b", "a"], ["a"]]), NgramRange(1, 2, False))
    assert [found.rows.tolist() for found in learned.found] == [[0, 0, 1, 1, 2], [0, 1]]


@pytest.mark.parametrize(
    ("n", "whole_rows", "codes"), [(2, False, []), (2, True, [3]), (3, False, [1, 2, 3])]
)
def test_short_rows_count_as_one_ngram_if_requested(n, whole_rows, codes):
    found = occurrences(np.array([1, 2, 3]), np.array([2, 0, 1]), n, NgramRange(3, 4, whole_rows))
    assert found.codes.tolist() == codes
    assert found.rows.tolist() == [2 if code == 3 else 0 for code in codes]


CELLS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9)), max_size=30)


@given(
    st.lists(CELLS.map(sorted), min_size=1, max_size=3),
    st.sampled_from([10, 1_000, 2**23]),  # the last one with keys of 64 bits
    st.sampled_from([1, 2, 4_096]),
    st.booleans(),
)
@settings(deadline=None)
def test_counts_are_those_of_a_loop_and_columns_ascend(cells, n_columns, rows_at_once, in_threads):
    expected = np.zeros((5, 10), dtype=int)
    for cell in chain.from_iterable(cells):
        expected[cell] += 1
    found = [np.array(part, dtype=np.int32).reshape(-1, 2).T for part in cells]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_ngrams, "_ROWS", rows_at_once)
        parts = [Occurrences(columns, rows) for rows, columns in found]
        counts = count_matrix(parts, (5, n_columns), in_threads=in_threads)
    assert counts.shape == (5, n_columns)
    np.testing.assert_array_equal(counts[:, :10].toarray(), expected)
    assert {counts.dtype, counts.indices.dtype, counts.indptr.dtype} == {np.dtype(np.int32)}
    for start, end in zip(counts.indptr, counts.indptr[1:]):
        assert (np.diff(counts.indices[start:end]) > 0).all()


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), min_size=1))
def test_characters_are_those_of_the_padded_word(words):
    tokens = encode_characters(pl.Series(words, dtype=pl.String), " ")
    characters = tokens.distinct.to_list()
    rows = np.split(tokens.codes, tokens.offsets[1:-1])
    assert ["".join(characters[code] for code in row) for row in rows] == [
        f" {word} " for word in words
    ]
    assert len(set(characters)) == len(characters)


@given(ROWS.filter(any))
@settings(deadline=None)
def test_counts_of_words_are_added_up_over_rows(rows):
    words = encoded(rows)
    within = np.arange(3 * len(words.distinct), dtype=np.int32).reshape(-1, 3)
    counts = spread_over_rows(words, sp.csr_array(within))
    position = {word: i for i, word in enumerate(words.distinct)}
    expected = [sum((within[position[word]] for word in row), np.zeros(3, int)) for row in rows]
    np.testing.assert_array_equal(counts.toarray(), expected)
    for start, end in zip(counts.indptr, counts.indptr[1:]):
        assert (np.diff(counts.indices[start:end]) > 0).all()
