"""CSV as a stream: headers, faults, quotes, and records of bounded length."""

import csv

import pytest

from agnews_sk.datasets._columns import AgNewsColumns
from agnews_sk.files import Fault, NamedColumns, open_rows

NAMES = NamedColumns(["title", "description", "text"])


def read(path, content, rules=NAMES, **options):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    reader = open_rows(path, rules, **options)
    (batch,) = reader.batches(1_000_000)
    return reader, batch


@pytest.fixture
def path(tmp_path):
    return tmp_path / "rows.csv"


def test_an_open_quote_costs_one_row_and_bounded_memory(path):
    _, batch = read(path, 'title,description\n"open,x\n' + "Cup,final\n" * 300_000)
    assert [fault.line for fault in batch.faults] == [2]
    assert len(batch.rows) == 300_000


def test_a_long_text_of_many_lines_is_one_row(path):
    text = "oil\n" * 100_000
    _, batch = read(path, f'text\n"{text}"\ncup\n')
    assert [row["text"] for row in batch.rows] == [text, "cup"]
    assert batch.faults == []


def test_lines_after_a_broken_quote_are_read_with_their_numbers(path):
    _, batch = read(path, 'text,id\noil,1\n"cup,2\nshe said,3\n\nbank,4\n')
    assert batch.faults == [Fault(3, "broken quotes, unexpected end of data")]
    assert list(zip(batch.lines, (row["id"] for row in batch.rows), strict=True)) == [
        (2, "1"),
        (4, "3"),
        (6, "4"),
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_end_is_accepted(path, end):
    _, batch = read(path, end.join(["text,id", "oil,1", "cup,2", ""]))
    assert [row["text"] for row in batch.rows] == ["oil", "cup"]
    assert batch.lines == [2, 3]


def test_a_byte_order_mark_is_not_part_of_the_first_name(path):
    reader, batch = read(path, "\ufefftext\noil\n")
    assert reader.names == ["text"]
    assert batch.rows == [{"text": "oil"}]


def test_a_repeated_header_is_a_fault(path):
    _, batch = read(path, "id,text\n1,oil\nid,text\n2,cup\n")
    assert batch.faults == [Fault(3, "repeated header")]


def test_other_numbers_of_fields_and_bad_bytes_are_faults(path):
    _, batch = read(path, b"id,text\n1\n1,2,3\n\xff,oil\n4,cup\n", encoding="utf-8")
    assert [fault.reason for fault in batch.faults] == [
        "expected 2 fields, got 1",
        "expected 2 fields, got 3",
        "bytes or escapes that are not Unicode text in encoding 'utf-8'",
    ]
    assert batch.rows == [{"id": "4", "text": "cup"}]


def test_a_header_with_undecodable_bytes_is_still_a_header(path):
    reader, batch = read(path, b"id,text,caf\xe9\n1,oil,x\n")
    assert reader.names[:2] == ["id", "text"]
    assert len(batch.rows) == 1


def test_without_a_header_the_majority_of_records_decides_the_number_of_fields(path):
    content = "3,Oil prices rise again\n" + "3,Oil prices rise,A barrel is dear.\n" * 2
    reader, batch = read(path, content)
    assert reader.names == ["class", "title", "description"]
    assert (reader.has_header, reader.empty_is_missing) == (False, False)
    assert batch.faults == [Fault(1, "expected 3 fields, got 2")]


OFFICIAL = {
    "published": ('"3","Oil","Up"\n"1","Truce","Holds"\n', True),
    "two fields": ('"3","Oil"\n', False),
    "a row without quotes": ('"3","Oil","Up"\n1,Truce,Holds\n', False),
    "Kaggle": ("Class Index,Title,Description\n3,Oil,Up\n", True),
    "another header": ("class,title,description\n3,Oil,Up\n", False),
}


@pytest.mark.parametrize(("content", "is_official"), OFFICIAL.values(), ids=list(OFFICIAL))
def test_the_form_of_agnews_is_recognized(path, content, is_official):
    reader, _ = read(path, content, AgNewsColumns())
    assert reader.is_official is is_official


def test_an_empty_cell_is_missing_where_there_is_a_header(path):
    reader, batch = read(path, "text,id\n,1\n")
    assert reader.empty_is_missing
    assert batch.rows == [{"text": "", "id": "1"}]


def test_an_abandoned_reader_restores_the_limit_too(path):
    limit = csv.field_size_limit()
    path.write_text("text\noil\ncup\n")
    rows = open_rows(path, NAMES).rows()
    next(rows)
    assert csv.field_size_limit() > limit
    rows.close()
    assert csv.field_size_limit() == limit


def test_a_few_bytes_that_are_not_utf8_are_a_fault_with_the_encoding_to_try(path):
    text = "caf\u00e9 au lait"
    good = "Gr\u00f6\u00dfe \u00fcber \u00e4hnliche\n" * 9
    _, batch = read(path, b"text\n" + good.encode() + f'"{text}"\n'.encode("cp1252"))
    ((line, found),) = batch.faults
    assert line == 11
    assert found.startswith("bytes or escapes that are not Unicode text in UTF-8; the file looks")
