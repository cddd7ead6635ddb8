import numpy as np
import pandas as pd
import pytest

from agnews_sk.sampling import LengthFilter, MissingTextFilter

FRAME = pd.DataFrame(
    {
        "title": ["Oil up", None, "Goal", "  ", float("nan")],
        "description": ["Prices rise", "Late win", "", "\n\t", "Polls open"],
        "n": [0, 1, 2, 3, 4],
    }
)


@pytest.mark.parametrize(
    ("how", "columns", "rows"),
    [
        ("all", None, [0, 1, 2, 4]),
        ("any", None, [0]),
        ("all", ["title"], [0, 2]),
        ("any", ["description"], [0, 1, 4]),
    ],
)
def test_missing_text_filter_drops_missing_and_blank_rows(how, columns, rows):
    kept, _ = MissingTextFilter(how=how, columns=columns).fit_resample(FRAME)
    pd.testing.assert_frame_equal(kept, FRAME.iloc[rows])


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA, "", " ", "\u2003\n"], ids=repr)
def test_every_missing_value_is_missing(missing):
    texts = np.array(["Goal", missing], dtype=object)
    assert MissingTextFilter().fit(texts).sample_indices_.tolist() == [0]


@pytest.mark.parametrize(
    ("params", "kept"),
    [
        ({"min_words": 2}, ["two words", "now three words"]),
        ({"min_words": 0}, ["", "one", "two words", "now three words"]),
        ({"min_words": 1, "max_words": 2}, ["one", "two words"]),
    ],
    ids=["at least", "no bound", "between"],
)
def test_length_filter_counts_words(params, kept):
    texts = ["", "one", "two words", "now three words"]
    assert LengthFilter(**params).fit_resample(texts)[0] == kept


def test_length_filter_counts_the_words_of_all_text_columns():
    assert LengthFilter(min_words=3).fit(FRAME).sample_indices_.tolist() == [0]


def test_length_filter_drops_rows_with_few_letters_of_any_script():
    texts = ["6-4 6-3 7-5 (10-8)", "Öl wird teurer", "原油 価格 上昇", "3 goals in 90 minutes"]
    kept, _ = LengthFilter(min_letter_share=0.6).fit_resample(texts)
    assert kept == texts[1:]


def test_an_empty_text_passes_the_letter_share():
    texts = ["", "!!"]
    assert LengthFilter(min_words=0, min_letter_share=0.5).fit_resample(texts)[0] == [""]


def test_length_filter_rejects_a_minimum_above_the_maximum():
    with pytest.raises(ValueError, match="max_words must be at least min_words, 3, got 2"):
        LengthFilter(max_words=2).fit(["a b c"])


@pytest.mark.parametrize("sampler", [MissingTextFilter(), LengthFilter(min_words=2)])
def test_filters_that_judge_rows_alone_keep_the_same_rows_of_parts(sampler):
    texts = ["Oil rises again", None, "Oil", "Goal for us", " ", "the cup"]
    sampler.fit(texts)
    kept = [
        i
        for start in (0, 2, 4)
        for i in start + sampler.keeps(texts[start : start + 2]).nonzero()[0]
    ]
    assert kept == sampler.sample_indices_.tolist()
    assert sampler.judges_rows_alone
    assert not sampler.keeps([None]).any()
