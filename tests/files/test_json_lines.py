"""JSON Lines as a stream: objects with different keys, and lines that are not objects."""

import json
import re

import pytest

from agnews_sk.files import NamedColumns, open_rows

NAMES = NamedColumns(["text"])


def read(path, *lines):
    path.write_text("\n".join(lines))
    reader = open_rows(path, NAMES)
    (batch,) = reader.batches(10_000)
    return reader, batch


@pytest.fixture
def path(tmp_path):
    return tmp_path / "rows.jsonl"


def test_blank_lines_are_skipped_and_counted(path):
    _, batch = read(path, '{"text": "oil"}', "", "  ", '{"text": "cup"}')
    assert batch.lines == [1, 4]


def test_cells_keep_their_types(path):
    cells = {"text": "oil", "id": 7, "share": 0.5, "is_new": True, "tags": ["a"], "source": None}
    assert read(path, json.dumps(cells))[1].rows == [cells]


def test_names_are_those_of_all_objects_in_order_of_appearance(path):
    reader, _ = read(path, '{"b": 1}', '{"a": 1, "b": 2}', '{"c": 1}')
    assert reader.names == ["b", "a", "c"]


def test_columns_are_those_of_the_first_thousand_objects(path):
    late = ['{"text": "oil"}'] * 1_000 + ['{"late": 1}']
    reader, _ = read(path, *late)
    assert reader.names == ["text", "late"]
    assert open_rows(path, NAMES).column_names() == ["text"]


FAULTY = {
    "syntax": ("{", "not JSON, Expecting property name"),
    "array": ("[1]", r"expected a JSON object, got \[1\]"),
    "text": ('"oil"', "expected a JSON object, got 'oil'"),
    "surrogate": ('{"text": "\\ud800"}', "bytes or escapes that are not Unicode text"),
    "nesting": ("[" * 100_000, "recursion"),
}


@pytest.mark.parametrize(("line", "reason"), FAULTY.values(), ids=list(FAULTY))
def test_a_line_that_is_not_an_object_of_unicode_texts_is_a_fault(path, line, reason):
    _, batch = read(path, '{"text": "oil"}', line, '{"text": "cup"}')
    assert batch.lines == [1, 3]
    ((number, found),) = batch.faults
    assert number == 2
    assert re.search(reason, found)


def test_a_bare_carriage_return_within_an_object_is_whitespace(path):
    path.write_bytes(b'{"text":\r"oil"}\r\n{"text": "cup"}\n')
    (batch,) = open_rows(path, NAMES).batches(10)
    assert (batch.rows, batch.lines) == ([{"text": "oil"}, {"text": "cup"}], [1, 2])
