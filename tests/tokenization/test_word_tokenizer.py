import pickle

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
        ({"stemmer": "german"}, "stemmer"),
        ({"stop_words": "german"}, "stop_words"),
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
