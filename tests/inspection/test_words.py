import sys

import numpy as np
import pytest

from agnews_sk.inspection._words import (
    Attribution,
    Outside,
    Words,
    changed_with_places,
    relative_error,
)

#        0123456789012345
TEXT = "Oil's up,  again"


def test_words_are_runs_of_letters_or_of_punctuation():
    words = Words(TEXT)
    assert words.names == ["Oil's", "up", ",", "again"]
    assert words.starts.tolist() == [0, 6, 8, 11]
    assert words.ends.tolist() == [5, 8, 9, 16]
    assert Words("").names == []


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        ((0, 5), ["Oil's"]),
        ((3, 7), ["Oil's", "up"]),
        ((5, 6), []),
        ((9, 11), []),
        ((0, 16), ["Oil's", "up", ",", "again"]),
        ((8, 9), [","]),
    ],
)
def test_a_span_touches_the_words_that_it_overlaps(span, expected):
    words = Words(TEXT)
    assert words.names[words.touched(span)] == expected


def test_spans_have_equal_shares_and_divide_them_among_words():
    words = Words(TEXT)
    np.testing.assert_allclose(words.spread([(0, 5), (6, 9)]), [0.5, 0.25, 0.25, 0])
    np.testing.assert_allclose(words.spread([(0, 5), None, (9, 11)]), [1, 0, 0, 0])
    assert words.spread([None]).sum() == 0


def test_the_error_includes_features_that_are_not_in_the_text():
    values = np.array([[1.0, 0.0]])
    outside = [Outside("length", np.array([0.5, 0.0]))]
    baseline, scores = np.zeros(2), np.array([2.0, 0.0])
    found = Attribution(Words("oil"), values, outside, baseline, scores)
    assert found.error == pytest.approx(0.25)


def test_rounding_does_not_count_as_an_error_where_scores_do_not_change():
    assert relative_error(np.array([1e-8]), np.array([0.0])) == pytest.approx(1e-3)


def test_places_follow_a_change_of_length():
    changed, places = changed_with_places("aİb", str.lower)
    assert changed == "ai̇b"
    assert places.tolist() == [0, 1, 1, 2, 3]
    assert changed_with_places("Oil", str.lower)[1].tolist() == [0, 1, 2, 3]


def test_places_of_a_change_over_characters_are_unknown():
    assert changed_with_places("a  b", lambda text: text.replace("  ", " ")) is None


def test_words_of_scripts_without_spaces_are_separate():
    words = Words("石油上涨，iPhone手机 น้ำมัน")
    assert words.names == ["石油", "上涨", "，", "iPhone", "手机", "น้ำมัน"]
    assert [words.text[a:b] for a, b in zip(words.starts, words.ends)] == words.names


def test_without_dictionaries_words_are_characters(monkeypatch):
    monkeypatch.setitem(sys.modules, "icu4py", None)
    assert Words("石油 oil").names == ["石", "油", "oil"]
