"""A classifier that asks a slow one only about the rows of which a fast one is uncertain."""

from numbers import Real
from typing import Any

import numpy as np
from scipy.special import softmax
from sklearn.base import BaseEstimator, MetaEstimatorMixin
from sklearn.frozen import FrozenEstimator
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from agnews_sk._core.base import ProbabilisticClassifierMixin
from agnews_sk._core.interruption import unswallowed_interrupts
from agnews_sk._core.named_parts import NamedParts
from agnews_sk._core.observed import observed
from agnews_sk._core.repeats import repeats_of
from agnews_sk._core.splitting import join_groups
from agnews_sk._core.user_warnings import warn_user
from agnews_sk._core.validation import (
    Interval,
    RealNotInt,
    as_frame,
    take_rows,
)
from agnews_sk.classifiers import (
    TrainingRows,
    first_step,
    fit_on,
    hold_out,
    probabilities,
    training_rows,
)
from agnews_sk.ensembles._choosing import Chosen, Promise, choose, logarithms

_MAX_LOSS = 0.005


class CascadeClassifier(
    MetaEstimatorMixin, ProbabilisticClassifierMixin, NamedParts, BaseEstimator
):
    """Predict by a fast classifier where it is certain, and by a slower one elsewhere.

    Each row goes to the first classifier. If its confidence, the largest probability, is below a
    threshold, the row is passed on to the next one, and the last one answers what is left. The
    thresholds are chosen on held-out rows, so that little accuracy is lost against the last
    classifier alone (`max_loss`), or that few rows are passed on (`max_passed`).

    Parameters
    ----------
    estimators : list of (str, classifier) tuples
        Names and classifiers with `predict_proba`, the fastest one first. They are cloned and
        fitted on the rows that are not held out; one that is fitted already, in a
        `FrozenEstimator`, is used as it is. If all are, the thresholds are chosen on all rows.
    max_loss : float, optional
        Most accuracy to lose against the last classifier alone, in (0, 1). By default 0.005, half a
        point, unless `max_passed` is given.
    max_passed : float, optional
        Largest share of the rows that reaches the last classifier, in [0, 1). Either this or
        `max_loss`.
    confidence_level : float, default=0.95
        Probability, over the draw of the held-out rows, that `max_loss` holds on new rows from the
        same distribution; also that of `loss_interval_`.
    calibration_fraction : float, default=0.2
        Share of the rows held out, stratified by class. Rows of one origin (`groups` of `fit`) and
        duplicates are held out together or not at all.
    random_state : int, RandomState or None, default=None
        Random seed for the choice of held-out rows.

    Attributes
    ----------
    estimators_ : list of classifiers
        The fitted ones.
    names_ : list of str
        Their names.
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted, whatever their order in the classifiers.
    confidence_thresholds_ : ndarray of float of shape (n_classifiers - 1,)
        Lowest confidence of each classifier's answers; infinity if it answers none.
    temperatures_ : ndarray of float of shape (n_classifiers,)
        What the logarithms of its probabilities are divided by, chosen on the rows it answered.
    passed_ : ndarray of float of shape (n_classifiers,)
        Share of the held-out rows that reach each classifier; 1 for the first.
    loss_ : float
        Accuracy of the last classifier minus that of the cascade, on the held-out rows.
    loss_interval_ : tuple of two floats
        Its interval on rows that the thresholds were not chosen on would be; with `max_loss`, which
        chooses among thresholds by these rows, only `max_loss` itself is a bound.

    Notes
    -----
    The bound is that of a score test for paired proportions (Tango, 1998) at thresholds that are
    tested in a fixed order (Angelopoulos et al. 2021, "Learn then test", arXiv 2110.01052). Of more
    than two classifiers, each may lose an equal part of `max_loss`.

    Temperatures change no predicted label. Without them, the last classifier would be too sure: it
    gets only rows that are difficult.

    Examples
    --------
    >>> from agnews_sk import CascadeClassifier, load_news_sample, make_tfidf_pipeline
    >>> frame, y = load_news_sample(return_X_y=True)
    >>> small = make_tfidf_pipeline(vectorize__words__max_features=300, characters=False)
    >>> cascade = CascadeClassifier(
    ...     [("small", small), ("tfidf", make_tfidf_pipeline())], max_loss=0.02, random_state=0
    ... )
    >>> cascade = cascade.fit(frame[:2000], y[:2000])
    >>> asked = cascade.answered_by(frame[2000:3000])
    >>> bool(0.1 < (asked == "small").mean() < 1)
    True
    """

    _parameter_constraints: dict = {
        "estimators": [list],
        "max_loss": [Interval(RealNotInt, 0, 1, closed="neither"), None],
        "max_passed": [Interval(Real, 0, 1, closed="left"), None],
        "confidence_level": [Interval(RealNotInt, 0, 1, closed="neither")],
        "calibration_fraction": [Interval(RealNotInt, 0, 1, closed="neither")],
        "random_state": ["random_state"],
    }
    _parts_parameter = "estimators"

    def __init__(
        self,
        estimators,
        *,
        max_loss=None,
        max_passed=None,
        confidence_level=0.95,
        calibration_fraction=0.2,
        random_state=None,
    ):
        self.estimators = estimators
        self.max_loss = max_loss
        self.max_passed = max_passed
        self.confidence_level = confidence_level
        self.calibration_fraction = calibration_fraction
        self.random_state = random_state

    @observed("fit")
    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None
    ) -> "CascadeClassifier":
        """Fit the classifiers, and choose the thresholds on held-out rows.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, ...)
            Anything that all the classifiers take.
        y : array-like of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the rows, in the `fit` of the classifiers and in the loss and the share of
            the rows that the thresholds are chosen by.
        groups : array-like of shape (n_samples,), optional
            Origin of each row: rows of one origin are held out together.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If both `max_loss` and `max_passed` are given, lengths differ, `estimators` are not at
            least two different names with a classifier each, these have different classes or
            none of the labels of y, or no row can be held out.
        TypeError
            If a part is no classifier with `predict_proba`, or takes no weights and some are given.
        KeyboardInterrupt
            If Ctrl-C is pressed, even if a classifier catches it.

        Warns
        -----
        UserWarning
            If no threshold keeps `max_loss` on so few rows, so that the last classifier answers
            all. If no row of a class could be held out. If a classifier before the last has the
            same confidence for all rows.
        """
        self._validate_params()
        self._check_estimators()
        if self.max_loss is not None and self.max_passed is not None:
            raise ValueError("Set either max_loss or max_passed, got both.")
        rows = training_rows(
            self,
            X,
            y,
            sample_weight,
            groups,
            reason="rows are passed on whole. Fit the last classifier itself, or a cascade per "
            "label.",
        )
        origins = self._origins(rows)
        fitted, held_out = self._hold_out(rows, origins)
        with unswallowed_interrupts():
            estimators = [
                fit_on(estimator, rows.take(fitted), {}, name=f"the classifier {name!r}")
                for name, estimator in self.estimators
            ]
            classes, held = self._common_classes(estimators), rows.take(held_out)
            found = [probabilities(estimator, held.X, classes) for estimator in estimators]
            chosen = self._choose(held, classes, found, origins[held_out])
        # At the end, so that a fit that fails leaves the previous state.
        self.estimators_, self.names_ = estimators, [name for name, _ in self.estimators]
        self.classes_, self.confidence_thresholds_ = classes, chosen.thresholds
        self.temperatures_, self.passed_ = chosen.temperatures, chosen.passed
        self.loss_, self.loss_interval_ = chosen.loss, chosen.loss_interval
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable label of each row.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, ...)

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        y_proba = self.predict_proba(X)
        return self.classes_[y_proba.argmax(axis=1)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each class, of the classifier that answers the row.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, ...)

        Returns
        -------
        ndarray of float of shape (n_samples, n_classes)
        """
        return self._answer(X)[0]

    def answered_by(self, X: Any) -> np.ndarray:
        """Return the name of the classifier that answers each row.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, ...)

        Returns
        -------
        ndarray of str of shape (n_samples,)
        """
        answering = self._answer(X)[1]
        return np.array(self.names_, dtype=object)[answering]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        # `fit` rejects anything but classifiers later, with a message.
        parts = [p[1] for p in self.estimators[:1] if isinstance(p, tuple) and len(p) == 2]
        if parts and _may_be_classifier(parts[0]):
            tags.input_tags = get_tags(first_step(parts[0])).input_tags
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "estimators_")

    def _check_estimators(self) -> None:
        """Reject anything but a list of at least two names with classifiers."""
        for name, part in self._named_parts("classifier", fewest=2):
            if not _may_be_classifier(part):
                raise TypeError(
                    "estimators must be classifiers, which have fit and predict_proba, got "
                    f"{part!r:.80} for {name!r}; pass an instance, and wrap a classifier without "
                    "probabilities in CalibratedClassifierCV."
                )

    def _origins(self, rows: TrainingRows) -> np.ndarray:
        """Return the origin of each row: copies have the same."""
        origins = [repeats_of(rows.X, estimator) for _, estimator in self.estimators]
        return join_groups(*origins, *([] if rows.groups is None else [rows.groups]))

    def _hold_out(self, rows: TrainingRows, origins: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return positions to fit on and to choose thresholds on."""
        if all(isinstance(estimator, FrozenEstimator) for _, estimator in self.estimators):
            return np.arange(len(rows.y)), np.arange(len(rows.y))
        return hold_out(
            rows.y,
            origins,
            self.calibration_fraction,
            self.random_state,
        )

    def _choose(
        self,
        rows: TrainingRows,
        classes: np.ndarray,
        found: list[np.ndarray],
        origins: np.ndarray,
    ) -> Chosen:
        """Choose thresholds and temperatures on held-out rows.

        Parameters
        ----------
        rows : TrainingRows of n_held_out rows
        classes : ndarray of shape (n_classes,)
        found : list of ndarray of float of shape (n_held_out, n_classes)
            Probabilities of each classifier.
        origins : ndarray of int of shape (n_held_out,)
        """
        for (name, _), y_proba in zip(self.estimators, found):
            if not np.isfinite(y_proba).all():
                raise ValueError(
                    f"the probabilities of {name!r} must be finite, got NaN or infinity for a row "
                    "that was held out."
                )
        weight = np.ones(len(rows.y)) if rows.weight is None else rows.weight
        if not weight.any():
            raise ValueError(
                f"sample_weight must be above 0 for some of the {len(rows.y)} rows held out; "
                "change random_state or calibration_fraction."
            )
        positions = {label: code for code, label in enumerate(classes.tolist())}
        codes = np.array([positions.get(label, -1) for label in rows.y.tolist()])
        if (codes < 0).all():
            raise ValueError(
                f"y must hold labels of the classifiers' classes, {classes.tolist()!r:.60}, got "
                f"none of them but labels such as {rows.y[:1].tolist()[0]!r:.60}."
            )
        self._warn_of_equal_confidence([y_proba[weight > 0] for y_proba in found])
        max_loss = _MAX_LOSS if self.max_loss is None else self.max_loss
        promise = Promise(max_loss, self.max_passed, self.confidence_level)
        chosen = choose(found, codes, weight, origins, promise)
        if np.isinf(chosen.thresholds).all():
            warn_user(
                f"{len(codes)} held-out rows do not show a loss of at most {max_loss} at any "
                "threshold, so that the last classifier answers all rows; hold out more rows, "
                "raise max_loss, or set max_passed.",
            )
        return chosen

    def _warn_of_equal_confidence(self, found: list[np.ndarray]) -> None:
        """Warn of classifiers whose confidence distinguishes no rows, such as those of 0 and 1.

        Parameters
        ----------
        found : list of ndarray of float of shape (n_held_out, n_classes)
        """
        for (name, _), y_proba in zip(self.estimators[:-1], found):
            confidence = y_proba.max(axis=1)
            if len(confidence) > 1 and np.ptp(confidence) == 0:
                warn_user(
                    f"{name!r} has the same confidence, {confidence[0]:.3g}, for all "
                    f"{len(confidence)} held-out rows, so that it answers all or none; use a "
                    "classifier whose probabilities differ, or wrap it in CalibratedClassifierCV.",
                )

    def _common_classes(self, estimators: list[Any]) -> np.ndarray:
        """Return the classes of the classifiers, sorted; reject those whose classes differ."""
        first, *others = [np.asarray(estimator.classes_) for estimator in estimators]
        for (name, _), found in zip(self.estimators[1:], others):
            if set(found.tolist()) != set(first.tolist()):
                raise ValueError(
                    f"estimators must have the same classes, got {first.tolist()!r:.60} of "
                    f"{self.estimators[0][0]!r} and {found.tolist()!r:.60} of {name!r}; fit them "
                    "on rows of the same classes."
                )
        return np.sort(first)

    def _answer(self, X: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return the probabilities of rows, and the position of the classifier of each.

        Returns
        -------
        y_proba : ndarray of float of shape (n_samples, n_classes)
        answering : ndarray of int of shape (n_samples,)
        """
        check_is_fitted(self)
        X = as_frame(X)
        y_proba = probabilities(self.estimators_[0], X, self.classes_)
        answering = np.zeros(len(y_proba), dtype=np.intp)
        waiting = np.arange(len(y_proba))
        last = len(self.estimators_) - 1
        for stage, estimator in enumerate(self.estimators_):
            if stage and len(waiting):
                found = probabilities(estimator, take_rows(X, waiting), self.classes_)
                y_proba[waiting], answering[waiting] = found, stage
            if stage < last:
                sure = y_proba[waiting].max(axis=1, initial=0) >= self.confidence_thresholds_[stage]
                waiting = waiting[~sure]
        scaled = logarithms(y_proba) / self.temperatures_[answering][:, None]
        return softmax(scaled, axis=1), answering


def _may_be_classifier(part: Any) -> bool:
    """Return whether an object has `predict_proba`, or may have it once it is fitted."""
    inner = part.estimator if isinstance(part, FrozenEstimator) else part
    if isinstance(inner, type) or not hasattr(part, "fit"):
        return False
    # Of a StackingClassifier, for example, only the class has it before `fit`.
    return hasattr(part, "predict_proba") or hasattr(type(part), "predict_proba")
