"""Texts that cleaning would change: damaged entities, and named sources."""

import polars as pl
import pytest

from agnews_sk.cleaning import TextCleaner, has_broken_entities, source_of

BROKEN = ["week #39;s", " quot;deal quot; now", "Profit of #36;2", "a amp;lt; b", "it #x27;s"]
WHOLE = ["week's", "&quot;deal&quot;", "copy; that", "Rule #39 applies;", "", "a times; b"]


@pytest.mark.parametrize("text", BROKEN)
def test_an_entity_without_its_ampersand_is_found_and_repaired(text):
    assert has_broken_entities(pl.Series([text])).to_list() == [True]
    cleaned = TextCleaner(unescape_html=False).transform([text])
    assert "&" in cleaned[0]


@pytest.mark.parametrize("text", WHOLE)
def test_other_texts_with_semicolons_are_whole_and_stay(text):
    assert has_broken_entities(pl.Series([text])).to_list() == [False]
    assert TextCleaner(unescape_html=False).transform([text]).tolist() == [text]


SOURCES = {
    "LONDON (Reuters) - Oil rises": "Reuters",
    "Oil rises (AP)": "AP",
    "AP - Oil rises": "AP",
    "SPACE.com - A probe": "SPACE.com",
    "AFP/Reuters reports": None,
    "Reuters says so": None,
    "(Reuters) and (AP)": "Reuters",
    "": None,
}


@pytest.mark.parametrize(("text", "source"), SOURCES.items())
def test_a_source_is_found_where_it_is_marked_as_one(text, source):
    assert source_of(pl.Series([text])).to_list() == [source]


def test_detected_sources_are_those_that_cleaning_removes():
    for text, source in SOURCES.items():
        cleaned = TextCleaner(strip_sources=True).transform([text])[0]
        assert (cleaned == text) == (source is None)
