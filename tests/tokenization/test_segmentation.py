"""Words of scripts without spaces, compared with loops over characters and single runs."""

import itertools
import re
import sys
import unicodedata

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agnews_sk.tokenization import _segmentation as segmentation
from agnews_sk.tokenization._segmentation import (
    SPACELESS,
    Segmenter,
    segmenter_to_fit,
    segmenter_to_show,
    segmenter_to_transform,
    split_pieces,
    warn_of_bigrams,
    word_spans,
)
from agnews_sk.tokenization._words import WORD_PATTERN, find_words

SCRIPTS = ("CJK UNIFIED", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR")
RUNS = {
    "Chinese": "石油价格上涨",
    "Japanese": "石油の価格がカーナビで上がる",
    "Thai": "ราคาน้ำมันสูงขึ้น",
    "Lao": "ລາຄານ້ຳມັນ",
    "Khmer": "តម្លៃប្រេងឡើង",
    "Burmese": "ရေနံဈေးတက်သည်",
}
OTHER = "ab1 ,。、\n-é한국"
texts = st.lists(
    st.text(st.sampled_from("".join(RUNS.values()) + OTHER * 4), max_size=25), min_size=1
)


@pytest.fixture
def no_dictionaries(monkeypatch):
    monkeypatch.setitem(sys.modules, "icu4py", None)


def is_spaceless(char):
    category = unicodedata.category(char)
    is_of_word = category[0] in "LM" or category == "Nd"
    return is_of_word and unicodedata.name(char, "").startswith(SCRIPTS)


def script_of(char):
    """Return a number: of other characters, of Chinese and Japanese, of the other scripts."""
    return is_spaceless(char) + (is_spaceless(char) and is_south_eastern(char))


def slow_pieces(text):
    return [(n > 0, "".join(chars)) for n, chars in itertools.groupby(text, script_of)]


def slow_characters(run):
    characters = []
    for char in run:
        if characters and unicodedata.category(char)[0] == "M":
            characters[-1] += char
        else:
            characters.append(char)
    return characters


def slow_bigrams(run):
    characters = slow_characters(run)
    return [a + b for a, b in itertools.pairwise(characters)] or characters


def dictionary_words(run):
    import rjieba
    from icu4py.breakers import WordBreaker

    is_chinese = all(unicodedata.name(c).startswith("CJK UNIFIED") for c in run)
    return rjieba.cut(run) if is_chinese else list(WordBreaker(run, "und"))


def is_south_eastern(char):
    return unicodedata.name(char).startswith(("THAI", "LAO", "KHMER", "MYANMAR"))


def slow_words(text, split):
    words = []
    for is_run, piece in slow_pieces(text):
        words += split(piece) if is_run else re.findall(WORD_PATTERN, piece)
    return words


@pytest.mark.parametrize(
    ("segmenter", "split"),
    [(Segmenter("bigrams"), slow_bigrams), (segmenter_to_fit("dictionary"), dictionary_words)],
    ids=["bigrams", "dictionaries"],
)
@given(texts=texts)
@settings(deadline=None, max_examples=100)
def test_words_of_mixed_texts_are_those_of_a_loop(segmenter, split, texts):
    found = find_words(pl.Series(texts, dtype=pl.String), WORD_PATTERN, segmenter)
    assert found.to_list() == [slow_words(text, split) for text in texts]


@given(texts)
@settings(deadline=None, max_examples=50)
def test_pieces_are_those_of_a_loop(texts):
    pieces, is_run = split_pieces(pl.Series(texts, dtype=pl.String))
    expected = [slow_pieces(text) for text in texts]
    assert pieces.to_list() == [[piece for _, piece in row] for row in expected]
    assert is_run.to_list() == [run for row in expected for run, _ in row]


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_every_script_is_split_into_several_words_that_make_up_the_run(run):
    (words,) = segmenter_to_fit("dictionary")(pl.Series([run])).to_list()
    assert 1 < len(words) < len(run)
    assert "".join(words) == run


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("苹果发布iPhone 17手机", ["苹果", "发布", "iPhone", "17", "手机"]),
        ("5G网络", ["5G", "网络"]),
        ("I ❤ 北京。", ["北京"]),
        ("ซื้อiPhone", ["ซื้อ", "iPhone"]),
        ("漢字カタカナ", ["漢字", "カタカナ"]),
    ],
)
def test_mixed_texts_keep_the_order_of_their_words(text, expected):
    assert find_words(pl.Series([text]), WORD_PATTERN, segmenter_to_fit("dictionary"))[
        0
    ].to_list() == (expected)


def test_long_columns_are_split_in_blocks(monkeypatch):
    runs = pl.Series([*RUNS.values(), "油"] * 3)
    whole = segmenter_to_fit("dictionary")(runs)
    monkeypatch.setattr(segmentation, "_BLOCK_CHARACTERS", 10)
    assert segmenter_to_fit("dictionary")(runs).to_list() == whole.to_list()


def test_a_pattern_of_latin_letters_alone_leaves_runs_out():
    column = pl.Series(["oil石油"])
    assert find_words(column, "[a-z]+", Segmenter("bigrams"))[0].to_list() == ["oil"]
    assert find_words(column, r"\w+", Segmenter("bigrams"))[0].to_list() == ["oil", "石油"]
    assert find_words(column, r"\w+")[0].to_list() == ["oil石油"]


def test_texts_without_such_scripts_are_not_searched_for_runs(monkeypatch):
    monkeypatch.setattr(segmentation, "_PIECES", None)
    segmenter = Segmenter("bigrams")
    column = pl.Series(["Oil prices", "Ölpreise", "цены на нефть", ""])
    assert find_words(column, WORD_PATTERN, segmenter).to_list() == find_words(column).to_list()
    assert segmenter.record is None


@pytest.mark.parametrize("name", ["bigrams", "dictionary"])
@given(text=st.text(st.sampled_from("".join(RUNS.values()) + OTHER * 4), max_size=25))
@settings(deadline=None, max_examples=50)
def test_places_are_those_of_the_words(name, text):
    segmenter = segmenter_to_fit(name)
    found = word_spans(text, re.compile(WORD_PATTERN), segmenter)
    assert [text[start:end] for _, (start, end) in found] == [word for word, _ in found]
    words = find_words(pl.Series([text], dtype=pl.String), WORD_PATTERN, segmenter)[0]
    assert [word for word, _ in found] == words.to_list()


def test_places_of_bigrams_overlap():
    found = word_spans("油价上 ab", re.compile(WORD_PATTERN), Segmenter("bigrams"))
    assert found == [("油价", (0, 2)), ("价上", (1, 3)), ("ab", (4, 6))]


def test_without_dictionaries_bigrams_are_chosen_with_a_warning(no_dictionaries):
    used = segmenter_to_fit("auto")
    assert used.name == "bigrams"
    warn_of_bigrams("auto", used.record)  # nothing was split yet
    used(pl.Series(["石油价格"]))
    with pytest.warns(
        UserWarning, match=r"dictionaries are not installed; install agnews_sk\[languages\]"
    ):
        warn_of_bigrams("auto", used.record)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("choice", ["bigrams", None])
def test_bigrams_that_were_chosen_warn_of_nothing(no_dictionaries, choice):
    used = segmenter_to_fit(choice)
    if used is not None:
        used(pl.Series(["石油价格"]))
    warn_of_bigrams(choice, None if used is None else used.record)


def test_dictionaries_that_are_not_installed_are_an_error(no_dictionaries):
    with pytest.raises(
        ImportError, match=r"segmenter=.dictionary. needs icu4py; install agnews_sk"
    ):
        segmenter_to_fit("dictionary")
    with pytest.raises(ImportError, match=r"a model fitted with icu 78, jieba 0.2 needs icu4py"):
        segmenter_to_transform("icu 78, jieba 0.2")


def test_words_are_shown_as_characters_without_dictionaries(no_dictionaries):
    segmenter = segmenter_to_show()
    assert segmenter(pl.Series(["油价", "น้ำ"])).to_list() == [["油", "价"], slow_characters("น้ำ")]
    assert segmenter.spans("油价") == [(0, 1), (1, 2)]


def test_another_version_of_dictionaries_warns():
    with pytest.warns(
        UserWarning, match=r"words that icu 1, jieba 0.2 found, but icu \d+, jieba .* is installed"
    ):
        assert segmenter_to_transform("icu 1, jieba 0.2").name == "icu 1, jieba 0.2"


@pytest.mark.filterwarnings("error")
def test_what_was_recorded_is_used_again():
    assert segmenter_to_transform(None) is None
    assert segmenter_to_transform("bigrams").name == "bigrams"
    fitted = segmenter_to_fit("auto")
    assert fitted.record is None
    words = fitted(pl.Series(["石油上涨", "油"]))
    assert segmenter_to_transform(fitted.record).name == fitted.name
    assert fitted.n_words == words.list.len().sum() == 3


@pytest.mark.slow
def test_every_letter_of_the_scripts_is_in_a_run():
    chars = pl.Series([chr(i) for i in range(0x110000) if not 0xD800 <= i <= 0xDFFF])
    found = chars.filter(chars.str.contains(SPACELESS)).to_list()
    assert set(filter(is_spaceless, chars)) <= set(found)
    assert all(unicodedata.category(char)[0] in "LMNC" for char in found)
