"""Which names mean labels and texts, and when the first record of a file is a header."""

import pytest

from agnews_sk.datasets import NamedColumns, plain_name
from agnews_sk.datasets._columns import AgNewsColumns, has_agnews_layout


@pytest.mark.parametrize("name", ["class_index", " Class Index ", "CLASS_INDEX"])
def test_names_are_compared_without_case_spaces_around_and_underscores(name):
    assert plain_name(name) == "class index"


CHOICES = {
    "title and description": (
        ["label", "title", "description"],
        {"title": "title", "description": "description"},
    ),
    "text beside a title": (["title", "text", "label"], {"title": "title", "description": "text"}),
    "text beside both": (
        ["title", "text", "label", "description"],
        {"title": "title", "description": "description"},
    ),
    "text alone": (["id", "Content", "TARGET"], {"text": "Content"}),
    "text beside a description": (
        ["text", "description", "label"],
        {"description": "description"},
    ),
    "headline": (["headline", "category"], {"title": "headline"}),
}


@pytest.mark.parametrize(("names", "texts"), CHOICES.values(), ids=list(CHOICES))
def test_texts_of_agnews_are_chosen_by_name(names, texts):
    chosen = AgNewsColumns().choose(names, [])
    assert chosen.texts == texts
    assert chosen.label in ("label", "TARGET", "category")


@pytest.mark.parametrize("names", [["text", "id"], ["label", "body"], []])
def test_columns_without_a_class_or_a_text_are_listed(names):
    with pytest.raises(ValueError, match=r"has the columns \[.*\]; it needs one for"):
        AgNewsColumns().choose(names, [])


def test_only_names_that_are_read_must_not_occur_twice():
    chosen = AgNewsColumns().choose(["id", "ID", "text", "label"], [])
    assert chosen == ("label", {"text": "text"})
    with pytest.raises(ValueError, match=r"more than once, \['Text', 'text'\]; rename or remove"):
        AgNewsColumns().choose(["Text", "text", "label"], [])


@pytest.mark.parametrize(
    ("fields", "is_header"),
    [
        (["label", "text"], True),
        (["label", "body"], True),
        (["0", "label", "text"], True),
        (["3", "Target", "Stores open."], False),
        (["text", "body"], False),
        (["1", "Truce"], False),
    ],
    ids=["both", "class", "number first", "row", "no class", "row of two"],
)
def test_a_header_of_labelled_rows_names_the_class(fields, is_header):
    assert AgNewsColumns().is_header([fields]) is is_header


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


@pytest.mark.parametrize(
    ("n_fields", "names"),
    [([2, 2, 3], 2), ([2, 3], 3), ([], 3), ([1, 7], 3)],
    ids=["two", "as many", "none", "others"],
)
def test_labelled_rows_without_a_header_have_two_columns_or_three(n_fields, names):
    records = [[""] * n for n in n_fields]
    assert len(AgNewsColumns().names_without_header(records)) == names


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


@pytest.mark.parametrize(
    ("records", "has_layout"),
    [
        ([["3", "Oil", "Up"], ["1", "Truce"], ["a", "b", "c"]], True),
        ([["3", "Oil"], ["Oil", "3"]], False),
        ([["3", "1", "2"]], False),
        ([["3", "Oil", "Up", "x"]], False),
    ],
    ids=["most", "half", "numbers", "four"],
)
def test_the_layout_of_agnews_is_a_number_and_one_or_two_texts(records, has_layout):
    assert has_agnews_layout(records) is has_layout
