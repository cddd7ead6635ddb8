"""Errors of classifiers: the highest losses, disagreements, and slices of rows."""

from collections.abc import Iterator, Mapping, Sequence
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from scipy.stats import binomtest

from agnews_sk._core.joining import join_columns
from agnews_sk._core.label_arrays import as_kind_of, codes_of, plain_labels
from agnews_sk._core.validation import text_columns
from agnews_sk.cleaning import source_of
from agnews_sk.evaluation import read_predictions

SLICES = ("length", "source", "class")
_N_LENGTHS = 4


def top_losses(classifier: Any, X: Any, y: Any, k: int = 10) -> pd.DataFrame:
    """Return the rows whose label has the lowest predicted probability.

    Parameters
    ----------
    classifier : fitted classifier or pipeline with `predict_proba`
    X : DataFrame or array-like of str of shape (n_rows,)
    y : array-like of shape (n_rows,)
        Labels. One that the classifier was not trained on has the probability 0.
    k : int, default=10
        Number of rows.

    Returns
    -------
    pandas.DataFrame
        In descending order of the loss: `row` (position), `text`, `true`, `predicted`, `p_true`,
        `p_predicted`, `loss` (negative logarithm of `p_true`).

    Raises
    ------
    TypeError
        If the classifier has no `predict_proba`.
    ValueError
        If labels are missing or not one per row, or k is not a positive integer.

    Examples
    --------
    >>> from agnews_sk import load_news_sample, make_tfidf_pipeline
    >>> from agnews_sk.inspection import top_losses
    >>> frame, y = load_news_sample(return_X_y=True)
    >>> pipeline = make_tfidf_pipeline().fit(frame[:500], y[:500])
    >>> worst = top_losses(pipeline, frame[500:600], y[500:600], k=3)
    >>> worst["loss"].is_monotonic_decreasing
    True
    """
    if not isinstance(k, Integral) or k < 1:
        raise ValueError(f"k must be a positive integer, got {k!r}.")
    if not hasattr(classifier, "predict_proba"):
        raise TypeError(
            f"top_losses needs predict_proba, which {type(classifier).__name__} lacks; wrap its "
            "classifier in CalibratedClassifierCV."
        )
    true = plain_labels(y, X)
    probabilities = np.asarray(classifier.predict_proba(X), dtype=np.float64)
    classes = plain_labels(classifier.classes_, name="classes_")
    classes = as_kind_of(classes, true, name="classes_", whose="y")
    column = codes_of(true, classes)  # (n_rows,), -1 for labels that it was not trained on
    p_true = np.where(column >= 0, probabilities[np.arange(len(true)), column], 0.0)
    rows = np.argsort(p_true, kind="stable")[:k]
    with np.errstate(divide="ignore"):
        loss = -np.log(p_true[rows])
    best = probabilities[rows].argmax(axis=1)
    return pd.DataFrame(
        {
            "row": rows,
            "text": _texts(X).gather(rows).to_list(),
            "true": true[rows],
            "predicted": classes[best],
            "p_true": p_true[rows],
            "p_predicted": probabilities[rows].max(axis=1),
            "loss": loss,
        }
    )


def disagreements(a: Any, b: Any, X: Any, y: Any) -> pd.DataFrame:
    """Return the rows for which two classifiers predict different labels.

    Parameters
    ----------
    a, b : fitted classifier or pipeline
    X : DataFrame or array-like of str of shape (n_rows,)
    y : array-like of shape (n_rows,)
        Labels.

    Returns
    -------
    pandas.DataFrame
        One row per disagreement, in the order of X: `row` (position), `text`, `true`, `a` and `b`
        (their predictions), `right` ("a", "b" or "neither").

    Raises
    ------
    ValueError
        If labels are missing or not one per row.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> from agnews_sk.inspection import disagreements
    >>> X, y = ["oil rises", "team wins"], ["Oil", "Team"]
    >>> oil = DummyClassifier(strategy="constant", constant="Oil").fit(X, y)
    >>> team = DummyClassifier(strategy="constant", constant="Team").fit(X, y)
    >>> disagreements(oil, team, X, y)["right"].tolist()
    ['a', 'b']
    """
    true = plain_labels(y, X)
    (of_a, a_is_right), (of_b, b_is_right) = (_predictions(one, X, true) for one in (a, b))
    # An abstention may be written like a label of the other classifier.
    rows = np.flatnonzero((of_a != of_b) | (a_is_right != b_is_right))
    right = np.select([a_is_right[rows], b_is_right[rows]], ["a", "b"], "neither")
    return pd.DataFrame(
        {
            "row": rows,
            "text": _texts(X).gather(rows).to_list(),
            "true": true[rows],
            "a": of_a[rows],
            "b": of_b[rows],
            "right": right,
        }
    )


def slices(
    classifier: Any,
    X: Any,
    y: Any,
    *,
    by: Sequence[str] | Mapping[str, Any] = SLICES,
    confidence_level: float = 0.95,
) -> pd.DataFrame:
    """Return the accuracy of a classifier on slices of the rows.

    Parameters
    ----------
    classifier : fitted classifier or pipeline
    X : DataFrame or array-like of str of shape (n_rows,)
    y : array-like of shape (n_rows,)
        Labels.
    by : sequence of str or mapping of str to array-like, default=("length", "source", "class")
        How to slice: into quarters by number of words, by the news agency that the text names, or
        by label. A mapping holds other values to slice by, one per row.
    confidence_level : float, default=0.95

    Returns
    -------
    pandas.DataFrame
        One row per slice: `by`, `slice`, `n_rows`, `accuracy`, and the ends `low` and `high` of
        its interval (Wilson, 1927). A missing value of `by` is the slice "missing".

    Raises
    ------
    ValueError
        If labels are missing, labels or values of `by` are not one per row, or `by` names an
        unknown way to slice.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> from agnews_sk.inspection import slices
    >>> X, y = ["oil rises", "team wins", "oil up (AP)"], ["Oil", "Team", "Oil"]
    >>> oil = DummyClassifier(strategy="most_frequent").fit(X, y)
    >>> slices(oil, X, y, by=["source", "class"]).round(2)
           by slice  n_rows  accuracy   low  high
    0  source    AP       1       1.0  0.21  1.00
    1  source  none       2       0.5  0.09  0.91
    2   class   Oil       2       1.0  0.34  1.00
    3   class  Team       1       0.0  0.00  0.79
    """
    true = plain_labels(y, X)
    _, right = _predictions(classifier, X, true)
    rows = [
        (name, *row)
        for name, values in _values_by_name(by, X, true).items()
        for row in _accuracy_by_value(right, values, confidence_level)
    ]
    return pd.DataFrame(rows, columns=["by", "slice", "n_rows", "accuracy", "low", "high"])


def _values_by_name(
    by: Sequence[str] | Mapping[str, Any], X: Any, true: np.ndarray
) -> dict[str, np.ndarray]:
    """Return the values to slice by, each of shape (n_rows,)."""
    if not isinstance(by, Mapping):
        unknown = [name for name in by if name not in SLICES]
        if unknown:
            raise ValueError(
                f"by must name some of {list(SLICES)}, got {unknown[0]!r}; for values of your own, "
                "pass a mapping of a name to one value per row."
            )
        return {name: true if name == "class" else _VALUES[name](_texts(X)) for name in by}
    found = {name: np.asarray(values) for name, values in by.items()}
    for name, values in found.items():
        if len(values) != len(true):
            raise ValueError(
                f"by[{name!r}] must have one value per row, {len(true)}, got {len(values)}."
            )
    return found


def _accuracy_by_value(
    right: np.ndarray, values: np.ndarray, confidence_level: float
) -> Iterator[tuple[Any, int, float, float, float]]:
    """Yield value, number of rows, accuracy and ends of its interval for each slice."""
    for value, hits in pd.Series(right).groupby(values, sort=True, dropna=False):
        low, high = binomtest(int(hits.sum()), len(hits)).proportion_ci(
            confidence_level, method="wilson"
        )
        name = "missing" if bool(pd.isna(value)) else value  # type: ignore[call-overload]
        yield name, len(hits), hits.mean(), low, high


def _by_length(texts: pl.Series) -> np.ndarray:
    """Return the range of words, such as "3 to 12 words", of the quarter of each text.

    The smaller number is padded with spaces, so that slices sort by length.
    """
    words = pd.Series(texts.str.count_matches(r"\S+").to_numpy())
    quarters = pd.qcut(words, _N_LENGTHS, duplicates="drop", labels=False).fillna(0)
    bounds = words.groupby(quarters).agg(["min", "max"])
    width = len(str(words.max()))
    names = bounds["min"].astype(str).str.rjust(width) + " to " + bounds["max"].astype(str)
    return (names + " words").reindex(quarters).to_numpy()


def _by_source(texts: pl.Series) -> np.ndarray:
    """Return the news agency that each text names, "none" without one."""
    return source_of(texts).fill_null("none").to_numpy()


_VALUES = {"length": _by_length, "source": _by_source}


def _texts(X: Any) -> pl.Series:
    """Return the text columns of rows, joined."""
    return join_columns(list(text_columns(X, None).values()))


def _predictions(classifier: Any, X: Any, true: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return predictions, and which of them are right; an abstention never is.

    Returns
    -------
    predicted : ndarray of shape (n_rows,)
    right : ndarray of bool of shape (n_rows,)
    """
    if not hasattr(classifier, "predict"):
        raise TypeError(
            f"a fitted classifier with predict is needed, got {type(classifier).__name__}."
        )
    name = type(classifier).__name__
    labels, abstained = read_predictions(classifier.predict(X), classifier, true, name)
    right = np.asarray(labels == true, dtype=bool)
    return labels, right if abstained is None else right & ~abstained
