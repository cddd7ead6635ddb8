"""One classifier fitted and tested: its predictions and their costs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone

from agnews_sk._core.interruption import unswallowed_interrupts
from agnews_sk._core.label_arrays import (
    as_kind_of,
    codes_of,
    comparable,
    labels_given,
    plain_labels,
    union_of,
)
from agnews_sk._core.label_sets import check_label_sets, indicator_of, is_multilabel, labels_in
from agnews_sk._core.user_warnings import warn_user
from agnews_sk._core.validation import as_frame, check_labels, n_rows
from agnews_sk.evaluation._costs import Cost, count_parameters, latencies, measured, size_bytes
from agnews_sk.evaluation._inputs import check_classifier, check_same_columns
from agnews_sk.evaluation._predictions import (
    aligned_probabilities,
    predicted_codes,
    read_predictions,
    read_probabilities,
)
from agnews_sk.evaluation._quality import Outcome
from agnews_sk.evaluation._set_evaluation import read_sets, sets_of_test_rows
from agnews_sk.evaluation._set_quality import SetOutcome

ProgressCallback = Callable[[str], None]


@dataclass(frozen=True, eq=False, kw_only=True)
class Evaluation:
    """One classifier's predictions on the test rows, and their costs.

    Attributes
    ----------
    name : str
    estimator : estimator
        The fitted clone.
    y_true, y_pred : ndarray of shape (n_test_rows,)
        Labels of the test rows, and those predicted. With several labels per row, a list of labels
        per row.
    abstained : ndarray of bool of shape (n_test_rows,), optional
        Rows on which it abstains; `y_pred` holds its abstain label there. None if it predicts a
        label for every row. An abstention counts as an error.
    y_proba : ndarray of float of shape (n_test_rows, n_known_classes), optional
        Probabilities; None where the estimator gives none.
    classes : ndarray of shape (n_known_classes,), optional
        Labels of the columns of `y_proba`; with several labels per row also without it.
    n_train_rows : int
        Rows given to `fit`, before a pipeline's own filters drop any.
    fit_seconds : float
        Wall-clock time of the one fit.
    predict_seconds : float
        Wall-clock time of one `predict` over all test rows, without a warm-up.
    size_bytes : int or None
        Bytes that `joblib.dump` writes for the fitted estimator, uncompressed; None if it
        cannot be pickled.
    cpu_seconds : float
        CPU time of the fit, over all threads of this process.
    peak_memory_bytes : float
        Peak increase of the process' resident memory during fit and prediction. NaN on systems
        other than Linux.
    latency_seconds : ndarray of float of shape (n_calls,), optional
        Wall-clock time of `predict` on single rows, after a warm-up.
    n_parameters : int or None
        Learned or pretrained numbers, as `count_parameters` finds them.

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk.evaluation import Evaluation
    >>> Evaluation(
    ...     name="remote model",
    ...     estimator=None,
    ...     y_true=np.array(["World", "Sports"]),
    ...     y_pred=np.array(["World", "World"]),
    ...     n_train_rows=120_000,
    ...     fit_seconds=60.0,
    ...     predict_seconds=0.01,
    ...     size_bytes=None,
    ... ).texts_per_second
    200.0
    """

    name: str
    estimator: Any
    y_true: np.ndarray
    y_pred: np.ndarray
    n_train_rows: int
    fit_seconds: float
    predict_seconds: float
    size_bytes: int | None
    y_proba: np.ndarray | None = None
    classes: np.ndarray | None = None
    cpu_seconds: float = np.nan
    peak_memory_bytes: float = np.nan
    latency_seconds: np.ndarray | None = None
    n_parameters: int | None = None
    abstained: np.ndarray | None = None

    @property
    def multilabel(self) -> bool:
        """Whether rows have several labels."""
        return is_multilabel(self.y_true)

    @property
    def classes_seen(self) -> np.ndarray:
        """Labels that are true, predicted, or columns of `y_proba`; sorted."""
        known = [] if self.classes is None else [self.classes]
        if self.multilabel:
            found = [labels_in(self.y_true), labels_in(self.y_pred)]
            return union_of(*(labels for labels in (*found, *known) if len(labels)))
        labels = labels_given(self.y_pred, self.abstained, self.y_true)
        return union_of(self.y_true, labels, *known)

    @property
    def texts_per_second(self) -> float:
        """Test rows predicted per second of wall-clock time; NaN if that took no time."""
        return len(self.y_pred) / self.predict_seconds if self.predict_seconds else np.nan


def evaluate_classifier(
    name: str,
    classifier: Any,
    X_train: Any,
    y_train: Any,
    X_test: Any,
    y_test: Any,
    *,
    progress: ProgressCallback | None = None,
) -> Evaluation:
    """Fit a clone of a classifier, predict the test rows, and measure the costs.

    Parameters
    ----------
    name : str
        Name of the classifier in results and messages.
    classifier : estimator
        Classifier or pipeline. It is cloned, so that the given one stays unfitted.
    X_train, X_test : DataFrame or array-like of str of shape (n_rows,)
        What the classifier takes.
    y_train, y_test : array-like of shape (n_rows,), or sets of labels, or indicators
        Labels, none missing.
    progress : callable taking a str, optional
        Called at the start of each stage with its description, such as "tfidf: fitting on 8,000
        rows".

    Returns
    -------
    Evaluation

    Raises
    ------
    TypeError
        If the name is not a `str`.
    ValueError
        If labels are missing, continuous or not one per row, or there are no test rows.
    KeyboardInterrupt
        If Ctrl-C is pressed, even if the classifier catches it to end its training.

    Warns
    -----
    UserWarning
        If test labels are not among the training labels: those rows count as errors. If the
        fitted classifier cannot be pickled: its size is unknown.

    Examples
    --------
    >>> from sklearn.feature_extraction.text import CountVectorizer
    >>> from sklearn.naive_bayes import MultinomialNB
    >>> from sklearn.pipeline import make_pipeline
    >>> from agnews_sk.evaluation import evaluate_classifier
    >>> evaluation = evaluate_classifier(
    ...     "bayes",
    ...     make_pipeline(CountVectorizer(), MultinomialNB()),
    ...     ["oil rises", "team wins"],
    ...     ["Business", "Sports"],
    ...     ["oil falls", "team loses"],
    ...     ["Business", "Sports"],
    ... )
    >>> evaluation.y_pred.tolist(), evaluation.n_train_rows
    (['Business', 'Sports'], 2)
    """
    if not isinstance(name, str):
        raise TypeError(
            f"name of a classifier must be a str, got {type(name).__name__} {name!r:.60}."
        )
    check_classifier(classifier, name=name)
    X_train, X_test = as_frame(X_train), as_frame(X_test)
    labels, seen, y_true, label_format = _targets(y_train, X_train, y_test, X_test)
    check_same_columns(X_train, X_test)
    warn_of_unseen(name, seen, y_true)
    report, n_train_rows = progress or ignore_stage, n_rows(labels)

    report(f"{name}: fitting on {n_train_rows:,} rows")
    with unswallowed_interrupts(), measured() as fit:
        fitted = clone(classifier).fit(X_train, labels)
    return measure_predictions(
        name,
        fitted,
        X_test,
        y_true,
        seen,
        report,
        n_train_rows=n_train_rows,
        fit=fit,
        label_format=label_format,
    )


def measure_predictions(
    name: str,
    fitted: Any,
    X_test: Any,
    y_true: np.ndarray,
    seen: np.ndarray,
    report: ProgressCallback,
    *,
    n_train_rows: int,
    fit: Cost,
    label_format: str | None = None,
) -> Evaluation:
    """Predict the test rows, and measure the costs of prediction.

    Parameters
    ----------
    name : str
    fitted : classifier
    X_test : DataFrame or texts of shape (n_rows,)
    y_true : ndarray of shape (n_rows,)
        Labels, or sets of labels.
    seen : ndarray of shape (n_labels,)
        The labels that can be predicted.
    report : callable taking a str
        Called at the start of each stage.
    n_train_rows : int
    fit : Cost
        Of the fit.
    label_format : str, optional
        Format of the label sets of the training rows.

    Returns
    -------
    Evaluation
    """
    report(f"{name}: predicting {len(y_true):,} rows")
    with unswallowed_interrupts(), measured() as predict:
        predicted = fitted.predict(X_test)
    report(f"{name}: measuring probabilities, latency and size")
    if is_multilabel(y_true):
        whose = f"predict of {name}"
        y_pred, abstained = read_sets(predicted, len(y_true), seen, whose, label_format), None
    else:
        y_pred, abstained = read_predictions(predicted, fitted, y_true, name)
    y_proba, classes = read_probabilities(fitted, X_test, y_true, seen, name, label_format)
    return Evaluation(
        name=name,
        estimator=fitted,
        y_true=y_true,
        y_pred=y_pred,
        abstained=abstained,
        y_proba=y_proba,
        classes=classes,
        n_train_rows=n_train_rows,
        latency_seconds=latencies(fitted.predict, X_test),
        size_bytes=size_bytes(fitted, name),
        n_parameters=count_parameters(fitted),
        **_costs(fit, predict),
    )


def _targets(
    y_train: Any, X_train: Any, y_test: Any, X_test: Any
) -> tuple[Any, np.ndarray, np.ndarray, str | None]:
    """Return labels to fit on, those among them, those of test rows, and the format of sets."""
    if not is_multilabel(y_train):
        labels = check_labels(y_train, X_train, name="y_train")
        seen = comparable(labels)
        y_true = plain_labels(y_test, X_test, name="y_test")
        return labels, seen, as_kind_of(y_true, seen, name="y_test", whose="y_train"), None
    sets = check_label_sets(y_train, X_train, name="y_train")
    y_true = sets_of_test_rows(y_test, X_test, sets.classes, sets.format)
    return sets.restored(), sets.classes, y_true, sets.format


def outcome_of(evaluation: Evaluation, classes: np.ndarray, rows: np.ndarray) -> Outcome:
    """Return a classifier's predictions as class codes, -1 where it abstained, or as indicators.

    Parameters
    ----------
    evaluation : Evaluation
    classes : ndarray of shape (n_classes,)
        Includes all of `evaluation.classes_seen`.
    rows : ndarray of int of shape (n_predictions,)
        Row that each prediction is about.

    Returns
    -------
    Outcome
    """
    y_proba = evaluation.y_proba
    if y_proba is not None:
        y_proba = aligned_probabilities(y_proba, evaluation.classes, classes)
    if evaluation.multilabel:
        return SetOutcome(
            y_true=indicator_of(evaluation.y_true, classes),
            y_pred=indicator_of(evaluation.y_pred, classes),
            y_proba=y_proba,
            n_classes=len(classes),
            rows=rows,
        )
    return Outcome(
        y_true=codes_of(evaluation.y_true, classes),
        y_pred=predicted_codes(evaluation.y_pred, evaluation.abstained, classes),
        y_proba=y_proba,
        n_classes=len(classes),
        rows=rows,
    )


def _costs(fit: Cost, predict: Cost) -> dict[str, float]:
    """Return the fields of `Evaluation` that two measured blocks give."""
    return {
        "fit_seconds": fit.seconds,
        "predict_seconds": predict.seconds,
        "cpu_seconds": fit.cpu_seconds,
        "peak_memory_bytes": max(fit.peak_memory_bytes, predict.peak_memory_bytes),
    }


def warn_of_unseen(name: str, seen: np.ndarray, y_true: np.ndarray) -> None:
    """Warn of test labels that are not among the training labels."""
    tested = labels_in(y_true) if is_multilabel(y_true) else y_true
    unseen = sorted(set(tested.tolist()) - set(seen.tolist()), key=str)
    if unseen:
        warn_user(
            f"{name} cannot predict the labels {unseen} of y_test, as they are not among its "
            "training labels: those rows count as errors.",
        )


def ignore_stage(stage: str) -> None:
    """Take the place of a progress callback that was not given."""
