"""Which names mean labels and texts in the format of AG News."""

import pytest

from agnews_sk.datasets._columns import AgNewsColumns, has_agnews_layout

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
    assert chosen[:2] == ("label", {"text": "text"})
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
    ("n_fields", "names"),
    [([2, 2, 3], 2), ([2, 3], 3), ([], 3), ([1, 7], 3)],
    ids=["two", "as many", "none", "others"],
)
def test_labelled_rows_without_a_header_have_two_columns_or_three(n_fields, names):
    records = [[""] * n for n in n_fields]
    assert len(AgNewsColumns().names_without_header(records)) == names


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
