"""Audit labelled rows for problems that mislead a classifier or its evaluation."""

import time
from collections.abc import Callable, Iterator
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from agnews_sk._core.label_sets import as_lists, check_label_sets, is_multilabel
from agnews_sk._core.packaged_models import MINILM, packaged_folder
from agnews_sk._core.validation import check_labels, check_texts, text_columns
from agnews_sk.auditing._label_checks import check_label_errors, checkable_labels
from agnews_sk.auditing._pair_checks import (
    check_conflicts,
    check_duplicates,
    check_leakage,
    find_partners,
)
from agnews_sk.auditing._report import AuditReport, Finding
from agnews_sk.auditing._rows import Rows
from agnews_sk.auditing._text_checks import (
    check_class_balance,
    check_damage,
    check_lengths,
    check_missing,
    check_sources,
)
from agnews_sk.cleaning import ColumnJoiner
from agnews_sk.tokenization import PretrainedTokenizer

# Longer than any text, so that tokens are counted without truncation.
_WHOLE_TEXT = 2**31 - 1


def audit(
    X: Any,
    y: Any = None,
    X_test: Any = None,
    *,
    max_length: int = 128,
    tokenizer: Any = None,
    near_threshold: float = 0.8,
    label_errors: bool = True,
    random_state: int = 0,
    progress: Callable[[str], None] | None = None,
) -> AuditReport:
    """Report duplicates, leakage, label errors and other problems in rows before training.

    Parameters
    ----------
    X : DataFrame or array-like of str of shape (n_rows,)
        Training rows; the text columns of a frame are joined.
    y : array-like of shape (n_rows,), or sets of labels, or an indicator, optional
        Labels; without them, the checks of labels are omitted.
    X_test : like X, of n_test_rows, optional
        Test rows, to check for leakage.
    max_length : int, default=128
        Maximum input length of a model, in tokens.
    tokenizer : fitted tokenizer, optional
        Counts the tokens: its `transform` returns the ids of texts. By default that of
        all-MiniLM-L6-v2 if the `offline` extra is installed; otherwise tokens are not counted.
    near_threshold : float, default=0.8
        Jaccard similarity of the word pairs of near duplicates.
    label_errors : bool, default=True
        Whether to search for label errors, which trains a baseline five times and needs cleanlab.
    random_state : int, default=0
        Random seed of the folds and of the hashes of near duplicates. It is fixed by default, so
        that audits of the same rows agree.
    progress : callable taking a str, optional
        Called with the description of each stage as it begins.

    Returns
    -------
    AuditReport
        With these findings, as far as they apply: `class_imbalance`, `missing_texts`,
        `short_texts`, `truncated_texts`, `exact_duplicates`, `near_duplicates`, `exact_leakage`,
        `near_leakage`, `conflicting_labels`, `label_errors`, `html_tags`, `html_entities`,
        `backslashes`, `source_leakage`.

    Raises
    ------
    ValueError
        If labels are missing or not one per row, or a parameter is out of range.
    ImportError
        If label errors are searched for and cleanlab is not installed.

    Notes
    -----
    Each finding has the mask `keep` of the rows without the problem: use `frame[finding.keep]`, or
    `MaskFilter(keep=...)` as the `filter` step of a pipeline.

    A missing text counts as missing, not as a duplicate of another. Label errors are searched for
    only if each class has at least two rows.

    With several labels per row, class sizes, label errors and the labels that sources reveal are
    those of each label, and a text with two label sets has conflicting labels.

    Examples
    --------
    >>> from agnews_sk import load_news_sample
    >>> from agnews_sk.auditing import audit
    >>> frame, y = load_news_sample(return_X_y=True)
    >>> report = audit(frame[:800], y[:800], frame[790:900], label_errors=False)
    >>> bool(report["exact_leakage"].count >= 10)
    True
    >>> clean = frame[:800][report.keep("exact_leakage", "missing_texts")]
    """
    start = time.perf_counter()
    _check_parameters(max_length, near_threshold)
    rows = _rows(X, y, X_test)
    tokenizer = _default_tokenizer() if tokenizer is None else tokenizer
    findings = {}
    for stage, found in _checks(
        rows, max_length, tokenizer, near_threshold, label_errors, random_state
    ):
        if progress is not None:
            progress(f"audit: {stage}")
        findings.update({finding.name: finding for finding in found()})
    return AuditReport(findings, len(rows), time.perf_counter() - start)


def _rows(X: Any, y: Any, X_test: Any) -> Rows:
    """Return the checked rows of an audit."""
    if y is None or not is_multilabel(y):
        labels = None if y is None else check_labels(y, X)
        return Rows(texts=_joined(X, "X", labels), labels=labels, test=_test_texts(X_test))
    sets = check_label_sets(y, X)
    labels = np.empty(len(sets.indicator), dtype=object)
    labels[:] = [tuple(row) for row in as_lists(sets.indicator, sets.classes)]
    return Rows(texts=_joined(X, "X"), labels=labels, test=_test_texts(X_test), sets=sets)


# Description of a stage, and the function that runs it.
Check = tuple[str, Callable[[], list[Finding]]]


def _checks(
    rows: Rows,
    max_length: int,
    tokenizer: Any,
    near_threshold: float,
    label_errors: bool,
    seed: int,
) -> Iterator[Check]:
    """Yield the description of each check that applies, and its function."""
    labelled = rows.labels is not None
    if labelled:
        yield "class sizes", lambda: [check_class_balance(rows)]
    yield "missing texts", lambda: [check_missing(rows)]
    yield "lengths in words and tokens", lambda: check_lengths(rows, max_length, tokenizer)

    def compare() -> list[Finding]:
        """Compare all pairs of texts once, for duplicates and leakage alike."""
        partners = find_partners(rows, near_threshold, seed)
        return [*check_duplicates(rows, partners), *check_leakage(rows, partners)]

    yield f"duplicates and leakage among {len(rows):,} texts", compare
    if labelled:
        yield "conflicting labels", lambda: [check_conflicts(rows)]
    if labelled and label_errors and _can_find_errors(rows):
        yield "label errors, by training a baseline", lambda: [check_label_errors(rows, seed)]
    yield "HTML tags, entities and backslashes", lambda: check_damage(rows)
    if labelled:
        yield "sources that texts name", lambda: [check_sources(rows)]


def _can_find_errors(rows: Rows) -> bool:
    """Return whether there are several classes, or labels, with rows to train and to test on."""
    if rows.sets is not None:
        return bool(checkable_labels(rows.sets.indicator).any())
    counts = pd.Series(rows.labels).value_counts()
    return len(counts) > 1 and counts.min() > 1


def _check_parameters(max_length: Any, near_threshold: Any) -> None:
    """Reject parameters that are out of range."""
    if not isinstance(max_length, Integral) or max_length < 1:
        raise ValueError(f"max_length must be a positive integer, got {max_length!r}.")
    if not isinstance(near_threshold, (int, float)) or not 0 < near_threshold <= 1:
        raise ValueError(f"near_threshold must be above 0 and at most 1, got {near_threshold!r}.")


def _joined(X: Any, name: str, y: Any = None) -> pl.Series:
    """Return the text columns of rows, joined to one text per row."""
    text_columns(X, None, name=name)  # an error then names the parameter
    return check_texts(ColumnJoiner().fit(X, y).transform(X))


def _test_texts(X_test: Any) -> pl.Series | None:
    """Return the joined test rows, if there are any."""
    return None if X_test is None else _joined(X_test, "X_test")


def _default_tokenizer() -> Any:
    """Return the tokenizer of all-MiniLM-L6-v2, or None if it is not installed."""
    if packaged_folder(MINILM) is None:
        return None
    return PretrainedTokenizer(max_length=_WHOLE_TEXT).fit()
