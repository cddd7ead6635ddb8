"""Checks that compare rows: duplicates, leakage, conflicting labels."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import polars as pl

from agnews_sk._core.same_text import same_text_groups
from agnews_sk.auditing._report import Finding
from agnews_sk.auditing._rows import N_EXAMPLES, Rows, shorten
from agnews_sk.sampling import first_linked, near_duplicate_pairs


class Partners(NamedTuple):
    """For each row, the position of the row that it duplicates; -1 if there is none.

    Attributes
    ----------
    exact, near : ndarray of int of shape (n_rows,)
        Of an earlier row. A row with an exact duplicate has no near one.
    exact_test, near_test : ndarray of int of shape (n_rows,)
        Of a test row.
    """

    exact: np.ndarray
    near: np.ndarray
    exact_test: np.ndarray
    near_test: np.ndarray


def find_partners(rows: Rows, threshold: float, seed: int) -> Partners:
    """Compare all rows with each other and with the test rows.

    Parameters
    ----------
    rows : Rows
    threshold : float
        Jaccard similarity of near duplicates.
    seed : int

    Returns
    -------
    Partners

    Notes
    -----
    Training and test rows are searched together, once. Equal texts form a group, named by the
    position of its first row, and only first rows are compared for near duplicates.
    """
    n = len(rows)
    texts = rows.texts if rows.test is None else pl.concat([rows.texts, rows.test])
    groups = same_text_groups(texts)
    distinct = np.unique(groups)
    pairs = distinct[
        near_duplicate_pairs(texts.gather(distinct), threshold=threshold, random_state=seed)
    ]  # (n_pairs, 2), first rows of their groups
    # Whether a group has training rows and test rows, by the position of its first row.
    in_train, in_test = (np.isin(np.arange(len(texts)), part) for part in (groups[:n], groups[n:]))
    exact = np.where(groups[:n] < np.arange(n), groups[:n], -1)
    within = pairs[in_train[pairs].all(axis=1)]
    linked = first_linked(np.vstack([within, np.column_stack([groups[:n], np.arange(n)])]))
    near = np.where((linked < np.arange(n)) & (exact < 0), linked, -1)
    test_of = np.full(len(texts), -1)
    test_of[groups[n:][::-1]] = np.arange(len(texts) - n)[::-1]
    exact_test = np.where(in_test[groups[:n]], test_of[groups[:n]], -1)
    both_ways = np.vstack([pairs, pairs[:, ::-1]])
    crossing = both_ways[in_test[both_ways[:, 1]]]
    partner = np.full(len(texts), -1)
    partner[crossing[::-1, 0]] = test_of[crossing[::-1, 1]]
    near_test = np.where(exact_test < 0, partner[groups[:n]], -1)
    return Partners(exact, near, exact_test, near_test)


def check_duplicates(rows: Rows, partners: Partners) -> list[Finding]:
    """Return the findings of rows that duplicate an earlier one, exactly or nearly."""
    return [
        _repeats(
            rows,
            "exact_duplicates",
            "Rows with the same text as an earlier row, ignoring case, punctuation and whitespace.",
            partners.exact,
            rows.texts,
        ),
        _repeats(
            rows,
            "near_duplicates",
            "Rows that share most of their word pairs with an earlier one; "
            "DuplicateFilter(method='near') drops them in fit.",
            partners.near,
            rows.texts,
        ),
    ]


def check_leakage(rows: Rows, partners: Partners) -> list[Finding]:
    """Return the findings of training rows that duplicate test rows; none without test rows."""
    if rows.test is None:
        return []
    return [
        _repeats(
            rows,
            "exact_leakage",
            "Training rows with the same text as a test row, which makes test scores too high.",
            partners.exact_test,
            rows.test,
        ),
        _repeats(
            rows,
            "near_leakage",
            "Training rows that share most of their word pairs with a test row.",
            partners.near_test,
            rows.test,
        ),
    ]


def check_conflicts(rows: Rows) -> Finding:
    """Return the finding of texts that occur with different labels, copies side by side."""
    frame = pl.DataFrame(
        {"group": same_text_groups(rows.texts), "label": pd.factorize(rows.labels)[0]}
    )
    disputed = frame.select(pl.n_unique("label").over("group") > 1).to_series().to_numpy()
    order = np.argsort(frame["group"].to_numpy(), kind="stable")
    return rows.finding(
        "conflicting_labels",
        "Rows whose text also occurs with another label; LabelConflictFilter drops them.",
        order[disputed[order]],
    )


def _repeats(
    rows: Rows, name: str, summary: str, partner: np.ndarray, others: pl.Series
) -> Finding:
    """Return the finding of rows with a partner among other texts, which is shown next to them.

    Parameters
    ----------
    rows : Rows
    name, summary : str
    partner : ndarray of int of shape (n_rows,)
        Position in `others`, or -1.
    others : polars.Series of str
    """
    found = np.flatnonzero(partner >= 0)
    shown = partner[found[:N_EXAMPLES]]
    return rows.finding(name, summary, found, same_as=shown, its_text=shorten(others.gather(shown)))
