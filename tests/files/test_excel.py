"""Rows of workbooks, whose cells are read as the texts that a spreadsheet shows."""

import datetime
import sys
import zipfile
from xml.sax.saxutils import escape

import pytest

from agnews_sk.datasets import load_texts
from agnews_sk.files import NamedColumns, open_rows
from agnews_sk.files._excel import _as_text, _below_titles
from agnews_sk.files._records import Record

pytest.importorskip("python_calamine", reason="the excel extra is not installed")

TEXTS = ["The soup was cold", "A bed\nfor two", "None", "The lamp & the desk <old>"]
ROWS = [[text, label] for text, label in zip(TEXTS, ["food", "room"] * 2)]
NAMESPACE = "http://schemas.openxmlformats.org/"


def cell(value):
    """Return a cell of a sheet in XML."""
    if isinstance(value, bool):
        return f'<c t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | float):
        return f"<c><v>{value}</v></c>"
    if value is None:
        return "<c/>"
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'


def write(path, **sheets):
    """Write a workbook with rows of cells by the name of a sheet."""
    main, relations = (
        f"{NAMESPACE}spreadsheetml/2006/main",
        f"{NAMESPACE}officeDocument/2006/relationships",
    )
    package = f"{NAMESPACE}package/2006"
    listed = "".join(
        f'<sheet name="{name}" sheetId="{i}" r:id="r{i}"/>' for i, name in enumerate(sheets, 1)
    )
    related = "".join(
        f'<Relationship Id="r{i}" Type="{relations}/worksheet" Target="worksheets/sheet{i}.xml"/>'
        for i in range(1, len(sheets) + 1)
    )
    files = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
        f'Type="{relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{relations}"><sheets>{listed}'
        "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">{related}'
        "</Relationships>",
    }
    for i, rows in enumerate(sheets.values(), 1):
        body = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows)
        files[f"xl/worksheets/sheet{i}.xml"] = (
            f'<worksheet xmlns="{main}"><sheetData>{body}</sheetData></worksheet>'
        )
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{content}')
    return path


def test_a_sheet_is_read_as_its_export_would_be(tmp_path):
    rows = [
        ["comment", "stars", "topic"],
        *([text, i, label] for i, (text, label) in enumerate(ROWS)),
    ]
    bunch = load_texts(write(tmp_path / "rows.xlsx", Tickets=rows))
    assert bunch.summary == "text: comment; label: topic, 2 classes; 4 rows"
    assert bunch.data["comment"].to_list() == TEXTS
    assert bunch.target.tolist() == ["food", "room"] * 2


def test_numbers_and_booleans_are_labels(tmp_path):
    whole = write(tmp_path / "a.xlsx", A=[["text", "label"], [TEXTS[0], 1.0], [TEXTS[1], 2]])
    assert load_texts(whole).target.tolist() == [1, 2]
    booleans = write(
        tmp_path / "b.xlsx", A=[["text", "label"], [TEXTS[0], True], [TEXTS[1], False]]
    )
    assert load_texts(booleans).target.tolist() == [True, False]


def test_numbers_of_texts_stay_texts(tmp_path):
    path = write(tmp_path / "rows.xlsx", A=[["text", "label"], [42, "a"], ["The soup", "b"]])
    assert load_texts(path).data["text"].to_list() == ["42", "The soup"]


def test_several_sheets_with_rows_need_a_name(tmp_path):
    table = [["text", "label"], *ROWS]
    path = write(tmp_path / "rows.xlsx", Notes=[["a", "b"]], Tickets=table, Empty=[])
    with pytest.raises(
        ValueError, match=r"rows in several sheets, \['Notes', 'Tickets'\]; pass sheet"
    ):
        load_texts(path)
    assert load_texts(path, sheet="Tickets").target.tolist() == ["food", "room"] * 2
    with pytest.raises(ValueError, match="has no sheet 'Old'; its sheets are"):
        load_texts(path, sheet="Old")
    one = write(tmp_path / "one.xlsx", Empty=[], Tickets=table)
    assert len(load_texts(one).target) == 4


def test_titles_above_the_table_are_skipped_and_lines_are_those_of_the_sheet(tmp_path):
    rows = [["Tickets of 2026", None], [None], ["text", "label"], *ROWS[:3], ["The lamp", None]]
    with pytest.raises(ValueError, match=r"rows\.xlsx, line 7: label is missing"):
        load_texts(write(tmp_path / "rows.xlsx", A=rows))


def test_rows_to_predict_are_read_too(tmp_path):
    reader = open_rows(write(tmp_path / "rows.xlsx", A=[["text"], ["oil"]]), NamedColumns(["text"]))
    (batch,) = reader.batches(10)
    assert batch.rows == [{"text": "oil"}]


def test_a_single_column_keeps_its_header():
    records = [Record(1, ["text"]), Record(2, ["oil"])]
    assert list(_below_titles(iter(records))) == records


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"text,label\n"])
def test_a_file_that_is_no_workbook_is_rejected_by_name(tmp_path, content):
    (tmp_path / "rows.xlsx").write_bytes(content)
    with pytest.raises(ValueError, match=r"rows\.xlsx is not a readable workbook"):
        load_texts(tmp_path / "rows.xlsx")


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (1.0, "1"),
        (1.5, "1.5"),
        (True, "true"),
        ("", ""),
        ("a", "a"),
        (datetime.date(2026, 1, 2), "2026-01-02"),
        (datetime.datetime(2026, 1, 2), "2026-01-02"),
        (datetime.datetime(2026, 1, 2, 3, 4), "2026-01-02 03:04:00"),
    ],
)
def test_cells_are_texts(cell, text):
    assert _as_text(cell) == text


def test_without_the_library_the_extra_is_named(tmp_path, monkeypatch):
    path = write(tmp_path / "rows.xlsx", A=[["text", "label"], *ROWS])
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    with pytest.raises(ImportError, match=r"needs python_calamine; install agnews_sk\[excel\]"):
        load_texts(path)
