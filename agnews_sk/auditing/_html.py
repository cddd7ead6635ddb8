"""An audit report as self-contained HTML."""

from html import escape
from typing import TYPE_CHECKING

from agnews_sk.reporting import html_fragment

if TYPE_CHECKING:
    from agnews_sk.auditing._report import AuditReport, Finding

_STYLE = """\
.agnews-audit details{border-top:1px solid var(--line);padding:.4em 0}
.agnews-audit b{display:inline-block;min-width:12em}
.agnews-audit table{border-collapse:collapse;font-size:13px;margin:.4em 0;color:inherit}
.agnews-audit td,.agnews-audit th{border:1px solid var(--line);padding:.2em .5em;
text-align:left;vertical-align:top;background:none;white-space:normal}
.agnews-audit div.wide{overflow-x:auto}
.agnews-audit meter{width:6em}
"""


def render(report: "AuditReport") -> str:
    """Return the findings with their counts; examples can be unfolded.

    Parameters
    ----------
    report : AuditReport

    Returns
    -------
    str
    """
    head = f"<p>{report.n_rows:,} rows, audited in {report.seconds:.1f} s.</p>"
    findings = "".join(map(_finding, report))
    return html_fragment("agnews-audit", head + findings, style=_STYLE)


def _finding(finding: "Finding") -> str:
    """Return the markup of one finding: name, count and share, then summary and examples."""
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
