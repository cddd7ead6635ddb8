"""Words are those that Python gives text by text."""

import re

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agnews_sk.tokenization import _words as words
from agnews_sk.tokenization._words import (
    find_words,
    lower_case,
    split_words,
    squeeze_spaces,
    words_of_few,
)

# Characters that Rust and Python lowercase, classify or separate differently, or nearly so.
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
    texts += [text.encode().decode("ascii", "ignore") for text in texts]
    assert words_of_few(texts, pattern) == [re.findall(pattern, text) for text in texts]
    lower = [re.findall(pattern, text.lower()) for text in texts]
    assert words_of_few(texts, pattern, lowercase=True) == lower


@given(texts)
@settings(deadline=None, max_examples=100)
def test_split_words_are_those_of_str_split(texts):
    assert split_words(pl.Series(texts)).to_list() == [text.split() for text in texts]


@given(texts)
@settings(deadline=None, max_examples=100)
def test_squeezed_spaces_are_those_of_scikit_learn(texts):
    squeezed = squeeze_spaces(pl.Series(texts)).to_list()
    assert squeezed == [re.sub(r"\s\s+", " ", text) for text in texts]


@given(texts, st.sampled_from([0, 20_000]))
@settings(deadline=None, max_examples=100)
def test_distinct_characters_are_those_of_a_set(texts, few):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(words, "_FEW_CHARACTERS", few)
        found = words._beyond_ascii("".join(texts))
    assert sorted(found) == sorted(c for c in set("".join(texts)) if not c.isascii())


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


def test_two_groups_in_a_pattern_are_rejected():
    with pytest.raises(ValueError, match="More than 1 capturing group"):
        find_words(pl.Series(["a"]), r"(a)|(b)")


def test_only_rows_with_a_character_that_differs_go_through_python(monkeypatch):
    redone = []
    map_rows = words._map_rows

    def recorded(texts, function, dtype):
        redone.extend(text for text in texts if len(text) > 1)
        return map_rows(texts, function, dtype)

    monkeypatch.setattr(words, "_map_rows", recorded)
    texts = ["Oil", "ΣΑΣ oil", "Über", ""]
    assert lower_case(pl.Series(texts)).to_list() == [text.lower() for text in texts]
    assert redone == ["ΣΑΣ oil"]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_simple_patterns_run_in_polars(pattern, monkeypatch):
    monkeypatch.setattr(words, "_map_rows", None)
    found = find_words(pl.Series(["Oil tops $50, x-rated"]), pattern)
    assert found[0].to_list() == re.findall(pattern, "Oil tops $50, x-rated")
