"""Compare rows with the reference of a model."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from agnews_sk.auditing._reference import TextReference, bins_of, joined_texts
from agnews_sk.auditing._report import AuditReport, Finding
from agnews_sk.auditing._rows import Rows
from agnews_sk.auditing._text_statistics import N_BINS, STATISTICS, values_of

# Rows beyond this share of the reference are listed as unusual.
_USUAL = 0.99
_DESCRIBED = {
    "unknown_words": "unknown words: {:.1%} of a text, {:.1%} in the reference",
    "confidence": "confidence of the prediction: {:.3f}, {:.3f} in the reference",
    "rare_ngrams": "information of trigrams: {:.2f} bits, {:.2f} in the reference",
}


@dataclass(frozen=True, eq=False)
class DriftReport(AuditReport):
    """How rows differ from the reference of a model.

    Attributes
    ----------
    findings : dict of str to Finding
        `unknown_words`, `confidence` and `rare_ngrams`: the rows with more unknown words, a lower
        confidence, or rarer trigrams than 99 % of the reference, the clearest first.
    n_rows : int
        Number of audited rows.
    seconds : float
        Duration of the audit.
    tests : pandas.DataFrame of shape (3, 4)
        By statistic: `mean`, `reference` (its mean there), `superiority` (the probability that a
        row has a larger value than one of the reference, 0.5 if they are alike) and `p_value`,
        adjusted for three tests.
    max_false_alarms : float

    See Also
    --------
    audit_against : Computes it.
    """

    tests: pd.DataFrame
    max_false_alarms: float

    @property
    def drifted(self) -> bool:
        """Whether the rows differ significantly from the reference."""
        return bool((self.tests["p_value"] <= self.max_false_alarms).any())


def audit_against(
    model: Any,
    X: Any,
    reference: TextReference,
    *,
    max_false_alarms: float = 0.05,
    progress: Callable[[str], None] | None = None,
) -> DriftReport:
    """Report whether rows look like those that a model is meant for.

    Parameters
    ----------
    model : fitted text classifier
        With `predict_proba`.
    X : DataFrame or array-like of str of shape (n_rows,)
        Rows that the model is to predict; labels are not needed.
    reference : TextReference
        Of the same model.
    max_false_alarms : float, default=0.05
        Upper bound of the probability that rows like those of the reference count as different.
    progress : callable taking a str, optional
        Called with the description of each stage as it begins.

    Returns
    -------
    DriftReport

    Raises
    ------
    ValueError
        If there are no rows, or `max_false_alarms` is not between 0 and 1.

    Notes
    -----
    The three statistics of `DriftMonitor` are compared by two-sided Mann-Whitney tests (the normal
    approximation with ties), adjusted by Holm's method. The order of rows does not matter.

    Examples
    --------
    >>> from agnews_sk import make_tfidf_pipeline
    >>> from agnews_sk.auditing import TextReference, audit_against
    >>> from agnews_sk.datasets import make_news
    >>> X, y = make_news(500, random_state=0, return_X_y=True)
    >>> model = make_tfidf_pipeline().fit(X[:200], y[:200])
    >>> reference = TextReference.of(model, X[200:400], X[:200])
    >>> audit_against(model, X[400:], reference).drifted
    False
    >>> audit_against(model, ["#omg gr8 !!", "@user lol"] * 20, reference).drifted
    True
    """
    if not 0 < max_false_alarms < 1:
        raise ValueError(f"max_false_alarms must be between 0 and 1, got {max_false_alarms!r}.")
    start = time.perf_counter()
    texts = joined_texts(model, X)
    if progress is not None:
        progress(f"audit: {len(texts):,} predictions")
    bins = bins_of(reference.known, model, X, texts, np.arange(len(texts)))
    tests, values, shown = _tests(bins, reference), values_of(bins), pl.Series(texts)
    findings = {
        name: _finding(name, bins[:, i], reference.counts[i], values[:, i], tests, shown)
        for i, name in enumerate(STATISTICS)
    }
    seconds = time.perf_counter() - start
    return DriftReport(findings, len(texts), seconds, tests, max_false_alarms)


def _tests(bins: np.ndarray, reference: TextReference) -> pd.DataFrame:
    """Return the tests of `DriftReport`."""
    from scipy.stats import mannwhitneyu

    from agnews_sk.evaluation import holm

    values = np.arange(N_BINS)
    rows, p_values = [], []
    for i, name in enumerate(STATISTICS):
        theirs = np.repeat(values, reference.counts[i])
        found = mannwhitneyu(bins[:, i], theirs, method="asymptotic")
        superiority = found.statistic / (len(bins) * len(theirs))
        p_values.append(1.0 if np.isnan(found.pvalue) else found.pvalue)  # all values are equal
        rows.append((values_of(bins)[:, i].mean(), reference.means[name], superiority))
    tests = pd.DataFrame(
        rows, columns=["mean", "reference", "superiority"], index=pd.Index(STATISTICS)
    )
    return tests.assign(p_value=holm(p_values))


def _finding(
    name: str,
    bins: np.ndarray,
    counts: np.ndarray,
    values: np.ndarray,
    tests: pd.DataFrame,
    texts: pl.Series,
) -> Finding:
    """Return the rows that are unusual by one statistic, the most unusual first."""
    sign = -1 if name == "confidence" else 1
    cumulated = np.cumsum(counts[::sign]) / counts.sum()
    last_usual = int(np.searchsorted(cumulated, _USUAL))
    distance = bins if sign > 0 else N_BINS - 1 - bins
    rows = np.flatnonzero(distance > last_usual)
    rows = rows[np.argsort(-distance[rows], kind="stable")]
    test = tests.loc[name]
    means = _DESCRIBED[name].format(test["mean"], test["reference"])
    summary = f"{means[0].upper()}{means[1:]} (p = {test['p_value']:.2g})."
    return Rows(texts=texts, labels=None).finding(name, summary, rows, value=values[rows])
