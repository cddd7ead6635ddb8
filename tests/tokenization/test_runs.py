"""Runs in bytes are those that Python's regular expressions find."""

import re

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agnews_sk.tokenization import _runs
from agnews_sk.tokenization._runs import Runs, find_runs, runs_of

# Zero, characters whose lower case is longer or shorter, depends on others or is two characters.
TRICKY = "\0ΣİKẞȺ\x1c\x85\xa0_²Ⅷ"
characters = st.characters(exclude_categories=["Cs"])
short = st.text(st.one_of(characters, st.sampled_from("ab -éÉßσ" + TRICKY)), max_size=12)
words = st.text(st.sampled_from("abcÉ石 "), max_size=60)
some_texts = st.lists(st.one_of(short, words), max_size=6)
PATTERNS = [r"\b\w\w+\b", r"(?u)\b\w\w+\b", r"\w+", r"\w\w\w+\b", r"\d+", r"\S+", r"[\w'-]+"]


def found(texts, pattern, lowercase):
    """Return the runs in texts, and the texts that were left to Python."""
    left = []

    def find_all(text):
        left.append(text)
        return re.findall(pattern, text)

    runs = runs_of(pattern, lowercase)
    return find_runs(pl.Series(texts, dtype=pl.String), runs, find_all).to_list(), left


@given(some_texts, st.sampled_from(PATTERNS), st.booleans(), st.sampled_from([1, 40, 2**17]))
@settings(deadline=None, max_examples=200)
def test_runs_are_those_of_re_findall(texts, pattern, lowercase, block_bytes):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_runs, "_BLOCK_BYTES", block_bytes)
        runs, _ = found(texts, pattern, lowercase)
    assert runs == [re.findall(pattern, t.lower() if lowercase else t) for t in texts]


def test_words_at_the_ends_of_texts_are_not_joined():
    assert found(["oil", "up", "", "cup"], r"\w+", False)[0] == [["oil"], ["up"], [], ["cup"]]


@pytest.mark.parametrize(
    ("text", "is_left"),
    [("Oil Über Äpfel été", 0), ("石油 ราคา \U00010400", 0), ("ΟΔΟΣ İi", 0), ("oil\0up", 1)],
    ids=["Latin", "other scripts", "unusual lower case", "zero"],
)
def test_only_texts_with_zeros_are_left_to_python(text, is_left):
    runs, left = found(["oil", text], r"\w+", True)
    assert runs == [["oil"], re.findall(r"\w+", text.lower())]
    assert left == [text] * is_left


def test_a_text_too_long_for_a_view_is_left_to_python(monkeypatch):
    monkeypatch.setattr(_runs, "_LONGEST", 20)
    long = "many words, more than fit"
    runs, left = found(["oil up", long, "cup"], r"\w+", False)
    assert runs == [["oil", "up"], ["many", "words", "more", "than", "fit"], ["cup"]]
    assert left == [long]


@pytest.mark.parametrize(
    ("pattern", "runs"),
    [
        (r"\b\w\w+\b", Runs(r"\w", 2, True)),
        (r"(?u)\b\w\w+\b", Runs(r"\w", 2, True)),
        (r"\w+", Runs(r"\w", 1, True)),
        (r"[\w'-]+", Runs(r"[\w'-]", 1, True)),
        (r"\b\d+\b", None),
        (r"\w+\w", None),
        (r"\w*", None),
        (r"\w", None),
        (r"x\w+", None),
        (r"(\w)\w+", None),
        (r"\b[\w'-]+\b", None),
        (r"\w++", None),
    ],
)
def test_patterns_of_runs_are_recognized(pattern, runs):
    assert runs_of(pattern, lowercase=True) == runs
