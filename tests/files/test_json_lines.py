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
    "repeated": ('{"text": "oil", "text": "cup"}', "the key 'text' occurs more than once; rename"),
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


ROWS = [{"text": "oil"}, {"text": "cup"}]
WRAPPED = {
    "one line": json.dumps({"version": 1, "data": ROWS}),
    "indented": json.dumps({"meta": {"n": [1]}, "data": ROWS, "more": []}, indent=2),
    "a list alone": json.dumps({"data": ROWS}, indent=1),
    "as a table of pandas": json.dumps({"schema": {"fields": [{"name": "text"}]}, "data": ROWS}),
}


@pytest.mark.parametrize("text", WRAPPED.values(), ids=list(WRAPPED))
def test_the_only_list_of_objects_in_an_object_is_read(tmp_path, text):
    (tmp_path / "rows.json").write_text(text)
    (batch,) = open_rows(tmp_path / "rows.json", NamedColumns(["text"])).batches(10)
    assert (batch.rows, batch.faults) == (ROWS, [])


def test_a_long_object_is_read_in_pieces_and_a_long_line_stays_a_fault(tmp_path):
    (tmp_path / "rows.json").write_text(json.dumps({"data": ROWS * 9}))
    reader = open_rows(tmp_path / "rows.json", NamedColumns(["text"]), max_record_bytes=60)
    assert sum(map(len, reader.batches(10))) == 18
    (tmp_path / "rows.json").write_text(f'{{"text": "{"x" * 90}"}}\n{{"text": "oil"}}\n')
    reader = open_rows(tmp_path / "rows.json", NamedColumns(["text"]), max_record_bytes=60)
    (batch,) = reader.batches(10)
    assert [row["text"] for row in batch.rows] == ["oil"]
    assert [fault.line for fault in batch.faults] == [1]


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ({"a": ROWS, "b": ROWS}, "rows.json holds several lists of objects, 'a' and 'b'; write"),
        (
            {"text": {"0": "oil"}, "label": {"0": "x"}},
            r"with the keys \['text', 'label'\], and hol",
        ),
    ],
    ids=["two lists", "columns"],
)
def test_an_object_without_one_list_of_objects_is_refused(tmp_path, found, message):
    (tmp_path / "rows.json").write_text(json.dumps(found, indent=2))
    reader = open_rows(tmp_path / "rows.json", NamedColumns(["text"]))
    with pytest.raises(ValueError, match=message):
        list(reader.batches(10))


def test_a_row_of_json_lines_may_hold_a_list_of_objects(tmp_path):
    row = {"spans": [{"text": "x"}], "text": "oil"}
    (tmp_path / "rows.json").write_text(f"{json.dumps(row)}\n" * 2)
    (batch,) = open_rows(tmp_path / "rows.json", NamedColumns(["text"])).batches(10)
    assert batch.rows == [row, row]
