"""Checks that compare rows: duplicates, leakage into the test rows, labels that contradict."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import polars as pl

from agnews_sk._core.same_text import same_text_groups
from agnews_sk.auditing._report import Finding
from agnews_sk.auditing._rows import N_EXAMPLES, Rows, shorten
from agnews_sk.sampling import first_linked, near_duplicate_pairs


class Partners(NamedTuple):
    """For each row, the position of the row that it repeats; -1 where there is none.

    Attributes
    ----------
    exact, near : ndarray of int of shape (n_rows,)
        An earlier row.
    exact_test, near_test : ndarray of int of shape (n_rows,)
        A test row.
    """

    exact: np.ndarray
    near: np.ndarray
    exact_test: np.ndarray
    near_test: np.ndarray


def find_partners(rows: Rows, threshold: float, seed: int) -> Partners:
    """Compare all rows with each other and with the test rows, once.

    Parameters
    ----------
    rows : Rows
    threshold : float
        Jaccard similarity of near duplicates.
    seed : int

    Returns
    -------
    Partners
    """
    n = len(rows)
    texts = rows.texts if rows.test is None else pl.concat([rows.texts, rows.test])
    groups = same_text_groups(texts)
    distinct = np.unique(groups)
    pairs = distinct[
        near_duplicate_pairs(texts.gather(distinct), threshold=threshold, random_state=seed)
    ]  # (n_pairs, 2), first rows of their groups
    # A text that only test rows have is first met at one of them.
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
    """Find rows that repeat an earlier one."""
    return [
        _repeats(
            rows,
            "exact_duplicates",
            "Rows whose text an earlier row has, but for case, punctuation and white space.",
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
    """Find training rows that are test rows too."""
    if rows.test is None:
        return []
    return [
        _repeats(
            rows,
            "exact_leakage",
            "Training rows whose text a test row has: their test scores are too good.",
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
    """Find texts that stand there with different labels."""
    frame = pl.DataFrame(
        {"group": same_text_groups(rows.texts), "label": pd.factorize(rows.labels)[0]}
    )
    disputed = frame.select(pl.n_unique("label").over("group") > 1).to_series().to_numpy()
    order = np.argsort(frame["group"].to_numpy(), kind="stable")
    return rows.finding(
        "conflicting_labels",
        "Rows whose text also stands there with another label; LabelConflictFilter drops them.",
        order[disputed[order]],
    )


def _repeats(
    rows: Rows, name: str, summary: str, partner: np.ndarray, others: pl.Series
) -> Finding:
    found = np.flatnonzero(partner >= 0)
    shown = partner[found[:N_EXAMPLES]]
    return rows.finding(name, summary, found, same_as=shown, its_text=shorten(others.gather(shown)))
