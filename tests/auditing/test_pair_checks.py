import numpy as np
import polars as pl
import pytest

from agnews_sk.auditing._pair_checks import (
    check_conflicts,
    check_duplicates,
    check_leakage,
    find_partners,
)
from agnews_sk.auditing._rows import Rows

STORY = "the oil price rose on monday as traders feared a storm in the gulf would close the ports"
NEAR = STORY.replace("monday", "tuesday")
TRAIN = [STORY, "Cup final", NEAR, "cup FINAL!", STORY.upper(), "Vote counted today"]
TEST = ["cup final", STORY.replace("gulf", "bay"), "Snow"]


def rows(texts=TRAIN, test=None, labels=None):
    labels = None if labels is None else np.array(labels, dtype=object)
    test = None if test is None else pl.Series(test, dtype=pl.String)
    return Rows(texts=pl.Series(texts, dtype=pl.String), labels=labels, test=test)


def partners(texts=TRAIN, test=None):
    return find_partners(rows(texts, test), 0.7, 0)


def test_copies_point_to_their_first_row():
    assert partners().exact.tolist() == [-1, -1, -1, 1, 0, -1]


def test_near_duplicates_point_to_an_earlier_row_unless_they_are_exact():
    assert partners().near.tolist() == [-1, -1, 0, -1, -1, -1]


def test_test_rows_are_the_partners_of_leaked_rows_only():
    found = partners(test=TEST)
    assert found.exact_test.tolist() == [-1, 0, -1, 0, -1, -1]
    assert found.near_test[[0, 4]].tolist() == [1, 1]
    assert found.near_test[[1, 3, 5]].tolist() == [-1, -1, -1]
    np.testing.assert_array_equal(found.exact, partners().exact)
    np.testing.assert_array_equal(found.near, partners().near)


def test_without_test_rows_nothing_leaks():
    found = partners()
    assert set(found.exact_test) == set(found.near_test) == {-1}
    assert check_leakage(rows(), found) == []


@pytest.mark.parametrize("seed", [0, 1])
def test_the_order_of_rows_decides_which_one_is_the_duplicate(seed):
    order = np.random.default_rng(seed).permutation(len(TRAIN))
    found = partners([TRAIN[i] for i in order])
    for position, partner in enumerate(found.exact):
        assert partner < position


def test_duplicates_show_the_text_that_they_repeat():
    exact, near = check_duplicates(rows(), partners())
    assert (exact.name, near.name) == ("exact_duplicates", "near_duplicates")
    assert exact.examples["same_as"].tolist() == [1, 0]
    assert exact.examples["its_text"].tolist() == ["Cup final", STORY]
    assert near.examples["same_as"].tolist() == [0]


def test_leaked_rows_show_the_test_row():
    exact, near = check_leakage(rows(test=TEST), partners(test=TEST))
    assert (exact.name, near.name) == ("exact_leakage", "near_leakage")
    assert exact.rows.tolist() == [1, 3]
    assert exact.examples["its_text"].tolist() == ["cup final"] * 2
    assert near.examples["same_as"].tolist()[0] == 1


def test_conflicting_labels_are_listed_side_by_side():
    labels = ["Oil", "Cup", "Oil", "Vote", "Oil", "Vote"]
    found = check_conflicts(rows(labels=labels))
    assert found.name == "conflicting_labels"
    assert found.rows.tolist() == [1, 3]
    assert check_conflicts(rows(labels=["Oil"] * 6)).count == 0
