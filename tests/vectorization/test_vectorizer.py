import itertools
import os
import pickle
import re
import sys
import warnings

import numpy as np
import polars as pl
import pytest
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

from agnews_sk._core import columnar, few_texts
from agnews_sk.cleaning import ColumnJoiner
from agnews_sk.datasets import load_agnews
from agnews_sk.tokenization import Vocabulary, WordTokenizer
from agnews_sk.tokenization._segmentation import segmenter_to_fit
from agnews_sk.tokenization._words import WORD_PATTERN, find_words
from agnews_sk.vectorization import NgramVectorizer, _token_codes, _vectorizer

CORPUS = [
    "Oil prices rise again, and oil stocks rise with them.",
    "The coach of the team resigns",
    "",
    "Stocks fall; THE COACH falls ill!",
    "a I ?",
    "Über-café: naïve İstanbul ΣΑΣ e\u0301t\u00e9 ١٢٣ x\u200dy",
    "oil oil oil oil prices",
    "it's 1_000 to 1 -- the the the",
]
NEW = ["oil coach unseen words", "", "THE café prices prices again", "nothing known"]

SETTINGS = {
    "defaults": {},
    "words and pairs": {"ngram_range": (1, 2)},
    "pairs": {"ngram_range": (2, 2)},
    "up to four words": {"ngram_range": (1, 4)},
    "longer than any row": {"ngram_range": (2, 30)},
    "case kept": {"lowercase": False},
    "one-letter words": {"token_pattern": r"\w+"},
    "pattern that only Python knows": {"token_pattern": r"(?!the)\b\w+(?= )"},
    "words with spaces in them": {"token_pattern": r"\w+ \w+|\w+", "ngram_range": (1, 3)},
    "English stop words": {"stop_words": "english", "ngram_range": (1, 2)},
    "own stop words": {"stop_words": ["oil", "the"], "ngram_range": (1, 2)},
    "min_df as number": {"min_df": 2, "ngram_range": (1, 2)},
    "min_df as share": {"min_df": 0.25},
    "max_df as number": {"max_df": 1},
    "max_df as share": {"max_df": 0.3},
    "max_features with ties": {"max_features": 7, "ngram_range": (1, 2)},
    "all limits": {"max_features": 3, "min_df": 2, "max_df": 0.9},
    "one-hot": {"binary": True, "use_idf": False, "norm": None},
    "binary": {"binary": True},
    "no idf": {"use_idf": False},
    "rough idf": {"smooth_idf": False},
    "sublinear": {"sublinear_tf": True},
    "l1": {"norm": "l1"},
    "no norm": {"norm": None},
    "float32": {"dtype": np.float32, "ngram_range": (1, 2), "sublinear_tf": True},
    "characters": {"analyzer": "char_wb"},
    "characters 3 to 5": {"analyzer": "char_wb", "ngram_range": (3, 5)},
    "characters longer than words": {"analyzer": "char_wb", "ngram_range": (5, 7)},
    "frequent characters": {"analyzer": "char_wb", "ngram_range": (1, 3), "max_features": 20},
    "characters of the text": {"analyzer": "char"},
    "characters of the text, 1 to 3": {"analyzer": "char", "ngram_range": (1, 3)},
    "characters longer than texts": {"analyzer": "char", "ngram_range": (3, 40), "min_df": 2},
}


def assert_same_matrix(ours, theirs):
    assert type(ours) is type(theirs)
    assert ours.shape == theirs.shape
    for part in ("data", "indices", "indptr"):
        left, right = getattr(ours, part), getattr(theirs, part)
        assert left.dtype == right.dtype
        np.testing.assert_array_equal(left, right)


def error_of_fit(vectorizer, corpus):
    try:
        vectorizer.fit(corpus)
    except ValueError as error:
        return str(error)
    return None


def assert_same(ours, theirs, corpus, new):
    error = error_of_fit(theirs, corpus)
    assert error_of_fit(ours, corpus) == error
    if error is not None:
        return
    assert_same_matrix(ours.fit_transform(corpus), theirs.fit_transform(corpus))
    assert_same_matrix(ours.transform(new), theirs.transform(new))
    with pytest.MonkeyPatch.context() as patch:  # a few rows go another way than columns
        patch.setattr(few_texts, "FEW_ROWS", 0)
        patch.setattr(_token_codes, "_FEW_WORDS", 0)
        assert_same_matrix(ours.transform(new), theirs.transform(new))
        assert_same_matrix(ours.fit_transform(corpus), theirs.fit_transform(corpus))
    names = theirs.get_feature_names_out()
    assert ours.get_feature_names_out().tolist() == names.tolist()
    assert ours.vocabulary_ == dict(sorted(theirs.vocabulary_.items()))


@pytest.mark.parametrize("params", SETTINGS.values(), ids=SETTINGS)
def test_matrix_is_that_of_scikit_learn_bit_for_bit(params):
    assert_same(NgramVectorizer(**params), TfidfVectorizer(**params), CORPUS, NEW)


@pytest.mark.parametrize("binary", [True, False])
def test_counts_are_those_of_count_vectorizer(binary):
    ours = NgramVectorizer(use_idf=False, norm=None, dtype=np.int64, binary=binary)
    assert_same(ours, CountVectorizer(binary=binary), CORPUS, NEW)


words = st.text(st.sampled_from("abσΣéİ\u0301 _1\x1c\u2009"), max_size=12)
any_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
corpora = st.lists(st.one_of(words, any_text), min_size=1, max_size=8)


@given(
    corpus=corpora,
    new=corpora,
    params=st.fixed_dictionaries(
        {
            "ngram_range": st.sampled_from([(1, 1), (1, 2), (2, 3), (3, 5)]),
            "analyzer": st.sampled_from(["word", "char", "char_wb"]),
            "lowercase": st.booleans(),
            "min_df": st.sampled_from([1, 2, 0.3]),
            "max_df": st.sampled_from([1.0, 0.7, 2]),
            "max_features": st.sampled_from([None, 3]),
            "sublinear_tf": st.booleans(),
            "binary": st.booleans(),
        }
    ),
)
@settings(deadline=None, max_examples=60)
def test_matrix_is_that_of_scikit_learn_for_any_texts(corpus, new, params):
    assert_same(NgramVectorizer(segmenter=None, **params), TfidfVectorizer(**params), corpus, new)


@given(
    st.lists(
        st.lists(st.text(st.sampled_from("ab \t!~"), max_size=3), max_size=6),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from([(1, 1), (1, 2), (2, 3)]),
)
@settings(deadline=None, max_examples=60)
def test_any_tokens_make_the_matrix_of_scikit_learn(rows, ngram_range):
    theirs = TfidfVectorizer(
        ngram_range=ngram_range, tokenizer=list, preprocessor=list, token_pattern=None
    )
    tokens = pl.Series(rows, dtype=pl.List(pl.String))
    ours = NgramVectorizer(ngram_range=ngram_range)
    error = error_of_fit(theirs, rows)
    assert error_of_fit(ours, tokens) == error
    if error is not None:
        return
    assert_same_matrix(ours.fit_transform(tokens), theirs.fit_transform(rows))
    assert_same_matrix(ours.transform(tokens), theirs.transform(rows))
    assert ours.get_feature_names_out().tolist() == theirs.get_feature_names_out().tolist()


def test_real_rows_make_the_matrix_of_scikit_learn():
    if "AGNEWS_SK_DATA" not in os.environ:
        pytest.skip("AGNEWS_SK_DATA names no real rows")
    rows = load_agnews(os.environ["AGNEWS_SK_DATA"]).data.head(3000)
    texts = ColumnJoiner().fit_transform(rows).tolist()
    for params in (
        {"ngram_range": (1, 2)},
        {"analyzer": "char_wb", "ngram_range": (3, 5)},
        {"analyzer": "char", "ngram_range": (1, 3)},
    ):
        assert_same(NgramVectorizer(**params), TfidfVectorizer(**params), texts, texts[:100])


def test_tokens_make_the_matrix_that_their_texts_make():
    tokens = WordTokenizer(lowercase=True).transform(CORPUS)
    vectorizer = NgramVectorizer(ngram_range=(1, 2))
    assert_same_matrix(vectorizer.fit_transform(tokens), vectorizer.fit_transform(CORPUS))


def test_ids_make_the_counts_that_their_tokens_make():
    tokens = WordTokenizer(lowercase=True).transform(CORPUS)
    vocabulary = Vocabulary()
    ids = vocabulary.fit_transform(tokens)
    counts = NgramVectorizer(use_idf=False, norm=None)
    of_ids = counts.fit_transform(ids).toarray()
    columns = [vocabulary.get_feature_names_out()[int(i)] for i in counts.get_feature_names_out()]
    of_tokens = counts.fit_transform(tokens).toarray()
    np.testing.assert_array_equal(of_ids, of_tokens[:, [counts.vocabulary_[c] for c in columns]])


def test_ids_are_sorted_as_numbers():
    vectorizer = NgramVectorizer(ngram_range=(1, 2)).fit(pl.Series([[10, 9, 100], [9]]))
    assert vectorizer.get_feature_names_out().tolist() == ["9", "9 100", "10", "10 9", "100"]


def test_stop_words_for_ids_are_rejected():
    with pytest.raises(ValueError, match="stop_words must be None where X holds ids"):
        NgramVectorizer(stop_words=["9"]).fit(pl.Series([[10, 9, 100], [9]]))


def test_missing_text_is_an_empty_row():
    X = NgramVectorizer().fit_transform(["oil up", None, ""])
    assert X.sum(axis=1).ravel().tolist()[0][1:] == [0.0, 0.0]


def test_inverse_transform_gives_the_ngrams_of_each_row():
    vectorizer = NgramVectorizer(ngram_range=(1, 2)).fit(CORPUS)
    theirs = TfidfVectorizer(ngram_range=(1, 2)).fit(CORPUS)
    X = vectorizer.transform(NEW)
    for ours, expected in zip(vectorizer.inverse_transform(X), theirs.inverse_transform(X)):
        assert ours.tolist() == expected.tolist()
    dense = vectorizer.inverse_transform(X.toarray())
    assert [row.tolist() for row in dense] == [
        row.tolist() for row in vectorizer.inverse_transform(X)
    ]


def test_fit_then_transform_equals_scikit_learns():
    params = {"ngram_range": (1, 2), "min_df": 2}
    ours = NgramVectorizer(**params).fit(CORPUS).transform(CORPUS)
    assert_same_matrix(ours, TfidfVectorizer(**params).fit(CORPUS).transform(CORPUS))


@pytest.mark.parametrize(
    ("params", "corpus"),
    [
        ({}, ["a I ?", ""]),
        ({"stop_words": "english"}, ["the of", "and"]),
        ({"ngram_range": (3, 3)}, ["oil prices"]),
        ({"min_df": 2}, ["oil up", "coach out"]),
        ({"max_df": 1, "min_df": 1}, ["oil", "oil"]),
        ({"max_df": 0.1, "min_df": 3}, ["oil", "oil"]),
        ({"analyzer": "char_wb"}, [" ", ""]),
    ],
    ids=["no words", "stop words only", "short rows", "too rare", "too common", "limits", "spaces"],
)
def test_errors_are_those_of_scikit_learn(params, corpus):
    expected = error_of_fit(TfidfVectorizer(**params), corpus)
    assert expected is not None
    assert error_of_fit(NgramVectorizer(**params), corpus) == expected


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"analyzer": "chars"}, "scikit-learn's TfidfVectorizer also takes functions"),
        ({"analyzer": str.split}, "scikit-learn's TfidfVectorizer also takes functions"),
        ({"ngram_range": (2, 1)}, "ngram_range"),
        ({"ngram_range": (0, 1)}, "1 <= min_n <= max_n"),
        ({"min_df": 1.5}, "min_df"),
        ({"max_features": 0}, "max_features"),
        ({"norm": "max"}, "norm"),
    ],
)
def test_bad_parameters_are_rejected(params, message):
    with pytest.raises(ValueError, match=message):
        NgramVectorizer(**params).fit(CORPUS)


def test_lists_of_other_types_are_rejected():
    with pytest.raises(TypeError, match="lists of Float64"):
        NgramVectorizer().fit(pl.Series([[1.5]]))
    with pytest.raises(TypeError, match="analyzer='char_wb'"):
        NgramVectorizer(analyzer="char_wb").fit(pl.Series([[1]]))
    with pytest.raises(TypeError, match="analyzer='char'"):
        NgramVectorizer(analyzer="char").fit(pl.Series([["oil"]]))


def test_tokens_of_another_type_than_in_fit_are_rejected():
    with pytest.raises(TypeError, match="fitted on lists of str"):
        NgramVectorizer().fit(["oil up"]).transform(pl.Series([[1, 2]]))


def test_an_integer_dtype_of_weights_warns_and_gives_float64():
    with pytest.warns(UserWarning, match="becomes float64"):
        X = NgramVectorizer(dtype=np.int64).fit_transform(CORPUS)
    assert X.dtype == np.float64
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        NgramVectorizer(dtype=np.int64, use_idf=False, norm=None).fit(CORPUS)


def test_pickle_is_as_small_after_transform_as_before_and_gives_the_same():
    vectorizer = NgramVectorizer(ngram_range=(1, 2)).fit(CORPUS)
    before = pickle.dumps(vectorizer)
    expected = vectorizer.transform(NEW)
    assert len(pickle.dumps(vectorizer)) == len(before)
    assert_same_matrix(pickle.loads(before).transform(NEW), expected)


def test_pruning_removes_the_words_of_no_column():
    vectorizer = NgramVectorizer(min_df=2).fit([*CORPUS, "seen-once-only"])
    assert b"once" not in pickle.dumps(vectorizer)


def test_second_fit_leaves_no_trace_of_the_first():
    twice = NgramVectorizer().fit(CORPUS)
    twice.transform(NEW)
    twice.fit(NEW)
    once = clone(twice).fit(NEW)
    assert twice.vocabulary_ == once.vocabulary_
    assert_same_matrix(twice.transform(CORPUS), once.transform(CORPUS))


def test_input_is_not_changed_by_binary_or_weights():
    tokens = WordTokenizer().transform(CORPUS)
    before = tokens.to_list()
    NgramVectorizer(binary=True).fit(tokens).transform(tokens)
    assert tokens.to_list() == before


@pytest.mark.parametrize("dtype", ["float32", np.dtype("float32")], ids=["name", "dtype"])
def test_a_float_dtype_by_name_warns_of_nothing(dtype):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert NgramVectorizer(dtype=dtype).fit_transform(["oil up"]).dtype == np.float32


@pytest.mark.parametrize("option", ["strip_accents", "preprocessor", "tokenizer", "vocabulary"])
def test_an_unsupported_parameter_names_the_class_that_has_it(option):
    with pytest.raises(ValueError, match=rf"^{option} must be None.*TfidfVectorizer"):
        NgramVectorizer(**{option: "unicode"}).fit(["oil prices"])


@pytest.mark.parametrize("ngram_range", [("1", "2"), (1, 2.5), (2, 1), (0, 1), (1,)])
def test_an_invalid_ngram_range_is_rejected(ngram_range):
    with pytest.raises(ValueError, match="Invalid value for ngram_range"):
        NgramVectorizer(ngram_range=ngram_range).fit(["oil prices"])


def test_null_tokens_are_ignored():
    tokens = pl.Series([["oil", None], None, ["cup"]])
    vectorizer = NgramVectorizer(use_idf=False, norm=None, dtype=int)
    assert vectorizer.fit_transform(tokens).toarray().tolist() == [[0, 1], [0, 0], [1, 0]]


def test_a_stop_word_that_is_not_a_str_is_rejected():
    with pytest.raises(TypeError, match="stop_words must hold str only, got 1"):
        NgramVectorizer(stop_words=["the", 1]).fit(["oil prices"])


@pytest.mark.parametrize("stop_words", [["you've", "you", "AND"], {"you've", "AND", "you"}])
def test_stop_words_that_no_text_can_have_are_warned_of(stop_words):
    with pytest.warns(
        UserWarning, match=r"those of the stop words include \['and', 've'\]"
    ) as found:
        NgramVectorizer(stop_words=stop_words).fit(["oil prices"])
    assert [warning.filename for warning in found] == [__file__]


@pytest.mark.parametrize(
    "params",
    [
        {"stop_words": ["you", "ve", "you've", "a"]},
        {"stop_words": ["AND"], "lowercase": False},
        {"stop_words": ["you've"], "token_pattern": r"\S+"},
        {"stop_words": "english"},
        {"stop_words": []},
        {"analyzer": "char", "token_pattern": None},
        {"analyzer": "char", "token_pattern": r"(?u)\b\w\w+\b"},
    ],
)
def test_parameters_that_have_their_effect_are_not_warned_of(params, recwarn):
    NgramVectorizer(**params).fit(["oil prices", "cup final"])
    assert recwarn.list == []


@pytest.mark.parametrize("analyzer", ["char", "char_wb"])
@pytest.mark.parametrize("params", [{"stop_words": ["oil"]}, {"token_pattern": r"\w+"}])
def test_parameters_of_words_are_warned_of_where_there_are_none(analyzer, params):
    with pytest.warns(UserWarning, match=f"The parameter '{next(iter(params))}' will not be used"):
        NgramVectorizer(analyzer=analyzer, **params).fit(["oil prices"])


def test_words_need_a_token_pattern():
    with pytest.raises(ValueError, match="token_pattern must be a str for analyzer='word'"):
        NgramVectorizer(token_pattern=None).fit(["oil prices"])


def test_ngrams_longer_than_those_of_fit_are_ignored():
    fitted = NgramVectorizer(ngram_range=(1, 2)).fit(CORPUS)
    expected = fitted.transform(NEW).toarray()
    longer = fitted.set_params(ngram_range=(1, 3)).transform(NEW)
    np.testing.assert_array_equal(longer.toarray(), expected)


def test_inverse_transform_leaves_zeros_stored_in_its_input():
    vectorizer = NgramVectorizer()
    matrix = vectorizer.fit_transform(CORPUS)
    matrix.data[0] = 0
    before = matrix.copy()
    vectorizer.inverse_transform(matrix)
    np.testing.assert_array_equal(matrix.data, before.data)
    np.testing.assert_array_equal(matrix.indptr, before.indptr)


@pytest.mark.parametrize("interface", ["spmatrix", "sparray"])
def test_sort_indices_sorts_the_columns_of_each_row(interface):
    texts = ["zebra apple mango", "mango zebra kiwi", "apple kiwi", "kiwi zebra"]
    with sklearn.config_context(sparse_interface=interface):
        X = NgramVectorizer().fit_transform(texts)
    X.sort_indices()
    for start, end in itertools.pairwise(X.indptr):
        assert (np.diff(X.indices[start:end]) > 0).all()


MIXED = ["石油价格上涨 oil 5G网络", "ราคาน้ำมันสูงขึ้น Oil", "iPhone手机 the 石油", "", "。、"]


def slowly_segmented(segmenter):
    """Return a tokenizer of single texts for scikit-learn."""
    return lambda text: find_words(pl.Series([text]), WORD_PATTERN, segmenter)[0].to_list()


@pytest.mark.parametrize("segmenter", ["dictionary", "bigrams"])
@pytest.mark.parametrize("params", [{}, {"ngram_range": (1, 2), "sublinear_tf": True}], ids=str)
def test_segmented_words_make_the_matrix_of_scikit_learn(segmenter, params):
    tokenizer = slowly_segmented(segmenter_to_fit(segmenter))
    theirs = TfidfVectorizer(tokenizer=tokenizer, token_pattern=None, **params)
    ours = NgramVectorizer(segmenter=segmenter, **params)
    assert_same(ours, theirs, MIXED, ["石油价 unseen", "ราคา"])


@pytest.mark.parametrize(
    ("texts", "params", "recorded"),
    [
        (MIXED, {}, r"icu \d+, jieba \d+\.\d+"),
        (MIXED, {"segmenter": "bigrams"}, "bigrams"),
        (MIXED, {"segmenter": None}, "None"),
        (MIXED, {"analyzer": "char_wb"}, "None"),
        (CORPUS, {}, "None"),
    ],
    ids=["dictionaries", "bigrams", "no segmenter", "characters", "no such script"],
)
def test_what_has_split_the_texts_is_recorded(texts, params, recorded):
    assert re.fullmatch(recorded, str(NgramVectorizer(**params).fit(texts).segmenter_))


def test_a_model_splits_new_texts_as_those_of_its_fit(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "icu4py", None)
        with pytest.warns(UserWarning, match="dictionaries are not installed"):
            fitted = NgramVectorizer(use_idf=False).fit(MIXED)
        expected = fitted.transform(MIXED)
    assert fitted.segmenter_ == "bigrams"
    assert_same_matrix(fitted.transform(MIXED), expected)
    of_dictionaries = NgramVectorizer().fit(MIXED)
    of_english = NgramVectorizer().fit(CORPUS)
    monkeypatch.setitem(sys.modules, "icu4py", None)
    of_english.transform(MIXED)
    with pytest.raises(ImportError, match=r"a model fitted with icu .* needs icu4py"):
        of_dictionaries.transform(MIXED)


def test_a_state_of_an_earlier_version_splits_no_runs():
    fitted = NgramVectorizer(segmenter=None).fit(["石油 oil", "oil"])
    state = dict(fitted.__getstate__())
    for name in ("segmenter", "segmenter_", "word_statistics_"):
        del state[name]
    earlier = NgramVectorizer.__new__(NgramVectorizer)
    earlier.__setstate__(state)
    assert earlier.segmenter is None
    assert_same_matrix(earlier.transform(["石油 oil"]), fitted.transform(["石油 oil"]))
    assert clone(earlier).get_params() == fitted.get_params()


def test_statistics_of_words_are_those_of_a_count():
    fitted = NgramVectorizer().fit(["oil oil up", "石油价格 oil", "a" * 20, ""])
    assert fitted.word_statistics_ == {"unseen": 3 / 6, "segmented": 1 / 6, "undivided": 0.25}
    assert NgramVectorizer(analyzer="char_wb").fit(["oil"]).word_statistics_ == {}


def test_texts_of_one_word_each_warn():
    with pytest.warns(UserWarning, match=r"at most one word each, by the pattern '\[0-9\]\+'"):
        NgramVectorizer(token_pattern="[0-9]+").fit(
            ["the number of barrels: 1", "the number of cups: 2"]
        )


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "text", ["oil", "石油价格上涨石油价格上涨石油价格上涨"], ids=["short", "Chinese"]
)
def test_short_and_segmented_texts_warn_of_nothing(text):
    NgramVectorizer().fit([text, "oil prices"])


def test_stop_words_of_other_languages_are_removed():
    fitted = NgramVectorizer(stop_words="german").fit(["Der Preis und das Öl"])
    assert fitted.get_feature_names_out().tolist() == ["preis", "öl"]


@pytest.mark.parametrize("analyzer", ["word", "char", "char_wb"])
def test_blocks_of_rows_make_the_matrix_of_all_rows(monkeypatch, analyzer):
    vectorizer = NgramVectorizer(analyzer=analyzer, ngram_range=(1, 2)).fit(CORPUS)
    expected = vectorizer.transform(NEW + CORPUS)
    monkeypatch.setattr(columnar, "_ONE_BLOCK_ROWS", 0)
    for module, name in ((_vectorizer, "_WORD_ROWS"), (_vectorizer, "BLOCK_ROWS")):
        monkeypatch.setattr(module, name, 3)
    assert_same_matrix(vectorizer.transform(NEW + CORPUS), expected)
