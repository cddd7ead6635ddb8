"""A classifier that chooses the rows to label next, and estimates its own accuracy."""

from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone
from sklearn.metrics import cohen_kappa_score
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from agnews_sk._core.base import ProbabilisticClassifierMixin
from agnews_sk._core.validation import (
    Interval,
    RealNotInt,
    as_frame,
    check_labels,
    take_rows,
)
from agnews_sk.labelling._estimate import AccuracyEstimate, estimate_accuracy
from agnews_sk.labelling._labels import as_positions, partial_labels, plain_labels
from agnews_sk.labelling._strategies import Pool, check_strategy, choose

# Bloodgood and Vijay-Shanker (2009): how often in succession predictions must agree.
_N_AGREEING = 3
_LARGEST_SEED = np.iinfo(np.int32).max
# Fewer new labels between two classifiers would make these agree in any case.
_LABELS_BETWEEN = 10


class ActiveLearner(MetaEstimatorMixin, ProbabilisticClassifierMixin, BaseEstimator):
    """Choose the rows of a pool to label next, and estimate how accurate the classifier is.

    A loop of `query`, which returns rows to label, and `teach`, which takes their labels and fits
    the classifier again. Part of the rows are drawn at random: on these the accuracy is estimated,
    since rows chosen by a strategy are harder than others.

    Parameters
    ----------
    estimator : classifier with `predict_proba`
        It is cloned and fitted anew after each batch of labels.
    strategy : {"margin", "uncertainty", "diverse", "random"} or query strategy, default="margin"
        Which rows are chosen: those with the smallest difference between the two highest
        probabilities; those with the smallest highest probability; of the ones with the smallest
        difference, some that differ from each other (clusters of their vectors); or random ones.
        Or an instance of a pool-based strategy of scikit-activeml, such as `TypiClust()`.
    random_share : float, default=0.2
        Share of the labelled rows that are drawn at random, at least.
    n_initial : int, default=20
        Number of rows drawn at random at the beginning, before any is chosen.
    max_candidates : int, default=10_000
        Number of rows without a label to choose from; of more, a fixed random part is used.
    cv : int, default=10
        Number of folds of the estimate.
    confidence_level : float, default=0.95
        Of the interval of the estimate.
    target_accuracy : float, optional
        `stop_reason` says "target" once the interval lies above it.
    stop_agreement : float, default=0.99
        `stop_reason` says "stable" once the predictions before and after a batch agree this much,
        as Cohen's kappa on the rows without a label, on the average of three batches.
    random_state : int, RandomState or None, default=None
        Random seed.

    Attributes
    ----------
    estimator_ : classifier
        The classifier fitted on all labels. Missing while these have fewer than two classes.
    classes_ : ndarray of shape (n_classes,)
        Labels so far.
    y_ : ndarray of object of shape (n_samples,)
        Labels of the pool; None for rows without one.
    excluded_ : ndarray of bool of shape (n_samples,)
        Rows that are not queried.
    order_ : ndarray of int of shape (n_samples,)
        Random order of the pool, in which random rows are drawn.
    n_random_ : int
        Number of rows of the last query, its first ones, that were drawn at random.
    agreement_ : list of float
        Agreement of the predictions before and after each batch.

    Notes
    -----
    Random rows are the beginning of a random order of the whole pool, whether or not a strategy
    has chosen some of them before: a simple random sample. The estimate is the accuracy of
    cross-validation on these rows, where the other labels belong to each training part; the
    interval is the exact one of Clopper and Pearson. It is about rows like those of the pool that
    can be labelled: excluded ones are left out. If the interval is looked at after every batch,
    the first one above a target is more often too high than its level says.

    References
    ----------
    Scheffer et al. (2001), "Active hidden Markov models for information extraction" (margin);
    Zhdanov (2019), "Diverse mini-batch active learning"; Bloodgood and Vijay-Shanker (2009), "A
    method for stopping active learning based on stabilizing predictions".

    Examples
    --------
    >>> from agnews_sk import load_news_sample, make_tfidf_pipeline
    >>> from agnews_sk.labelling import ActiveLearner
    >>> frame, y = load_news_sample(return_X_y=True)
    >>> learner = ActiveLearner(make_tfidf_pipeline(), random_state=0).fit(frame[:500])
    >>> for _ in range(4):
    ...     rows = learner.query(25)
    ...     learner = learner.teach(rows, y[rows])
    >>> len(learner.classes_), learner.estimate().n_rows >= 20
    (4, True)
    """

    estimator_: Any

    _parameter_constraints: dict[str, Any] = {
        "random_share": [Interval(Real, 0, 1, closed="both")],
        "n_initial": [Interval(Integral, 2, None, closed="left")],
        "max_candidates": [Interval(Integral, 1, None, closed="left")],
        "cv": [Interval(Integral, 2, None, closed="left")],
        "confidence_level": [Interval(RealNotInt, 0, 1, closed="neither")],
        "target_accuracy": [Interval(RealNotInt, 0, 1, closed="neither"), None],
        "stop_agreement": [Interval(Real, 0, 1, closed="right")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator,
        *,
        strategy="margin",
        random_share=0.2,
        n_initial=20,
        max_candidates=10_000,
        cv=10,
        confidence_level=0.95,
        target_accuracy=None,
        stop_agreement=0.99,
        random_state=None,
    ):
        self.estimator = estimator
        self.strategy = strategy
        self.random_share = random_share
        self.n_initial = n_initial
        self.max_candidates = max_candidates
        self.cv = cv
        self.confidence_level = confidence_level
        self.target_accuracy = target_accuracy
        self.stop_agreement = stop_agreement
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Take a pool of rows, with the labels that some of them may have already.

        Parameters
        ----------
        X : array-like, DataFrame or sparse matrix of shape (n_samples, ...)
            Anything that the estimator takes.
        y : array-like of shape (n_samples,), optional
            Labels, and None or NaN for rows without one; by default none has a label.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            If a parameter is invalid, lengths differ, or rows have several labels.
        """
        self._validate_params()
        check_strategy(self.strategy)
        if not hasattr(self.estimator, "predict_proba"):
            raise TypeError(
                f"estimator must have predict_proba, {type(self.estimator).__name__} has not; use "
                "a probabilistic classifier."
            )
        if isinstance(X, (str, bytes)):
            raise TypeError(
                f"X must hold rows, got a single {type(X).__name__}; wrap it in a list."
            )
        self._X = as_frame(X)
        self.y_ = partial_labels(y, self._X)
        self.excluded_ = np.zeros(len(self.y_), dtype=bool)
        rng = check_random_state(self.random_state)
        self.order_ = rng.permutation(len(self.y_))
        self._seed = int(rng.randint(_LARGEST_SEED))
        self.n_random_ = 0
        self.agreement_: list[float] = []
        # Last predictions of the pool, as positions in the classes; none is known yet.
        self._predicted = np.full(len(self.y_), None, dtype=object)
        self._n_compared = 0
        self._refit()
        return self

    def query(self, n_rows: int = 10) -> np.ndarray:
        """Return the rows to label next.

        Parameters
        ----------
        n_rows : int, default=10

        Returns
        -------
        ndarray of int of shape (n_queried,)
            Positions in the pool of rows without a label: first random ones, as far as the sample
            for the estimate needs them, then the most informative. Fewer than `n_rows` if there
            are no more.

        Raises
        ------
        ValueError
            If `n_rows` is less than 1.
        """
        check_is_fitted(self, "order_")
        if n_rows < 1:
            raise ValueError(f"n_rows must be at least 1, got {n_rows}.")
        open_rows = self.order_[self._is_open()[self.order_]]
        n_random = self._n_random(n_rows)
        drawn = open_rows[:n_random]
        rest = open_rows[n_random : n_random + self.max_candidates]
        self.n_random_ = len(drawn)
        if len(drawn) == n_rows or not len(rest):
            return drawn
        y_proba = np.asarray(self.predict_proba(take_rows(self._X, rest)))
        self._compare(rest, y_proba)
        labelled = self._labelled()
        codes = np.searchsorted(self.classes_, check_labels(self.y_[labelled].tolist()))
        pool = Pool(self._X, rest, labelled, codes)
        seed = (self._seed + len(labelled)) % _LARGEST_SEED
        chosen = choose(
            self.strategy, self.estimator_, y_proba, pool, n_rows - len(drawn), seed=seed
        )
        return np.concatenate([drawn, chosen])

    def teach(self, rows: Any, labels: Any) -> Self:
        """Take labels of rows, and fit the classifier on all labels.

        Parameters
        ----------
        rows : int or sequence of int of shape (n_taught,)
            Positions in the pool.
        labels : label, or sequence of shape (n_taught,)
            One per row; None takes back the label of a row, and its exclusion.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            If a row is not in the pool, numbers differ, labels are of different kinds, or a row
            has several.
        """
        check_is_fitted(self, "order_")
        rows = as_positions(rows, len(self.y_))
        new = list(labels) if len(rows) != 1 or _is_sequence(labels) else [labels]
        if len(new) != len(rows):
            raise ValueError(f"labels must have one label per row, {len(rows)}, got {len(new)}.")
        changed = self.y_.copy()
        changed[rows] = partial_labels(new, rows, name="labels")
        known = np.array([label is not None for label in changed], dtype=bool)
        plain_labels(changed[known].tolist(), name="labels")  # of one kind, old ones and new
        self.y_ = changed
        self.excluded_[rows] = False
        self._refit()
        return self

    def exclude(self, rows: Any) -> Self:
        """Never query rows, such as those that nobody can label.

        Parameters
        ----------
        rows : int or sequence of int

        Returns
        -------
        self
        """
        check_is_fitted(self, "order_")
        self.excluded_[as_positions(rows, len(self.y_))] = True
        return self

    def estimate(self) -> AccuracyEstimate:
        """Return the estimated accuracy of the present classifier, with its interval.

        The estimator is fitted `cv` times. Only labelled rows at the beginning of the random order
        count, up to the first one that is open.

        Returns
        -------
        AccuracyEstimate
        """
        check_is_fitted(self, "order_")
        labelled = self._labelled()
        control = self._control()
        return estimate_accuracy(
            self.estimator,
            self._X,
            self.y_,
            control,
            np.setdiff1d(labelled, control),
            cv=self.cv,
            confidence_level=self.confidence_level,
        )

    def stop_reason(self, estimate: AccuracyEstimate | None = None) -> str | None:
        """Return why labelling may stop.

        Parameters
        ----------
        estimate : AccuracyEstimate, optional
            The present one; by default it is computed if there is a target.

        Returns
        -------
        {"done", "target", "stable"} or None
            No row is open; the interval of the accuracy lies above the target; or the predictions
            have stopped to change. None while labels still help.
        """
        check_is_fitted(self, "order_")
        if not self._is_open().any():
            return "done"
        if self.target_accuracy is not None:
            found = self.estimate() if estimate is None else estimate
            return "target" if found.low >= self.target_accuracy else None
        last = self.agreement_[-_N_AGREEING:]
        is_stable = len(last) == _N_AGREEING and np.mean(last) >= self.stop_agreement
        return "stable" if is_stable else None

    def predict(self, X: Any) -> np.ndarray:
        """Return the label of each row by the present classifier.

        Parameters
        ----------
        X : as `fit` takes it

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        check_is_fitted(self, "estimator_")
        return self.estimator_.predict(X)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each class by the present classifier.

        Parameters
        ----------
        X : as `fit` takes it

        Returns
        -------
        ndarray of float of shape (n_samples, n_classes)
        """
        check_is_fitted(self, "estimator_")
        return self.estimator_.predict_proba(X)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "order_")

    def _refit(self) -> None:
        """Fit the classifier on all labels, or drop it if they have fewer than two classes."""
        labels = self.y_[self._labelled()].tolist()
        self.classes_ = np.unique(check_labels(labels)) if labels else np.array([], dtype=object)
        if len(self.classes_) < 2:
            if hasattr(self, "estimator_"):
                del self.estimator_
            return
        rows = take_rows(self._X, self._labelled())
        self.estimator_ = clone(self.estimator).fit(rows, check_labels(labels))

    def _labelled(self) -> np.ndarray:
        """Return the positions of rows with a label."""
        return np.flatnonzero([label is not None for label in self.y_])

    def _is_open(self) -> np.ndarray:
        """Return which rows have no label and are not excluded, of shape (n_samples,)."""
        return np.array([label is None for label in self.y_], dtype=bool) & ~self.excluded_

    def _control(self) -> np.ndarray:
        """Return the labelled rows before the first open one in the random order."""
        is_open = self._is_open()[self.order_]
        end = int(np.argmax(is_open)) if is_open.any() else len(is_open)
        drawn = self.order_[:end]
        return drawn[~self.excluded_[drawn]]

    def _n_random(self, n: int) -> int:
        """Return how many of the next `n` rows are drawn at random."""
        if self.strategy == "random" or not hasattr(self, "estimator_"):
            return n
        n_after = len(self._labelled()) + n
        wanted = max(self.n_initial, int(np.ceil(self.random_share * n_after)))
        return int(np.clip(wanted - len(self._control()), 0, n))

    def _compare(self, rows: np.ndarray, y_proba: np.ndarray) -> None:
        """Record how much predictions agree with those before the last batch.

        Parameters
        ----------
        rows : ndarray of int of shape (n_compared,)
        y_proba : ndarray of float of shape (n_compared, n_classes)
            Their present probabilities.
        """
        n_labelled = len(self._labelled())
        if abs(n_labelled - self._n_compared) < _LABELS_BETWEEN:
            return
        now = self.classes_[y_proba.argmax(axis=1)].astype(object)
        before = self._predicted[rows]
        known = np.array([label is not None for label in before], dtype=bool)
        if known.any():
            self.agreement_.append(_kappa(before[known], now[known]))
        self._predicted[rows] = now
        self._n_compared = n_labelled


def _kappa(one: np.ndarray, other: np.ndarray) -> float:
    """Return Cohen's kappa of two arrays of labels; 1 if all labels are the same."""
    codes = np.unique(np.concatenate([one, other]), return_inverse=True)[1]
    if not codes.any():
        return 1.0
    return float(cohen_kappa_score(codes[: len(one)], codes[len(one) :]))


def _is_sequence(labels: Any) -> bool:
    """Return whether there are several labels, rather than one."""
    return np.ndim(labels) > 0 or isinstance(labels, (list, tuple))
