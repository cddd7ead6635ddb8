"""The table of a comparison: scores, their intervals, and costs."""

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from agnews_sk._core.label_arrays import union_of
from agnews_sk.evaluation._bootstrap import ScoreInterval, bootstrap_interval
from agnews_sk.evaluation._evaluation import Evaluation, outcome_of
from agnews_sk.evaluation._quality import (
    WITHOUT_INTERVAL,
    Outcome,
    ScoreDraws,
    draw_scores,
    score_names,
)

_COUNTS: dict[str, Any] = {"n_train_rows": int, "size_bytes": "Int64", "n_parameters": "Int64"}


def check_comparable(evaluations: Sequence[Evaluation]) -> None:
    """Reject evaluations of different test rows, or with equal names.

    Parameters
    ----------
    evaluations : sequence of Evaluation

    Raises
    ------
    TypeError
        If they are not a sequence.
    ValueError
        If there are none, two have the same name, or their test labels differ.
    """
    if not isinstance(evaluations, Sequence):
        raise TypeError(
            f"evaluations must be a sequence of Evaluation, got {type(evaluations).__name__}; "
            "wrap it in a list."
        )
    if not evaluations:
        raise ValueError("evaluations is empty: at least one is needed, got 0.")
    names = [e.name for e in evaluations]
    if len(set(names)) < len(names):
        raise ValueError(f"evaluations must have different names, got {names}.")
    for other in evaluations[1:]:
        if not np.array_equal(other.y_true, evaluations[0].y_true):
            raise ValueError(
                f"evaluations must be on the same test rows, but the test labels of "
                f"{other.name} differ from those of {names[0]}."
            )


class Scored(NamedTuple):
    """Scores of classifiers on the same rows, each dict by name of the classifier.

    Attributes
    ----------
    classes : ndarray of shape (n_classes,)
        All labels that any classifier saw, sorted.
    outcomes : dict of str to Outcome
    draws : dict of str to ScoreDraws
        On the same resamples, so that differences are paired.
    intervals : dict of str to dict of str to ScoreInterval
        By name of the score within each.
    """

    classes: np.ndarray
    outcomes: dict[str, Outcome]
    draws: dict[str, ScoreDraws]
    intervals: dict[str, dict[str, ScoreInterval]]

    def right(self) -> dict[str, np.ndarray]:
        """Return which predictions of each are right, ndarray of bool of (n_predictions,)."""
        return {name: found.right() for name, found in self.outcomes.items()}

    def probabilities(self) -> dict[str, np.ndarray]:
        """Return the probabilities of those that give some, of (n_predictions, n_classes)."""
        found = {name: outcome.y_proba for name, outcome in self.outcomes.items()}
        return {name: y_proba for name, y_proba in found.items() if y_proba is not None}

    def interval_methods(self) -> pd.DataFrame:
        """Return how each interval was found, see `methods_frame`."""
        return methods_frame(
            {
                name: {score: interval.method for score, interval in found.items()}
                for name, found in self.intervals.items()
            }
        )

    def table(self, evaluations: Sequence[Evaluation]) -> pd.DataFrame:
        """Return scores, ends of intervals and costs, one row per classifier."""
        rows = [
            score_row(
                self.draws[e.name], self.intervals[e.name], self.classes, multilabel=e.multilabel
            )
            | cost_row(e)
            for e in evaluations
        ]
        return scores_frame([e.name for e in evaluations], rows)


def score_evaluations(
    evaluations: Sequence[Evaluation],
    rows: np.ndarray,
    *,
    n_resamples: int,
    confidence_level: float,
    seed: int,
) -> Scored:
    """Score classifiers on their rows and on the same bootstrap resamples of them.

    Parameters
    ----------
    evaluations : sequence of Evaluation
        Of the same test rows.
    rows : ndarray of int of shape (n_predictions,)
        Row that each prediction is about.
    n_resamples : int
    confidence_level : float
    seed : int
        Random seed of the bootstrap.

    Returns
    -------
    Scored
    """
    classes = union_of(*(e.classes_seen for e in evaluations))
    positions = np.unique(rows, return_inverse=True)[1]  # of the row among those tested, from 0
    outcomes = {e.name: outcome_of(e, classes, positions) for e in evaluations}
    draws = dict(zip(outcomes, draw_scores(list(outcomes.values()), n_resamples, seed)))
    intervals = {
        name: intervals_of(draws[name], outcomes[name], classes, confidence_level)
        for name in outcomes
    }
    return Scored(classes, outcomes, draws, intervals)


def intervals_of(
    draws: ScoreDraws, outcome: Outcome, classes: np.ndarray, confidence_level: float
) -> dict[str, ScoreInterval]:
    """Return the interval of each score: exact if no resample changes it, else of the bootstrap.

    Parameters
    ----------
    draws : ScoreDraws
    outcome : Outcome
        The predictions that are scored.
    classes : ndarray of shape (n_classes,)
    confidence_level : float

    Returns
    -------
    dict of str to ScoreInterval
        By name of the score.
    """
    names = classes.tolist()
    exact = outcome.exact_intervals(names, confidence_level)
    found = {}
    for i, name in enumerate(score_names(names, multilabel=outcome.multilabel)):
        if name in WITHOUT_INTERVAL:
            continue
        drawn = draws.resampled[:, i], draws.observed[i], draws.jackknife[:, i]
        interval = bootstrap_interval(*drawn, confidence_level)
        is_known = interval.method != "none" or np.isnan(draws.observed[i])
        found[name] = interval if is_known else exact.get(name, interval)
    return found


def interval_columns(
    classes: np.ndarray, *, multilabel: bool = False
) -> dict[str, tuple[str, str]]:
    """Return the columns of the ends of each interval, distinct from all other columns.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
    multilabel : bool, default=False
        Whether rows have several labels.

    Returns
    -------
    dict of str to (str, str)
        By name of the score. More than one underscore separates the end from the score only if a
        score of another class has that name, as with the classes "fever" and "fever_low".

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk.evaluation._scoring import interval_columns
    >>> columns = interval_columns(np.array(["fever", "fever_low"]))
    >>> columns["f1_fever"], columns["f1_fever_low"]
    (('f1_fever__low', 'f1_fever__high'), ('f1_fever_low_low', 'f1_fever_low_high'))
    """
    names = score_names(classes.tolist(), multilabel=multilabel)
    taken, columns = set(names), {}
    for name in names:
        if name in WITHOUT_INTERVAL:
            continue
        ends = _ends(name, 1)
        for n_underscores in count(2):
            if taken.isdisjoint(ends):
                break
            ends = _ends(name, n_underscores)
        taken.update(ends)
        columns[name] = ends
    return columns


def _ends(name: str, n_underscores: int) -> tuple[str, str]:
    """Return the names of the two ends of a score's interval."""
    return f"{name}{'_' * n_underscores}low", f"{name}{'_' * n_underscores}high"


def score_row(
    draws: ScoreDraws,
    intervals: Mapping[str, ScoreInterval],
    classes: np.ndarray,
    *,
    multilabel: bool = False,
) -> dict[str, float]:
    """Return the scores of one classifier, each with the ends of its interval.

    Parameters
    ----------
    draws : ScoreDraws
    intervals : mapping of str to ScoreInterval
    classes : ndarray of shape (n_classes,)
    multilabel : bool, default=False

    Returns
    -------
    dict of str to float
    """
    row: dict[str, float] = {}
    columns = interval_columns(classes, multilabel=multilabel)
    names = score_names(classes.tolist(), multilabel=multilabel)
    for name, score in zip(names, draws.observed):
        row[name] = float(score)
        if name in intervals:
            row |= dict(zip(columns[name], intervals[name][:2]))
    return row


def methods_frame(methods: Mapping[str, Mapping[str, str]]) -> pd.DataFrame:
    """Return the methods of intervals, one row per classifier and one column per score.

    Parameters
    ----------
    methods : mapping of str to mapping of str to str
        By classifier and score.

    Returns
    -------
    pandas.DataFrame of object of shape (n_classifiers, n_scores)
    """
    frame = pd.DataFrame(list(methods.values()), index=pd.Index(list(methods), name="classifier"))
    return frame.astype(object)


def cost_row(evaluation: Evaluation) -> dict[str, Any]:
    """Return the costs of one classifier, and the share of rows on which it abstains.

    Parameters
    ----------
    evaluation : Evaluation

    Returns
    -------
    dict of str to object
    """
    abstained = evaluation.abstained
    return {
        "abstained": 0.0 if abstained is None else float(abstained.mean()),
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
    """Return a percentile of the latencies in milliseconds, NaN where none was measured."""
    return np.nan if seconds is None else float(1000 * np.percentile(seconds, percentile))


def scores_frame(names: list[str], rows: list[dict]) -> pd.DataFrame:
    """Return the rows of classifiers as one frame, counts as integers.

    Parameters
    ----------
    names : list of str
    rows : list of dict

    Returns
    -------
    pandas.DataFrame of shape (n_classifiers, n_columns)
    """
    frame = pd.DataFrame(rows, index=pd.Index(names, name="classifier")).astype(float)
    return frame.astype(_COUNTS)
