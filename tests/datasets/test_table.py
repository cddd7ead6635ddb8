"""Tables of labelled rows: the fast reader, the stream, and labels of all formats."""

import json

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agnews_sk.datasets import _table, load_agnews

FIELDS = st.text(st.sampled_from('ab,"\n\r\\ é'), max_size=5)
LINES = st.lists(FIELDS.map(lambda f: f'"{f}"') | FIELDS, min_size=1, max_size=3).map(",".join)


@given(st.lists(LINES, max_size=4).map("\n".join))
@example('"1","a\rb"\n"2","c"\n')
@settings(max_examples=200, deadline=None)
def test_the_fast_reader_and_the_row_by_row_reader_agree(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("news") / "news.csv"
    path.write_bytes(content.encode())
    fast, patient = _table.read_table(path), _table.read_row_by_row(path)
    assert fast.rows.equals(patient.rows)
    assert fast.lines.tolist() == patient.lines.tolist()
    assert fast.faults == patient.faults


def test_a_file_without_a_flaw_takes_the_fast_reader(tmp_path, monkeypatch):
    path = tmp_path / "news.csv"
    path.write_text("".join(f'"{label}","Title ""{label}""","Text."\n' for label in "3124"))
    monkeypatch.delattr(_table, "read_row_by_row")
    assert load_agnews(path).target.tolist() == ["Business", "World", "Sports", "Sci/Tech"]


FLAWS = {
    "a field less": '"1","a"\n"1","a","b"\n',
    "no quotes": "1,a,b\n",
    "a carriage return": '"1","a\rb","c"\n',
    "a header": '"class","title","description"\n"1","a","b"\n',
    "a blank line": '"1","a","b"\n\n',
    "four fields": '"1","a","b","c"\n',
}


@pytest.mark.parametrize("content", FLAWS.values(), ids=list(FLAWS))
def test_a_file_with_any_flaw_is_left_to_the_stream(tmp_path, content):
    (tmp_path / "news.csv").write_bytes(content.encode())
    assert _table.read_plain_csv(tmp_path / "news.csv") is None


def test_a_file_that_is_not_utf8_is_left_to_the_stream(tmp_path):
    (tmp_path / "news.csv").write_bytes(b'"1","\xff","b"\n')
    assert _table.read_plain_csv(tmp_path / "news.csv") is None


@pytest.mark.parametrize("n_rows", [1, 3, 100])
def test_a_table_does_not_depend_on_the_size_of_batches(tmp_path, monkeypatch, n_rows):
    rows = [{"label": 1, "text": "oil"}, {"text": "cup", "label": 2, "id": 7}, {"label": 1}, {}]
    (tmp_path / "news.jsonl").write_text("\n".join([*map(json.dumps, rows), "{"]))
    monkeypatch.setattr(_table, "_N_ROWS", n_rows)
    table = _table.read_table(tmp_path / "news.jsonl")
    assert table.rows.rows() == [("1", "oil"), ("2", "cup"), ("1", None), (None, None)]
    assert table.lines.tolist() == [1, 2, 3, 4]
    assert [fault.line for fault in table.faults] == [5]


def test_a_column_that_appears_late_is_missing_before(tmp_path):
    rows = [{"label": 1, "title": "oil"}] * 3 + [{"label": 2, "title": "cup", "description": "won"}]
    (tmp_path / "news.jsonl").write_text("\n".join(map(json.dumps, rows)))
    table = _table.read_table(tmp_path / "news.jsonl")
    assert table.rows["description"].to_list() == [None, None, None, "won"]


@pytest.mark.parametrize(
    ("labels", "kind", "texts"),
    [
        ([1, 2], "number", ["1", "2"]),
        ([1.0, 2.5], "number", ["1.0", "2.5"]),
        ([True, False], "boolean", ["true", "false"]),
        (["a", ""], "text", ["a", ""]),
    ],
    ids=["integers", "floats", "booleans", "texts"],
)
@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
def test_labels_have_the_kind_that_the_format_gives_them(tmp_path, ending, labels, kind, texts):
    frame = pl.DataFrame({"text": ["x", "y"], "label": labels})
    path = tmp_path / f"rows.{ending}"
    frame.write_ndjson(path) if ending == "jsonl" else frame.write_parquet(path)
    table = _table.read_table(path)
    assert table.label_kind == kind
    assert table.rows["class"].to_list() == texts


def test_labels_of_a_csv_are_of_no_kind(tmp_path):
    (tmp_path / "rows.csv").write_text("text,label\noil,1\n,2\n")
    table = _table.read_table(tmp_path / "rows.csv")
    assert (table.label_kind, table.class_column) == (None, "label")
    assert table.rows["text"].to_list() == ["oil", None]
