"""Which columns are looked for, and when the first record of a file is a header."""

import pytest

from agnews_sk.files import NamedColumns, plain_name


@pytest.mark.parametrize("name", ["class_index", " Class Index ", "CLASS_INDEX"])
def test_names_are_compared_without_case_spaces_around_and_underscores(name):
    assert plain_name(name) == "class index"


@pytest.mark.parametrize(
    ("fields", "is_header"),
    [
        (["body", "id"], True),
        (["TEXT"], True),
        (["3", "Oil prices rise"], False),
        (["3", "Oil prices"], True),
        (["3", "Oil prices rise", "text"], True),
        (["World", "Oil prices rise"], True),
        (["1", "2", "3", "Oil prices rise"], True),
    ],
)
def test_a_header_of_rows_to_predict_is_a_record_that_does_not_look_like_a_row(fields, is_header):
    assert NamedColumns(["text"]).is_header([fields]) is is_header
    assert NamedColumns(["text"], header=True).is_header([fields]) is True
    assert NamedColumns(["text"], header=False).is_header([fields]) is False


def test_rows_to_predict_without_a_header_have_up_to_three_columns():
    rules = NamedColumns(["text"])
    assert rules.names_without_header([["oil"]]) == ["text"]
    assert rules.names_without_header([["3", "oil"], ["oil"], ["4", "cup"]]) == ["class", "text"]
    with pytest.raises(ValueError, match=r"has 1 to 3 fields .* got 4: \['a', 'b', 'c', 'd'\]"):
        rules.names_without_header([list("abcd")])


def test_columns_without_a_header_have_numbers_where_the_first_one_holds_texts():
    records = [["The oil price rises", "3"], ["A cup is won", "4"]]
    assert NamedColumns(["text"]).names_without_header(records) == ["column_1", "column_2"]
    rules = NamedColumns(["column_4"])
    assert rules.names_without_header([list("abcd")])[-1] == "column_4"
