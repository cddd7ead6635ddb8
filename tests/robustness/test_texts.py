"""Columns compared with slow references: one text after the other, in Python."""

import html
import re
import unicodedata
from collections import Counter

import ftfy
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

from agnews_sk._core.validation import check_texts
from agnews_sk.cleaning import TextCleaner
from agnews_sk.cleaning._steps import STEPS
from agnews_sk.tokenization import Vocabulary, WordTokenizer
from agnews_sk.vectorization import NgramVectorizer
from tests.robustness.strategies import any_story, valid_text, words_text

OFF = dict.fromkeys(STEPS, False) | {"normalize": None, "strip_stop_words": None}
WHITE = "\t\n\x0b\f\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
ENTITIES = st.sampled_from(["&amp;", "&", "lt;", "#39;", "&notin;", "&#x41;", "amp;", "é", "&#0;"])
marked_text = st.lists(ENTITIES | st.text(st.characters(codec="ascii"), max_size=3), max_size=8)


def without(text, category):
    """Replace each run of characters of a Unicode category by a space."""
    marked = [c if not unicodedata.category(c).startswith(category) else None for c in text]
    kept = [c or " " for i, c in enumerate(marked) if c or i == 0 or marked[i - 1] is not None]
    return "".join(kept)


def without_accents(text):
    decomposed = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", re.sub("[\u0300-\u036f]", "", decomposed))


def unescaped(text):
    return html.unescape(re.sub(r"&(?:amp;)+(#?\w+;)", r"&\1", text, flags=re.ASCII))


REFERENCES = {
    "repair_unicode": (True, ftfy.fix_encoding),
    "normalize": ("NFKC", lambda text: unicodedata.normalize("NFKC", text)),
    "lowercase": (True, str.lower),
    "strip_accents": (True, without_accents),
    "strip_digits": (True, lambda text: without(text, "Nd")),
    "squeeze_spaces": (True, lambda text: re.sub(f"[{WHITE}]+", " ", text).strip(" ")),
}


@pytest.mark.parametrize("step", REFERENCES)
@given(texts=st.lists(valid_text | words_text, min_size=1, max_size=4))
def test_a_cleaning_step_does_what_python_does(step, texts):
    setting, reference = REFERENCES[step]
    cleaner = TextCleaner(**OFF | {step: setting})
    expected = [reference(text) for text in texts]
    assert cleaner.transform(texts).tolist() == expected
    assert cleaner.transform(texts * 17).tolist() == expected * 17  # as a column


@given(texts=st.lists(valid_text, min_size=1, max_size=4))
def test_punctuation_and_symbols_are_those_of_unicode(texts):
    cleaned = TextCleaner(**OFF | {"strip_punctuation": True}).transform(texts).tolist()
    for text, rest in zip(texts, cleaned):
        kept = [c for c in text if unicodedata.category(c)[0] not in "PS"]
        assert [c for c in rest if c != " "] == [c for c in kept if c != " "]


@given(marked_text.map("".join))
def test_references_are_read_as_the_standard_library_reads_them(text):
    assert TextCleaner(**OFF | {"unescape_html": True}).transform([text])[0] == unescaped(text)


@given(st.lists(any_story, min_size=1, max_size=5))
def test_the_default_cleaner_keeps_rows_and_collapses_white_space(texts):
    cleaned = TextCleaner().transform(texts)
    assert len(cleaned) == len(texts)
    for before, after in zip(texts, cleaned):
        assert re.sub(f"[{WHITE}]+", " ", after).strip(" ") == after
        assert after == TextCleaner().transform([before])[0]
        after.encode()


settings_of_words = st.fixed_dictionaries(
    {
        "lowercase": st.booleans(),
        "token_pattern": st.sampled_from([r"(?u)\b\w\w+\b", r"\w+", r"\S+", r"[\w'-]+", r"(\w)\w"]),
        "stop_words": st.sampled_from([None, "english", ["oil", "été"]]),
        "ngram_range": st.sampled_from([(1, 1), (1, 2), (2, 3)]),
        "binary": st.booleans(),
    }
)


def as_texts(stories):
    """Return stories as the estimators of this package take them, for scikit-learn."""
    return check_texts(stories).fill_null("").to_list()


@given(st.lists(any_story, min_size=1, max_size=6), settings_of_words)
def test_words_are_those_of_scikit_learns_analyzer(stories, settings):
    kept = {name: settings[name] for name in ("lowercase", "stop_words")}
    tokenizer = WordTokenizer(pattern=settings["token_pattern"], segmenter=None, **kept)
    analyze = CountVectorizer(token_pattern=settings["token_pattern"], **kept).build_analyzer()
    tokens = tokenizer.transform(stories)
    assert tokens.to_list() == [analyze(text) for text in as_texts(stories)]


@given(
    st.lists(any_story, min_size=1, max_size=6),
    st.lists(any_story, min_size=1, max_size=3),
    settings_of_words,
    st.sampled_from(["word", "char", "char_wb"]),
)
@pytest.mark.filterwarnings("ignore:Upper case", "ignore:Your stop_words", "ignore:The parameter")
def test_ngrams_are_those_of_scikit_learn(stories, new, settings, analyzer):
    ours = NgramVectorizer(analyzer=analyzer, segmenter=None, **settings)
    reference = TfidfVectorizer(analyzer=analyzer, **settings)
    try:
        expected = reference.fit_transform(as_texts(stories))
    except ValueError as error:
        with pytest.raises(ValueError, match=re.escape(str(error)[:20])):
            ours.fit(stories)
        return
    np.testing.assert_array_equal(ours.fit_transform(stories).toarray(), expected.toarray())
    assert ours.get_feature_names_out().tolist() == reference.get_feature_names_out().tolist()
    np.testing.assert_allclose(
        ours.transform(new).toarray(), reference.transform(as_texts(new)).toarray(), rtol=1e-12
    )


@given(st.lists(st.lists(valid_text, max_size=6), min_size=1, max_size=5))
def test_a_vocabulary_counts_like_a_counter_and_maps_ids_back_to_tokens(rows):
    counted = Counter(token for row in rows for token in row if token not in ("<pad>", "<unk>"))
    tokens = pl.Series(rows, dtype=pl.List(pl.String))
    if not counted:
        with pytest.raises(ValueError, match="no token remains"):
            Vocabulary().fit(tokens)
        return
    vocabulary = Vocabulary().fit(tokens)
    names = vocabulary.get_feature_names_out().tolist()
    assert dict(zip(names[2:], vocabulary.term_frequency_[2:].tolist())) == counted
    assert names[2:] == sorted(counted, key=lambda token: (-counted[token], token))
    assert vocabulary.inverse_transform(vocabulary.transform(tokens)).to_list() == rows
