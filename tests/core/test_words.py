import re

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agnews_sk._core.words import encode_tokens, find_words, lower_case, split_words

# Characters that Rust and Python lower, class or separate differently, or nearly so.
TRICKY = "Σİẞŉǅ²½٣①ⓐⅧ_ªº́ः‍‌\x1c\x1f\x85\xa0\u2028\u180e\u200bꙮ\U0001f130\U00010400"
characters = st.characters(exclude_categories=["Cs"])
texts = st.lists(
    st.text(st.one_of(characters, st.sampled_from("ab 1_-Σσς" + TRICKY)), max_size=20), min_size=1
)
PATTERNS = [r"\b\w\w+\b", r"(?u)\b\w\w+\b", r"\w+", r"\d+", r"[\w'-]+", r"[a-z]+", r"x\w+"]
PYTHON_ONLY = [r"\w+(?= )", r"\w+|\$\d+", r"(\w)\w+", r"\S+", r"\w*", r"\b", "", r"\w++"]


@given(texts)
@settings(deadline=None, max_examples=100)
def test_lower_case_is_that_of_python(texts):
    assert lower_case(pl.Series(texts)).to_list() == [text.lower() for text in texts]


@pytest.mark.parametrize("pattern", PATTERNS + PYTHON_ONLY)
@given(texts=texts)
@settings(deadline=None, max_examples=50)
def test_words_are_those_of_re_findall(pattern, texts):
    found = find_words(pl.Series(texts, dtype=pl.String), pattern)
    assert found.to_list() == [re.findall(pattern, text) for text in texts]


@given(texts)
@settings(deadline=None, max_examples=100)
def test_split_words_are_those_of_str_split(texts):
    assert split_words(pl.Series(texts)).to_list() == [text.split() for text in texts]


@pytest.mark.parametrize("char", TRICKY, ids=lambda char: f"U+{ord(char):04X}")
@pytest.mark.parametrize("around", ["{}", "a{}b", "ab {}", "A{}{} 1{}2", "Α{} "])
def test_tricky_characters_are_treated_as_python_treats_them(char, around):
    text = around.replace("{}", char)
    column = pl.Series(["plain text", text])
    assert lower_case(column)[1] == text.lower()
    assert find_words(column)[1].to_list() == re.findall(r"\b\w\w+\b", text)
    assert split_words(column)[1].to_list() == text.split()


@pytest.mark.slow
def test_every_code_point_is_treated_as_python_treats_it():
    chars = [chr(i) for i in range(0x110000) if not 0xD800 <= i <= 0xDFFF]
    texts = [f"a{c}b {c}{c} 1{c}2" for c in chars]
    column = pl.Series(texts)
    assert lower_case(column).to_list() == [text.lower() for text in texts]
    assert split_words(column).to_list() == [text.split() for text in texts]
    for pattern in (r"\b\w\w+\b", r"\d+"):
        assert find_words(column, pattern).to_list() == [re.findall(pattern, t) for t in texts]


def test_two_groups_in_a_pattern_are_refused():
    with pytest.raises(ValueError, match="More than 1 capturing group"):
        find_words(pl.Series(["a"]), r"(a)|(b)")


def test_codes_follow_the_first_coming_across_blocks(monkeypatch):
    monkeypatch.setattr("agnews_sk._core.words._BLOCK_ROWS", 1)
    column = pl.Series([["b", "a"], [], ["c", "a", "b"], ["d"]])
    encoded = encode_tokens(column)
    assert encoded.distinct.to_list() == ["b", "a", "c", "d"]
    assert encoded.codes.tolist() == [0, 1, 2, 1, 0, 3]
    assert encoded.offsets.tolist() == [0, 2, 2, 5, 6]
