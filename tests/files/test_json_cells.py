"""The cells of JSON objects."""

import pytest

from agnews_sk.files._json_cells import cells_of


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
