"""A classifier that abstains on texts where its confidence is low."""

from numbers import Real
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from agnews_sk._core.base import ProbabilisticClassifierMixin
from agnews_sk._core.interruption import unswallowed_interrupts
from agnews_sk._core.observed import observed
from agnews_sk._core.repeats import repeats_of
from agnews_sk._core.splitting import join_groups
from agnews_sk._core.user_warnings import warn_user
from agnews_sk._core.validation import (
    Interval,
    RealNotInt,
    check_labels,
    select_metadata,
    take_rows,
)
from agnews_sk.classifiers._fitting import TrainingRows, training_rows
from agnews_sk.classifiers._thresholds import threshold_for_coverage, threshold_for_error
from agnews_sk.classifiers._wrapped import first_step, hold_out, label_of_no_class, params_of_fit

_LOW_COVERAGE = 0.05  # share of predicted rows below which fit warns
# Probability that all rows are abstained on, if they are like those held out, below which predict
# warns.
_TOO_UNLIKELY = 1e-3


class AbstainingClassifier(MetaEstimatorMixin, ProbabilisticClassifierMixin, BaseEstimator):
    """Predict where the classifier is confident, and abstain below a threshold.

    The confidence is the largest probability. The threshold is chosen on held-out rows, either to
    predict a share of them (`coverage`), or to bound the error of the predictions (`max_error`).

    Parameters
    ----------
    estimator : classifier with `predict_proba`
        It is cloned and fitted on the rows that are not held out. If it is fitted already, in a
        `FrozenEstimator`, the threshold is chosen on all rows.
    coverage : float, optional
        Share of texts to predict, in (0, 1].
    max_error : float, optional
        Largest error rate of the predictions, in (0, 1). Either this or `coverage`.
    confidence_level : float, default=0.95
        Probability, over the draw of the held-out rows, that `max_error` holds on new rows from the
        same distribution.
    calibration_fraction : float, default=0.2
        Share of the rows held out, stratified by class. Rows of one origin (`groups` of `fit`) and
        duplicates are held out together or not at all.
    abstain_label : str, bool, int, float or None, default="auto"
        What `predict` returns where it abstains. "auto" is a label of no class, of the kind of
        the classes, so that scikit-learn's metrics take the predictions: "abstained" for
        strings, -1 for booleans and integers, or a smaller one if there are negative classes.
    random_state : int, RandomState or None, default=None
        Random seed of the draw of the held-out rows.

    Attributes
    ----------
    estimator_ : classifier
        The fitted clone.
    classes_ : ndarray of shape (n_classes,)
        Labels without `abstain_label`.
    abstain_label_ : str, bool, int, float or None
        What `predict` returns where it abstains.
    threshold_ : float
        Lowest confidence of a prediction; infinite if it abstains on all texts.
    coverage_ : float
        Share of the held-out rows that are predicted.
    error_ : float
        Error rate of these predictions; NaN if there are none.

    Notes
    -----
    `max_error` follows Geifman and El-Yaniv (2017), "Selective classification for deep neural
    networks": a binary search over the held-out confidences, each step of it checked against the
    exact binomial bound of Clopper and Pearson at a level divided by the number of steps. The
    number of rows in the bound is the effective sample size (Kish, 1965): rows of one origin, and
    duplicates, count as one row of their summed weight.

    In metrics an abstention counts as wrong. Those that average over classes, such as macro-F1,
    treat it as another class unless they get `labels=classifier.classes_`. Metrics for two
    classes, such as ``scoring="f1"``, reject `abstain_label_` as a third label, for example -1
    among booleans: set their average and `labels`, or score only what `abstains` leaves. A
    meta-estimator that encodes predictions as classes, such as a `VotingClassifier` with
    ``voting="hard"``, fails on `abstain_label_`; let it vote by probabilities, or wrap it in this
    classifier instead.

    How a missing text is read depends on the estimator; the pipelines of this package read it as
    the empty text.

    Examples
    --------
    >>> from agnews_sk import AbstainingClassifier, load_news_sample, make_tfidf_pipeline
    >>> frame, y = load_news_sample(return_X_y=True)
    >>> classifier = AbstainingClassifier(make_tfidf_pipeline(), coverage=0.8, random_state=0)
    >>> predicted = classifier.fit(frame[:1000], y[:1000]).predict(frame[1000:2000])
    >>> classifier.abstain_label_, bool(0.6 < (predicted != "abstained").mean() < 0.95)
    ('abstained', True)
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
        abstain_label="auto",
        random_state=None,
    ):
        self.estimator = estimator
        self.coverage = coverage
        self.max_error = max_error
        self.confidence_level = confidence_level
        self.calibration_fraction = calibration_fraction
        self.abstain_label = abstain_label
        self.random_state = random_state

    @observed("fit")
    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None, **fit_params: Any
    ) -> "AbstainingClassifier":
        """Fit the classifier, and choose the threshold on held-out rows.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, ...)
            Anything that the estimator takes.
        y : array-like of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the rows, in the `fit` of the estimator (the last step of a pipeline) and in
            the coverage and the error rate that the threshold is chosen by.
        groups : array-like of shape (n_samples,), optional
            Origin of each row: rows of one origin are held out together.
        **fit_params
            Passed to the `fit` of the estimator; values per row are indexed like its rows. Weights
            of a step, such as `classify__sample_weight`, are used in that step alone.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If not exactly one of `coverage` and `max_error` is given, lengths differ, no row can
            be held out, or `abstain_label` is a class.
        TypeError
            If `abstain_label` is not a single label, the estimator has no `predict_proba`, or
            weights are given that it does not take.
        KeyboardInterrupt
            If Ctrl-C is pressed, even if the estimator catches it.

        Warns
        -----
        UserWarning
            If no threshold keeps `max_error` on so few rows, so that it abstains on all, or if
            fewer than 5 % of the rows are predicted. If no row of a class could be held out.
        """
        self._validate_params()
        self._check_label()
        if (self.coverage is None) == (self.max_error is None):
            given = "neither" if self.coverage is None else "both"
            raise ValueError(f"Set either coverage or max_error, got {given}.")
        rows = training_rows(
            self,
            X,
            y,
            sample_weight,
            groups,
            reason="AbstainingClassifier predicts a row or abstains from it. Fit the estimator "
            "itself, which predicts each label above a threshold of its own.",
        )
        X, y = rows.X, rows.y
        repeats = repeats_of(X, self.estimator)
        params = params_of_fit(self.estimator, X, fit_params, rows.weight, rows.groups)
        origins = repeats if rows.groups is None else join_groups(repeats, rows.groups)
        fitted = held_out = np.arange(len(y))
        if not isinstance(self.estimator, FrozenEstimator):
            fitted, held_out = hold_out(y, origins, self.calibration_fraction, self.random_state)
        with unswallowed_interrupts():
            estimator = clone(self.estimator).fit(
                take_rows(X, fitted), y[fitted], **select_metadata(X, params, indices=fitted)
            )
        if not hasattr(estimator, "predict_proba"):
            raise TypeError(
                f"estimator must have predict_proba, got {type(self.estimator).__name__}; "
                "wrap it in CalibratedClassifierCV."
            )
        label = self._choose_label(estimator.classes_)
        chosen = self._choose_threshold(estimator, rows.take(held_out), origins[held_out])
        # At the end, so that a fit that fails leaves the previous state.
        self.estimator_, self.classes_, self.abstain_label_ = estimator, estimator.classes_, label
        self.threshold_, self.coverage_ = chosen["threshold_"], chosen["coverage_"]
        self.error_ = chosen["error_"]
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the label of each row, or `abstain_label_`.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, ...)

        Returns
        -------
        ndarray of shape (n_samples,)
            Of dtype object where labels and `abstain_label_` have no dtype in common.

        Warns
        -----
        UserWarning
            If it abstains on all rows, because no threshold was found in `fit`, or on so many that
            they can hardly come from the distribution of the held-out rows.
        """
        y_proba = self.predict_proba(X)
        labels, abstained = self.classes_[y_proba.argmax(axis=1)], self._is_doubtful(y_proba)
        self._warn_if_all_abstained(abstained)
        # Object keeps both as they are: NumPy would turn numbers next to a str into strings.
        marker = np.array(self.abstain_label_)
        kinds = {marker.dtype.kind, labels.dtype.kind}
        if len(kinds) > 1 and not kinds <= set("biu"):
            marker = marker.astype(object)
        return np.where(abstained, marker, labels)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probabilities of the estimator, also for rows that it abstains on.

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
        """Return for which rows the confidence is below the threshold.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, ...)

        Returns
        -------
        ndarray of bool of shape (n_samples,)
        """
        return self._is_doubtful(self.predict_proba(X))

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the accuracy, with an abstention counted as wrong.

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
        right = self.classes_[y_proba.argmax(axis=1)] == check_labels(y, X)
        return float(np.average(right & ~self._is_doubtful(y_proba), weights=sample_weight))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(first_step(self.estimator)).input_tags
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "threshold_")

    def _check_label(self) -> None:
        """Reject anything but a single label."""
        label = self.abstain_label
        if not (label is None or isinstance(label, (str, bool, np.bool_, Real))):
            raise TypeError(
                "abstain_label must be one label, a str, bool, int, float or None, got "
                f"{type(label).__name__} {label!r:.60}."
            )

    def _choose_label(self, classes: np.ndarray) -> Any:
        """Return the label of abstentions; reject one that is a class."""
        if isinstance(self.abstain_label, str) and self.abstain_label == "auto":
            return label_of_no_class(classes)
        if self.abstain_label in classes.tolist():
            raise ValueError(
                f"abstain_label must not be one of the classes, {classes.tolist()}, got "
                f"{self.abstain_label!r}."
            )
        return self.abstain_label

    def _choose_threshold(
        self, estimator: Any, rows: TrainingRows, origins: np.ndarray
    ) -> dict[str, float]:
        """Choose the threshold on held-out rows.

        Parameters
        ----------
        estimator : classifier
            Fitted.
        rows : TrainingRows of n_held_out rows
        origins : ndarray of shape (n_held_out,)

        Returns
        -------
        dict of str to float
            `threshold_`, `coverage_` and `error_`.
        """
        y, weight = rows.y, np.ones(len(rows.y)) if rows.weight is None else rows.weight
        if not weight.any():
            raise ValueError(
                f"sample_weight must be above 0 for some of the {len(y)} rows held out; change "
                "random_state or calibration_fraction."
            )
        if set(y.tolist()).isdisjoint(estimator.classes_.tolist()):
            raise ValueError(
                f"y must hold labels of the estimator's classes, {estimator.classes_.tolist()}, "
                f"got none of them but labels such as {y[:1].tolist()[0]!r}."
            )
        y_proba = estimator.predict_proba(rows.X)
        confidence = y_proba.max(axis=1)
        wrong = estimator.classes_[y_proba.argmax(axis=1)] != y
        if self.coverage is not None:
            threshold = threshold_for_coverage(confidence, self.coverage, weight)
        else:
            threshold = threshold_for_error(
                confidence, wrong, self.max_error, self.confidence_level, weight, origins
            )
        predicted = confidence >= threshold
        coverage = float(np.average(predicted, weights=weight))
        self._warn_of_low_coverage(len(y), threshold, coverage)
        predicted_weight = weight * predicted
        error = np.nan
        if predicted_weight.any():
            error = float(np.average(wrong, weights=predicted_weight))
        return {"threshold_": threshold, "coverage_": coverage, "error_": error}

    def _warn_of_low_coverage(self, n_held_out: int, threshold: float, coverage: float) -> None:
        """Warn if `max_error` leaves few held-out rows, or none, to predict."""
        if self.max_error is None or coverage >= _LOW_COVERAGE:
            return
        where = f"below a threshold that only {coverage:.1%} of them reach"
        if np.isinf(threshold):
            where = "at any threshold, so all texts are abstained on"
        warn_user(
            f"{n_held_out} held-out rows do not show an error of at most {self.max_error} {where}; "
            "hold out more rows or raise max_error.",
        )

    def _warn_if_all_abstained(self, abstained: np.ndarray) -> None:
        """Warn if all rows are abstained on, and that is not by chance."""
        if not abstained.all():
            return
        if np.isinf(self.threshold_):
            why = f"in fit, no threshold kept max_error={self.max_error}"
        elif (1 - self.coverage_) ** len(abstained) < _TOO_UNLIKELY:
            why = (
                f"{self.coverage_:.1%} of the rows held out in fit were predicted, so these must "
                "come from another distribution"
            )
        else:
            return
        warn_user(f"it abstains on all {len(abstained)} rows: {why}.")

    def _is_doubtful(self, y_proba: np.ndarray) -> np.ndarray:
        """Return which rows have a confidence below the threshold, or NaN.

        Parameters
        ----------
        y_proba : ndarray of float of shape (n_samples, n_classes)

        Returns
        -------
        ndarray of bool of shape (n_samples,)
        """
        return ~(y_proba.max(axis=1) >= self.threshold_)
