"""The rows of an audit, and how examples of them are shown."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from agnews_sk._core.label_sets import LabelSets
from agnews_sk.auditing._report import Finding

N_EXAMPLES = 5
_LONGEST = 160  # characters of a text in a table


@dataclass(frozen=True, eq=False, kw_only=True)
class Rows:
    """Texts and labels that all checks share.

    Attributes
    ----------
    texts : polars.Series of str of shape (n_rows,)
        Joined columns, empty where all are missing.
    labels : ndarray of shape (n_rows,) or None
        Of rows with several labels, a tuple of them per row.
    sets : LabelSets or None
        The labels of rows with several.
    test : polars.Series of str of shape (n_test_rows,) or None
        Texts of the test rows.
    """

    texts: pl.Series
    labels: Any
    test: pl.Series | None = field(default=None)
    sets: LabelSets | None = field(default=None)

    def __len__(self) -> int:
        return len(self.texts)

    def finding(self, name: str, summary: str, rows: Any, **columns: Any) -> Finding:
        """Return a finding with the first rows as examples.

        Parameters
        ----------
        name, summary : str
        rows : ndarray of int of shape (count,), or of bool of shape (n_rows,)
        **columns : sequence of length count
            Shown next to text and label.

        Returns
        -------
        Finding
        """
        rows = np.asarray(rows)
        rows = np.flatnonzero(rows) if rows.dtype == bool else rows
        shown = {name: values[:N_EXAMPLES] for name, values in columns.items()}
        return Finding(
            name=name,
            summary=summary,
            rows=rows,
            n_rows=len(self),
            examples=pd.DataFrame({**self.show(rows[:N_EXAMPLES]), **shown}),
        )

    def table(self, name: str, summary: str, rows: Any, examples: pd.DataFrame) -> Finding:
        """Return a finding whose examples are a table that summarizes the rows.

        Parameters
        ----------
        name, summary : str
        rows : ndarray of bool of shape (n_rows,)
        examples : pandas.DataFrame

        Returns
        -------
        Finding
        """
        rows = np.flatnonzero(rows)
        return Finding(name=name, summary=summary, rows=rows, n_rows=len(self), examples=examples)

    def show(self, rows: np.ndarray) -> dict[str, Any]:
        """Return columns of the positions, shortened texts and labels of some rows."""
        shown = {"row": rows, "text": shorten(self.texts.gather(rows))}
        if self.sets is not None:
            return {**shown, "labels": named_sets(self.labels[rows])}
        return shown if self.labels is None else {**shown, "label": self.labels[rows]}


def named_sets(sets: Iterable[Iterable[Any]]) -> list[str]:
    """Return label sets as a table shows them."""
    return [", ".join(map(str, labels)) for labels in sets]


def shorten(texts: pl.Series) -> list[str]:
    """Return texts truncated to the width of a table, empty where they are missing."""
    return [t if len(t) <= _LONGEST else t[: _LONGEST - 1] + "…" for t in texts.fill_null("")]
