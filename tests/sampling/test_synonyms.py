"""Synonyms of a word with its punctuation and capital letter."""

import pytest

from agnews_sk.sampling._synonyms import find_in_dict, replacements

FIND = find_in_dict({"Oil": ["petroleum", "", " "], "it's": ["that is"]})


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("oil", ["petroleum"]),
        ("Oil", ["Petroleum"]),
        ("OIL", ["Petroleum"]),
        ('"oil!"', ['"petroleum!"']),
        ("it's,", ["that is,"]),
        ("--", []),
        ("gas", []),
        ("", []),
    ],
)
def test_a_synonym_gets_the_punctuation_and_capital_of_its_word(word, found):
    assert replacements(word, FIND) == found


def test_a_dict_is_searched_in_lower_case():
    assert FIND("oil") == ["petroleum", "", " "]
    assert FIND("Oil") == []
