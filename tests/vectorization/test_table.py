"""The table names, counts, prunes and saves n-grams as dictionaries of tuples would."""

import copy
import pickle
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agnews_sk.tokenization._encoded_tokens import encode_tokens
from agnews_sk.vectorization import _table
from agnews_sk.vectorization._ngrams import NgramRange
from agnews_sk.vectorization._table import join_terms, learn_table

ROWS = [["oil", "prices", "rise"], [], ["oil", "stocks", "oil", "prices"], ["é", "a b"]]
TOKENS = st.sampled_from(["a", "b", "ab", "a b", "a\t", "é", ""])
SOME_ROWS = st.lists(st.lists(TOKENS, max_size=5), min_size=1, max_size=5)
RANGES = st.sampled_from([(1, 1), (1, 2), (2, 3), (1, 4)])


def encoded(rows):
    return encode_tokens(pl.Series(rows, dtype=pl.List(pl.String)))


def learned(rows, ngram_range=(1, 2), separator=" "):
    return learn_table(encoded(rows), NgramRange(*ngram_range, False), separator)


def names_of(row, ngram_range, separator=" "):
    """Return the names of the n-grams of a row, repeats included."""
    return [
        separator.join(row[i : i + n])
        for n in range(ngram_range[0], ngram_range[1] + 1)
        for i in range(len(row) - n + 1)
    ]


def counts_of(rows, names, ngram_range):
    """Return how often each name is that of an n-gram of each row."""
    met = [names_of(row, ngram_range) for row in rows]
    return np.array([[ngrams.count(name) for name in names] for ngrams in met], dtype=int)


@given(SOME_ROWS, RANGES)
@settings(deadline=None)
def test_columns_are_the_distinct_names_in_order_and_counts_are_theirs(rows, ngram_range):
    names = sorted({name for row in rows for name in names_of(row, ngram_range)})
    if not names:
        with pytest.raises(ValueError, match="empty vocabulary"):
            learned(rows, ngram_range)
        return
    table, counts, columns = learned(rows, ngram_range)
    assert table.names().to_list() == names
    assert table.n_columns == len(names)
    assert sorted(columns.tolist()) == list(range(len(names)))
    expected = counts_of(rows, names, ngram_range)
    np.testing.assert_array_equal(counts.toarray(), expected[:, columns])
    first_met = list(dict.fromkeys(name for row in rows for name in names_of(row, ngram_range)))
    assert [names[column] for column in columns] == first_met


@given(SOME_ROWS.filter(any), SOME_ROWS, st.sampled_from([(1, 1), (1, 2), (1, 4)]))
@settings(deadline=None)
def test_new_rows_are_counted_as_strings_would_be(rows, new, ngram_range):
    # Tokens without spaces: a token "a b" would be counted as a pair by its name.
    rows, new = ([[t for t in row if " " not in t] for row in some] for some in (rows, new))
    if not any(rows):
        return
    table, _, _ = learned(rows, ngram_range)
    expected = counts_of(new, table.names().to_list(), ngram_range)
    wanted = NgramRange(*ngram_range, False)
    counted = [
        table.count(encoded(new), wanted),
        table.count(pl.Series(new, dtype=pl.List(pl.String)), wanted),
        table.count_few(new, wanted),
    ]
    for counts in counted:
        np.testing.assert_array_equal(counts.toarray(), expected)
        assert counts.has_sorted_indices


@given(SOME_ROWS.filter(any), st.data())
@settings(deadline=None)
def test_columns_that_are_kept_count_as_before(rows, data):
    table, _, _ = learned(rows)
    n_columns = table.n_columns
    kept = np.array(data.draw(st.lists(st.booleans(), min_size=n_columns, max_size=n_columns)))
    if not kept.any():
        return
    smaller = table.keep(kept)
    assert smaller.names().to_list() == table.names().filter(pl.Series(kept)).to_list()
    wanted = NgramRange(1, 2, False)
    before = table.count(encoded(rows), wanted).toarray()
    np.testing.assert_array_equal(smaller.count(encoded(rows), wanted).toarray(), before[:, kept])
    assert set(smaller.terms[smaller.terms >= 0]) == set(range(len(smaller.tokens)))


def test_a_longer_ngram_is_counted_though_its_prefix_has_no_column():
    table, _, _ = learned([["a", "b", "c"]], (1, 3))
    only_longest = table.keep(table.names().is_in(["a b c"]).to_numpy())
    counts = only_longest.count(encoded([["a", "b", "c"], ["a", "b"]]), NgramRange(1, 3, False))
    assert counts.toarray().tolist() == [[1], [0]]


def test_unknown_tokens_match_no_learned_ngram():
    # For any position of the unknown token, and any code that it would have in its own table.
    table, _, _ = learned([["b", "d"], ["d", "b"], ["d", "d"]], (1, 2))
    wanted = NgramRange(2, 2, False)
    for unknown in ("a", "c", "e"):
        new = [[unknown, "b"], ["b", unknown], [unknown, unknown], ["d", unknown, "b"]]
        assert table.count(encoded(new), wanted).nnz == 0


@pytest.mark.parametrize("separator", [" ", ""])
def test_order_of_tuples_is_that_of_names(separator):
    rng = np.random.default_rng(0)
    rows = [[chr(97 + i) for i in rng.integers(0, 20, size=9)] for _ in range(20)]
    names = {name for row in rows for name in names_of(row, (1, 3), separator)}
    assert learned(rows, (1, 3), separator)[0].names().to_list() == sorted(names)


@pytest.mark.parametrize("base", [5, 2**31], ids=["one integer per n-gram", "too large for one"])
def test_both_ways_of_sorting_ngrams_give_the_order_of_lists(base):
    terms = np.array([[3, 0, 1], [3, -1, -1], [0, 3, 3], [3, 0, -1], [0, -1, -1]], dtype=np.int32)
    order = _table._order_of_tuples(terms, base)
    assert terms[order].tolist() == sorted(terms.tolist())


def test_names_skip_the_padding_and_its_separator():
    terms = np.array([[1, -1], [0, 1], [0, -1]], dtype=np.int32)
    assert join_terms(pl.Series(["a", ""]), terms, "+").to_list() == ["", "a+", "a"]
    assert join_terms(pl.Series([7, 9]), terms, " ").to_list() == ["9", "7 9", "7"]


def test_a_pickle_counts_the_same_and_holds_no_hash_table():
    table, _, _ = learned(ROWS)
    before, wanted = pickle.dumps(table), NgramRange(1, 2, False)
    expected = table.count(encoded(ROWS), wanted).toarray()
    assert len(pickle.dumps(table)) == len(before)
    restored = pickle.loads(before)
    np.testing.assert_array_equal(restored.count(encoded(ROWS), wanted).toarray(), expected)


@pytest.mark.parametrize(
    ("part", "value", "message"),
    [
        ("terms", -2, "n-gram's token must be an int32 of at least -1 and below 6, got -2"),
        ("terms", 6, "n-gram's token must be an int32 of at least -1 and below 6, got 6"),
        ("terms", -1, "n-gram's first token must be an int32 of at least 0 and below 6, got -1"),
        ("columns", -1, "n-gram's column must be an int32 of at least 0 and below 11, got -1"),
        ("columns", 11, "n-gram's column must be an int32 of at least 0 and below 11, got 11"),
    ],
)
def test_a_position_out_of_bounds_is_rejected(part, value, message):
    table = learned(ROWS)[0]
    state = copy.deepcopy(table.__getstate__())
    state[part].flat[0] = value
    with pytest.raises(ValueError, match=message):
        table.__setstate__(state)


def test_positions_of_another_dtype_are_rejected():
    table = learned(ROWS)[0]
    state = table.__getstate__()
    with pytest.raises(ValueError, match=r"must be an int32 of .*, got int64"):
        table.__setstate__(state | {"terms": state["terms"].astype(np.int64)})


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda state: state.update(terms=state["terms"][:, 0]), "n-grams have the shapes"),
        (lambda state: state.update(columns=state["columns"][:-1]), "n-grams have the shapes"),
        (lambda state: state["tokens"]["offsets"].__iadd__(1), "do not fit together"),
        (lambda state: state["tokens"]["offsets"].__isub__(1), "do not fit together"),
    ],
    ids=["flat terms", "fewer columns", "offsets beyond", "bytes beyond"],
)
def test_a_table_whose_parts_do_not_fit_is_rejected(spoil, message):
    table = learned(ROWS)[0]
    state = table.__getstate__()
    spoil(state)
    with pytest.raises(ValueError, match=message):
        table.__setstate__(state)


def test_threads_can_count_with_a_loaded_table_at_once():
    rows = [[f"w{i}", f"w{i * i % 997}", f"w{i % 7}"] for i in range(20_000)]
    table = learned(rows)[0]
    saved, tokens, wanted = pickle.dumps(table), encoded(rows[:50]), NgramRange(1, 2, False)
    counts = table.count(tokens, wanted)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            for _ in range(20):
                loaded, together = pickle.loads(saved), Barrier(4)
                found = [
                    pool.submit(count_with, loaded, tokens, wanted, together) for _ in range(4)
                ]
                assert all((one.result() != counts).nnz == 0 for one in found)
    finally:
        sys.setswitchinterval(before)


def count_with(table, tokens, wanted, together):
    together.wait()
    return table.count(tokens, wanted)
