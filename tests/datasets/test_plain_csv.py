"""Which CSV files Polars reads at once, and which are left to the stream."""

import pytest

from agnews_sk.datasets._columns import AgNewsColumns
from agnews_sk.datasets._plain_csv import read_plain_csv
from agnews_sk.datasets._recognize import RecognizedColumns

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
    assert read_plain_csv(tmp_path / "news.csv", AgNewsColumns()) is None


def test_a_file_that_is_not_utf8_is_left_to_the_stream(tmp_path):
    (tmp_path / "news.csv").write_bytes(b'"1","\xff","b"\n')
    assert read_plain_csv(tmp_path / "news.csv", AgNewsColumns()) is None


def test_quoted_names_of_columns_are_no_row(tmp_path):
    (tmp_path / "rows.csv").write_text('"guest","topic"\n"The soup was cold","food"\n')
    assert read_plain_csv(tmp_path / "rows.csv", RecognizedColumns()) is None


def test_a_file_that_may_have_a_header_is_left_to_the_stream(tmp_path):
    (tmp_path / "rows.csv").write_text('"cold soup","food"\n"soft bed","room"\n')
    assert read_plain_csv(tmp_path / "rows.csv", RecognizedColumns()) is None
    rows = read_plain_csv(tmp_path / "rows.csv", RecognizedColumns(header=False))
    assert rows.columns == ["column_1", "column_2"]
    assert rows.rows() == [("cold soup", "food"), ("soft bed", "room")]
