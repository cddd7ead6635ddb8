"""What the caller says about the form of a file."""

import pytest

from agnews_sk.files._options import ReadOptions


@pytest.mark.parametrize("sep", ["\t", "tab", r"\t"])
def test_a_tab_can_be_typed(sep):
    assert ReadOptions(sep=sep).sep == "\t"


@pytest.mark.parametrize("sep", ["", "ab", "\n", '"'])
def test_a_separator_is_one_character_that_ends_no_field_otherwise(sep):
    with pytest.raises(ValueError, match="sep must be one character"):
        ReadOptions(sep=sep)


@pytest.mark.parametrize("encoding", ["utf-99", "rot13", "a\x00b", ""])
def test_an_encoding_is_one_of_text_that_python_knows(encoding):
    with pytest.raises(ValueError, match=r"encoding must be one that Python knows, such as utf-8"):
        ReadOptions(encoding=encoding)


def test_the_encoding_is_assumed_only_where_nothing_is_detected():
    assert ReadOptions().assumed_encoding is None
    assert ReadOptions(detects=False).assumed_encoding == "utf-8"
    assert ReadOptions(encoding="cp1252", detects=False).assumed_encoding == "cp1252"
