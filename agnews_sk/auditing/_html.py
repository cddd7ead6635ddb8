"""An audit report as self-contained HTML."""

from html import escape
from typing import TYPE_CHECKING

from agnews_sk._core.formats import listed
from agnews_sk._core.html_page import html_fragment
from agnews_sk.auditing._remedies import REMEDIES, verdict, worst_first

if TYPE_CHECKING:
    from agnews_sk.auditing._report import AuditReport, Finding

_STYLE = """\
.agnews-audit h1{margin:0;font-size:1em;color:rgb(var(--blue))}
.agnews-audit p.verdict{font-size:1.3em;line-height:1.4;margin:.4em 0}
.agnews-audit p.facts{color:var(--soft)}
.agnews-audit details{border-top:1px solid var(--line);padding:.5em 0}
.agnews-audit b{display:inline-block;min-width:11em}
.agnews-audit meter{width:6em;margin-left:.5em}
.agnews-audit pre{background:var(--panel);color:inherit;padding:.6em .8em;margin:.5em 0;
border-radius:4px;overflow-x:auto;font:13px/1.5 ui-monospace,monospace}
.agnews-audit table{border-collapse:collapse;font-size:13px;margin:.4em 0;color:inherit}
.agnews-audit td,.agnews-audit th{border:0;border-bottom:1px solid var(--line);
padding:.3em .6em .3em 0;text-align:left;vertical-align:top;background:none;white-space:normal}
.agnews-audit th{color:var(--soft);font-weight:500}
.agnews-audit div.wide{overflow-x:auto}
"""


def render(report: "AuditReport", *, title: str = "", source: str = "") -> str:
    """Return the verdict, and the findings, the worst first; the first one is unfolded.

    Parameters
    ----------
    report : AuditReport
    title : str, default=""
        A heading, for a page of its own.
    source : str, default=""
        Where the rows come from.

    Returns
    -------
    str
    """
    found = worst_first(report)
    with_rows = [finding for finding in found if finding.count]
    clear = listed([finding.name.replace("_", " ") for finding in found if not finding.count])
    of_source = f" of {source}" if source else ""
    facts = f"{report.n_rows:,} rows{of_source}, audited in {report.seconds:.1f} s."
    body = "".join(
        [
            f"<h1>{escape(title)}</h1>" if title else "",
            f'<p class="verdict">{escape(verdict(found))}</p>',
            f'<p class="facts">{escape(facts)}</p>',
            *(_finding(finding, is_open=not i) for i, finding in enumerate(with_rows)),
            f'<p class="facts">No rows: {escape(clear)}.</p>' if clear else "",
        ]
    )
    return html_fragment("agnews-audit", body, style=_STYLE)


def _finding(finding: "Finding", *, is_open: bool) -> str:
    """Return the markup of one finding: count and share, then summary, remedy and examples.

    Parameters
    ----------
    finding : Finding
    is_open : bool
        Whether it is unfolded.

    Returns
    -------
    str
    """
    share = finding.count / finding.n_rows
    head = (
        f"<summary><b>{escape(finding.name.replace('_', ' '))}</b> {finding.count:,} rows "
        f'({share:.1%}) <meter value="{share:.4f}"></meter></summary>'
    )
    remedy = REMEDIES.get(finding.name)
    code = f"<pre><code>{escape(remedy)}</code></pre>" if remedy else ""
    table = ""
    if len(finding.examples):
        cells = finding.examples.to_html(index=False, border=0, float_format="{:.3f}".format)
        table = f'<div class="wide">{cells}</div>'
    unfolded = " open" if is_open else ""
    return f"<details{unfolded}>{head}<p>{escape(finding.summary)}</p>{code}{table}</details>"
