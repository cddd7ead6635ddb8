"""Tests between pairs of classifiers: on the same test rows, or on the same folds."""

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from agnews_sk.evaluation._bootstrap import bca_interval, bca_p_value
from agnews_sk.evaluation._quality import OVERALL, ScoreDraws
from agnews_sk.evaluation._statistics import corrected_t_test, holm, mcnemar_test

TESTED = ("accuracy", "macro_f1")
PAIR_COLUMNS = [
    "a",
    "b",
    "accuracy_difference",
    "accuracy_difference_low",
    "accuracy_difference_high",
    "both_right",
    "only_a",
    "only_b",
    "both_wrong",
    "test",
    "p_value",
    "p_holm",
    "effect",
    "effect_size",
    "bootstrap_p_value",
    "bootstrap_p_holm",
    "macro_f1_difference",
    "macro_f1_difference_low",
    "macro_f1_difference_high",
    "macro_f1_p_value",
    "macro_f1_p_holm",
    "told_apart",
]


def pairs_on_rows(
    right: Mapping[str, np.ndarray], draws: Mapping[str, ScoreDraws], confidence_level: float
) -> pd.DataFrame:
    """Compare each pair of classifiers on the same test rows.

    Parameters
    ----------
    right : mapping of str to ndarray of bool of shape (n_rows,)
        Where each classifier is right.
    draws : mapping of str to ScoreDraws
        Scores of each, on the same resamples.
    confidence_level : float

    Returns
    -------
    pandas.DataFrame of shape (n_pairs, 22)
        McNemar's test, and paired bootstrap intervals and p values.
    """

    def tests(a: str, b: str) -> dict[str, Any]:
        mcnemar = mcnemar_test(right[a], right[b])._asdict()
        boot = _bootstrap_tests(draws[a] - draws[b], confidence_level)
        accuracy_p = {"bootstrap_p_value": boot.pop("accuracy_p_value"), "effect": "Cohen's g"}
        return {**mcnemar, **boot, **accuracy_p}

    return _frame(list(right), tests, confidence_level)


def pairs_on_folds(
    right: Mapping[str, np.ndarray], folds: pd.DataFrame, confidence_level: float
) -> pd.DataFrame:
    """Compare each pair of classifiers on the same folds.

    Parameters
    ----------
    right : mapping of str to ndarray of bool of shape (n_predictions,)
        Where each classifier is right.
    folds : pandas.DataFrame
        One row a classifier and fold, as `ComparisonResult` describes it.
    confidence_level : float

    Returns
    -------
    pandas.DataFrame of shape (n_pairs, 22)
        The corrected resampled t test; what only a fixed test set has is NaN.
    """
    wide = folds.pivot(index="fold", columns="classifier")
    test_share = float((wide["n_test_rows"] / wide["n_train_rows"]).to_numpy().mean())

    def tests(a: str, b: str) -> dict[str, Any]:
        counts = mcnemar_test(right[a], right[b])._asdict()
        found = {key: counts[key] for key in ("both_right", "only_a", "only_b", "both_wrong")}
        for score in TESTED:
            difference = (wide[score][a] - wide[score][b]).to_numpy()
            t_test = corrected_t_test(difference, test_share, confidence_level=confidence_level)
            found |= _named(score, t_test.difference, (t_test.low, t_test.high), t_test.p_value)
            if score == "accuracy":
                found |= {"effect": "Cohen's d", "effect_size": t_test.effect_size}
        found["p_value"] = found.pop("accuracy_p_value")
        return {**found, "test": "corrected t", "bootstrap_p_value": np.nan}

    return _frame(list(right), tests, confidence_level)


def _bootstrap_tests(difference: ScoreDraws, confidence_level: float) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for score in TESTED:
        i = OVERALL.index(score)
        drawn = difference.resampled[:, i], difference.observed[i], difference.jackknife[:, i]
        interval = bca_interval(*drawn, confidence_level)
        found |= _named(score, difference.observed[i], interval, bca_p_value(*drawn))
    return found


def _named(score: str, difference: float, interval: Any, p_value: float) -> dict[str, Any]:
    low, high = map(float, interval)
    return {
        f"{score}_difference": float(difference),
        f"{score}_difference_low": low,
        f"{score}_difference_high": high,
        f"{score}_p_value": p_value,
    }


def _frame(names: list[str], tests: Any, confidence_level: float) -> pd.DataFrame:
    rows = [{"a": a, "b": b, **tests(a, b)} for a, b in combinations(names, 2)]
    pairs = pd.DataFrame(rows, columns=[c for c in PAIR_COLUMNS if not _is_added(c)])
    for prefix in ("", "bootstrap_", "macro_f1_"):
        pairs[f"{prefix}p_holm"] = holm(pairs[f"{prefix}p_value"])
    # Both must agree: an interval that crosses zero, or a p value that many pairs explain, is no
    # difference to speak of.
    crosses = (pairs["accuracy_difference_low"] <= 0) & (pairs["accuracy_difference_high"] >= 0)
    pairs["told_apart"] = ~crosses & (pairs["p_holm"] <= 1 - confidence_level)
    return pairs[PAIR_COLUMNS]


def _is_added(column: str) -> bool:
    return column.endswith("p_holm") or column == "told_apart"
