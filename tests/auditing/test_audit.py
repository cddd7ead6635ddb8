import json

import numpy as np
import pandas as pd
import polars as pl
import pytest

from agnews_sk import make_tfidf_pipeline
from agnews_sk.auditing import audit
from agnews_sk.sampling import MaskFilter

STORY = (
    "the oil price rose on monday as traders feared that a storm in the gulf would close several "
    "ports and refineries for at least a week"
)
ROWS = [
    STORY,
    "Cup final tonight",
    STORY.upper() + "!",
    STORY.replace("monday", "tuesday"),
    None,
    "Cup <b>winners</b> return",
    "It #39;s raining",
    "cup final tonight.",
    "  ",
]
LABELS = ["Oil", "Cup", "Oil", "Oil", "Oil", "Cup", "Oil", "Oil", "Cup"]


@pytest.fixture(scope="module")
def report():
    return audit(ROWS, LABELS, ["CUP final, tonight"], label_errors=False)


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("missing_texts", [4, 8]),
        ("exact_duplicates", [2, 7]),
        ("near_duplicates", [3]),
        ("exact_leakage", [1, 7]),
        ("near_leakage", []),
        ("conflicting_labels", [1, 7]),
        ("html_tags", [5]),
        ("html_entities", [6]),
        ("backslashes", []),
        ("class_imbalance", []),
    ],
)
def test_audit_finds_exactly_the_planted_rows(report, name, rows):
    assert report[name].rows.tolist() == rows
    assert np.flatnonzero(~report[name].keep).tolist() == rows


def test_near_leakage_is_distinguished_from_exact_leakage():
    report = audit([STORY, "Cup final"], None, [STORY.replace("monday", "friday")])
    assert report["near_leakage"].rows.tolist() == [0]
    assert report["exact_leakage"].count == 0


def test_without_labels_nothing_about_labels_is_reported():
    assert {"class_imbalance", "conflicting_labels", "label_errors", "source_leakage"}.isdisjoint(
        audit(ROWS).findings
    )


def test_flipped_labels_come_first():
    pytest.importorskip("cleanlab")
    texts = [f"oil barrel price {i}" for i in range(40)] + [
        f"cup final team {i}" for i in range(40)
    ]
    labels = ["Oil"] * 40 + ["Cup"] * 40
    labels[3], labels[50] = "Cup", "Oil"
    found = audit(texts, labels)["label_errors"]
    assert set(found.rows[:2]) == {3, 50}
    assert set(found.examples["suggested"][:2]) == {"Oil", "Cup"}


def test_flipped_labels_are_found_though_their_rows_repeat():
    pytest.importorskip("cleanlab")
    texts = [f"{kind} {i}" for kind in ("oil barrel price", "cup final team") for i in range(40)]
    labels = ["Oil"] * 40 + ["Cup"] * 40
    labels[3], labels[50] = "Cup", "Oil"
    found = audit([*texts, *texts, *map(str.upper, texts)], labels * 3)["label_errors"]
    assert {row % 80 for row in found.rows[:6]} == {3, 50}


def test_a_class_of_one_text_has_no_label_error():
    pytest.importorskip("cleanlab")
    texts = [f"{kind} {i}" for kind in ("oil barrel price", "cup final team") for i in range(40)]
    labels = [*["Oil"] * 40, *["Cup"] * 40, *["Snow"] * 3]
    assert audit([*texts, *["snow falls"] * 3], labels)["label_errors"].rows.tolist() == []


def test_sources_that_reveal_the_label_are_listed():
    texts = [f"Oil news {i} (Reuters)" for i in range(30)] + [f"Cup {i}" for i in range(30)]
    report = audit(texts, ["Oil"] * 30 + ["Cup"] * 30, label_errors=False)
    assert report["source_leakage"].rows.tolist() == list(range(30))
    assert report["source_leakage"].examples["source"].tolist() == ["Reuters"]


def test_a_mask_works_with_frames_pipelines_and_samplers(report):
    keep = report.keep("missing_texts", "exact_duplicates", "near_duplicates")
    assert pl.DataFrame({"text": ROWS}).filter(keep).height == 4
    assert len(MaskFilter(keep=keep).fit_resample(ROWS, LABELS)[0]) == 4
    pipeline = make_tfidf_pipeline(filter=MaskFilter(keep=keep)).fit(ROWS, LABELS)
    assert len(pipeline.predict(ROWS)) == len(ROWS)
    with pytest.raises(ValueError, match="one bool per row of X, 2"):
        MaskFilter(keep=keep).fit(["oil", "cup"])


def test_report_is_written_and_escaped(report, tmp_path):
    report.to_json(tmp_path / "audit.json")
    content = json.loads((tmp_path / "audit.json").read_text())
    assert content["findings"]["exact_duplicates"]["rows"] == [2, 7]
    assert report.frame.loc["missing_texts", "count"] == 2
    page = report._repr_html_()
    assert "&lt;b&gt;winners" in page
    assert "<b>winners" not in page


def test_progress_receives_each_stage():
    told = []
    audit(ROWS, LABELS, label_errors=False, progress=told.append)
    assert "audit: HTML tags, entities and backslashes" in told


def test_bad_input_is_rejected_by_name():
    with pytest.raises(ValueError, match="y must have one label per row of X, 9, got 1"):
        audit(ROWS, ["Oil"])
    with pytest.raises(ValueError, match="y has 1 missing label, at position 1"):
        audit(["oil", "cup"], ["Oil", None])
    with pytest.raises(ValueError, match="max_length must be a positive integer"):
        audit(ROWS, LABELS, max_length=0)


def test_an_error_names_the_test_rows():
    with pytest.raises(ValueError, match="X_test is empty"):
        audit(["oil", "cup"], ["a", "b"], X_test=[])


def test_rows_with_several_labels_are_audited():
    texts = ["oil is dear", "Oil is dear!", "a war", "war and oil", "the cup"]
    for sets in (
        [["oil"], ["war"], ["war"], ["war", "oil"], []],
        pd.DataFrame({"oil": [1, 0, 0, 1, 0], "war": [0, 1, 1, 1, 0]}),
    ):
        report = audit(texts, sets, label_errors=False)
        assert report["conflicting_labels"].rows.tolist() == [0, 1]
        assert report["conflicting_labels"].examples["labels"].tolist() == ["oil", "war"]
        assert report["exact_duplicates"].rows.tolist() == [1]
        assert report["class_imbalance"].summary.startswith("2 labels, from 2 to 3 rows, 1.0 per")
        assert "1 rows have no label" in report["class_imbalance"].summary
        assert report["source_leakage"].count == 0
        assert "<td>war</td>" in report._repr_html_()


def test_a_single_label_of_sets_is_checked_for_errors():
    pytest.importorskip("cleanlab", reason="the audit extra is not installed")
    texts = [f"oil rises {i}" if i % 2 else f"the cup {i}" for i in range(24)]
    sets = [["oil"] if i % 2 else [] for i in range(24)]
    sets[3], sets[4] = [], ["oil"]
    found = audit(texts, sets)["label_errors"]
    assert {3, 4} <= set(found.rows.tolist())
    assert set(found.examples["suggested"]) == {"oil", ""}
