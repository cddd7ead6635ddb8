import numpy as np
import pandas as pd
import polars as pl
import pytest

from agnews_sk.sampling import DuplicateFilter, LabelConflictFilter

SAME = ["Oil rises.", "Goal!", "oil  RISES", "Oil-rises", "?!", "!?", None, "", None, " "]


def test_duplicate_filter_ignores_case_punctuation_and_white_space_only():
    rows = DuplicateFilter().fit(SAME).sample_indices_
    assert rows.tolist() == [0, 1, 4, 5, 6, 7, 8, 9]


def test_duplicate_filter_can_keep_the_last():
    rows = DuplicateFilter(keep="last").fit(SAME).sample_indices_
    assert rows.tolist() == [1, 3, 4, 5, 6, 7, 8, 9]


def test_duplicate_filter_sees_composed_and_decomposed_accents_as_the_same():
    assert DuplicateFilter().fit_resample(["Caf\u00e9", "Cafe\u0301"])[0] == ["Caf\u00e9"]


def test_duplicate_filter_compares_the_columns_that_it_is_given():
    frame = pd.DataFrame({"title": ["Oil", "Oil", "Goal"], "description": ["up", "down", "up"]})
    assert DuplicateFilter().fit(frame).sample_indices_.tolist() == [0, 1, 2]
    assert DuplicateFilter(columns=["title"]).fit(frame).sample_indices_.tolist() == [0, 2]


NEAR = [
    "the central bank left its main rate unchanged on Tuesday as expected",
    "a late goal gave the home side three points",
    "The central bank left its main rate unchanged on Tuesday, as expected (agency)",
    None,
    "The central bank left its main rate unchanged on Tuesday, as expected (agency) today",
]


@pytest.mark.parametrize(("keep", "rows"), [("first", [0, 1, 3]), ("last", [1, 3, 4])])
def test_near_duplicates_are_linked_and_one_stays(keep, rows):
    near = DuplicateFilter(method="near", keep=keep, random_state=0)
    assert near.fit(NEAR).sample_indices_.tolist() == rows


@pytest.mark.parametrize(("threshold", "dropped"), [(10 / 11, True), (0.92, False)])
def test_threshold_is_the_jaccard_similarity_of_word_shingles(threshold, dropped):
    texts = ["a b c d e f g h i j k", "a b c d e f g h i j k l"]
    near = DuplicateFilter(method="near", threshold=threshold, random_state=0)
    assert (len(near.fit(texts).sample_indices_) == 1) == dropped


def test_shingle_words_sets_how_much_word_order_counts():
    texts = ["a b c d e f", "f e d c b a"]
    by_word = DuplicateFilter(method="near", shingle_words=1, random_state=0)
    assert by_word.fit(texts).sample_indices_.tolist() == [0]
    assert clone_with(by_word, shingle_words=2).fit(texts).sample_indices_.tolist() == [0, 1]


def clone_with(sampler, **params):
    return type(sampler)(**{**sampler.get_params(), **params})


CONFLICT = ["Oil up", "oil up!", "Goal", "OIL UP", None, None, "Vote", "vote"]
LABELS = ["Business", "World", "Sports", "Business", "World", "Sports", "World", "Sports"]


@pytest.mark.parametrize(("strategy", "rows"), [("drop", [2, 4, 5]), ("majority", [0, 2, 3, 4, 5])])
@pytest.mark.parametrize(
    "kind", [list, tuple, np.array, pd.Series, pl.Series], ids=lambda k: k.__name__
)
def test_label_conflicts_are_dropped_or_decided_by_majority(strategy, rows, kind):
    conflicts = LabelConflictFilter(strategy=strategy).fit(CONFLICT, kind(LABELS))
    assert conflicts.sample_indices_.tolist() == rows


def test_same_text_with_the_same_label_is_not_a_conflict():
    assert LabelConflictFilter().fit_resample(["Oil", "oil"], [0, 0]) == (["Oil", "oil"], [0, 0])


def test_label_conflict_filter_needs_labels():
    with pytest.raises(ValueError, match="pass y to fit_resample"):
        LabelConflictFilter().fit_resample(["Oil"])
