"""Which names mean labels and texts, and when the first record of a CSV file is a header."""

from pathlib import Path

import pytest

from agnews_sk.datasets import NamedColumns, plain_name
from agnews_sk.datasets._columns import LabelledColumns, choose_labelled_columns

PATH = Path("rows.csv")


@pytest.mark.parametrize("name", ["class_index", " Class Index ", "CLASS_INDEX"])
def test_names_are_compared_without_case_spaces_around_and_underscores(name):
    assert plain_name(name) == "class index"


CHOICES = {
    "title and description": (["label", "title", "description"], {"title": 1, "description": 2}),
    "text beside a title": (["title", "text", "label"], {"title": 0, "description": 1}),
    "text beside both": (["title", "text", "label", "description"], {"title": 0, "description": 3}),
    "text alone": (["id", "Content", "TARGET"], {"text": 1}),
    "text beside a description": (["text", "description", "label"], {"description": 1}),
    "headline": (["headline", "category"], {"title": 0}),
}


@pytest.mark.parametrize(("names", "texts"), CHOICES.values(), ids=list(CHOICES))
def test_texts_are_chosen_by_name(names, texts):
    chosen = choose_labelled_columns(names, PATH)
    chosen.pop("class")
    assert chosen == texts


@pytest.mark.parametrize("names", [["text", "id"], ["label", "body"], []])
def test_columns_without_a_class_or_a_text_are_listed(names):
    with pytest.raises(ValueError, match=r"rows\.csv has the columns \[.*\]; it needs one for"):
        choose_labelled_columns(names, PATH)


def test_only_names_that_are_read_must_not_occur_twice():
    assert choose_labelled_columns(["id", "ID", "text", "label"], PATH) == {"class": 3, "text": 2}
    with pytest.raises(ValueError, match=r"more than once, \['Text', 'text'\]; rename or remove"):
        choose_labelled_columns(["Text", "text", "label"], PATH)


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
    assert LabelledColumns().is_header(fields) is is_header


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
    assert NamedColumns(["text"]).is_header(fields) is is_header
    assert NamedColumns(["text"], header=True).is_header(fields) is True
    assert NamedColumns(["text"], header=False).is_header(fields) is False


@pytest.mark.parametrize(
    ("n_fields", "names"),
    [([2, 2, 3], 2), ([2, 3], 3), ([], 3), ([1, 7], 3)],
    ids=["two", "as many", "none", "others"],
)
def test_labelled_rows_without_a_header_have_two_columns_or_three(n_fields, names):
    records = [[""] * n for n in n_fields]
    assert len(LabelledColumns().names_without_header(records)) == names


def test_rows_to_predict_without_a_header_have_up_to_three_columns():
    rules = NamedColumns(["text"])
    assert rules.names_without_header([["oil"]]) == ["text"]
    assert rules.names_without_header([["3", "oil"], ["oil"], ["4", "cup"]]) == ["class", "text"]
    with pytest.raises(ValueError, match=r"has 1 to 3 fields .* got 4: \['a', 'b', 'c', 'd'\]"):
        rules.names_without_header([list("abcd")])
