"""What a comparison found: scores with intervals, costs, paired tests, and their JSON form."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.metrics import confusion_matrix
from sklearn.utils.multiclass import unique_labels

from agnews_sk.evaluation._bootstrap import bca_interval
from agnews_sk.evaluation._evaluation import Evaluation, aligned_probabilities, as_label_array
from agnews_sk.evaluation._pairs import PAIR_COLUMNS, pairs_on_folds, pairs_on_rows
from agnews_sk.evaluation._provenance import describe_environment
from agnews_sk.evaluation._quality import (
    WITHOUT_INTERVAL,
    Outcome,
    ScoreDraws,
    draw_scores,
    score_names,
)
from agnews_sk.evaluation._wording import answer, costs

_COUNTS: dict[str, Any] = {"n_train_rows": int, "size_bytes": "Int64", "n_parameters": "Int64"}


@dataclass(frozen=True, eq=False, kw_only=True)
class ComparisonResult:
    """What a comparison found, as frames.

    Attributes
    ----------
    scores : pandas.DataFrame of shape (n_classifiers, n_columns)
        One row a classifier, by name. Scores, each with the ends of its interval (`accuracy`,
        `accuracy_low`, `accuracy_high`, ...): `accuracy`, `balanced_accuracy`,
        `macro_precision`, `macro_recall`, `macro_f1`; `log_loss`, `brier`, `calibration_error`
        and `roc_auc`, NaN without probabilities; `precision_<class>`, `recall_<class>` and
        `f1_<class>`, NaN where the class is neither true nor predicted. Costs: `n_train_rows`,
        `fit_seconds`, `cpu_seconds`, `texts_per_second`, `latency_p50_ms`, `latency_p95_ms`,
        `latency_p99_ms`, `peak_memory_bytes`, `size_bytes` and `n_parameters`, as `Evaluation`
        describes them.
    predictions : pandas.DataFrame of shape (n_predictions, n_classifiers)
        One column of predicted labels a classifier.
    probabilities : dict of str to ndarray of float of shape (n_predictions, n_classes)
        By name of the classifiers that give some; columns as in `classes`.
    y_true : ndarray of shape (n_predictions,)
    rows : ndarray of int of shape (n_predictions,)
        Row that each prediction is about: its position in the test rows, or in all rows where
        they were cross-validated.
    classes : ndarray of shape (n_classes,)
        Labels that are true, predicted, or known to a classifier with probabilities; sorted.
    folds : pandas.DataFrame or None
        In cross-validation, one row a classifier and fold: `classifier`, `fold`,
        `n_train_rows`, `n_test_rows`, `accuracy` and `macro_f1`.
    confidence_level : float
    n_resamples : int
    seed : int
        Of the bootstrap; it makes the same intervals again.
    made : dict of str to str
        When, with which versions and on what hardware.
    pairs : pandas.DataFrame
        What `pairwise` returns.
    estimators : dict of str to estimator
        The fitted clones; empty in cross-validation and in a result read from JSON.

    Notes
    -----
    Scores are those of `sklearn.metrics`: macro scores are means over the classes that are true
    or predicted, `brier` sums squares over classes (0 to 2), `roc_auc` is the mean of one class
    against the rest over the classes that are true in some rows and not in others.
    `calibration_error` is the expected calibration error of the most probable label, in 15
    equally wide bins (Guo et al., 2017); it has no interval, as its bootstrap covers too rarely.
    Folds are pooled.

    The intervals are BCa bootstrap intervals over the test rows, drawn alike for all
    classifiers; they hold the training rows fixed.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> from agnews_sk.evaluation import ComparisonResult, evaluate_classifier
    >>> texts, labels = ["oil rises", "team wins", "oil sinks"], ["Oil", "Team", "Oil"]
    >>> oil = DummyClassifier(strategy="constant", constant="Oil")
    >>> team = DummyClassifier(strategy="constant", constant="Team")
    >>> evaluations = [
    ...     evaluate_classifier("Oil", oil, texts, labels, texts, labels),
    ...     evaluate_classifier("Team", team, texts, labels, texts, labels),
    ... ]
    >>> result = ComparisonResult.from_evaluations(evaluations, random_state=0)
    >>> result.scores[["accuracy", "macro_f1", "f1_Oil", "n_train_rows"]].round(2)
                accuracy  macro_f1  f1_Oil  n_train_rows
    classifier
    Oil             0.67      0.40     0.8             3
    Team            0.33      0.25     0.0             3
    >>> result.confusion("Team")
    predicted  Oil  Team
    true
    Oil          0     2
    Team         0     1
    """

    scores: pd.DataFrame
    predictions: pd.DataFrame
    probabilities: dict[str, np.ndarray]
    y_true: np.ndarray
    rows: np.ndarray
    classes: np.ndarray
    folds: pd.DataFrame | None
    confidence_level: float
    n_resamples: int
    seed: int
    made: dict[str, str]
    pairs: pd.DataFrame = field(repr=False)
    estimators: dict[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def from_evaluations(
        cls,
        evaluations: Sequence[Evaluation],
        *,
        rows: np.ndarray | None = None,
        folds: pd.DataFrame | None = None,
        n_resamples: int = 2000,
        confidence_level: float = 0.95,
        random_state: Any = None,
    ) -> Self:
        """Compare classifiers that were evaluated on the same test rows.

        Parameters
        ----------
        evaluations : sequence of Evaluation
            With different names.
        rows : ndarray of int of shape (n_predictions,), optional
            Row that each prediction is about, where rows are predicted several times.
        folds : pandas.DataFrame, optional
            Scores by fold, which make the tests those of cross-validation.
        n_resamples : int, default=2000
            Bootstrap resamples of the test rows.
        confidence_level : float, default=0.95
            Between 0 and 1.
        random_state : int, Generator, RandomState or None, default=None
            Seed of the bootstrap.

        Returns
        -------
        ComparisonResult

        Raises
        ------
        ValueError
            If there are no evaluations, two of one name, or test labels that differ.
        """
        check_settings(n_resamples, confidence_level)
        _check_comparable(evaluations)
        names, y_true = [e.name for e in evaluations], evaluations[0].y_true
        rows = np.arange(len(y_true)) if rows is None else rows
        known = [e.classes for e in evaluations if e.classes is not None]
        classes = unique_labels(y_true, *(e.y_pred for e in evaluations), *known)
        outcomes = [_outcome(e, classes, rows) for e in evaluations]
        seed = int(np.random.default_rng(random_state).integers(2**32))
        draws = dict(zip(names, draw_scores(outcomes, n_resamples, seed)))
        right = {e.name: e.y_pred == y_true for e in evaluations}
        score_rows = [
            {**_with_intervals(draws[e.name], classes, confidence_level), **_cost_row(e)}
            for e in evaluations
        ]
        return cls(
            scores=_scores_frame(names, score_rows),
            predictions=pd.DataFrame({e.name: e.y_pred for e in evaluations}),
            probabilities={
                e.name: o.y_proba for e, o in zip(evaluations, outcomes) if o.y_proba is not None
            },
            y_true=y_true,
            rows=rows,
            classes=classes,
            folds=folds,
            confidence_level=confidence_level,
            n_resamples=n_resamples,
            seed=seed,
            made=describe_environment(),
            pairs=pairs_on_rows(right, draws, confidence_level)
            if folds is None
            else pairs_on_folds(right, folds, confidence_level),
            estimators={e.name: e.estimator for e in evaluations if e.estimator is not None},
        )

    @classmethod
    def from_predictions(
        cls, y_true: Any, predictions: Mapping[str, Any], *, random_state: Any = None
    ) -> Self:
        """Compare labels that were predicted elsewhere; what they cost is unknown.

        Parameters
        ----------
        y_true : array-like of shape (n_rows,)
        predictions : mapping of str to array-like of shape (n_rows,)
            Labels that each classifier predicted.
        random_state : int, Generator, RandomState or None, default=None
            Seed of the bootstrap.

        Returns
        -------
        ComparisonResult
        """
        labels = as_label_array(y_true)
        evaluations = [
            Evaluation(
                name=name,
                estimator=None,
                y_true=labels,
                y_pred=as_label_array(y_pred),
                n_train_rows=0,
                fit_seconds=np.nan,
                predict_seconds=np.nan,
                size_bytes=None,
            )
            for name, y_pred in predictions.items()
        ]
        return cls.from_evaluations(evaluations, random_state=random_state)

    @property
    def names(self) -> list[str]:
        """Names of the classifiers, in order."""
        return self.scores.index.tolist()

    def confusion(self, name: str) -> pd.DataFrame:
        """Return a classifier's confusion matrix.

        Parameters
        ----------
        name : str

        Returns
        -------
        pandas.DataFrame of int of shape (n_classes, n_classes)
            Test rows, true labels down and predicted labels across.

        Raises
        ------
        KeyError
            If no classifier has this name.
        """
        if name not in self.names:
            raise KeyError(f"name must be one of {self.names}, got {name!r}.")
        return pd.DataFrame(
            confusion_matrix(self.y_true, self.predictions[name], labels=self.classes),
            index=pd.Index(self.classes, name="true"),
            columns=pd.Index(self.classes, name="predicted"),
        )

    def differing_rows(self, n_rows: int | None = None) -> np.ndarray:
        """Return where some classifiers are right and others wrong.

        Parameters
        ----------
        n_rows : int, optional
            As many of these places, evenly spaced; None returns all.

        Returns
        -------
        ndarray of int of shape (n_differing,)
            Positions in `predictions` and `y_true`.
        """
        right = (self.predictions.to_numpy() == self.y_true[:, np.newaxis]).sum(axis=1)
        differing = np.flatnonzero((right > 0) & (right < len(self.names)))
        if n_rows is None or len(differing) <= n_rows:
            return differing
        return differing[np.linspace(0, len(differing) - 1, n_rows).round().astype(int)]

    def pairwise(self) -> pd.DataFrame:
        """Return the tests of each pair of classifiers.

        Returns
        -------
        pandas.DataFrame of shape (n_pairs, 22)
            One row a pair, its names `a` and `b`. `accuracy_difference`, the accuracy of a less
            that of b, and the ends of its interval; the rows that `both_right`, `only_a`,
            `only_b` or `both_wrong`; `test`, its two-sided `p_value`, `p_holm` corrected for
            the number of pairs, and `effect_size`, which is the `effect` that it says. The same
            for `macro_f1`, whose effect size is the difference itself. `told_apart` is True
            where the interval of the accuracies' difference leaves zero out and `p_holm` agrees.

        Notes
        -----
        On test rows, `test` is McNemar's ("exact" below 25 discordant rows, else "chi2" with
        continuity correction) with Cohen's g, the intervals are paired BCa bootstrap intervals,
        and `bootstrap_p_value` and `macro_f1_p_value` invert them. In cross-validation, `test`
        is the "corrected t" of Nadeau and Bengio with Cohen's d, for all differences; the
        bootstrap's p value is NaN.
        """
        return self.pairs.copy()

    def summary(self) -> str:
        """Return the answer in a sentence, and the costs in another.

        Returns
        -------
        str
            No classifier is called more accurate where the interval crosses zero.
        """
        return f"{answer(self)} {costs(self)}"

    def _repr_html_(self) -> str:
        columns = ["accuracy", "macro_f1", "log_loss", "fit_seconds", "texts_per_second"]
        table = self.scores[columns].to_html(float_format="{:,.4g}".format, border=0)
        return f"<p>{escape(self.summary())}</p>{table}"

    def to_dict(self) -> dict[str, Any]:
        """Return the result in lists, dicts and plain values, without the estimators.

        Returns
        -------
        dict of str to object
            Figures first: `scores`, `pairwise` and `confusion`; labels are codes into `classes`.
        """
        return {
            "summary": self.summary(),
            "n_test_rows": len(np.unique(self.rows)),
            "confidence_level": self.confidence_level,
            "n_resamples": self.n_resamples,
            "seed": self.seed,
            "made": self.made,
            "scores": {name: _plain(row) for name, row in self.scores.to_dict("index").items()},
            "pairwise": [_plain(row) for row in self.pairs.to_dict("records")],
            "folds": None if self.folds is None else self.folds.to_dict("records"),
            "confusion": {n: self.confusion(n).to_numpy().tolist() for n in self.names},
            "classes": self.classes.tolist(),
            "rows": self.rows.tolist(),
            "y_true": _codes(self.y_true, self.classes).tolist(),
            "predictions": {
                name: _codes(self.predictions[name], self.classes).tolist() for name in self.names
            },
            "probabilities": {name: p.tolist() for name, p in self.probabilities.items()},
        }

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> Self:
        """Rebuild a result from `to_dict`, without the estimators.

        Parameters
        ----------
        found : mapping
            What `to_dict` returned.

        Returns
        -------
        ComparisonResult

        Raises
        ------
        ValueError
            If a part is missing.
        """
        try:
            classes = as_label_array(found["classes"])
            folds = found["folds"]
            return cls(
                scores=_scores_frame(list(found["scores"]), list(found["scores"].values())),
                predictions=pd.DataFrame(
                    {name: classes[codes] for name, codes in found["predictions"].items()}
                ),
                probabilities={n: np.array(p) for n, p in found["probabilities"].items()},
                y_true=classes[found["y_true"]],
                rows=np.array(found["rows"]),
                classes=classes,
                folds=None if folds is None else pd.DataFrame(folds),
                confidence_level=found["confidence_level"],
                n_resamples=found["n_resamples"],
                seed=found["seed"],
                made=found["made"],
                pairs=_pairs_frame(found["pairwise"]),
            )
        except KeyError as error:
            raise ValueError(f"found must be what to_dict gives, but lacks {error}.") from error

    def to_json(self, path: str | Path) -> None:
        """Write the result, without the estimators, as a JSON file.

        Parameters
        ----------
        path : str or Path
        """
        # One line a part: figures can be read, and long columns of labels stay out of the way.
        parts = [f"{json.dumps(key)}: {json.dumps(part)}" for key, part in self.to_dict().items()]
        Path(path).write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")

    @classmethod
    def from_json(cls, path: str | Path) -> Self:
        """Read a result that `to_json` wrote, without the estimators.

        Parameters
        ----------
        path : str or Path

        Returns
        -------
        ComparisonResult

        Raises
        ------
        ValueError
            If the file is not JSON or lacks a part.
        """
        return cls.from_dict(json.loads(Path(path).read_text(encoding="utf-8")))


def check_settings(n_resamples: int, confidence_level: float) -> None:
    """Refuse a number of resamples or a confidence level that no interval can have.

    Parameters
    ----------
    n_resamples : int
    confidence_level : float

    Raises
    ------
    ValueError
        If there are no resamples, or the level is not between 0 and 1.
    """
    if n_resamples < 1:
        raise ValueError(f"n_resamples must be at least 1, got {n_resamples}.")
    if not 0 < confidence_level < 1:
        raise ValueError(
            f"confidence_level must be between 0 and 1, such as 0.95, got {confidence_level}."
        )


def _check_comparable(evaluations: Sequence[Evaluation]) -> None:
    if not evaluations:
        raise ValueError("evaluations is empty: at least one is needed, got 0.")
    names = [e.name for e in evaluations]
    if len(set(names)) < len(names):
        raise ValueError(f"evaluations must have different names, got {names}.")
    for other in evaluations[1:]:
        if not np.array_equal(other.y_true, evaluations[0].y_true):
            raise ValueError(
                f"evaluations must be made on the same test rows, but the test labels of "
                f"{other.name} differ from those of {names[0]}."
            )


def _codes(labels: Any, classes: np.ndarray) -> np.ndarray:
    return pd.Index(classes).get_indexer(labels)


def _outcome(evaluation: Evaluation, classes: np.ndarray, rows: np.ndarray) -> Outcome:
    y_proba = evaluation.y_proba
    if y_proba is not None:
        y_proba = aligned_probabilities(y_proba, evaluation.classes, classes)
    return Outcome(
        y_true=_codes(evaluation.y_true, classes),
        y_pred=_codes(evaluation.y_pred, classes),
        y_proba=y_proba,
        n_classes=len(classes),
        rows=rows,
    )


def _with_intervals(
    draws: ScoreDraws, classes: np.ndarray, confidence_level: float
) -> dict[str, float]:
    row: dict[str, float] = {}
    for i, name in enumerate(score_names(classes.tolist())):
        row[name] = float(draws.observed[i])
        if name not in WITHOUT_INTERVAL:
            drawn = draws.resampled[:, i], row[name], draws.jackknife[:, i]
            low, high = bca_interval(*drawn, confidence_level)
            row |= {f"{name}_low": float(low), f"{name}_high": float(high)}
    return row


def _cost_row(evaluation: Evaluation) -> dict[str, Any]:
    return {
        "n_train_rows": evaluation.n_train_rows,
        "fit_seconds": evaluation.fit_seconds,
        "cpu_seconds": evaluation.cpu_seconds,
        "texts_per_second": evaluation.texts_per_second,
        **{f"latency_p{p}_ms": _latency(evaluation.latency_seconds, p) for p in (50, 95, 99)},
        "peak_memory_bytes": evaluation.peak_memory_bytes,
        "size_bytes": evaluation.size_bytes,
        "n_parameters": evaluation.n_parameters,
    }


def _latency(seconds: np.ndarray | None, percentile: int) -> float:
    return np.nan if seconds is None else float(1000 * np.percentile(seconds, percentile))


def _scores_frame(names: list[str], rows: list[dict]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, index=pd.Index(names, name="classifier")).astype(float)
    return frame.astype(_COUNTS)


def _pairs_frame(records: list[dict]) -> pd.DataFrame:
    pairs = pd.DataFrame(records, columns=PAIR_COLUMNS)
    figures = [c for c in PAIR_COLUMNS if c.endswith(("value", "holm", "low", "high", "size"))]
    return pairs.astype(dict.fromkeys(figures, float))


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(key): None if pd.isna(value) else value for key, value in row.items()}
