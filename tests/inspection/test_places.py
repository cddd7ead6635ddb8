import pytest
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.pipeline import FeatureUnion
from sklearn.preprocessing import StandardScaler

from agnews_sk.inspection._places import find_in_order, names_ngrams, ngram_finder
from agnews_sk.vectorization import NgramUnion, NgramVectorizer

TEXT = "Oil  rises: the oil price"

VECTORIZERS = {
    "words": CountVectorizer(ngram_range=(1, 3)),
    "ours": NgramVectorizer(ngram_range=(1, 2)),
    "stop words": CountVectorizer(stop_words=["the"], ngram_range=(1, 2)),
    "characters": CountVectorizer(analyzer="char", ngram_range=(2, 4)),
    "within words": TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 3)),
    "own tokenizer": CountVectorizer(tokenizer=str.split, token_pattern=None),
    "case": CountVectorizer(lowercase=False),
}


def found_in(vectorizer, text):
    return list(ngram_finder(vectorizer)(text))


@pytest.mark.parametrize("vectorizer", VECTORIZERS.values(), ids=VECTORIZERS)
def test_the_ngrams_found_are_those_that_the_vectorizer_counts(vectorizer):
    fitted = vectorizer.fit([TEXT])
    names = [name for name, _ in found_in(fitted, TEXT)]
    assert sorted(set(names)) == sorted(fitted.get_feature_names_out())
    if isinstance(vectorizer, CountVectorizer) and not isinstance(vectorizer, TfidfVectorizer):
        counts = fitted.transform([TEXT]).toarray()[0]
        expected = dict(zip(fitted.get_feature_names_out(), counts.tolist()))
        assert {name: names.count(name) for name in names} == expected


def test_tokens_of_an_ngram_have_their_spans():
    for name, spans in found_in(CountVectorizer(ngram_range=(1, 2)), TEXT):
        assert " ".join(TEXT[start:end].lower() for start, end in spans) == name


def test_spans_are_of_the_text_before_it_was_lowered():
    ((name, spans),) = found_in(CountVectorizer(token_pattern=r"\w+x"), "İİ abx")
    assert (name, spans) == ("abx", [(3, 6)])


def test_an_ngram_of_spaces_has_no_span():
    found = dict(found_in(CountVectorizer(analyzer="char", ngram_range=(1, 1)), "a  b"))
    assert found == {"a": [(0, 1)], " ": [], "b": [(3, 4)]}


def test_the_spaces_around_a_word_are_placed_at_the_word():
    found = found_in(CountVectorizer(analyzer="char_wb", ngram_range=(1, 1)), "ab  c")
    assert [spans for name, spans in found if name == " "] == [[(0, 2)]] * 2 + [[(4, 5)]] * 2


def test_names_of_a_union_have_its_prefixes():
    union = FeatureUnion([("w", CountVectorizer()), ("s", StandardScaler())])
    assert [name for name, _ in found_in(union, "oil")] == ["w__oil"]
    assert names_ngrams(union)
    assert not names_ngrams(FeatureUnion([("s", StandardScaler())]))
    assert not names_ngrams(StandardScaler())


def test_without_known_positions_or_with_an_analyzer_of_its_own_nothing_is_found():
    squeeze = CountVectorizer(preprocessor=lambda text: text.replace("  ", " "))
    assert found_in(squeeze, "a  b") == []
    assert found_in(CountVectorizer(analyzer=str.split), "oil") == []


def test_tokens_are_searched_in_order():
    assert find_in_order(["a", "b", "a", "a"], "a b a") == [(0, 1), (2, 3), (4, 5), None]


MIXED = "石油价格 iPhone手机 the oil"


@pytest.mark.parametrize(
    "params",
    [
        {"ngram_range": (1, 2)},
        {"segmenter": "bigrams"},
        {"analyzer": "char", "ngram_range": (2, 3)},
    ],
    ids=["dictionaries", "bigrams", "characters"],
)
def test_the_ngrams_found_in_scripts_without_spaces_are_those_that_are_counted(params):
    vectorizer = NgramVectorizer(use_idf=False, norm=None, dtype=int, **params).fit([MIXED])
    found = found_in(vectorizer, MIXED)
    counts = vectorizer.transform([MIXED]).toarray()[0]
    names = [name for name, _ in found]
    assert {name: names.count(name) for name in names} == {
        name: int(count) for name, count in zip(vectorizer.get_feature_names_out(), counts)
    }
    joined = "" if vectorizer.analyzer == "char" else " "
    for name, spans in found:
        whole = joined.join(MIXED[start:end].lower() for start, end in spans)
        assert whole.replace(" ", "") == name.replace(" ", "")


def test_names_of_words_and_characters_have_their_prefixes():
    union = NgramUnion(units="both").fit([TEXT])
    assert {name for name, _ in found_in(union, TEXT)} == set(union.get_feature_names_out())
    alone = NgramUnion(units="words").fit([TEXT])
    assert {name for name, _ in found_in(alone, TEXT)} == set(alone.get_feature_names_out())
    assert names_ngrams(union)
