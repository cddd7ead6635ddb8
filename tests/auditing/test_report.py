import json

import numpy as np
import pandas as pd
import pytest

from agnews_sk.auditing import AuditReport, Finding


def finding(name, rows, n_rows=4):
    examples = pd.DataFrame({"row": rows, "text": ["<b>é</b>"] * len(rows)})
    return Finding(
        name=name, summary=f"About {name}.", rows=np.array(rows, dtype=int), n_rows=n_rows,
        examples=examples,
    )  # fmt: skip


@pytest.fixture
def report():
    found = [finding("first", [2, 0]), finding("second", [2, 3]), finding("none", [])]
    return AuditReport({f.name: f for f in found}, 4, 1.25)


def test_a_finding_counts_its_rows_and_keeps_the_others(report):
    assert report["first"].count == 2
    assert report["first"].keep.tolist() == [False, True, False, True]
    assert report["none"].keep.all()


def test_rows_of_several_findings_are_dropped_together(report):
    assert report.keep("first", "second").tolist() == [False, True, False, False]
    assert report.keep().all()


def test_an_unknown_finding_is_rejected_with_the_known_ones(report):
    with pytest.raises(KeyError, match=r"no finding 'third'; there are \['first', 'second'"):
        report.keep("third")


def test_the_frame_has_a_row_per_finding_in_order(report):
    assert report.frame.index.tolist() == ["first", "second", "none"] == [f.name for f in report]
    assert report.frame["share"].tolist() == [0.5, 0.5, 0]
    assert len(report) == 3


def test_json_holds_counts_rows_and_examples(report, tmp_path):
    report.to_json(tmp_path / "audit.json", source="rows of AG News")
    text = (tmp_path / "audit.json").read_text(encoding="utf-8")
    found = json.loads(text)
    assert (found["source"], found["n_rows"], found["seconds"]) == ("rows of AG News", 4, 1.25)
    assert found["findings"]["first"]["rows"] == [2, 0]
    assert found["findings"]["first"]["examples"][0] == {"row": 2, "text": "<b>é</b>"}
    assert "é" in text


def test_the_page_names_its_source_and_loads_nothing(report, tmp_path):
    report.to_html(tmp_path / "audit.html", source="rows <of> AG News")
    page = (tmp_path / "audit.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "4 rows of rows &lt;of&gt; AG News, audited" in page
    assert "default-src 'none'" in page
    assert "<b>é" not in page


def test_the_page_needs_no_source(report, tmp_path):
    report.to_html(tmp_path / "audit.html")
    assert "4 rows, audited" in (tmp_path / "audit.html").read_text(encoding="utf-8")
