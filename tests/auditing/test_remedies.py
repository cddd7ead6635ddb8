"""Each remedy is code that runs and removes the problem."""

import numpy as np
import pandas as pd
import pytest

import agnews_sk
from agnews_sk import sampling
from agnews_sk.auditing import AuditReport, Finding, audit
from agnews_sk.auditing._remedies import REMEDIES, verdict, worst_first

STORY = (
    "the oil price rose on monday as traders feared that a storm in the gulf would close several "
    "ports and refineries for at least a week"
)
TEXTS = [
    STORY,
    "Cup final tonight, says the coach",
    STORY.upper() + "!",
    STORY.replace("monday", "tuesday"),
    None,
    "Cup <b>winners</b> return home",
    "It #39;s raining on the pitch",
    "cup final tonight, says the coach.",
    "The team\\won again",
    "A match",
]
TEST = ["CUP final, tonight, says the coach", STORY.replace("monday", "friday")]
LABELS = ["Oil", "Cup", "Oil", "Oil", "Oil", "Cup", "Cup", "Oil", "Cup", "Cup"]


@pytest.fixture(scope="module")
def report():
    return audit(TEXTS, LABELS, TEST, label_errors=False)


def finding(name, count):
    rows, examples = np.arange(count), pd.DataFrame()
    return Finding(name=name, summary="", rows=rows, n_rows=9, examples=examples)


def test_every_finding_has_a_remedy(report):
    assert {one.name for one in report} <= set(REMEDIES)


@pytest.mark.parametrize("name", list(REMEDIES))
def test_the_code_runs_and_leaves_no_such_row(name, report):
    if name in ("label_errors", "truncated_texts"):
        pytest.skip("its remedy is to read the rows, or to fit a net")
    known = {**vars(sampling), **{n: getattr(agnews_sk, n) for n in agnews_sk.__all__}}
    frame, y = np.array(TEXTS, dtype=object), np.array(LABELS, dtype=object)
    known |= {"report": report, "frame": frame, "y": y, "texts": frame}
    exec(REMEDIES[name], known)
    if "keep" in known:
        assert report[name].count > 0
        left = audit(known["frame"], known["y"], TEST, label_errors=False)
        assert left[name].count == 0
    elif name in ("html_tags", "html_entities", "backslashes"):
        assert report[name].count > 0
        assert audit(known["texts"], LABELS, label_errors=False)[name].count == 0
    else:
        pipeline = known["pipeline"]
        if "filter" in REMEDIES[name]:
            X, labels = pipeline["filter"].fit_resample(frame, y)
            assert report[name].count > 0
            assert audit(X, labels, label_errors=False)[name].count == 0
        pipeline.fit(frame, y)


def test_findings_that_mislead_scores_come_first_and_those_without_rows_last():
    found = [finding("html_tags", 9), finding("other", 1), finding("exact_duplicates", 2)]
    found += [finding("exact_leakage", 0), finding("label_errors", 1)]
    names = [one.name for one in worst_first(found)]
    assert names == ["label_errors", "exact_duplicates", "html_tags", "other", "exact_leakage"]


def test_the_verdict_says_what_each_kind_misleads():
    found = [finding("html_tags", 9), finding("exact_duplicates", 2), finding("label_errors", 1)]
    assert verdict(found) == (
        "Scores on these rows would mislead: label errors (1 row). Before training, look at exact "
        "duplicates (2 rows). Pipelines repair html tags (9 rows) by default."
    )
    assert verdict([finding("html_tags", 0)]) == "No problem was found."
    report = AuditReport({"html_tags": finding("html_tags", 9)}, 9, 1.0)
    assert "Pipelines repair html tags" in repr(report)
    assert "100.0%" in repr(report)
