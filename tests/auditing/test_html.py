import numpy as np
import pandas as pd

from agnews_sk.auditing import AuditReport, Finding
from agnews_sk.auditing._html import render


def rendered(rows, examples, summary="Seen."):
    found = Finding(
        name="html_tags", summary=summary, rows=np.array(rows), n_rows=8, examples=examples
    )
    return render(AuditReport({"html_tags": found}, 8, 2.0))


def test_a_finding_has_name_count_share_and_meter():
    html = rendered([1, 5], pd.DataFrame({"row": [1, 5]}))
    assert "8 rows, audited in 2.0 s." in html
    assert '<b>html tags</b> 2 rows (25.0%) <meter value="0.2500">' in html


def test_examples_and_summaries_are_escaped():
    html = rendered([0], pd.DataFrame({"text": ["<img src=x>"]}), summary="1 < 2")
    assert "&lt;img src=x&gt;" in html
    assert "<p>1 &lt; 2</p>" in html


def test_a_finding_without_rows_is_only_named():
    html = rendered([], pd.DataFrame({"row": []}))
    assert "<details" not in html
    assert "No rows: html tags." in html
    assert "No problem was found." in html
