import pickle
import re
import sys

import numpy as np
import polars as pl
import pytest
from nltk.stem import LancasterStemmer, PorterStemmer, SnowballStemmer
from nltk.tokenize import NLTKWordTokenizer, ToktokTokenizer, TweetTokenizer
from sklearn.base import clone
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, CountVectorizer

from agnews_sk.tokenization import WordTokenizer

TEXTS = [
    "Oil's price isn't $50.25 (Reuters), it's rising...",
    "@coach #final :-) was GREAT!!! see http://example.com/a?b=c",
    "",
    "The Cup, the cup; Übermut in Zürich.",
]
NLTK = {"treebank": NLTKWordTokenizer, "tweet": TweetTokenizer, "toktok": ToktokTokenizer}
STEMMERS = {
    "porter": PorterStemmer(),
    "snowball": SnowballStemmer("english"),
    "lancaster": LancasterStemmer(),
}


def test_words_are_those_of_scikit_learn():
    tokens = WordTokenizer(lowercase=True, stop_words="english").transform(TEXTS)
    analyze = CountVectorizer(stop_words="english").build_analyzer()
    assert tokens.to_list() == [analyze(text) for text in TEXTS]


@pytest.mark.parametrize("n_jobs", [None, 2])
@pytest.mark.parametrize("method", NLTK)
def test_tokens_are_those_of_nltk(method, n_jobs, monkeypatch):
    monkeypatch.setattr("agnews_sk.tokenization._word_tokenizer._BATCH_ROWS", 2)
    tokens = WordTokenizer(method=method, n_jobs=n_jobs).transform(TEXTS)
    assert tokens.to_list() == [NLTK[method]().tokenize(text) for text in TEXTS]


@pytest.mark.parametrize("stemmer", STEMMERS)
def test_stems_are_those_of_nltk(stemmer):
    words = WordTokenizer(lowercase=True).transform(TEXTS).to_list()
    stems = WordTokenizer(lowercase=True, stemmer=stemmer).transform(TEXTS).to_list()
    assert stems == [[STEMMERS[stemmer].stem(word) for word in row] for row in words]


def test_stop_words_are_removed_before_stemming():
    tokenizer = WordTokenizer(stop_words=["rising"], stemmer="porter")
    assert tokenizer.transform(["rising rises"]).to_list() == [["rise"]]


def test_stop_words_are_compared_in_the_case_given():
    assert "the" in ENGLISH_STOP_WORDS
    assert WordTokenizer(stop_words="english").transform(["The the"]).to_list() == [["The"]]


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"stop_words": ["you've", "you"]}, "['ve']"),
        ({"stop_words": ["The"], "lowercase": True}, "['the']"),
        ({"stop_words": ["you've", "you"], "method": "treebank"}, '["\'ve"]'),
    ],
)
def test_stop_words_that_no_text_can_have_are_warned_of(params, words):
    with pytest.warns(UserWarning, match=f"stop words include {re.escape(words)}"):
        WordTokenizer(**params).fit(TEXTS)


@pytest.mark.parametrize(
    "params", [{"stop_words": ["The"]}, {"stop_words": []}, {"stop_words": "english"}]
)
def test_stop_words_that_texts_can_have_are_not_warned_of(params, recwarn):
    WordTokenizer(**params).fit(TEXTS)
    assert recwarn.list == []


def test_missing_and_empty_texts_have_no_words():
    assert WordTokenizer().transform(["oil up", None, "", "?"]).to_list() == [
        ["oil", "up"],
        [],
        [],
        [],
    ]


def test_column_without_any_word_keeps_its_type():
    for params in ({}, {"stemmer": "porter"}, {"method": "tweet"}):
        assert WordTokenizer(**params).transform(["", None]).dtype == pl.List(pl.String)


def test_inverse_transform_joins_with_spaces():
    tokenizer = WordTokenizer()
    joined = tokenizer.inverse_transform(tokenizer.transform(["Oil, up!", ""]))
    assert isinstance(joined, np.ndarray)
    assert joined.tolist() == ["Oil up", ""]


def test_tokenizer_needs_no_fit_and_survives_clone_and_pickle():
    tokenizer = WordTokenizer(pattern=r"\w+", lowercase=True)
    expected = tokenizer.transform(TEXTS).to_list()
    for copy in (clone(tokenizer), pickle.loads(pickle.dumps(tokenizer)), tokenizer.fit(TEXTS)):
        assert copy.transform(TEXTS).to_list() == expected
    assert tokenizer.get_feature_names_out().tolist() == ["tokens"]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"method": "punkt"}, "method"),
        ({"stemmer": "klingon"}, "stemmer"),
        ({"stop_words": "klingon"}, "stop_words"),
        ({"pattern": r"(a)(b)"}, "More than 1 capturing group"),
    ],
)
def test_bad_parameters_are_rejected(params, message):
    with pytest.raises(ValueError, match=message):
        WordTokenizer(**params).transform(TEXTS)


def test_single_text_is_rejected():
    with pytest.raises(TypeError, match="single str"):
        WordTokenizer().transform("oil up")


def test_a_pattern_that_does_not_compile_is_rejected_in_fit():
    with pytest.raises(ValueError, match=r"'\(' is not a regular expression"):
        WordTokenizer(pattern="(").fit(["oil"])


@pytest.mark.parametrize("language", ["german", "russian", "arabic"])
def test_stems_of_other_languages_are_those_of_snowball(language):
    words = {"german": "Häuser Preise", "russian": "цены растут", "arabic": "الأسعار ترتفع"}[
        language
    ]
    (stems,) = WordTokenizer(stemmer=language).transform([words]).to_list()
    assert stems == [SnowballStemmer(language).stem(word) for word in words.split()]
    assert stems != words.split()


def test_every_snowball_language_has_a_stemmer():
    for language in set(SnowballStemmer.languages) - {"porter"}:
        assert len(WordTokenizer(stemmer=language).fit_transform(["oil"])[0]) == 1


MIXED = ["苹果发布iPhone手机", "oil", None]


def test_scripts_without_spaces_are_split_with_and_without_fit():
    expected = [["苹果", "发布", "iPhone", "手机"], ["oil"], []]
    assert WordTokenizer().transform(MIXED).to_list() == expected
    assert WordTokenizer().fit_transform(MIXED).to_list() == expected
    assert WordTokenizer(segmenter=None).transform(MIXED)[0].to_list() == ["苹果发布iPhone手机"]
    bigrams = WordTokenizer(segmenter="bigrams").transform(MIXED)[0].to_list()
    assert bigrams == ["苹果", "果发", "发布", "iPhone", "手机"]


def test_what_has_split_the_texts_of_fit_splits_others(monkeypatch):
    fitted = WordTokenizer(segmenter="bigrams").fit(MIXED).set_params(segmenter="auto")
    assert fitted.segmenter_ == "bigrams"
    assert fitted.transform(["石油价格"])[0].to_list() == ["石油", "油价", "价格"]
    assert pickle.loads(pickle.dumps(fitted)).segmenter_ == "bigrams"
    assert WordTokenizer().fit(["oil"]).segmenter_ is None
    of_dictionaries = WordTokenizer().fit(MIXED)
    monkeypatch.setitem(sys.modules, "icu4py", None)
    with pytest.raises(ImportError, match=r"a model fitted with icu .* needs icu4py"):
        of_dictionaries.transform(["石油"])


def test_without_dictionaries_bigrams_are_said_in_fit(monkeypatch):
    monkeypatch.setitem(sys.modules, "icu4py", None)
    with pytest.warns(UserWarning, match="dictionaries are not installed"):
        words = WordTokenizer().fit_transform(["石油价格"])
    assert words[0].to_list() == ["石油", "油价", "价格"]


def test_texts_of_one_word_each_warn():
    with pytest.warns(UserWarning, match=r"at most one word each, by the pattern '\\\\S\+'"):
        WordTokenizer(pattern=r"\S+").fit(["oil-prices-rise-and-fall"])


def test_a_state_of_an_earlier_version_splits_no_runs():
    state = dict(WordTokenizer().__getstate__())
    del state["segmenter"]
    earlier = WordTokenizer.__new__(WordTokenizer)
    earlier.__setstate__(state)
    assert earlier.transform(["石油价格"])[0].to_list() == ["石油价格"]
