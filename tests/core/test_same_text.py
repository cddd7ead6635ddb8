"""Texts that are equal except for case, punctuation and whitespace."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agnews_sk._core.same_text import normalized, same_text_groups

TEXTS = st.lists(st.none() | st.text("aB .!é\u0301 ", max_size=5), min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Oil -- up,  again!", "oil up again"),
        ("\tOIL\n", "oil"),
        ("?!", "?!"),
        ("ﬁne", "fine"),
        ("cafe\u0301", "café"),
        ("", None),
        (" \u00a0\n", None),
        (None, None),
    ],
)
def test_texts_are_compared_in_one_form(text, expected):
    assert normalized(pl.Series([text], dtype=pl.String)).to_list() == [expected]


@given(TEXTS)
def test_normalizing_twice_changes_nothing(texts):
    once = normalized(pl.Series(texts, dtype=pl.String))
    assert normalized(once).equals(once)


@given(TEXTS)
def test_groups_are_those_of_a_slow_search(texts):
    forms = normalized(pl.Series(texts, dtype=pl.String)).to_list()
    expected = [i if form is None else forms.index(form) for i, form in enumerate(forms)]
    assert same_text_groups(pl.Series(texts, dtype=pl.String)).tolist() == expected
