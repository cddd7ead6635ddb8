"""The elements of a JSON array, read in pieces."""

import io
import json
from pathlib import Path

import pytest

from agnews_sk.files import NamedColumns, _json_array, open_rows
from agnews_sk.files._json_array import ArrayElements

PATH = Path("rows.json")
NAMES = NamedColumns(["text"])


def elements(text, n_bytes=10_000):
    found = ArrayElements(io.StringIO(text), PATH, n_bytes)
    assert found.begins()
    return list(found)


@pytest.mark.parametrize("n_characters", [1, 2, 7, 100])
@pytest.mark.parametrize("indent", [None, 2], ids=["one line", "indented"])
def test_elements_are_those_of_the_array_however_it_is_cut(monkeypatch, n_characters, indent):
    monkeypatch.setattr(_json_array, "_CHARACTERS", n_characters)
    values = [{"text": 'a ]} \\" b'}, 12345, "x", [1, [2]], None, {}, -1.5e3, {"b": {"c": "d"}}]
    found = elements(json.dumps(values, indent=indent) + "\n")
    assert [element.value for element in found] == values


def test_elements_have_the_line_on_which_they_begin():
    assert [found.line for found in elements('\n[\n{"a":\n1}\n,{"b": 2},\n\n3\n]')] == [3, 5, 7]


@pytest.mark.parametrize("text", ["[]", " [ \n ] "])
def test_an_array_may_be_empty(text):
    assert elements(text) == []


@pytest.mark.parametrize("text", ["", "  ", '{"a": 1}', "x"])
def test_other_files_do_not_begin_as_an_array(text):
    assert not ArrayElements(io.StringIO(text), PATH, 100).begins()


BROKEN = {
    "cut": ('[{"a": 1},\n{"a"', r"rows\.json, line 2: not a JSON array .*: Expecting"),
    "open": ('[{"a": 1}\n', "line 2: .* expected a comma or the end of the array"),
    "no comma": ('[{"a": 1} {"a": 2}]', "line 1: .* expected a comma"),
    "comma at the end": ("[1,]", "line 1: .* Expecting value"),
    "more": ("[1]\n[2]", "line 2: .* expected nothing after the array"),
    "deep": ("[" * 100_000, "line 1: .* nested too deeply"),
}


@pytest.mark.parametrize(("text", "message"), BROKEN.values(), ids=list(BROKEN))
def test_a_broken_array_is_rejected_with_file_and_line(text, message):
    with pytest.raises(ValueError, match=message):
        elements(text, 2**31)


def test_an_element_that_is_too_long_is_rejected(monkeypatch):
    monkeypatch.setattr(_json_array, "_CHARACTERS", 8)
    with pytest.raises(ValueError, match="more than 20 bytes in one record"):
        elements(json.dumps(["x" * 100]), 20)


def test_rows_of_an_array_are_those_of_json_lines(tmp_path):
    objects = [{"text": "oil", "id": 7}, {"text": "cup"}, 3, {"text": "\ud800"}]
    (tmp_path / "rows.json").write_text(json.dumps(objects))
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, objects)))
    (array,) = open_rows(tmp_path / "rows.json", NAMES).batches(10)
    (lines,) = open_rows(tmp_path / "rows.jsonl", NAMES).batches(10)
    assert array.rows == lines.rows == objects[:2]
    assert [fault.reason for fault in array.faults] == [fault.reason for fault in lines.faults]


def test_a_file_of_json_may_have_an_object_per_line(tmp_path):
    (tmp_path / "rows.json").write_text('{"text": "oil"}\n{"text": "cup"}\n')
    reader = open_rows(tmp_path / "rows.json", NAMES)
    assert reader.column_names() == ["text"]
    (batch,) = reader.batches(10)
    assert batch.lines == [1, 2]


def test_an_element_with_a_repeated_key_costs_only_its_own_row(tmp_path):
    (tmp_path / "rows.json").write_text('[{"text": "oil", "text": "up"},\n{"text": "cup"}]')
    (batch,) = open_rows(tmp_path / "rows.json", NAMES).batches(10)
    assert batch.rows == [{"text": "cup"}]
    assert batch.faults[0].reason.startswith("the key 'text' occurs more than once")
