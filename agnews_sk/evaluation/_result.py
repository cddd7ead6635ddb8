"""What a comparison found: scores with intervals, costs, paired tests, and their JSON form."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score
from sklearn.utils.multiclass import unique_labels

from agnews_sk.evaluation._evaluation import Evaluation, as_label_array
from agnews_sk.evaluation._statistics import McNemarTest, bootstrap_intervals, mcnemar_test

_PAIR_COLUMNS = ["a", "b", "accuracy_difference", *McNemarTest._fields]


@dataclass(frozen=True, eq=False, kw_only=True)
class ComparisonResult:
    """What a comparison found, as frames.

    Attributes
    ----------
    scores : pandas.DataFrame of shape (n_classifiers, n_columns)
        One row a classifier, by name: `accuracy` and `macro_f1`, each with the ends of its
        interval (`accuracy_low`, `accuracy_high`, ...); `f1_<class>` for each class, NaN where
        the class is neither true nor predicted; `n_train_rows`, `fit_seconds`,
        `texts_per_second` and `size_bytes`, as `Evaluation` describes them.
    predictions : pandas.DataFrame of shape (n_test_rows, n_classifiers)
        One column of predicted labels a classifier.
    y_true : ndarray of shape (n_test_rows,)
    confidence_level : float
    n_resamples : int
    estimators : dict of str to estimator
        The fitted clones; empty in a result read from JSON.

    Notes
    -----
    Scores are those of `sklearn.metrics`: macro-F1 is the mean over the classes that are true
    or predicted in the test rows. The intervals are BCa bootstrap intervals over the test rows,
    drawn alike for all classifiers; they hold the training rows fixed.

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
    y_true: np.ndarray
    confidence_level: float
    n_resamples: int
    estimators: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def from_evaluations(
        cls,
        evaluations: Sequence[Evaluation],
        *,
        n_resamples: int = 2000,
        confidence_level: float = 0.95,
        random_state: Any = None,
    ) -> Self:
        """Compare classifiers that were evaluated on the same test rows.

        Parameters
        ----------
        evaluations : sequence of Evaluation
            With different names.
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
        y_true = evaluations[0].y_true
        classes = unique_labels(y_true, *(e.y_pred for e in evaluations))
        intervals = bootstrap_intervals(
            _codes(y_true, classes),
            np.stack([_codes(e.y_pred, classes) for e in evaluations]),
            n_resamples=n_resamples,
            confidence_level=confidence_level,
            random_state=random_state,
        )
        rows = [_score_row(e, classes, ends) for e, ends in zip(evaluations, intervals)]
        names = [e.name for e in evaluations]
        return cls(
            scores=_scores_frame(names, rows),
            predictions=pd.DataFrame({e.name: e.y_pred for e in evaluations}),
            y_true=y_true,
            confidence_level=confidence_level,
            n_resamples=n_resamples,
            estimators={e.name: e.estimator for e in evaluations},
        )

    @property
    def names(self) -> list[str]:
        """Names of the classifiers, in order."""
        return self.scores.index.tolist()

    @property
    def classes(self) -> np.ndarray:
        """Labels that are true or predicted in the test rows, sorted."""
        return unique_labels(self.y_true, *(self.predictions[name] for name in self.names))

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

    def pairwise(self) -> pd.DataFrame:
        """Return McNemar's test of each pair of classifiers.

        Returns
        -------
        pandas.DataFrame of shape (n_pairs, 9)
            One row a pair: its names `a` and `b`; `accuracy_difference`, the accuracy of a less
            that of b; the test rows that `both_right`, `only_a`, `only_b` or `both_wrong`; `test`,
            "exact" below 25 discordant rows and else "chi2" with continuity correction; and
            `p_value`, two-sided and not corrected for the number of pairs.
        """
        right = {name: self.predictions[name].to_numpy() == self.y_true for name in self.names}
        rows = [
            (a, b, right[a].mean() - right[b].mean(), *mcnemar_test(right[a], right[b]))
            for a, b in combinations(self.names, 2)
        ]
        return pd.DataFrame(rows, columns=_PAIR_COLUMNS)

    def to_dict(self) -> dict[str, Any]:
        """Return the result in lists, dicts and plain values, without the estimators.

        Returns
        -------
        dict of str to object
            Figures first: `scores`, `pairwise` and `confusion`; labels are codes into `classes`.
        """
        return {
            "n_test_rows": len(self.y_true),
            "confidence_level": self.confidence_level,
            "n_resamples": self.n_resamples,
            "scores": {
                name: {column: None if pd.isna(value) else value for column, value in row.items()}
                for name, row in self.scores.to_dict("index").items()
            },
            "pairwise": self.pairwise().to_dict("records"),
            "confusion": {n: self.confusion(n).to_numpy().tolist() for n in self.names},
            "classes": self.classes.tolist(),
            "y_true": _codes(self.y_true, self.classes).tolist(),
            "predictions": {
                name: _codes(self.predictions[name], self.classes).tolist() for name in self.names
            },
        }

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> Self:
        """Rebuild a result from `to_dict`, without the estimators.

        Parameters
        ----------
        found : mapping of str to object

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
            return cls(
                scores=_scores_frame(list(found["scores"]), list(found["scores"].values())),
                predictions=pd.DataFrame(
                    {name: classes[codes] for name, codes in found["predictions"].items()}
                ),
                y_true=classes[found["y_true"]],
                confidence_level=found["confidence_level"],
                n_resamples=found["n_resamples"],
            )
        except KeyError as error:
            raise ValueError(f"found must be what to_dict gives, but lacks {error}.") from error

    def to_json(self, path: str | Path) -> None:
        """Write the result, without the estimators, as a JSON file.

        Parameters
        ----------
        path : str or Path
        """
        Path(path).write_text(json.dumps(self.to_dict(), indent=2) + "\n", encoding="utf-8")

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


def _score_row(evaluation: Evaluation, classes: np.ndarray, intervals: np.ndarray) -> dict:
    y_true, y_pred = evaluation.y_true, evaluation.y_pred
    (accuracy_low, accuracy_high), (f1_low, f1_high) = intervals.tolist()
    class_f1 = f1_score(y_true, y_pred, labels=classes, average=None, zero_division=np.nan)
    return {
        "accuracy": accuracy_score(y_true, y_pred),
        "accuracy_low": accuracy_low,
        "accuracy_high": accuracy_high,
        "macro_f1": f1_score(y_true, y_pred, average="macro"),
        "macro_f1_low": f1_low,
        "macro_f1_high": f1_high,
        **{f"f1_{label}": f1 for label, f1 in zip(classes, class_f1)},
        "n_train_rows": evaluation.n_train_rows,
        "fit_seconds": evaluation.fit_seconds,
        "texts_per_second": evaluation.texts_per_second,
        "size_bytes": evaluation.size_bytes,
    }


def _scores_frame(names: list[str], rows: list[dict]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, index=pd.Index(names, name="classifier")).astype(float)
    return frame.astype({"n_train_rows": int, "size_bytes": "Int64"})
