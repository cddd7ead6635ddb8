"""Each cleaning step alone, as an expression on a column."""

import html
import unicodedata

import ftfy
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agnews_sk.cleaning import TextCleaner
from agnews_sk.cleaning._steps import _COMPOSED, STEPS

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def apply(name, texts, *options):
    column = STEPS[name](pl.Series(texts, dtype=pl.String), *options).to_list()
    present = [text for text in texts if text is not None]
    # One way for columns, and one for a few texts.
    assert STEPS[name].change_few(present, *options) == [t for t in column if t is not None]
    return column


def test_the_steps_are_the_parameters_of_the_cleaner_in_order():
    assert list(STEPS) == list(TextCleaner.__init__.__code__.co_varnames[1 : len(STEPS) + 1])


EXAMPLES = [
    ("repair_agnews", "week #39;s deal\\of \\$5", "week&#39;s deal of $5"),
    ("unescape_html", "&amp;lt;b&gt; &#8217;", "<b> \u2019"),
    ("unescape_html", "&notin; &not in", "\u2209 ¬ in"),
    ("strip_tags", "<p>a</p><b>b</b> < c <MSFT.O>", " a b < c <MSFT.O>"),
    ("strip_tags", "a<!-- x -->b<script>c()</script>d", "a b d"),
    ("strip_urls", "see http://a.b/c?d=1, or www.e.org.", "see  , or  ."),
    ("repair_unicode", "cafÃ©", "café"),
    ("strip_sources", "LONDON (Reuters) - Oil", "LONDON  Oil"),
    ("lowercase", "ÄB", "äb"),
    ("strip_accents", "é ñ й हि", "e n и हि"),
    ("strip_digits", "a12b 3", "a b  "),
    ("strip_punctuation", "a, $b!", "a   b "),
    ("squeeze_spaces", " a \n\tb  ", "a b"),
]


@pytest.mark.parametrize(("name", "text", "expected"), EXAMPLES)
def test_a_step_has_its_documented_effect(name, text, expected):
    assert apply(name, [text]) == [expected]


@pytest.mark.parametrize(("name", "text", "expected"), EXAMPLES)
def test_a_step_changes_each_row_alone_and_keeps_missing_ones(name, text, expected):
    assert apply(name, ["plain", text, None, text]) == ["plain", expected, None, expected]


@given(TEXTS)
def test_character_references_are_replaced_as_the_standard_library_does(text):
    for reference in ("&lt", "&notit;", "&#8217;", "&copy"):
        written = text.replace("&", "") + reference
        assert apply("unescape_html", [written]) == [html.unescape(written)]


# Damaged pieces, and characters that are damage beside some others only.
PIECES = ["cafÃ©", "â€™", "Ã ", " Ã", "Â", "à²", "Ð²Ð¾", "Ø§Ù", "œ", "°", "£5", "…", "é", "\x85"]
AROUND = st.text("abcA .,1\n", max_size=40)


@given(st.lists(st.sampled_from(PIECES) | AROUND, max_size=6).map("".join))
def test_encodings_are_repaired_as_ftfy_repairs_them(text):
    assert apply("repair_unicode", [text]) == [ftfy.fix_encoding(text)]


@pytest.mark.parametrize("place", range(len(PIECES)), ids=[ascii(piece) for piece in PIECES])
def test_damage_is_found_anywhere_in_a_long_text(place):
    long = "Oil prices rise in London, " * 20
    for text in (long + PIECES[place], PIECES[place] + long, long + PIECES[place] + long):
        assert apply("repair_unicode", [text]) == [ftfy.fix_encoding(text)]


@given(TEXTS)
def test_composition_is_that_of_polars_for_all_characters(text):
    expected = pl.Series([text]).str.normalize("NFC").to_list()
    assert apply("normalize", [text], "NFC") == expected


@given(TEXTS)
@pytest.mark.parametrize(
    "name", ["strip_accents", "strip_digits", "squeeze_spaces", "strip_punctuation"]
)
def test_a_step_that_is_repeated_changes_nothing(name, text):
    once = apply(name, [text])
    assert apply(name, once) == once


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
def test_the_normalization_form_is_that_of_unicode(form):
    text = "ﬁ é e\u0301 ½"
    assert apply("normalize", [text, "plain"], form) == [unicodedata.normalize(form, text), "plain"]


def test_stop_words_are_removed_in_any_case_and_with_their_ending():
    (cleaned,) = apply("strip_stop_words", ["The oil, it's THE"], ["the", "it"])
    assert cleaned.split() == ["oil,"]


def test_texts_that_are_left_as_they_are_are_composed():
    points = range(0x110000)
    composed = [c for c in map(chr, points) if c and _COMPOSED.fullmatch(c)]
    assert len(composed) > 30_000
    for char in composed:  # after another character too: none joins it
        assert unicodedata.is_normalized("NFC", f"a{char}")
        assert not unicodedata.combining(char)


@given(TEXTS)
@pytest.mark.parametrize("name", [name for name in STEPS if name != "strip_stop_words"])
def test_a_few_texts_are_changed_as_a_column_is(name, text):
    options = ["NFC"] if name == "normalize" else []
    damaged = f"{text}\\ &amp;lt;b>{text[::-1]} quot;x quot; www.A.B/{text} (AP)\x1c\0"
    apply(name, [text, damaged], *options)
