import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from agnews_sk._core import columnar
from agnews_sk.cleaning import ColumnJoiner, TextCleaner
from agnews_sk.cleaning._steps import STEPS

OFF = dict.fromkeys(STEPS, False) | {"normalize": None, "strip_stop_words": None}
SETTINGS = dict.fromkeys(STEPS, True) | {"normalize": "NFKC", "strip_stop_words": "english"}
ALL_ON = TextCleaner(**SETTINGS)


def only(step, setting=True):
    return TextCleaner(**OFF | {step: setting})


def clean(cleaner, text):
    return cleaner.transform([text])[0]


# What each step does

REPAIRED = {
    "week #39;s end": "week's end",
    "players #39; union": "players' union",
    "a  #36;5 cut": "a $5 cut",
    "costs #36;5": "costs $5",
    r"a \$5 cut": "a $5 cut",
    r"while\investors wait": "while investors wait",
    r"ends\\\\Next": "ends Next",
    "a  quot;deal, quot; he said": 'a "deal," he said',
    "quot;No": '"No',
    "Joined Title quot;Quoted start": 'Joined Title "Quoted start',
    "AT amp;T": "AT&T",
    "Dow  amp; Co": "Dow & Co",
    "at M amp;amp;T Bank": "at M&T Bank",
    "lt;b gt;bold lt;/b gt;": "bold",
    "lt;!-- hidden -- gt;seen": "seen",
    "politics  #151; and": "politics — and",
    "for nbsp;what": "for what",
    "caf eacute;": "café",
    "a copy; or times;": "a copy; or times;",
    "AT&amp;T": "AT&T",
    "&amp;lt;b&amp;gt;bold": "bold",
    "it&#39;s &eacute; &#x41; &notin;": "it's é A ∉",
    "R&D; A & B": "R&D; A & B",
    "&not a &notin; b": "¬ a ∉ b",
    "HervÃ© at www.a.org": "Hervé at",
}


@pytest.mark.parametrize(("damaged", "repaired"), REPAIRED.items(), ids=REPAIRED)
def test_damage_is_repaired_by_default(damaged, repaired):
    assert clean(TextCleaner(), damaged) == repaired


STRIPPED = {
    "mar<b>k</b>et": "market",
    "one<br/>two<BR>three<p class='x'>four": "one two three four",
    '<A HREF="http://a.b/c?d=1&e=2">IBM</A>, up': "IBM, up",
    "<td nowrap>cell</td>": "cell",
    "a<!-- <b> \n -->b": "a b",
    "<script>if (a < b) x()</script>after": "after",
    "<STYLE type='a'>p > a {}</STYLE>after": "after",
    "a < b and c > d": "a < b and c > d",
    "x <3 y> z": "x <3 y> z",
    "a <b and c> d": "a <b and c> d",
    "Microsoft <MSFT.O> rose": "Microsoft <MSFT.O> rose",
    "<bold claim>": "<bold claim>",
    "cut off <a href=": "cut off <a href=",
}


@pytest.mark.parametrize(("marked", "plain"), STRIPPED.items(), ids=STRIPPED)
def test_only_real_tags_are_stripped(marked, plain):
    cleaner = TextCleaner(**OFF | {"strip_tags": True, "squeeze_spaces": True})
    assert clean(cleaner, marked) == plain


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("see http://a.org/b?c=d#e.", "see  ."),
        ("(HTTPS://A.ORG/) now", "( ) now"),
        ("go to www.site.com, then", "go to  , then"),
        ("Amazon.com and awww.dear", "Amazon.com and awww.dear"),
        ("https:// alone", "https:// alone"),
    ],
)
def test_web_addresses_are_removed_and_the_punctuation_after_them_stays(text, rest):
    assert clean(only("strip_urls"), text) == rest


SOURCED = {
    "Reuters - Oil rose": "Oil rose",
    "AP - Oil rose": "Oil rose",
    "SPACE.com - A probe": "A probe",
    "Investor's Business Daily - Chips": "Chips",
    "LONDON (Reuters) - Oil": "LONDON Oil",
    "ST. PAUL, Minn. (AP) -- Oil": "ST. PAUL, Minn. Oil",
    "Oil rises (Reuters)": "Oil rises",
    "Oil rises (AP) AP - By a cent": "Oil rises By a cent",
    "Oil (Dow Jones/AP) - up": "Oil up",
    "He told Reuters on Friday": "He told Reuters on Friday",
    "SNAP - a map": "SNAP - a map",
    "The (WTO) agreed": "The (WTO) agreed",
}


@pytest.mark.parametrize(("tagged", "plain"), SOURCED.items(), ids=SOURCED)
def test_source_tags_are_stripped_at_both_ends_and_in_the_middle(tagged, plain):
    assert clean(TextCleaner(strip_sources=True), tagged) == plain
    assert clean(TextCleaner(), tagged) == tagged


@pytest.mark.parametrize(
    ("step", "setting", "text", "changed"),
    [
        ("repair_unicode", True, "HervÃ© Gaymard", "Hervé Gaymard"),
        ("normalize", "NFC", "e\u0301 ﬁ", "é ﬁ"),
        ("normalize", "NFKC", "e\u0301 ﬁ", "é fi"),
        ("normalize", "NFD", "é", "e\u0301"),
        ("lowercase", True, "ÉCOLE Oil", "école oil"),
        ("strip_accents", True, "Crème brûlée naïve 한국 हिन्दी", "Creme brulee naive 한국 हिन्दी"),
        ("strip_stop_words", "english", "The cup IS full, it's gold", "  cup    ,   gold"),
        ("strip_stop_words", ["oil", "c++"], "Oil, oily turmoil", " , oily turmoil"),
        ("strip_stop_words", ["new", "new york"], "new york oil", "  oil"),
        ("strip_stop_words", [], "the oil", "the oil"),
        ("strip_digits", True, "up 12.5 in 2004 ٣", "up  .  in    "),
        ("strip_punctuation", True, "U.S. $5 — «oui», a_b", "U S   5    oui  a b"),
        ("squeeze_spaces", True, " a \u00a0b\r\nc\td  e ", "a b c d e"),
    ],
)
def test_each_step_changes_only_what_it_documents(step, setting, text, changed):
    assert clean(only(step, setting), text) == changed


def test_every_step_is_a_parameter_in_the_order_in_which_it_runs():
    assert list(TextCleaner().get_params(deep=False)) == sorted(STEPS)
    assert list(TextCleaner.__init__.__kwdefaults__) == list(STEPS)


def test_with_all_steps_off_texts_stay_as_they_are():
    text = " The <b>AT amp;T</b>\\ &lt; É 5! "
    assert clean(TextCleaner(**OFF), text) == text


def test_all_steps_on_leave_the_words():
    damaged = (
        "Oil tops  #36;50 (Reuters) Reuters - It #39;s\\&lt;b&gt;cr&egrave;me&lt;/b&gt; www.a.b"
    )
    assert clean(ALL_ON, damaged) == "oil tops creme"


# Rows


@pytest.mark.parametrize("cleaner", [TextCleaner(), ALL_ON], ids=["default", "all"])
def test_missing_and_empty_texts_become_the_empty_string(cleaner):
    assert cleaner.transform(["", None, float("nan"), " "]).tolist() == [""] * 4


@given(st.lists(st.text(), min_size=1, max_size=6))
@settings(max_examples=100, deadline=None)
def test_any_text_is_cleaned_alike_alone_and_among_others(texts):
    together = ALL_ON.transform(texts).tolist()
    assert together == [clean(ALL_ON, text) for text in texts]


# Adjacent pieces: references that are prefixes of each other, tags, dashes, lost ampersands.
# fmt: off
PIECES = st.sampled_from([
    "&", "&not", "&notin;", "&amp;", "&amp;lt;", "lt;", "quot;", "#39;", "#36;", "<", ">", "<b>",
    "</b>", "<!--", "-->", "=", "\\", "$", "www.", "http://", "(AP)", "AP", "-", "Ã", "©", "é",
    "1", "'", "the", "it's", " ",
])
# fmt: on
DAMAGED = st.lists(PIECES | st.text(max_size=2), max_size=12).map("".join)


@given(st.lists(DAMAGED, min_size=1, max_size=5))
@settings(max_examples=150, deadline=None)
def test_damaged_texts_are_cleaned_alike_alone_and_among_others(texts):
    together = ALL_ON.transform(texts).tolist()
    assert together == [clean(ALL_ON, text) for text in texts]


IDEMPOTENT = [
    "repair_unicode",
    "normalize",
    "strip_accents",
    "strip_stop_words",
    "strip_digits",
    "strip_punctuation",
    "squeeze_spaces",
]


@pytest.mark.parametrize("step", IDEMPOTENT)
@given(text=st.text() | DAMAGED)
@settings(max_examples=60, deadline=None)
def test_a_step_done_twice_is_done_once(step, text):
    cleaner = only(step, SETTINGS[step])
    once = clean(cleaner, text)
    assert clean(cleaner, once) == once


@pytest.mark.parametrize("text", [*REPAIRED.values(), *STRIPPED.values(), *SOURCED.values()])
def test_a_clean_text_stays_as_it_is(text):
    assert clean(TextCleaner(), text) == text


# scikit-learn's contract


@pytest.mark.parametrize(
    "kind",
    [
        list,
        tuple,
        np.array,
        pd.Series,
        pl.Series,
        lambda texts: pd.DataFrame({"text": texts}),
        lambda texts: pl.DataFrame({"text": texts}),
        lambda texts: pd.Series(texts, dtype="str"),
    ],
    ids=["list", "tuple", "ndarray", "pandas", "polars", "frame", "polars frame", "pandas str"],
)
def test_every_kind_of_texts_gives_an_object_array(kind):
    cleaned = TextCleaner().transform(kind(["Oil #39;s", None]))
    assert isinstance(cleaned, np.ndarray)
    assert cleaned.dtype == object
    assert cleaned.tolist() == ["Oil's", ""]


def test_cleaning_does_not_change_the_input():
    texts = pl.Series(["&lt;b&gt;Oil HervÃ©", "Cup"])
    TextCleaner().transform(texts)
    assert texts.to_list() == ["&lt;b&gt;Oil HervÃ©", "Cup"]


@pytest.mark.parametrize("method", ["fit", "transform"])
def test_a_wrong_parameter_is_rejected_with_and_without_fit(method):
    with pytest.raises(ValueError, match="'normalize' parameter of TextCleaner"):
        getattr(TextCleaner(normalize="NFX"), method)(["Oil"])
    with pytest.raises(ValueError, match="strip_stop_words must hold words, got 3"):
        getattr(TextCleaner(strip_stop_words=["a", 3, ""]), method)(["Oil"])


@pytest.mark.parametrize("texts", ["Oil", [1, 2], [["a"]], []], ids=repr)
def test_containers_without_texts_are_rejected(texts):
    with pytest.raises((TypeError, ValueError), match=r"^X "):
        TextCleaner().transform(texts)


def test_clone_and_pickle_keep_the_cleaner():
    for copy in (clone(ALL_ON), pickle.loads(pickle.dumps(ALL_ON))):
        assert copy.get_params() == ALL_ON.get_params()
        assert clean(copy, "The Oil!") == "oil"


def test_switches_can_be_set_through_a_pipeline():
    pipeline = make_pipeline(ColumnJoiner(), TextCleaner()).set_params(textcleaner__lowercase=True)
    rows = pd.DataFrame({"title": ["Oil #39;s"], "description": ["Up\\Again"]})
    assert pipeline.fit_transform(rows).tolist() == ["oil's up again"]
    assert pipeline.get_feature_names_out().tolist() == ["text"]


@pytest.mark.parametrize("setting", [True, False])
def test_a_bool_of_numpy_is_a_bool(setting):
    found = TextCleaner(lowercase=np.bool_(setting)).fit_transform(["Oil"])
    assert found.tolist() == TextCleaner(lowercase=setting).fit_transform(["Oil"]).tolist()


def test_blocks_of_rows_are_cleaned_as_all_rows(monkeypatch):
    texts = ["a  b", None, "week #39;s", "<b>c</b>", "é  "] * 5
    expected = TextCleaner().transform(texts).tolist()
    monkeypatch.setattr(columnar, "_ONE_BLOCK_ROWS", 0)
    monkeypatch.setattr(columnar, "BLOCK_ROWS", 2)
    assert TextCleaner().transform(texts).tolist() == expected
