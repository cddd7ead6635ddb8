"""The result of a comparison: scores with intervals, costs, paired tests, and JSON."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd

from agnews_sk._core.label_sets import is_multilabel
from agnews_sk.evaluation._evaluation import Evaluation
from agnews_sk.evaluation._given_predictions import evaluations_of
from agnews_sk.evaluation._inputs import check_settings, warn_of_few_resamples
from agnews_sk.evaluation._label_tables import confusion_matrix, differing_rows, label_scores
from agnews_sk.evaluation._pairs import pairs_on_folds, pairs_on_rows
from agnews_sk.evaluation._pareto import COST_COLUMNS, pareto_front
from agnews_sk.evaluation._predictions import predicted_codes
from agnews_sk.evaluation._provenance import describe_environment
from agnews_sk.evaluation._recommendation import recommendation
from agnews_sk.evaluation._result_json import parts_of, result_as_dict
from agnews_sk.evaluation._scoring import check_comparable, score_evaluations
from agnews_sk.evaluation._shown import as_fragment, as_text
from agnews_sk.evaluation._wording import abstention_note, cost_note, main_score, verdict


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ComparisonResult:
    """Scores, costs and paired tests of classifiers on the same rows.

    Attributes
    ----------
    scores : pandas.DataFrame of shape (n_classifiers, n_columns)
        One row per classifier, by name. Scores, each with the ends of its interval (`accuracy`,
        `accuracy_low`, `accuracy_high`, ...): `accuracy`, `balanced_accuracy`,
        `macro_precision`, `macro_recall`, `macro_f1`; `log_loss`, `brier`, `calibration_error`
        and `roc_auc`, NaN without probabilities; `precision_<class>`, `recall_<class>` and
        `f1_<class>`, NaN where the class is neither true nor predicted; `abstained`, the share of
        rows on which it abstains, which count as errors. Costs: `n_train_rows`,
        `fit_seconds`, `cpu_seconds`, `texts_per_second`, `latency_p50_ms`, `latency_p95_ms`,
        `latency_p99_ms`, `peak_memory_bytes`, `size_bytes` and `n_parameters`, as in `Evaluation`.
        An end with the name of another class's score is named `recall_fever__low`, say.
    interval_methods : pandas.DataFrame of str of shape (n_classifiers, n_scores)
        Method of the interval of each score: "BCa", "percentile", "exact" or "none".
    predictions : pandas.DataFrame of shape (n_predictions, n_classifiers)
        One column of predicted labels per classifier.
    abstained : dict of str to ndarray of bool of shape (n_predictions,)
        Rows on which a classifier abstains, by name of those that do.
    probabilities : dict of str to ndarray of float of shape (n_predictions, n_classes)
        By name of the classifiers that have `predict_proba`; columns as in `classes`.
    y_true : ndarray of shape (n_predictions,)
    rows : ndarray of int of shape (n_predictions,)
        Position of the row of each prediction, in the test rows or in all cross-validated rows.
    classes : ndarray of shape (n_classes,)
        Labels that are true, predicted, or columns of probabilities; sorted.
    folds : pandas.DataFrame or None
        In cross-validation, one row per classifier and fold: `classifier`, `fold`,
        `n_train_rows`, `n_test_rows`, `accuracy` and `macro_f1`.
    confidence_level : float
    n_resamples : int
    seed : int
        Random seed of the bootstrap, with which the same intervals can be computed again.
    environment : dict of str to str
        Date, versions of the packages, and hardware.
    pairs : pandas.DataFrame
        Paired tests, see `pairwise`.
    estimators : dict of str to estimator
        The fitted clones; empty in cross-validation and in a result read from JSON.

    Notes
    -----
    With several labels per row, `y_true` and `predictions` hold a list of labels per row, and
    `accuracy` is the share of rows whose set is right. There are `micro_precision`,
    `micro_recall`, `micro_f1`, `samples_f1` (1 for a row without labels that is predicted so),
    `hamming_loss` and `ranking_average_precision` (label ranking average precision) too;
    `log_loss` and `brier` are means over labels. Classifiers are compared by macro-F1.

    Scores are those of `sklearn.metrics`: macro scores are means over the classes that are true
    or predicted, `brier` sums squares over classes (0 to 2), `roc_auc` is the one-vs-rest mean
    over the classes that are true in some rows and not in others.
    `calibration_error` is the expected calibration error of the most probable label, in 15
    equally wide bins (Guo et al., 2017); it has no interval, because
    bootstrap intervals of it have too low a coverage. Predictions of all folds are pooled.

    The intervals are BCa bootstrap intervals over the test rows, from the same resamples for all
    classifiers; they hold the training rows fixed. Where BCa is undefined they are percentile
    intervals. Where no resample changes a score, such as an accuracy of 1, the bootstrap does not
    show its variance: scores of labels then have exact intervals, from the proportions of rows of
    which they are composed (Clopper and Pearson, 1934), and scores of probabilities have none.

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
    >>> result.confusion_matrix("Team")
    predicted  Oil  Team
    true
    Oil          0     2
    Team         0     1
    """

    scores: pd.DataFrame
    interval_methods: pd.DataFrame
    predictions: pd.DataFrame
    probabilities: dict[str, np.ndarray]
    y_true: np.ndarray
    rows: np.ndarray
    classes: np.ndarray
    folds: pd.DataFrame | None
    confidence_level: float
    n_resamples: int
    seed: int
    environment: dict[str, str]
    pairs: pd.DataFrame
    estimators: dict[str, Any] = field(default_factory=dict)
    abstained: dict[str, np.ndarray] = field(default_factory=dict)

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
            Position of the row of each prediction, if rows are predicted several times.
        folds : pandas.DataFrame, optional
            Scores by fold; with them, the tests are those of cross-validation.
        n_resamples : int, default=2000
            Bootstrap resamples of the test rows.
        confidence_level : float, default=0.95
            Between 0 and 1.
        random_state : int, Generator, RandomState or None, default=None
            Random seed of the bootstrap.

        Returns
        -------
        ComparisonResult

        Raises
        ------
        ValueError
            If there are no evaluations, two have the same name, or their test labels differ.

        Warns
        -----
        UserWarning
            If the resamples are too few for the confidence level.
        """
        check_settings(n_resamples, confidence_level)
        check_comparable(evaluations)
        warn_of_few_resamples(n_resamples, confidence_level)
        y_true = evaluations[0].y_true
        rows = np.arange(len(y_true)) if rows is None else rows
        seed = int(np.random.default_rng(random_state).integers(2**32))
        scored = score_evaluations(
            evaluations, rows, n_resamples=n_resamples, confidence_level=confidence_level, seed=seed
        )
        right, kind = scored.right(), {"multilabel": evaluations[0].multilabel}
        if folds is None:
            pairs = pairs_on_rows(right, scored.draws, confidence_level, **kind)
        else:
            n_tested = len(np.unique(rows))
            pairs = pairs_on_folds(right, folds, n_tested, confidence_level, **kind)
        return cls(
            scores=scored.table(evaluations),
            interval_methods=scored.interval_methods(),
            predictions=pd.DataFrame({e.name: e.y_pred for e in evaluations}),
            probabilities=scored.probabilities(),
            y_true=y_true,
            rows=rows,
            classes=scored.classes,
            folds=folds,
            confidence_level=confidence_level,
            n_resamples=n_resamples,
            seed=seed,
            environment=describe_environment(),
            pairs=pairs,
            estimators={e.name: e.estimator for e in evaluations if e.estimator is not None},
            abstained={e.name: e.abstained for e in evaluations if e.abstained is not None},
        )

    @classmethod
    def from_predictions(
        cls, y_true: Any, predictions: Mapping[str, Any], *, random_state: Any = None
    ) -> Self:
        """Compare labels that were predicted elsewhere; their costs are unknown.

        Parameters
        ----------
        y_true : array-like of shape (n_rows,), or sets of labels, or an indicator
        predictions : mapping of str to array-like of shape (n_rows,)
            Predicted labels, by name of the classifier, or sets of labels.
        random_state : int, Generator, RandomState or None, default=None
            Random seed of the bootstrap.

        Returns
        -------
        ComparisonResult

        Raises
        ------
        TypeError
            If `predictions` is not a mapping, or predicted labels are of another kind than the true
            ones.
        ValueError
            If labels are missing or not one per row.
        """
        return cls.from_evaluations(evaluations_of(y_true, predictions), random_state=random_state)

    @property
    def names(self) -> list[str]:
        """Names of the classifiers, in order."""
        return self.scores.index.tolist()

    @property
    def multilabel(self) -> bool:
        """Whether rows have several labels."""
        return is_multilabel(self.y_true)

    def label_scores(self, name: str) -> pd.DataFrame:
        """Return the scores of a classifier for each class or label.

        Parameters
        ----------
        name : str

        Returns
        -------
        pandas.DataFrame of shape (n_classes, 5)
            Columns `precision`, `recall`, `f1`, and the numbers of rows `true` and `predicted`.
        """
        self._check_name(name)
        return label_scores(self, name)

    def confusion_matrix(self, name: str) -> pd.DataFrame:
        """Return a classifier's confusion matrix.

        Parameters
        ----------
        name : str

        Returns
        -------
        pandas.DataFrame of int of shape (n_classes, n_classes)
            Number of test rows, by true label (rows) and predicted label (columns). Abstentions are
            in no column.

        Raises
        ------
        KeyError
            If no classifier has this name.
        ValueError
            If rows have several labels.
        """
        self._check_name(name)
        if self.multilabel:
            raise ValueError(
                "confusion_matrix needs one label per row, got several; use label_scores."
            )
        return confusion_matrix(self, name)

    def differing_rows(self, n_rows: int | None = None) -> np.ndarray:
        """Return the predictions on which some classifiers are right and others wrong.

        Parameters
        ----------
        n_rows : int, optional
            Return at most this many, evenly spaced; None returns all.

        Returns
        -------
        ndarray of int of shape (n_differing,)
            Positions in `predictions` and `y_true`.
        """
        return differing_rows(self, n_rows)

    def _check_name(self, name: str) -> None:
        """Reject the name of a classifier that was not compared."""
        if name not in self.names:
            raise KeyError(f"name must be one of {self.names}, got {name!r}.")

    def predicted_codes(self, name: str) -> np.ndarray:
        """Return a classifier's predictions as positions in `classes`, -1 where it abstains."""
        predicted = self.predictions[name].to_numpy()
        return predicted_codes(predicted, self.abstained.get(name), self.classes)

    def pairwise(self) -> pd.DataFrame:
        """Return the tests of each pair of classifiers.

        Returns
        -------
        pandas.DataFrame of shape (n_pairs, n_columns)
            One row per pair, with its names `a` and `b`. `accuracy_difference` is the accuracy of a
            minus that of b; `..._low`, `..._high` and `..._method` are the ends of its interval and
            their method. `both_right`, `only_a`, `only_b` and `both_wrong` are numbers of rows.
            `test` names the test, `p_value` is its two-sided p-value, `p_holm` that corrected for
            the number of pairs, and `effect_size` the effect size named in `effect`. The same for
            `macro_f1`, whose effect size is the difference itself. `significant` is True if the
            interval of the difference of accuracies excludes zero and `p_holm` is at most 1 -
            `confidence_level`. With several labels per row there are the columns of macro-F1 for
            `micro_f1` and `samples_f1` too, and `significant` is about macro-F1.

        Notes
        -----
        On test rows, `test` is McNemar's ("exact" below 25 discordant rows, else "chi2" with
        continuity correction) with Cohen's g as effect size, the intervals are paired BCa bootstrap
        intervals, and `bootstrap_p_value` and `macro_f1_p_value` invert them. In cross-validation,
        `test` is the "corrected t" of Nadeau and Bengio (2003) with Cohen's d, for all
        differences; `bootstrap_p_value` is NaN.

        If all resamples, or all folds, have the same difference, its variance is unknown. The
        difference of accuracies then has an exact interval from the discordant rows (method
        "exact"), and in cross-validation McNemar's exact test on them; that of macro-F1 has neither
        interval nor p-value (method "none").
        """
        return self.pairs.copy()

    def frontier(self, cost: str = "texts_per_second", score: str | None = None) -> list[str]:
        """Return the classifiers of which no other is both better and cheaper (Pareto front).

        Parameters
        ----------
        cost : str, default="texts_per_second"
            A column of `scores` that is a cost.
        score : str, optional
            One that is a score; by default accuracy, with several labels per row macro-F1.

        Returns
        -------
        list of str
            From the cheapest classifier to the best one.

        Raises
        ------
        ValueError
            If no cost has this name.
        """
        if cost not in COST_COLUMNS:
            raise ValueError(f"cost must be one of {list(COST_COLUMNS)}, got {cost!r}.")
        return pareto_front(self.scores, score or main_score(self).column, cost)

    def summary(self) -> str:
        """Return the recommendation, the verdict and the costs, in a sentence or two each.

        Returns
        -------
        str
            A classifier is called more accurate only if the difference is `significant`.
        """
        notes = [recommendation(self), verdict(self), abstention_note(self), cost_note(self)]
        return " ".join(filter(None, notes))

    def recommendation(self) -> str:
        """Return which classifier to take, by its score and its speed.

        Returns
        -------
        str
            The fastest that is not significantly worse than the best; where others are twice as
            fast and make few more errors, the fastest of these. Empty if speeds are unknown.
        """
        return recommendation(self)

    __repr__ = as_text
    _repr_html_ = as_fragment

    def to_dict(self) -> dict[str, Any]:
        """Return the result in lists, dicts and plain values, without the estimators.

        Returns
        -------
        dict of str to object
            Labels are positions in `classes`, and -1 is an abstention.
        """
        return result_as_dict(self)

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> Self:
        """Rebuild a result from `to_dict`, without the estimators.

        Parameters
        ----------
        found : mapping
            What `to_dict` returned, in this version of the package or an earlier one.

        Returns
        -------
        ComparisonResult

        Raises
        ------
        ValueError
            If a part is missing, or a later version wrote it.
        """
        return cls(**parts_of(found))

    def to_json(self, path: str | Path) -> None:
        """Write the result, without the estimators, as a JSON file.

        Parameters
        ----------
        path : str or Path
        """
        # One line per part, so that the scores can be read.
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
            If the file is not JSON, lacks a part, or was written by a later version.
        """
        return cls.from_dict(json.loads(Path(path).read_text(encoding="utf-8")))
