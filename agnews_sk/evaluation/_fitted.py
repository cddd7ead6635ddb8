"""A classifier that is fitted already: its predictions on test rows, and their costs."""

from typing import Any

import numpy as np

from agnews_sk._core.label_arrays import as_kind_of, plain_labels
from agnews_sk._core.label_sets import (
    LISTS,
    check_label_sets,
    is_multilabel,
    label_format_of,
)
from agnews_sk._core.validation import as_frame
from agnews_sk.evaluation._costs import Cost
from agnews_sk.evaluation._evaluation import (
    Evaluation,
    ProgressCallback,
    ignore_stage,
    measure_predictions,
    warn_of_unseen,
)
from agnews_sk.evaluation._set_evaluation import sets_of_test_rows


def evaluate_fitted(
    name: str,
    classifier: Any,
    X_test: Any,
    y_test: Any,
    *,
    progress: ProgressCallback | None = None,
) -> Evaluation:
    """Predict the test rows with a fitted classifier, and measure the costs of prediction.

    Parameters
    ----------
    name : str
        Name of the classifier in results and messages.
    classifier : fitted classifier or pipeline
        Such as a model that `agnews_sk.persistence.load` returned. It is not cloned.
    X_test : DataFrame or array-like of str of shape (n_rows,)
        What the classifier takes; not the rows that it was fitted on.
    y_test : array-like of shape (n_rows,), or sets of labels, or an indicator
        Labels, none missing.
    progress : callable taking a str, optional
        Called at the start of each stage with its description.

    Returns
    -------
    Evaluation
        Its `fit_seconds` and `cpu_seconds` are NaN, and `n_train_rows` is 0.

    Raises
    ------
    TypeError, ValueError
        If labels are missing, of another kind than those of the classifier, or not one per row.

    Warns
    -----
    UserWarning
        If test labels are not among the classes of the classifier: those rows count as errors.

    Examples
    --------
    >>> from agnews_sk import make_tfidf_pipeline
    >>> from agnews_sk.evaluation import ComparisonResult, evaluate_fitted
    >>> texts, labels = ["oil rises", "team wins", "oil sinks"], ["Oil", "Team", "Oil"]
    >>> pipeline = make_tfidf_pipeline().fit(texts, labels)
    >>> evaluation = evaluate_fitted("tfidf", pipeline, ["oil up", "our team"], ["Oil", "Team"])
    >>> ComparisonResult.from_evaluations([evaluation]).scores["accuracy"].to_dict()
    {'tfidf': 1.0}
    """
    X_test = as_frame(X_test)
    label_format = label_format_of(classifier)
    several = label_format is not None or is_multilabel(y_test)
    known = _labels_of(classifier, y_test if several else None, name)
    if several:
        y_true = sets_of_test_rows(y_test, X_test, known, label_format)
    else:
        y_true = plain_labels(y_test, X_test, name="y_test")
        y_true = as_kind_of(y_true, known, name="y_test", whose=f"classes_ of {name}")
    warn_of_unseen(name, known, y_true)
    fit = Cost(peak_memory_bytes=0.0)  # unknown
    return measure_predictions(
        name,
        classifier,
        X_test,
        y_true,
        known,
        progress or ignore_stage,
        n_train_rows=0,
        fit=fit,
        label_format=label_format,
    )


def _labels_of(classifier: Any, sets: Any, name: str) -> np.ndarray:
    """Return the labels that a fitted classifier predicts.

    Parameters
    ----------
    classifier : fitted classifier
    sets : container of n_rows sets of labels, or indicator, or None
        Of test rows. The columns of an indicator name the labels of classifiers of other libraries,
        which know positions only.
    name : str
        Name of the classifier in messages.

    Returns
    -------
    ndarray of shape (n_labels,)
    """
    if sets is not None and label_format_of(classifier) is None:
        found = check_label_sets(sets, name="y_test")
        if found.format != LISTS:
            return found.classes
        if isinstance(classifier.classes_, list):  # the classes 0 and 1 of each label
            return np.arange(len(classifier.classes_))
    return plain_labels(classifier.classes_, name=f"classes_ of {name}")
