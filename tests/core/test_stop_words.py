import sys

import pytest
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from agnews_sk._core.stop_words import LANGUAGES, stop_word_set


@pytest.mark.parametrize(
    ("given_words", "expected"),
    [(None, set()), ([], set()), (["the", "a", "the"], {"the", "a"}), ({"x"}, {"x"})],
)
def test_stop_words_become_a_set(given_words, expected):
    assert stop_word_set(given_words) == expected


def test_english_stop_words_are_those_of_scikit_learn(monkeypatch):
    monkeypatch.setitem(sys.modules, "stop_words", None)
    assert stop_word_set("english") == ENGLISH_STOP_WORDS


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_each_language_has_stop_words(language):
    words = stop_word_set(language)
    assert len(words) > 50
    assert all(isinstance(word, str) and word for word in words)


def test_a_list_that_is_not_installed_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "stop_words", None)
    with pytest.raises(ImportError, match=r"stop_words='german' needs stop_words; install agnews"):
        stop_word_set("german")


def test_a_stop_word_of_another_type_is_rejected():
    with pytest.raises(TypeError, match="stop_words must hold str only, got 3"):
        stop_word_set(["the", 3])
