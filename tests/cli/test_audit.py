import json


def test_audit_prints_its_findings_and_writes_them(run, tmp_path):
    out = tmp_path / "report"
    done = run("audit", "--data", "sample", "--no-label-errors", "--out", out)
    assert done.exit_code == 0, done.output
    assert "exact_duplicates" in done.output
    findings = json.loads((out / "audit.json").read_text())["findings"]
    assert findings["exact_duplicates"]["count"] > 0
    assert "exact duplicates" in (out / "audit.html").read_text()
