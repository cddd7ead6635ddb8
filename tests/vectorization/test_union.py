import pickle
import re

import numpy as np
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import FeatureUnion

from agnews_sk.tokenization import WordTokenizer
from agnews_sk.vectorization import NgramUnion, NgramVectorizer
from agnews_sk.vectorization._union import choose_units
from tests.vectorization.test_vectorizer import assert_same_matrix

ENGLISH = ["oil prices rise", "oil prices fall", "the prices of oil", "oil: the rise of prices"] * 9
CHINESE = ["石油价格上涨", "石油价格下跌", "球队赢得决赛"] * 3
WITHOUT_WORDS = ["😀 😀", "! ?", "a b"]
UNDIVIDED = ["oil-prices-rise-and-fall", "the-cup-is-ours-again-now"]
FEW = NgramVectorizer(min_df=2), NgramVectorizer(analyzer="char_wb", ngram_range=(3, 3))


def union_of(units, **params):
    words, characters = map(clone, FEW)
    return NgramUnion(words=words, characters=characters, units=units, **params)


@pytest.mark.parametrize(
    ("texts", "units", "reason"),
    [
        (ENGLISH, "words", "0 % of the words of new texts are expected to be unseen"),
        (ENGLISH[:4], "both", r"[\d.]+ % of the words of new texts are expected to be unseen"),
        (CHINESE, "both", "100 % of the words are of scripts without spaces"),
        (WITHOUT_WORDS, "characters", "the texts have no words"),
    ],
    ids=["English", "few texts", "Chinese", "no words"],
)
def test_units_are_chosen_by_the_training_texts(texts, units, reason):
    union = NgramUnion().fit(texts)
    assert union.units_ == units
    assert re.fullmatch(reason, union.reason_)
    assert (union.words_ is not None) == (units != "characters")
    assert (union.characters_ is not None) == (units != "words")


THAI = ["ราคาน้ำมันสูงขึ้น", "ทีมชนะการแข่งขัน", "ราคาทองลดลง"] * 3


@pytest.mark.parametrize(
    ("texts", "params", "lengths", "weight"),
    [
        (CHINESE, {}, {1, 2, 3}, 0.8),
        (THAI, {}, {1, 2, 3}, 0.8),
        (CHINESE, {"spaceless_ngram_range": (2, 2)}, {2}, 0.8),
        (CHINESE, {"spaceless_ngram_range": None}, {4}, 0.8),
        (CHINESE, {"character_weight": 0.5}, {1, 2, 3}, 0.5),
        (WITHOUT_WORDS, {"units": "auto"}, {1, 2, 3}, 0.8),
        (ENGLISH, {}, {4}, 0.6),
        (ENGLISH, {"spaceless_ngram_range": (1, 1)}, {4}, 0.6),
        # Half of the words are Chinese, and not more.
        (["石油 oil", "价格 price"], {}, {4}, 0.6),
    ],
    ids=[
        "Chinese",
        "Thai",
        "range",
        "no range",
        "weight",
        "no words",
        "English",
        "English, range",
        "half Chinese",
    ],
)
def test_shorter_ngrams_with_more_weight_are_counted_where_words_have_no_spaces(
    texts, params, lengths, weight
):
    characters = NgramVectorizer(analyzer="char_wb", ngram_range=(4, 4))
    union = NgramUnion(characters=characters, **{"units": "both"} | params)
    union.fit(texts)
    assert set(map(len, union.characters_.get_feature_names_out())) == lengths
    assert union.character_weight_ == weight
    assert characters.ngram_range == (4, 4)


GOODS = ("oil", "tin", "gas", "gold", "corn", "wood", "salt", "milk", "rye", "wool")
TEN = [f"{word} price" for word in GOODS] * 20


def characters_of(texts, max_df=1.0, **params):
    """Return the character n-grams that a union counts beside words."""
    characters = NgramVectorizer(analyzer="char_wb", ngram_range=(3, 3), max_df=max_df)
    union = NgramUnion(characters=characters, units="both", **params).fit(texts)
    return set(union.characters_.get_feature_names_out())


def test_characters_of_most_rows_are_ignored_beside_words_of_many_rows():
    everywhere = {" pr", "pri", "ric", "ice", "ce "}
    rest = characters_of(TEN[:10]) - everywhere
    assert characters_of(TEN) == rest
    assert {" oi", "oil", "il "} <= rest
    assert characters_of(TEN[:-1]) == rest | everywhere
    assert characters_of(TEN, character_max_df=None) == rest | everywhere


def test_one_is_the_share_of_all_rows():
    assert characters_of(TEN, character_max_df=1) == characters_of(TEN, character_max_df=1.0)


@pytest.mark.parametrize("max_df", [0.9, 200], ids=["share", "number"])
def test_a_max_df_of_the_characters_precedes_that_of_the_union(max_df):
    assert ("pri" in characters_of(TEN, max_df)) == (max_df == 200)
    assert characters_of(TEN, max_df, character_max_df=0.01) == characters_of(TEN, max_df)


@pytest.mark.parametrize(
    ("texts", "params"),
    [
        (CHINESE * 67, {"character_max_df": 0.5}),
        (["oil prices rise"] * 200, {}),
        (TEN, {"character_max_df": 0.01}),
    ],
    ids=["no spaces", "one text", "none below"],
)
def test_frequent_characters_are_kept_where_they_are_words_or_no_others_are_left(texts, params):
    assert characters_of(texts, **params) == characters_of(texts, character_max_df=None)


@pytest.mark.parametrize(
    "text",
    [
        "石油价格上涨",
        "石油の価格がカーナビで上がる",
        "ราคาน้ำมันสูงขึ้น",
        "ລາຄານ້ຳມັນ",
        "តម្លៃប្រេងឡើង",
        "ရေနံဈေးတက်သည်",
        "iPhone手机 and ราคาน้ำมัน",
    ],
    ids=["Chinese", "Japanese", "Thai", "Lao", "Khmer", "Burmese", "mixed"],
)
def test_words_and_characters_of_every_script_are_counted(text):
    union = NgramUnion().fit([text, text, text])
    assert union.units_ == "both"
    assert union.reason_.endswith("% of the words are of scripts without spaces")
    words = [name for name in union.vocabulary_ if name.startswith("words__") and " " not in name]
    assert len(words) > 1
    assert union.transform([text[:5]]).nnz > 0


def test_texts_that_no_pattern_divides_are_read_by_characters():
    words = NgramVectorizer(token_pattern=r"\S+")
    with pytest.warns(UserWarning, match="100% of the texts have at most one word each"):
        union = NgramUnion(words=words).fit(UNDIVIDED)
    assert union.units_ == "characters"
    assert union.reason_ == "100 % of the texts have at most one word"


@pytest.mark.parametrize(
    ("statistics", "units"),
    [
        ({"unseen": 0.049, "segmented": 0.099, "undivided": 0.5}, "words"),
        ({"unseen": 0.05, "segmented": 0.0, "undivided": 0.0}, "both"),
        ({"unseen": 0.0, "segmented": 0.1, "undivided": 0.0}, "both"),
        ({"unseen": 1.0, "segmented": 1.0, "undivided": 0.51}, "characters"),
        ({}, "words"),
    ],
)
def test_the_limits_of_the_choice_are_those_documented(statistics, units):
    assert choose_units(statistics)[0] == units


@pytest.mark.parametrize("units", ["words", "characters"])
def test_one_unit_makes_the_matrix_of_its_vectorizer(units):
    union, alone = union_of(units), clone(FEW[units == "characters"])
    assert_same_matrix(union.fit_transform(ENGLISH), alone.fit_transform(ENGLISH))
    assert_same_matrix(union.transform(ENGLISH[:2]), alone.transform(ENGLISH[:2]))
    assert union.get_feature_names_out().tolist() == alone.get_feature_names_out().tolist()


def test_both_units_make_the_matrix_of_a_feature_union():
    theirs = FeatureUnion(
        [
            ("words", TfidfVectorizer(min_df=2)),
            ("characters", TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 3))),
        ],
        transformer_weights={"words": 0.8, "characters": 0.6},
    )
    ours = union_of("both")
    np.testing.assert_allclose(
        ours.fit_transform(ENGLISH).toarray(), theirs.fit_transform(ENGLISH).toarray(), atol=1e-15
    )
    new = ["oil cup", None, ""]
    np.testing.assert_allclose(
        ours.transform(new).toarray(), theirs.transform(["oil cup", "", ""]).toarray(), atol=1e-15
    )
    assert ours.get_feature_names_out().tolist() == theirs.get_feature_names_out().tolist()
    assert ours.vocabulary_["words__oil"] == ours.get_feature_names_out().tolist().index(
        "words__oil"
    )


@pytest.mark.parametrize("weight", [0.1, 0.9])
def test_rows_keep_their_norm(weight):
    X = union_of("both", character_weight=weight).fit_transform(ENGLISH)
    np.testing.assert_allclose(np.sqrt(X.multiply(X).sum(axis=1)), 1)
    n_words = len(clone(FEW[0]).fit(ENGLISH).vocabulary_)
    of_characters = X[:, n_words:]
    np.testing.assert_allclose(np.sqrt(of_characters.multiply(of_characters).sum(axis=1)), weight)


def test_parameters_of_the_parts_are_nested_and_the_parts_stay_unfitted():
    union = union_of("both").set_params(words__min_df=1, characters__ngram_range=(2, 2))
    union.fit(ENGLISH)
    assert union.words_.min_df == 1
    assert set(map(len, union.characters_.get_feature_names_out())) == {2}
    assert not hasattr(union.words, "_table")


def test_a_second_fit_leaves_no_trace_of_the_first():
    twice = NgramUnion().fit(CHINESE).fit(ENGLISH)
    once = NgramUnion().fit(ENGLISH)
    assert vars(twice).keys() == vars(once).keys()
    assert twice.characters_ is None
    assert_same_matrix(twice.transform(ENGLISH), once.transform(ENGLISH))


@pytest.mark.parametrize("texts", [ENGLISH, CHINESE, WITHOUT_WORDS])
def test_a_pickle_transforms_alike(texts):
    union = NgramUnion().fit(texts)
    assert_same_matrix(pickle.loads(pickle.dumps(union)).transform(texts), union.transform(texts))


def test_tokens_are_words():
    tokens = WordTokenizer().transform(ENGLISH[:2])
    union = NgramUnion().fit(tokens)
    assert (union.units_, union.reason_) == ("words", "the input is tokens")
    assert union.set_params(units="both").fit(tokens).units_ == "both"


@pytest.mark.parametrize("units", ["words", "both"])
def test_texts_without_words_are_rejected_where_words_are_required(units):
    with pytest.raises(ValueError, match="empty vocabulary"):
        NgramUnion(units=units).fit(WITHOUT_WORDS)


def test_blank_texts_are_rejected():
    with pytest.raises(ValueError, match="empty vocabulary"):
        NgramUnion().fit(["", None, " "])


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"units": "letters"}, "units"),
        ({"character_weight": 1.0}, "character_weight"),
        ({"words": TfidfVectorizer()}, "words"),
        ({"words": NgramVectorizer(ngram_range=(2, 1))}, "ngram_range"),
        ({"characters": NgramVectorizer(analyzer="char_wb", min_df=1.5)}, "min_df"),
    ],
)
def test_bad_parameters_are_rejected(params, message):
    with pytest.raises(ValueError, match=message):
        NgramUnion(**params).fit(ENGLISH[:4])


def test_the_choice_is_printed_once_and_on_request_only(capsys):
    NgramUnion().fit(ENGLISH)
    assert capsys.readouterr().out == ""
    union = NgramUnion(verbose=True).fit(ENGLISH)
    union.transform(ENGLISH)
    assert capsys.readouterr().out == f"[NgramUnion] words: {union.reason_}\n"


def test_null_texts_and_polars_columns_are_accepted():
    expected = NgramUnion().fit_transform(["oil up", "", "up"])
    assert_same_matrix(NgramUnion().fit_transform(pl.Series(["oil up", None, "up"])), expected)
