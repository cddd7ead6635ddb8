"""A classifier that leaves doubtful texts to a person."""

import warnings
from numbers import Real
from typing import Any

import numpy as np
from scipy.stats import beta
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import train_test_split
from sklearn.utils import get_tags
from sklearn.utils.validation import check_consistent_length, check_is_fitted, column_or_1d

from agnews_sk._validation import (
    Interval,
    RealNotInt,
    check_labels,
    n_rows,
    take_rows,
    text_columns,
)


class AbstainingClassifier(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """Answer where the classifier is sure, and abstain below a threshold of its confidence.

    The threshold is chosen on held-out rows, either to answer a share of them (`coverage`), or so
    that the answers given are wrong no more often than allowed (`max_error`).

    Parameters
    ----------
    estimator : classifier with `predict_proba`
        It is cloned and fitted on the rows that are not held out. One that is fitted already,
        in a `FrozenEstimator`, leaves all rows to choose the threshold on.
    coverage : float, optional
        Share of texts to answer, above 0 and up to 1.
    max_error : float, optional
        Share of wrong ones among the answers, between 0 and 1. Either this or `coverage`.
    confidence_level : float, default=0.95
        How sure it is that `max_error` holds on new rows like those held out.
    calibration_fraction : float, default=0.2
        Share of the rows held out, by class share.
    abstain_label : object, default=None
        What `predict` returns where it abstains.
    random_state : int, RandomState or None, default=None
        Draws the held-out rows.

    Attributes
    ----------
    estimator_ : classifier
        The fitted clone.
    classes_ : ndarray of shape (n_classes,)
        Labels without `abstain_label`.
    threshold_ : float
        Confidence from which on a text is answered; infinite if none is.
    coverage_ : float
        Share of the held-out rows that are answered.
    error_ : float
        Share of wrong ones among those answers; NaN if there are none.

    Notes
    -----
    `max_error` follows Geifman and El-Yaniv (2017), "Selective classification for deep neural
    networks": a binary search over the held-out confidences, each step of it checked against the
    exact binomial bound of Clopper and Pearson at a level divided by the number of steps.

    A missing text is whatever it is to the estimator; the pipelines of this package take it as
    the empty text.

    Examples
    --------
    >>> from agnews_sk import AbstainingClassifier, load_news_sample, make_tfidf_pipeline
    >>> frame, y = load_news_sample(return_X_y=True)
    >>> classifier = AbstainingClassifier(
    ...     make_tfidf_pipeline(), coverage=0.8, abstain_label="ask a person", random_state=0
    ... ).fit(frame[:1000], y[:1000])
    >>> answers = classifier.predict(frame[1000:2000])
    >>> bool(0.6 < (answers != "ask a person").mean() < 0.95)
    True
    """

    _parameter_constraints: dict = {
        "coverage": [Interval(Real, 0, 1, closed="right"), None],
        "max_error": [Interval(RealNotInt, 0, 1, closed="neither"), None],
        "confidence_level": [Interval(RealNotInt, 0, 1, closed="neither")],
        "calibration_fraction": [Interval(RealNotInt, 0, 1, closed="neither")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator,
        *,
        coverage=None,
        max_error=None,
        confidence_level=0.95,
        calibration_fraction=0.2,
        abstain_label=None,
        random_state=None,
    ):
        self.estimator = estimator
        self.coverage = coverage
        self.max_error = max_error
        self.confidence_level = confidence_level
        self.calibration_fraction = calibration_fraction
        self.abstain_label = abstain_label
        self.random_state = random_state

    def fit(self, X: Any, y: Any, **fit_params: Any) -> "AbstainingClassifier":
        """Fit the classifier, and choose the threshold on the rows held out.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, ...)
            Whatever the estimator takes.
        y : array-like of shape (n_samples,)
        **fit_params
            Go to the `fit` of the estimator; they are not cut to its rows.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If not exactly one of `coverage` and `max_error` is given, lengths differ, or a class
            has too few rows to be held out from.
        TypeError
            If the estimator gives no probabilities.

        Warns
        -----
        UserWarning
            If no threshold keeps `max_error` on so few rows: it then abstains on all.
        """
        self._validate_params()
        if (self.coverage is None) == (self.max_error is None):
            given = "neither" if self.coverage is None else "both"
            raise ValueError(f"Give either coverage or max_error, got {given}.")
        if _takes_texts(self.estimator):
            text_columns(X, None)
        if y is None:
            raise ValueError(
                "requires y to be passed, but the target y is None: a classifier needs one label "
                "a row."
            )
        check_consistent_length(X, y)
        check_labels(y)
        y = column_or_1d(np.asarray(y), warn=True)
        fitted, held_out = self._split(y)
        self.estimator_ = clone(self.estimator).fit(
            take_rows(X, fitted), take_rows(y, fitted), **fit_params
        )
        if not hasattr(self.estimator_, "predict_proba"):
            raise TypeError(
                f"estimator must have predict_proba, got {type(self.estimator).__name__}; "
                "CalibratedClassifierCV gives it one."
            )
        self.classes_ = self.estimator_.classes_
        self._choose_threshold(take_rows(X, held_out), np.asarray(take_rows(y, held_out)))
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the label of each row, or `abstain_label`.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, ...)

        Returns
        -------
        ndarray of shape (n_samples,)
            Of object where labels and `abstain_label` have no type in common.
        """
        y_proba = self.predict_proba(X)
        labels = self.classes_[y_proba.argmax(axis=1)]
        # Object keeps both as they are: numpy would make texts of numbers beside a str.
        marker = np.array(self.abstain_label)
        if marker.dtype.kind != labels.dtype.kind:
            marker = marker.astype(object)
        return np.where(y_proba.max(axis=1) < self.threshold_, marker, labels)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probabilities of the estimator, abstained on or not.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, ...)

        Returns
        -------
        ndarray of float of shape (n_samples, n_classes)
        """
        check_is_fitted(self)
        return self.estimator_.predict_proba(X)

    def abstains(self, X: Any) -> np.ndarray:
        """Tell which rows are left to a person.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, ...)

        Returns
        -------
        ndarray of bool of shape (n_samples,)
        """
        return self.predict_proba(X).max(axis=1) < self.threshold_

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the share of rows answered right; an abstention is no right answer.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, ...)
        y : array-like of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,), optional

        Returns
        -------
        float
        """
        y_proba = self.predict_proba(X)
        right = self.classes_[y_proba.argmax(axis=1)] == column_or_1d(np.asarray(y), warn=True)
        answered = y_proba.max(axis=1) >= self.threshold_
        return float(np.average(right & answered, weights=sample_weight))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(_first_step(self.estimator)).input_tags
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "threshold_")

    def _split(self, y: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return positions to fit on and to choose the threshold on."""
        every = np.arange(n_rows(y))
        if isinstance(self.estimator, FrozenEstimator):
            return every, every
        try:
            fitted, held_out = train_test_split(
                every,
                test_size=self.calibration_fraction,
                stratify=y,
                random_state=self.random_state,
            )
        except ValueError as error:
            raise ValueError(
                f"calibration_fraction={self.calibration_fraction} cannot be drawn class by class; "
                f"change it, or give a FrozenEstimator: {error}"
            ) from error
        return np.sort(fitted), np.sort(held_out)

    def _choose_threshold(self, X: Any, y: np.ndarray) -> None:
        y_proba = self.estimator_.predict_proba(X)
        confidence = y_proba.max(axis=1)
        wrong = self.classes_[y_proba.argmax(axis=1)] != y
        if self.coverage is not None:
            # The n-th most confident row, so that at least this share is answered.
            n_answered = int(np.ceil(self.coverage * len(y)))
            self.threshold_ = float(np.sort(confidence)[len(y) - n_answered])
        else:
            self.threshold_ = threshold_for_error(
                confidence, wrong, self.max_error, self.confidence_level
            )
        answered = confidence >= self.threshold_
        self.coverage_ = float(answered.mean())
        self.error_ = float(wrong[answered].mean()) if answered.any() else np.nan
        if not answered.any():
            warnings.warn(
                f"{len(y)} held-out rows do not show an error of at most {self.max_error} at any "
                "threshold, so all texts are abstained on; hold out more rows or allow more.",
                stacklevel=3,
            )


def _first_step(estimator: Any) -> Any:
    """Return what rows meet first: a pipeline's own tags do not say that it takes texts."""
    steps = [step for _, step in getattr(estimator, "steps", [])]
    return next((step for step in steps if step not in (None, "passthrough")), estimator)


def _takes_texts(estimator: Any) -> bool:
    return get_tags(_first_step(estimator)).input_tags.string


def threshold_for_error(
    confidence: np.ndarray, wrong: np.ndarray, max_error: float, confidence_level: float
) -> float:
    """Return a low threshold above which answers are wrong no more often than allowed.

    Parameters
    ----------
    confidence : ndarray of float of shape (n_rows,)
    wrong : ndarray of bool of shape (n_rows,)
    max_error : float
    confidence_level : float
        Probability, over draws of the rows, that the true error keeps to `max_error`.

    Returns
    -------
    float
        Infinity if no threshold is found.

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk.classifiers._abstaining import threshold_for_error
    >>> confidence = np.linspace(0, 1, 1001)
    >>> threshold_for_error(confidence, confidence < 0.3, 0.05, 0.95) < 0.3
    True
    """
    order = np.argsort(-confidence, kind="stable")
    ranked, n_wrong = confidence[order], np.cumsum(wrong[order])
    ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))  # rows level go together
    n_steps = max(1, int(np.ceil(np.log2(len(ends) + 1))))
    doubt = (1 - confidence_level) / n_steps
    best, low, high = np.inf, 0, len(ends) - 1
    while low <= high:
        middle = (low + high) // 2
        end = ends[middle]
        if _upper_bound(n_wrong[end], end + 1, doubt) <= max_error:
            best, low = float(ranked[end]), middle + 1
        else:
            high = middle - 1
    return best


def _upper_bound(n_wrong: int, n_answered: int, doubt: float) -> float:
    """Return the one-sided bound of Clopper and Pearson on a share."""
    if n_wrong == n_answered:
        return 1.0
    return float(beta.ppf(1 - doubt, n_wrong + 1, n_answered - n_wrong))
