"""Tests between pairs of classifiers: on the same test rows, or on the same folds."""

from collections.abc import Callable, Mapping
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from agnews_sk.evaluation._bootstrap import (
    NO_INTERVAL,
    ScoreInterval,
    bca_p_value,
    bootstrap_interval,
    is_constant,
)
from agnews_sk.evaluation._exact import difference_interval
from agnews_sk.evaluation._quality import ScoreDraws, score_names
from agnews_sk.evaluation._statistics import corrected_t_test, holm, mcnemar_test

# Scores of which differences are tested, for one label per row and for several.
_TESTED = ("accuracy", "macro_f1")
_TESTED_OF_SETS = (*_TESTED, "micro_f1", "samples_f1")
_PAIR_COLUMNS = [
    "a",
    "b",
    "accuracy_difference",
    "accuracy_difference_low",
    "accuracy_difference_high",
    "accuracy_difference_method",
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
    "macro_f1_difference_method",
    "macro_f1_p_value",
    "macro_f1_p_holm",
    "significant",
]


def tested_scores(multilabel: bool) -> tuple[str, ...]:
    """Return the scores of which differences are tested."""
    return _TESTED_OF_SETS if multilabel else _TESTED


def pair_columns(multilabel: bool) -> list[str]:
    """Return the columns of paired tests, in order."""
    more = tested_scores(multilabel)[len(_TESTED) :]
    of_macro_f1 = [column for column in _PAIR_COLUMNS if column.startswith("macro_f1")]
    added = [column.replace("macro_f1", score) for score in more for column in of_macro_f1]
    return [*_PAIR_COLUMNS[:-1], *added, _PAIR_COLUMNS[-1]]


def pairs_on_rows(
    right: Mapping[str, np.ndarray],
    draws: Mapping[str, ScoreDraws],
    confidence_level: float,
    *,
    multilabel: bool = False,
) -> pd.DataFrame:
    """Compare each pair of classifiers on the same test rows.

    Parameters
    ----------
    right : mapping of str to ndarray of bool of shape (n_rows,)
        Rows on which each classifier is right.
    draws : mapping of str to ScoreDraws
        Scores of each, on the same resamples.
    confidence_level : float
    multilabel : bool, default=False
        Whether rows have several labels.

    Returns
    -------
    pandas.DataFrame of shape (n_pairs, n_columns)
        McNemar's test, and paired bootstrap intervals and p-values.
    """

    def tests(a: str, b: str) -> dict[str, Any]:
        mcnemar = mcnemar_test(right[a], right[b])._asdict()
        exact = difference_interval(
            mcnemar["only_a"], mcnemar["only_b"], len(right[a]), confidence_level
        )
        boot = _bootstrap_tests(draws[a] - draws[b], exact, confidence_level, multilabel)
        accuracy_p = {"bootstrap_p_value": boot.pop("accuracy_p_value"), "effect": "Cohen's g"}
        return {**mcnemar, **boot, **accuracy_p}

    return _frame(list(right), tests, confidence_level, multilabel)


def pairs_on_folds(
    right: Mapping[str, np.ndarray],
    folds: pd.DataFrame,
    n_rows: int,
    confidence_level: float,
    *,
    multilabel: bool = False,
) -> pd.DataFrame:
    """Compare each pair of classifiers on the same folds.

    Parameters
    ----------
    right : mapping of str to ndarray of bool of shape (n_predictions,)
        Predictions of each classifier that are right.
    folds : pandas.DataFrame
        One row per classifier and fold, see `ComparisonResult.folds`.
    n_rows : int
        Number of distinct rows that are predicted, fewer than predictions in repeated
        cross-validation.
    confidence_level : float
    multilabel : bool, default=False
        Whether rows have several labels.

    Returns
    -------
    pandas.DataFrame of shape (n_pairs, n_columns)
        The corrected resampled t-test; columns that only a fixed test set has are NaN. If all folds
        have the same difference of accuracies, McNemar's exact test on their rows.
    """
    wide = folds.pivot(index="fold", columns="classifier")
    test_share = float((wide["n_test_rows"] / wide["n_train_rows"]).to_numpy().mean())

    def tests(a: str, b: str) -> dict[str, Any]:
        counts = mcnemar_test(right[a], right[b])._asdict()
        found = {key: counts[key] for key in ("both_right", "only_a", "only_b", "both_wrong")}
        scores = tested_scores(multilabel)
        differences = {score: (wide[score][a] - wide[score][b]).to_numpy() for score in scores}
        for score in scores[1:]:
            found |= _f1_on_folds(score, differences[score], test_share, confidence_level)
        found["bootstrap_p_value"] = np.nan
        if is_constant(differences["accuracy"]):
            times = len(right[a]) / n_rows  # predictions per row
            only = counts["only_a"] / times, counts["only_b"] / times
            return {**found, **_exact_test(*only, n_rows, confidence_level)}
        return {**found, **_t_test(differences["accuracy"], test_share, confidence_level)}

    return _frame(list(right), tests, confidence_level, multilabel)


def _t_test(differences: np.ndarray, test_share: float, confidence_level: float) -> dict[str, Any]:
    """Return the columns of the corrected t-test of accuracies.

    Parameters
    ----------
    differences : ndarray of float of shape (n_folds,)
    test_share : float
        Test rows per training row.
    confidence_level : float
    """
    found = corrected_t_test(differences, test_share, confidence_level=confidence_level)
    interval = ScoreInterval(found.low, found.high, "corrected t")
    named = _named("accuracy", found.difference, interval, found.p_value)
    named["p_value"] = named.pop("accuracy_p_value")
    effect = {"effect": "Cohen's d", "effect_size": found.effect_size}
    return {**named, "test": "corrected t", **effect}


def _exact_test(
    n_only_a: float, n_only_b: float, n_rows: int, confidence_level: float
) -> dict[str, Any]:
    """Return the columns of McNemar's exact test, of rows that only one classifier gets right.

    Repeated cross-validation makes the counts fractions; the binomial test needs whole rows.
    """
    interval = difference_interval(n_only_a, n_only_b, n_rows, confidence_level)
    n_discordant = round(n_only_a + n_only_b)
    return {
        **_named("accuracy", (n_only_a - n_only_b) / n_rows, interval, np.nan),
        "test": "exact",
        "p_value": binomtest(round(n_only_a), n_discordant).pvalue if n_discordant else 1.0,
        "effect": "Cohen's g",
        "effect_size": n_only_a / (n_only_a + n_only_b) - 0.5 if n_discordant else 0.0,
    }


def _f1_on_folds(
    score: str, differences: np.ndarray, test_share: float, confidence_level: float
) -> dict[str, Any]:
    """Return the columns of a mean F1; the same difference on all folds has no known variance."""
    if is_constant(differences):
        mean = float(differences.mean())
        return _named(score, mean, NO_INTERVAL, np.nan if mean else 1.0)
    found = corrected_t_test(differences, test_share, confidence_level=confidence_level)
    interval = ScoreInterval(found.low, found.high, "corrected t")
    return _named(score, found.difference, interval, found.p_value)


def _bootstrap_tests(
    difference: ScoreDraws, exact: ScoreInterval, confidence_level: float, multilabel: bool
) -> dict[str, Any]:
    """Return the columns that the bootstrap gives, and the exact interval where it gives none."""
    found: dict[str, Any] = {}
    names = score_names([], multilabel=multilabel)
    for score in tested_scores(multilabel):
        i = names.index(score)
        drawn = difference.resampled[:, i], difference.observed[i], difference.jackknife[:, i]
        interval = bootstrap_interval(*drawn, confidence_level)
        if score == "accuracy" and interval.method == "none":
            interval = exact
        found |= _named(score, difference.observed[i], interval, bca_p_value(*drawn))
    return found


def _named(
    score: str, difference: float, interval: ScoreInterval, p_value: float
) -> dict[str, Any]:
    """Return the columns of the difference of one score."""
    return {
        f"{score}_difference": float(difference),
        f"{score}_difference_low": float(interval.low),
        f"{score}_difference_high": float(interval.high),
        f"{score}_difference_method": interval.method,
        f"{score}_p_value": p_value,
    }


def _frame(
    names: list[str],
    tests: Callable[[str, str], dict[str, Any]],
    confidence_level: float,
    multilabel: bool,
) -> pd.DataFrame:
    """Return the tests of all pairs with p-values corrected for their number, and the verdict.

    Parameters
    ----------
    names : list of str
        Of the classifiers.
    tests : callable
        Takes two names, and returns the columns of the pair.
    confidence_level : float
    multilabel : bool
        Whether rows have several labels: pairs differ significantly by macro-F1 then, else by
        accuracy.
    """
    rows = [{"a": a, "b": b, **tests(a, b)} for a, b in combinations(names, 2)]
    columns = pair_columns(multilabel)
    pairs = pd.DataFrame(rows, columns=[c for c in columns if not _is_added(c)])
    for column in columns:
        if column.endswith("p_holm"):
            pairs[column] = holm(pairs[column.replace("p_holm", "p_value")])
    # Both must agree: an interval may exclude zero for one of many pairs by chance, and a p-value
    # may come from another test than the interval.
    score, p_holm = ("macro_f1", "macro_f1_p_holm") if multilabel else ("accuracy", "p_holm")
    beyond = (pairs[f"{score}_difference_low"] > 0) | (pairs[f"{score}_difference_high"] < 0)
    pairs["significant"] = beyond & (pairs[p_holm] <= 1 - confidence_level)
    return pairs[columns]


def _is_added(column: str) -> bool:
    """Return whether a column needs all pairs at once, not only a single pair."""
    return column.endswith("p_holm") or column == "significant"
