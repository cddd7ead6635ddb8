"""An audit's report as HTML that needs nothing else."""

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agnews_sk.auditing._report import AuditReport, Finding

_STYLE = """
<style>
.agnews-audit{--ink:#1a1a1a;--paper:#fff;--line:#ccc;--bar:#0072b2;color:var(--ink);
background:var(--paper);font:15px/1.5 system-ui,sans-serif;padding:.8em;overflow-wrap:anywhere}
@media (prefers-color-scheme:dark){.agnews-audit{--ink:#eee;--paper:#161616;--line:#555;
--bar:#56b4e9}}
.agnews-audit details{border-top:1px solid var(--line);padding:.4em 0}
.agnews-audit summary{cursor:pointer}
.agnews-audit b{display:inline-block;min-width:12em}
.agnews-audit table{border-collapse:collapse;font-size:13px;margin:.4em 0;color:inherit}
.agnews-audit td,.agnews-audit th{border:1px solid var(--line);padding:.2em .5em;
text-align:left;vertical-align:top;background:none;white-space:normal}
.agnews-audit div.wide{overflow-x:auto}
.agnews-audit meter{width:6em}
</style>"""


def render(report: "AuditReport") -> str:
    """Return the findings with their counts, and examples to unfold.

    Parameters
    ----------
    report : AuditReport

    Returns
    -------
    str
    """
    head = f"<p>{report.n_rows:,} rows, looked through in {report.seconds:.1f} s.</p>"
    findings = "".join(map(_finding, report))
    return f'{_STYLE}<div class="agnews-audit">{head}{findings}</div>'


def _finding(finding: "Finding") -> str:
    share = finding.count / finding.n_rows
    head = (
        f"<summary><b>{escape(finding.name.replace('_', ' '))}</b> {finding.count:,} rows "
        f'({share:.1%}) <meter value="{share:.4f}"></meter></summary>'
    )
    table = ""
    if len(finding.examples):
        cells = finding.examples.to_html(index=False, border=0, float_format="{:.3f}".format)
        table = f'<div class="wide">{cells}</div>'
    return f"<details>{head}<p>{escape(finding.summary)}</p>{table}</details>"
