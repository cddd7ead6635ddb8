"""The findings of an audit: counts, examples, and masks of rows to keep."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from agnews_sk._core.html_page import fragment_page
from agnews_sk.auditing._html import render
from agnews_sk.auditing._remedies import verdict, worst_first


@dataclass(frozen=True, eq=False, kw_only=True)
class Finding:
    """The rows with one kind of problem.

    Attributes
    ----------
    name : str
    summary : str
        One sentence: the problem and its solution.
    rows : ndarray of int of shape (count,)
        Positions of the rows with the problem, the clearest first.
    n_rows : int
        Number of all audited rows.
    examples : pandas.DataFrame
        Some of the rows, or a table that summarizes them.
    """

    name: str
    summary: str
    rows: np.ndarray
    n_rows: int
    examples: pd.DataFrame

    @property
    def count(self) -> int:
        """Number of rows with the problem."""
        return len(self.rows)

    @property
    def keep(self) -> np.ndarray:
        """Mask of the rows without the problem, ndarray of bool of shape (n_rows,)."""
        mask = np.ones(self.n_rows, dtype=bool)
        mask[self.rows] = False
        return mask


@dataclass(frozen=True, eq=False, repr=False)
class AuditReport:
    """All findings of an audit.

    Attributes
    ----------
    findings : dict of str to Finding
        By name, in the order of the report.
    n_rows : int
        Number of audited rows.
    seconds : float
        Duration of the audit.

    See Also
    --------
    audit : Computes it.
    agnews_sk.sampling.MaskFilter : Applies `keep()` as the `filter` step of a pipeline.

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
        """One row per finding, by its name: `count`, `share` of the rows and `summary`."""
        rows = [(f.name, f.count, f.count / f.n_rows, f.summary) for f in self]
        return pd.DataFrame(rows, columns=["finding", "count", "share", "summary"]).set_index(
            "finding"
        )

    def summary(self) -> str:
        """Return what would mislead scores or training, and what pipelines repair.

        Returns
        -------
        str
        """
        return verdict(self)

    def __repr__(self) -> str:
        counts = self.frame[["count", "share"]].loc[[f.name for f in worst_first(self)]]
        counts = counts.assign(share=[f"{share:.1%}" for share in counts["share"]])
        return f"AuditReport of {self.n_rows:,} rows\n{counts}\n{self.summary()}"

    def keep(self, *names: str) -> np.ndarray:
        """Return a mask of the rows without any of some problems.

        Parameters
        ----------
        *names : str
            Findings whose rows are not kept.

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

    def to_json(self, path: str | Path, *, source: str = "") -> None:
        """Write all findings, including the texts of the examples.

        Parameters
        ----------
        path : str or path-like
        source : str, default=""
            Where the rows come from, written as "source".
        """
        content = {
            "source": source,
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
        fragment_page("Audit", render(self, title="Audit", source=source)).write(path)

    def _repr_html_(self) -> str:
        return render(self)


def _as_dict(finding: Finding) -> dict[str, Any]:
    """Return a finding for JSON."""
    return {
        "count": finding.count,
        "summary": finding.summary,
        "rows": finding.rows.tolist(),
        "examples": json.loads(finding.examples.to_json(orient="records")),
    }
