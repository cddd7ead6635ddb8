"""Ids follow the counts of a plain Python loop."""

import pickle
from collections import Counter

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from agnews_sk.tokenization import Vocabulary

ROWS = [["oil", "up", "oil"], [], ["up", "again", "<pad>"], ["cup", "oil"]]
TOKENS = pl.Series(ROWS)


@given(
    st.lists(st.lists(st.sampled_from(["a", "b", "c", "é", "", "<unk>"])), min_size=1),
    st.sampled_from([1, 2, 0.5]),
    st.sampled_from([1.0, 0.5, 3]),
)
@settings(deadline=None, max_examples=100)
def test_ids_follow_frequency_then_the_alphabet(rows, min_df, max_df):
    counted = Counter(t for row in rows for t in row if t != "<unk>")
    rows_with = Counter(t for row in rows for t in set(row) if t != "<unk>")
    least = min_df if isinstance(min_df, int) else min_df * len(rows)
    most = max_df if isinstance(max_df, int) else max_df * len(rows)
    kept = [t for t in counted if least <= rows_with[t] <= most]
    expected = ["<pad>", "<unk>", *sorted(kept, key=lambda t: (-counted[t], t))]
    tokens = pl.Series(rows, dtype=pl.List(pl.String))
    vocabulary = Vocabulary(min_df=min_df, max_df=max_df)
    if not kept:
        with pytest.raises(ValueError, match="no token remains"):
            vocabulary.fit(tokens)
        return
    vocabulary.fit(tokens)
    assert list(vocabulary.vocabulary_) == vocabulary.get_feature_names_out().tolist() == expected
    assert vocabulary.term_frequency_.tolist() == [0, 0, *(counted[t] for t in expected[2:])]
    assert vocabulary.document_frequency_.tolist() == [0, 0, *(rows_with[t] for t in expected[2:])]


def test_tokens_become_ids_and_unseen_ones_unknown():
    vocabulary = Vocabulary().fit(TOKENS)
    assert vocabulary.vocabulary_ == {
        "<pad>": 0,
        "<unk>": 1,
        "oil": 2,
        "up": 3,
        "again": 4,
        "cup": 5,
    }
    ids = vocabulary.transform(pl.Series([["cup", "new", "oil"], [], ["<pad>"]]))
    assert ids.dtype == pl.List(pl.Int64)
    assert ids.to_list() == [[5, 1, 2], [], [0]]


def test_unseen_tokens_are_removed_without_unk():
    vocabulary = Vocabulary(special_tokens=("<pad>",)).fit(TOKENS)
    assert vocabulary.transform(pl.Series([["new", "oil"], ["new"]])).to_list() == [[1], []]


def test_max_size_counts_the_specials():
    vocabulary = Vocabulary(max_size=3).fit(TOKENS)
    assert list(vocabulary.vocabulary_) == ["<pad>", "<unk>", "oil"]
    for only_specials in (1, 2):
        with pytest.raises(ValueError, match=r"no token remains.*max_size"):
            Vocabulary(max_size=only_specials).fit(TOKENS)


@pytest.mark.parametrize(
    ("name", "inside", "outside"),
    [
        ("min_df", [0.0, 1.0, 1], [-0.1, 1.1, 0, -1]),
        ("max_df", [1.0, 1], [-0.1, 1.1, 0, -1]),
        ("max_size", [1], [0, -1]),
    ],
)
def test_limits_are_accepted_up_to_their_bounds(name, inside, outside):
    tokens = pl.Series([["oil"], ["oil", "cup"]])
    for value in inside:
        assert Vocabulary(**{name: value}, special_tokens=()).fit(tokens).vocabulary_
    for value in outside:
        with pytest.raises(ValueError, match=f"'{name}' parameter"):
            Vocabulary(**{name: value}).fit(tokens)


def test_inverse_transform_returns_the_tokens():
    vocabulary = Vocabulary()
    assert vocabulary.inverse_transform(vocabulary.fit_transform(TOKENS)).to_list() == ROWS


def test_second_fit_leaves_no_trace_of_the_first():
    twice = Vocabulary().fit(TOKENS).fit(pl.Series([["new"]]))
    assert list(twice.vocabulary_) == ["<pad>", "<unk>", "new"]
    assert len(twice.term_frequency_) == 3


def test_clone_is_unfitted_and_pickle_is_not():
    vocabulary = Vocabulary(min_df=2).fit(TOKENS)
    with pytest.raises(NotFittedError, match="is not fitted yet"):
        clone(vocabulary).transform(TOKENS)
    copy = pickle.loads(pickle.dumps(vocabulary))
    np.testing.assert_array_equal(copy.document_frequency_, vocabulary.document_frequency_)
    assert copy.transform(TOKENS).to_list() == vocabulary.transform(TOKENS).to_list()


@pytest.mark.parametrize("X", [["oil up"], [["oil"]], pl.Series([[1]]), pl.Series(["oil"])])
def test_other_input_than_tokens_is_rejected(X):
    with pytest.raises(TypeError, match="put a WordTokenizer before it"):
        Vocabulary().fit(X)


def test_a_repeated_special_token_is_rejected():
    with pytest.raises(ValueError, match="special_tokens must be distinct"):
        Vocabulary(special_tokens=("<pad>", "<pad>")).fit(TOKENS)


def test_no_rows_are_rejected():
    with pytest.raises(ValueError, match="X is empty"):
        Vocabulary().fit(TOKENS.head(0))


@pytest.mark.parametrize("wrong", [-1, 3])
def test_an_id_outside_the_vocabulary_is_rejected(wrong):
    vocabulary = Vocabulary(special_tokens=("<unk>",)).fit(pl.Series([["oil"], ["cup"]]))
    with pytest.raises(ValueError, match=f"from 0 to 2, got {wrong}"):
        vocabulary.inverse_transform(pl.Series([[0], [wrong]]))


def test_null_tokens_are_ignored_and_null_rows_are_empty():
    vocabulary = Vocabulary(special_tokens=("<unk>",))
    ids = vocabulary.fit_transform(pl.Series([["oil", None], None]))
    assert ids.to_list() == [[1], []]


@given(st.lists(st.lists(st.sampled_from(["a", "b", "c", "<unk>"])), min_size=1, max_size=6))
def test_fit_transform_is_fit_and_then_transform_and_counts_rows_once(rows):
    tokens = pl.Series([["d"], *rows], dtype=pl.List(pl.String))
    for special in (("<pad>", "<unk>"), ()):
        vocabulary = Vocabulary(special_tokens=special, max_df=3)
        ids = vocabulary.fit_transform(tokens)
        again = Vocabulary(special_tokens=special, max_df=3).fit(tokens)
        assert ids.to_list() == again.transform(tokens).to_list()
        for token, i in vocabulary.vocabulary_.items():
            n_rows = sum(token in row for row in tokens.to_list())
            assert vocabulary.document_frequency_[i] == (0 if token in special else n_rows)
