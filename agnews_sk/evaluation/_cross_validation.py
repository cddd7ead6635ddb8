"""Classifiers evaluated on the same folds, and the folds merged."""

from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import (
    StratifiedGroupKFold,
    StratifiedKFold,
    StratifiedShuffleSplit,
    check_cv,
)

from agnews_sk._core.label_arrays import union_of
from agnews_sk._core.label_sets import stratification
from agnews_sk._core.repeats import repeats_of
from agnews_sk._core.splitting import fold_rows, rarest_labels, split_rows
from agnews_sk._core.user_warnings import warn_user
from agnews_sk._core.validation import take_rows
from agnews_sk.evaluation._evaluation import (
    Evaluation,
    ProgressCallback,
    aligned_probabilities,
    evaluate_classifier,
    outcome_of,
)
from agnews_sk.evaluation._pairs import tested_scores
from agnews_sk.evaluation._quality import observed_scores, score_names


def cross_evaluate(
    classifiers: Mapping[str, Any],
    X: Any,
    y: Any,
    *,
    cv: Any,
    rng: np.random.Generator,
    progress: ProgressCallback | None = None,
) -> tuple[list[Evaluation], np.ndarray, pd.DataFrame]:
    """Evaluate each classifier on the same folds.

    Parameters
    ----------
    classifiers : mapping of str to estimator
    X : DataFrame or array-like of shape (n_rows, ...)
    y : ndarray of shape (n_rows,)
        As `check_labels` returns them.
    cv : int or cross-validation splitter
        A number of stratified, shuffled folds, each copy of a row in the same one; or a splitter.
    rng : Generator
        Shuffles the folds.
    progress : callable taking a str, optional
        Called with the description of each stage.

    Returns
    -------
    evaluations : list of Evaluation
        One per classifier, see `merge_folds`.
    rows : ndarray of int of shape (n_predictions,)
        Position of the row of each prediction.
    folds : pandas.DataFrame
        Scores by classifier and fold, see `ComparisonResult.folds`.
    """
    splits = make_splits(cv, X, y, rng, classifiers.values())
    by_name: dict[str, list[Evaluation]] = {name: [] for name in classifiers}
    for k, (train, test) in enumerate(splits):
        parts = [take_rows(part, rows) for rows in (train, test) for part in (X, y)]
        for name, classifier in classifiers.items():
            report = None if progress is None else _progress_of_fold(progress, k + 1, len(splits))
            by_name[name].append(evaluate_classifier(name, classifier, *parts, progress=report))
    rows = np.concatenate([test for _, test in splits])
    folds = [fold_row(e, k) for found in by_name.values() for k, e in enumerate(found)]
    return [merge_folds(found) for found in by_name.values()], rows, pd.DataFrame(folds)


def make_splits(
    cv: Any, X: Any, y: Any, rng: np.random.Generator, classifiers: Iterable[Any] = ()
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return training and test positions of each fold.

    Parameters
    ----------
    cv : int or cross-validation splitter
        With a number, copies of a row are in the same fold.
    X : container of n_rows rows
    y : array-like of shape (n_rows,)
    rng : Generator
        Shuffles if `cv` is a number.
    classifiers : iterable of estimator
        Those that will be fitted: rows that are equal to all of them are copies.

    Returns
    -------
    list of (ndarray of int, ndarray of int)

    Warns
    -----
    UserWarning
        If too few rows differ to keep copies in one fold.
    """
    codes = stratification(y)
    if not isinstance(cv, Integral):
        return _splits_of(cv, y, codes)
    settings = {"n_splits": int(cv), "shuffle": True, "random_state": int(rng.integers(2**31))}
    repeats = repeats_of(X, *classifiers)
    if codes.ndim == 2:
        return _splits_of_sets(codes, repeats, int(cv), settings["random_state"])
    if not _all_differ(repeats):
        if len(np.unique(repeats)) >= cv:
            splits = [*StratifiedGroupKFold(**settings).split(codes, codes, repeats)]
            if _can_be_learned(splits, codes):
                return splits
        _warn_of_repeats(repeats)
    return list(StratifiedKFold(**settings).split(codes, codes))


def _splits_of(cv: Any, y: Any, codes: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the splits of a splitter, which gets the labels or, of label sets, the indicator.

    scikit-learn's own splitters stratify by one label per row, the rarest of each set.
    """
    if codes.ndim == 1:
        codes = np.asarray(y)
    elif type(cv).__module__.startswith("sklearn."):
        codes = rarest_labels(codes)
    return list(check_cv(cv, codes, classifier=True).split(np.zeros(len(codes)), codes))


def _splits_of_sets(
    indicator: np.ndarray, repeats: np.ndarray, n_folds: int, seed: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return folds that are stratified by label sets, with copies of a row in the same one."""
    for groups in (repeats, np.arange(len(repeats))):
        # Each row is tested on once, also those of a label with a single row.
        folds = np.maximum(fold_rows(indicator, groups, n_folds, seed), 0)
        splits = [(np.flatnonzero(folds != k), np.flatnonzero(folds == k)) for k in range(n_folds)]
        if all(len(train) and len(test) for train, test in splits):
            return splits
        _warn_of_repeats(repeats)
    raise ValueError(
        f"cv must be at most the number of rows that can be split, got {n_folds} for "
        f"{len(repeats)} rows."
    )


def random_fifths(
    X: Any, y: np.ndarray, seed: int, classifiers: Iterable[Any]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return five splits that each test on a random fifth, with copies of a row on one side.

    Parameters
    ----------
    X : container of n_rows rows
    y : ndarray of shape (n_rows,)
    seed : int
    classifiers : iterable of estimator
        Those that will be fitted: rows that are equal to all of them are copies.

    Returns
    -------
    list of (ndarray of int, ndarray of int)
        Training and test positions.

    Warns
    -----
    UserWarning
        If too few rows differ to keep copies on one side.
    """
    repeats, codes = repeats_of(X, *classifiers), stratification(y)
    if not _all_differ(repeats) or codes.ndim == 2:
        splits = [split_rows(codes, repeats, 0.2, seed + i) for i in range(5)]
        if _can_be_learned(splits, codes):
            return splits
        _warn_of_repeats(repeats)
    fifths = StratifiedShuffleSplit(5, test_size=0.2, random_state=seed)
    return list(fifths.split(codes, codes))


def _all_differ(repeats: np.ndarray) -> bool:
    """Return whether no row is a copy of another, by the group of each row."""
    return len(np.unique(repeats)) == len(repeats)


def _can_be_learned(splits: list[tuple[np.ndarray, np.ndarray]], codes: np.ndarray) -> bool:
    """Return whether each split has test rows, and training rows of at least two classes."""
    if codes.ndim == 2:
        return all(len(test) for _, test in splits)
    fewest = min(2, len(np.unique(codes)))
    return all(len(test) and len(np.unique(codes[train])) >= fewest for train, test in splits)


def _warn_of_repeats(repeats: np.ndarray) -> None:
    """Warn that copies of test rows are among the training rows."""
    warn_user(
        f"copies of test rows are among the training rows, which makes scores too high: only "
        f"{len(np.unique(repeats))} of {len(repeats)} rows are different, too few to split them "
        "otherwise.",
    )


def fold_row(evaluation: Evaluation, fold: int) -> dict[str, Any]:
    """Return the scores of one classifier on one fold.

    Parameters
    ----------
    evaluation : Evaluation
    fold : int

    Returns
    -------
    dict of str to object
    """
    n_test_rows = len(evaluation.y_true)
    outcome = outcome_of(evaluation, evaluation.classes_seen, np.arange(n_test_rows))
    names = score_names(evaluation.classes_seen.tolist(), multilabel=evaluation.multilabel)
    scores = dict(zip(names, observed_scores(outcome).tolist()))
    return {
        "classifier": evaluation.name,
        "fold": fold,
        "n_train_rows": evaluation.n_train_rows,
        "n_test_rows": n_test_rows,
        **{name: scores[name] for name in tested_scores(evaluation.multilabel)},
    }


def _progress_of_fold(progress: ProgressCallback, fold: int, n_folds: int) -> ProgressCallback:
    """Return a callback that prefixes each stage with the number of the fold."""
    return lambda stage: progress(f"fold {fold} of {n_folds}: {stage}")


def merge_folds(found: Sequence[Evaluation]) -> Evaluation:
    """Return one classifier's evaluations on all folds as one, predictions in their order.

    Parameters
    ----------
    found : sequence of Evaluation
        One per fold.

    Returns
    -------
    Evaluation
        Without an estimator. Costs of a fit are means over folds; `predict_seconds` is their
        sum, as it is of all predictions; memory and parameters are the largest.
    """

    def each(name: str) -> list[Any]:
        return [getattr(evaluation, name) for evaluation in found]

    y_proba, classes = _merge_probabilities(found)
    sizes = each("size_bytes")
    return Evaluation(
        name=found[0].name,
        estimator=None,
        y_true=np.concatenate(each("y_true")),
        y_pred=np.concatenate(each("y_pred")),
        abstained=_merge_abstained(found),
        y_proba=y_proba,
        classes=classes,
        n_train_rows=round(np.mean(each("n_train_rows"))),
        fit_seconds=float(np.mean(each("fit_seconds"))),
        predict_seconds=sum(each("predict_seconds")),
        size_bytes=None if None in sizes else round(np.mean(sizes)),
        cpu_seconds=float(np.mean(each("cpu_seconds"))),
        peak_memory_bytes=max(each("peak_memory_bytes")),
        latency_seconds=np.concatenate([x for x in each("latency_seconds") if x is not None]),
        n_parameters=max(n or 0 for n in each("n_parameters")),
    )


def _merge_abstained(found: Sequence[Evaluation]) -> np.ndarray | None:
    """Return where the classifier abstained in any fold; None if it never did."""
    if all(e.abstained is None for e in found):
        return None
    labelled = (np.zeros(len(e.y_pred), dtype=bool) for e in found)
    return np.concatenate(
        [b if e.abstained is None else e.abstained for e, b in zip(found, labelled)]
    )


def _merge_probabilities(
    found: Sequence[Evaluation],
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Return the probabilities of all folds, and the labels of their columns.

    A class that a fold had no training rows of has the probability 0 there. Both are None unless
    every fold has probabilities.
    """
    known = [
        (e.y_proba, e.classes) for e in found if e.y_proba is not None and e.classes is not None
    ]
    if len(known) < len(found):
        return None, None
    classes = union_of(*(of_fold for _, of_fold in known))
    merged = [aligned_probabilities(y_proba, of_fold, classes) for y_proba, of_fold in known]
    return np.concatenate(merged), classes
