"""What an audit found: counts, examples and which rows to keep."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from agnews_sk.auditing._html import render
from agnews_sk.reporting import fragment_page


@dataclass(frozen=True, eq=False, kw_only=True)
class Finding:
    """One thing that an audit looked for.

    Attributes
    ----------
    name : str
    summary : str
        One sentence: what was found, and what helps.
    rows : ndarray of int of shape (count,)
        Positions of the rows concerned, the clearest first.
    n_rows : int
        All rows that were looked at.
    examples : pandas.DataFrame
        A few of the rows, or a table that says it shorter.
    """

    name: str
    summary: str
    rows: np.ndarray
    n_rows: int
    examples: pd.DataFrame

    @property
    def count(self) -> int:
        """How many rows are concerned."""
        return len(self.rows)

    @property
    def keep(self) -> np.ndarray:
        """Mask of the rows that are not concerned, ndarray of bool of shape (n_rows,)."""
        mask = np.ones(self.n_rows, dtype=bool)
        mask[self.rows] = False
        return mask


@dataclass(frozen=True, eq=False)
class AuditReport:
    """All findings of an audit.

    Attributes
    ----------
    findings : dict of str to Finding
        By name, in the order of the report.
    n_rows : int
    seconds : float
        What the audit took.

    See Also
    --------
    audit : Makes it.
    agnews_sk.sampling.MaskFilter : Takes `keep()` as a pipeline's `filter` step.

    Examples
    --------
    >>> from agnews_sk.auditing import audit
    >>> report = audit(["Oil rises", "oil rises!", "Cup final"], ["Oil", "Oil", "Cup"])
    >>> report["exact_duplicates"].count, report.keep("exact_duplicates").tolist()
    (1, [True, False, True])
    """

    findings: dict[str, Finding]
    n_rows: int
    seconds: float

    def __getitem__(self, name: str) -> Finding:
        if name not in self.findings:
            raise KeyError(f"there is no finding {name!r}; there are {list(self.findings)}.")
        return self.findings[name]

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings.values())

    def __len__(self) -> int:
        return len(self.findings)

    @property
    def frame(self) -> pd.DataFrame:
        """One row a finding: `count`, `share` of the rows and `summary`, by its name."""
        rows = [(f.name, f.count, f.count / f.n_rows, f.summary) for f in self]
        return pd.DataFrame(rows, columns=["finding", "count", "share", "summary"]).set_index(
            "finding"
        )

    def keep(self, *names: str) -> np.ndarray:
        """Return which rows none of these findings is about.

        Parameters
        ----------
        *names : str
            Findings whose rows go.

        Returns
        -------
        ndarray of bool of shape (n_rows,)

        Raises
        ------
        KeyError
            If there is no such finding.
        """
        mask = np.ones(self.n_rows, dtype=bool)
        for name in names:
            mask &= self[name].keep
        return mask

    def to_json(self, path: str | Path) -> None:
        """Write all of it, the texts of the examples included.

        Parameters
        ----------
        path : str or path-like
        """
        content = {
            "n_rows": self.n_rows,
            "seconds": round(self.seconds, 3),
            "findings": {f.name: _as_dict(f) for f in self},
        }
        text = json.dumps(content, indent=2, ensure_ascii=False, default=str)
        Path(path).write_text(text + "\n", encoding="utf-8")

    def to_html(self, path: str | Path, *, source: str = "") -> None:
        """Write the findings as a self-contained HTML page.

        Parameters
        ----------
        path : str or path-like
        source : str, default=""
            Where the rows come from, shown at the top.
        """
        heading = f"<p>{escape(source)}</p>" if source else ""
        fragment_page("Audit", heading + self._repr_html_()).write(path)

    def _repr_html_(self) -> str:
        return render(self)


def _as_dict(finding: Finding) -> dict[str, Any]:
    return {
        "count": finding.count,
        "summary": finding.summary,
        "rows": finding.rows.tolist(),
        "examples": json.loads(finding.examples.to_json(orient="records")),
    }
