"""Learning curves: scores by number of training rows, each run stored as it ends."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from numbers import Integral
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import fisher_exact

from agnews_sk._core.content import content_digest
from agnews_sk._core.label_arrays import comparable
from agnews_sk._core.label_sets import (
    check_label_sets,
    check_target,
    is_multilabel,
    stratification,
)
from agnews_sk._core.splitting import rarest_labels
from agnews_sk._core.validation import as_frame, take_rows
from agnews_sk.evaluation._bootstrap import NO_INTERVAL, ScoreInterval, is_constant
from agnews_sk.evaluation._cross_validation import fold_row, make_splits, random_fifths
from agnews_sk.evaluation._evaluation import ProgressCallback, evaluate_classifier
from agnews_sk.evaluation._exact import share_interval
from agnews_sk.evaluation._inputs import check_classifiers, check_confidence_level
from agnews_sk.evaluation._pairs import tested_scores
from agnews_sk.evaluation._run_store import RunStore, run_key
from agnews_sk.evaluation._statistics import corrected_t_test, holm


@dataclass(frozen=True, eq=False, kw_only=True)
class LearningCurves:
    """Scores of classifiers by number of training rows.

    Attributes
    ----------
    runs : pandas.DataFrame
        One row per classifier, size and split: `classifier`, `train_size`, `fold`,
        `n_train_rows`, `n_test_rows`, `accuracy`, `macro_f1`, `fit_seconds` and
        `predict_seconds`; `micro_f1` and `samples_f1` where rows have several labels, of which
        `accuracy` is the share of sets that are right.
    confidence_level : float

    Examples
    --------
    >>> import pandas as pd
    >>> from agnews_sk.evaluation import LearningCurves
    >>> runs = pd.DataFrame({
    ...     "classifier": "tfidf", "train_size": 8, "fold": [0, 1], "n_train_rows": 8,
    ...     "n_test_rows": 4, "accuracy": [0.5, 0.75],
    ... })
    >>> LearningCurves(runs=runs, confidence_level=0.95).curve()["score"].tolist()
    [0.625]
    """

    runs: pd.DataFrame
    confidence_level: float

    def curve(self, score: str = "accuracy") -> pd.DataFrame:
        """Return the mean of a score with its interval, by classifier and size.

        Parameters
        ----------
        score : {"accuracy", "macro_f1"}, default="accuracy"
            Or "micro_f1" or "samples_f1" where rows have several labels.

        Returns
        -------
        pandas.DataFrame
            Columns `classifier`, `train_size`, `score`, `low`, `high`, `n_splits` and `method`, the
            method of the interval: "corrected t" (Nadeau and Bengio, 2003), cut at 0 and 1. If all
            splits have the same score, its variance is unknown: an accuracy then has the "exact"
            interval of Clopper and Pearson (1934) from the test rows of one split, and macro-F1 has
            "none". A single split has "none".
        """
        self._check_score(score)
        return pd.DataFrame(
            [
                {"classifier": name, "train_size": size, **self._mean(runs, score)}
                for (name, size), runs in self.runs.groupby(
                    ["classifier", "train_size"], sort=False
                )
            ]
        )

    def pairwise(self, score: str = "accuracy") -> pd.DataFrame:
        """Return the tests of each pair of classifiers at each size.

        Parameters
        ----------
        score : {"accuracy", "macro_f1"}, default="accuracy"

        Returns
        -------
        pandas.DataFrame
            Columns `train_size`, `a`, `b`, `difference` (a minus b), `low`, `high`, `p_value` of
            the corrected t-test, `p_holm` corrected for the number of rows of this frame,
            `effect_size` (Cohen's d), `method`, and `significant`, True if the interval excludes
            zero and `p_holm` is at most 1 - `confidence_level`. If all splits have the same
            difference of accuracies, the method is "exact": Fisher's test, and intervals of Clopper
            and Pearson, on the test rows of one split.
        """
        self._check_score(score)
        rows = [
            row
            for size, runs in self.runs.groupby("train_size")
            for row in self._tests(size, runs, score)
        ]
        pairs = pd.DataFrame(rows, columns=_PAIR_COLUMNS)
        pairs["p_holm"] = holm(pairs["p_value"])
        beyond = (pairs["low"] > 0) | (pairs["high"] < 0)
        pairs["significant"] = beyond & (pairs["p_holm"] <= 1 - self.confidence_level)
        return pairs

    @property
    def main_score(self) -> str:
        """Score that classifiers are compared by: "macro_f1" of label sets, else "accuracy"."""
        return "macro_f1" if "micro_f1" in self.runs else "accuracy"

    def _check_score(self, score: str) -> None:
        """Reject a score that runs do not have."""
        known = [name for name in tested_scores(multilabel=True) if name in self.runs]
        if score not in known:
            raise ValueError(f"score must be one of {known}, got {score!r}.")

    def _repr_html_(self) -> str:
        return self.curve(self.main_score).to_html(
            index=False, border=0, float_format="{:.4f}".format
        )

    def _mean(self, runs: pd.DataFrame, score: str) -> dict[str, Any]:
        """Return the mean score of one classifier and size with its interval."""
        found = corrected_t_test(
            runs[score], _test_share(runs), confidence_level=self.confidence_level
        )
        interval = ScoreInterval(float(np.maximum(found.low, 0)), found.high, "corrected t")
        if len(runs) < 2:
            interval = NO_INTERVAL
        elif is_constant(runs[score].to_numpy()):
            interval = NO_INTERVAL if score != "accuracy" else self._exact_interval(runs)
        return {"score": found.difference, **_ends(interval), "n_splits": len(runs)}

    def _exact_interval(self, runs: pd.DataFrame) -> ScoreInterval:
        """Return the interval of an accuracy that all splits share, from the rows of one split."""
        low, high = share_interval(*_one_split(runs), self.confidence_level)
        return ScoreInterval(float(low), float(high), "exact")

    def _tests(self, size: Any, runs: pd.DataFrame, score: str) -> Iterator[dict[str, Any]]:
        """Yield a row of `pairwise` per pair, from the runs of one size."""
        wide = runs.pivot(index="fold", columns="classifier", values=score)
        for a, b in combinations(dict.fromkeys(runs["classifier"]), 2):
            differences = (wide[a] - wide[b]).dropna()
            test = corrected_t_test(
                differences, _test_share(runs), confidence_level=self.confidence_level
            )._asdict()
            if len(differences) < 2:
                test["method"] = NO_INTERVAL.method
            elif is_constant(differences.to_numpy()):
                pair = [runs[runs["classifier"] == name] for name in (a, b)]
                test |= self._exact_test(*pair) if score == "accuracy" else _UNKNOWN_SPREAD
            yield {"train_size": size, "a": a, "b": b, "method": "corrected t", **test}

    def _exact_test(self, a: pd.DataFrame, b: pd.DataFrame) -> dict[str, Any]:
        """Compare two accuracies as of different rows: runs do not store which rows are right."""
        (right_a, n_a), (right_b, n_b) = _one_split(a), _one_split(b)
        level = 1 - (1 - self.confidence_level) / 2
        (low_a, high_a), (low_b, high_b) = (
            share_interval(*_one_split(runs), level) for runs in (a, b)
        )
        table = np.round([[right_a, n_a - right_a], [right_b, n_b - right_b]]).astype(int)
        interval = ScoreInterval(float(low_a - high_b), float(high_a - low_b), "exact")
        return {
            **_ends(interval),
            "p_value": float(fisher_exact(table).pvalue),
            "effect_size": np.nan,
        }


_PAIR_COLUMNS = ["train_size", "a", "b", "difference", "low", "high", "method", "p_value"]
_PAIR_COLUMNS += ["effect_size"]


def _ends(interval: ScoreInterval) -> dict[str, Any]:
    """Return an interval as columns."""
    return {"low": interval.low, "high": interval.high, "method": interval.method}


_UNKNOWN_SPREAD = {**_ends(NO_INTERVAL), "p_value": np.nan, "effect_size": np.nan}


def _one_split(runs: pd.DataFrame) -> tuple[float, float]:
    """Return the right and all test rows of one split, where all splits have the same accuracy."""
    n_rows = float(runs["n_test_rows"].min())
    return float(runs["accuracy"].mean()) * n_rows, n_rows


def _test_share(runs: pd.DataFrame) -> float:
    """Return the test rows per training row of a split, as the corrected t-test needs it."""
    return float((runs["n_test_rows"] / runs["n_train_rows"]).mean())


def learning_curves(
    classifiers: Mapping[str, Any],
    X: Any,
    y: Any,
    train_sizes: Sequence[int],
    *,
    cv: Any = None,
    path: str | Path | None = None,
    confidence_level: float = 0.95,
    random_state: Any = 0,
    progress: ProgressCallback | None = None,
) -> LearningCurves:
    """Fit classifiers on increasing numbers of rows, and score all on the same test rows.

    Parameters
    ----------
    classifiers : mapping of str to estimator
        Classifiers or pipelines by name.
    X : DataFrame or array-like of shape (n_rows, ...)
    y : array-like of shape (n_rows,)
    train_sizes : sequence of int
        Numbers of training rows. Within a split, the rows of a smaller size are among those of a
        larger one, and each size is stratified by class.
    cv : int or cross-validation splitter, optional
        Splits into training and test rows; by default five that each test on a random fifth.
        Copies of a row stay on one side, except with a splitter, which is used as it is.
    path : str or Path, optional
        JSON Lines file to which each run is appended as it ends. Runs in it of the same
        classifiers, rows and splits are not repeated, so that an interrupted call can be resumed.
    confidence_level : float, default=0.95
    random_state : int, Generator, RandomState or None, default=0
        Random seed of splits and training rows. It is fixed by default, because a later call finds
        the runs in `path` only with the same one.
    progress : callable taking a str, optional
        Called with the description of each stage as it begins.

    Returns
    -------
    LearningCurves

    Raises
    ------
    TypeError
        If `classifiers` is not a mapping of names to classifiers, or `train_sizes` not integers.
    ValueError
        If a size is below 1, above the training rows of a split or given twice; labels are missing
        or not one per row; or `path` is a file with other contents.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> from agnews_sk.evaluation import learning_curves
    >>> texts = [f"{word} {i}" for i in range(20) for word in ("oil", "cup")]
    >>> curves = learning_curves(
    ...     {"constant": DummyClassifier()}, texts, ["Oil", "Cup"] * 20, [8, 16]
    ... )
    >>> curves.curve().set_index("train_size")["score"].to_dict()
    {8: 0.5, 16: 0.5}
    """
    check_classifiers(classifiers)
    check_confidence_level(confidence_level)
    X = as_frame(X)
    labels = check_target(y, X)
    strata = stratification(labels)
    strata = rarest_labels(strata) if strata.ndim == 2 else strata
    seed = int(np.random.default_rng(random_state).integers(2**31))
    if cv is None:
        splits = random_fifths(X, labels, seed, classifiers.values())
    else:
        splits = make_splits(cv, X, labels, np.random.default_rng(seed), classifiers.values())
    _check_sizes(train_sizes, min(len(train) for train, _ in splits))
    store = RunStore.open(path)
    rows_key = "" if path is None else content_digest((X, _comparable(labels)))
    runs = []
    for size in train_sizes:
        for fold, (train, test) in enumerate(splits):
            drawn = _draw(strata, train, size, seed + fold)
            for name, classifier in classifiers.items():
                key = f"{name} {size} {fold}"
                if path is not None:
                    key = run_key(name, classifier, size, rows_key, drawn, test)
                run = store.get(key)
                if run is None:
                    parts = [
                        take_rows(part, kept) for kept in (drawn, test) for part in (X, labels)
                    ]
                    run = _run(name, classifier, size, fold, parts, progress)
                    store.add(key, run)
                runs.append(run)
    return LearningCurves(runs=pd.DataFrame(runs), confidence_level=confidence_level)


def _check_sizes(train_sizes: Sequence[int], n_train: int) -> None:
    """Reject sizes that the smallest training part of a split does not have."""
    if not np.iterable(train_sizes) or not all(isinstance(n, Integral) for n in train_sizes):
        raise TypeError(f"train_sizes must be a sequence of integers, got {train_sizes!r:.60}.")
    bad = [size for size in train_sizes if not 1 <= size <= n_train]
    if bad or len(train_sizes) == 0:
        raise ValueError(
            f"train_sizes must be from 1 to {n_train}, the training rows of a split, got "
            f"{bad or 'none'}."
        )
    if len(set(train_sizes)) < len(train_sizes):
        raise ValueError(f"train_sizes must be different, got {list(train_sizes)!r:.60}.")


def _comparable(labels: Any) -> Any:
    """Return labels of any container in one form, for a digest."""
    if not is_multilabel(labels):
        return comparable(labels)
    sets = check_label_sets(labels)
    return sets.classes, sets.indicator


def _draw(strata: np.ndarray, train: np.ndarray, size: int, seed: int) -> np.ndarray:
    """Return positions of training rows, stratified; larger sizes extend the smaller ones."""
    order = _stratified_order(strata[train], seed)
    return train[order[:size]]


def _stratified_order(labels: np.ndarray, seed: int) -> np.ndarray:
    """Return an order of rows of which any first part is stratified by class.

    Parameters
    ----------
    labels : ndarray of shape (n_rows,)
    seed : int

    Returns
    -------
    ndarray of int of shape (n_rows,)

    Notes
    -----
    The i-th of the n rows of a class is placed at (i + 0.5) / n, so that classes of all sizes are
    spread evenly between 0 and 1.
    """
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(len(labels))
    _, codes, counts = np.unique(labels[shuffled], return_inverse=True, return_counts=True)
    by_class = np.argsort(codes, kind="stable")
    within = np.concatenate([np.arange(count) for count in counts])  # (n_rows,), rank in the class
    place = np.empty(len(labels))  # of each shuffled row, between 0 and 1
    place[by_class] = (within + 0.5) / np.repeat(counts, counts)
    return shuffled[np.argsort(place, kind="stable")]


def _run(
    name: str,
    classifier: Any,
    size: int,
    fold: int,
    parts: list[Any],
    progress: ProgressCallback | None,
) -> dict[str, Any]:
    """Fit and score one classifier on one size of one split, and return a row of `runs`.

    `parts` are the training rows and labels, then the test rows and labels.
    """
    found = evaluate_classifier(name, classifier, *parts, progress=progress)
    return {
        **fold_row(found, fold),
        "train_size": int(size),
        "fit_seconds": found.fit_seconds,
        "predict_seconds": found.predict_seconds,
    }
