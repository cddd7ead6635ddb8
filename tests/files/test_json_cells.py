"""The cells of JSON objects."""

import pytest

from agnews_sk.files._json_cells import DECODER, cells_of


def test_cells_of_nested_objects_have_dotted_names():
    found = cells_of({"a": {"b": {"c": 1}, "d": [{"e": 2}]}, "f": {}, "g": None})
    assert found == {"a.b.c": 1, "a.d": [{"e": 2}], "f": {}, "g": None}


def test_an_object_without_others_is_taken_as_it_is():
    cells = {"a": 1, "b.c": [2]}
    assert cells_of(cells) is cells


@pytest.mark.parametrize("value", [[1], "a", 3, None])
def test_other_values_have_no_cells(value):
    with pytest.raises(ValueError, match="expected a JSON object, got"):
        cells_of(value)


REPEATED = {
    "twice": ('{"id": 1, "text": "oil", "text": "cup"}', "text"),
    "equal values": ('{"text": "oil", "text": "oil"}', "text"),
    "nested": ('{"data": {"text": 1, "text": 2}}', "text"),
    "dotted after nested": ('{"data": {"text": 1}, "data.text": 2}', "data.text"),
    "dotted before nested": ('{"data.text": 1, "data": {"text": 2}}', "data.text"),
}


@pytest.mark.parametrize(("written", "name"), REPEATED.values(), ids=list(REPEATED))
def test_two_cells_of_one_name_are_rejected_by_name(written, name):
    with pytest.raises(ValueError, match=f"the key '{name}' occurs more than once; rename or"):
        cells_of(DECODER.decode(written))


def test_equal_names_in_different_objects_are_no_repetition():
    written = '{"a": {"c": 1}, "b": {"c": 2}, "d": [{"c": 3, "c": 4}], "e": {}}'
    assert cells_of(DECODER.decode(written)).keys() == {"a.c", "b.c", "d", "e"}
