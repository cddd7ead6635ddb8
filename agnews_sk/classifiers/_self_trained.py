"""A classifier that learns from unlabelled rows too, by labelling them itself."""

from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone
from sklearn.utils import check_random_state, get_tags

from agnews_sk._core.appending import append_rows
from agnews_sk._core.base import ProbabilisticClassifierMixin
from agnews_sk._core.delegation import PredictsByEstimator
from agnews_sk._core.earlier_states import TakesEarlierStates
from agnews_sk._core.interruption import unswallowed_interrupts
from agnews_sk._core.label_arrays import split_labelled
from agnews_sk._core.observed import observed
from agnews_sk._core.user_warnings import warn_user
from agnews_sk._core.validation import (
    Interval,
    StrOptions,
    as_frame,
    n_rows,
    take_rows,
    text_columns,
)
from agnews_sk.caching import TextCache, lend_cache
from agnews_sk.classifiers._fitting import TrainingRows, fit_on, training_rows
from agnews_sk.classifiers._labelled_rows import LabelledRows, labelled_rows
from agnews_sk.classifiers._pseudo_labels import choose_threshold
from agnews_sk.classifiers._rounds import MOST_ROWS, HeldOut, Rounds, Trained, count_changes
from agnews_sk.classifiers._teachers import (
    ClassifierTeacher,
    Teacher,
    VectorTeacher,
    embed_rows,
)
from agnews_sk.classifiers._wrapped import first_step

MAX_SEED = np.iinfo(np.int32).max


class SelfTrainedClassifier(
    TakesEarlierStates,
    PredictsByEstimator,
    MetaEstimatorMixin,
    ProbabilisticClassifierMixin,
    BaseEstimator,
):
    """Learn from labelled and unlabelled rows: label these, fit on all, and repeat.

    A classifier fitted on the labelled rows predicts the unlabelled ones, and its confident
    predictions, the pseudo-labels, are labels for the next one. It works with any classifier,
    pipelines of texts among them.

    Parameters
    ----------
    estimator : classifier with `predict_proba`
        It is cloned and fitted once per round, on all labelled and pseudo-labelled rows.
    teacher : classifier with `predict_proba`, optional
        Labels the unlabelled rows for the first round, instead of the estimator.
    embedder : transformer, optional
        Makes one dense vector per row, such as ``make_embedding_pipeline()[:-1]``. The labels of
        the first round then come from the vectors of labelled and unlabelled rows: half by
        spreading labels to nearest neighbours, half by a Gaussian mixture. Not with `teacher`.
    n_neighbors : int, default=20
        Neighbours of each row that labels spread to.
    max_rounds : int, default=3
        Largest number of fits on pseudo-labels. It stops before if they hardly change.
    threshold : "auto" or float, default="auto"
        Lowest confidence of a pseudo-label. "auto" chooses it on held-out labelled rows, so that
        the predictions above are more often right than wrong, and labels the same share of each
        predicted class in all rounds.
    pseudo_labels : {"hard", "soft"}, default="hard"
        "hard" is the most probable class. "soft" repeats a row for each class with a probability of
        5 % and more, and weights it by that; the estimator must take `sample_weight`.
    keep_balance : bool, default=True
        Whether the pseudo-labels keep the shares of the classes among the labelled rows, within two
        standard errors. Set it to False if the labelled rows were chosen by class.
    missing_label : str, int or float, optional
        Value of `y` in rows without a label, such as -1 in scikit-learn; it must not be a class.
        None, NaN and `pandas.NA` always are.
    n_folds : int, default=5
        Number of parts in which labelled rows are held out.
    fallback : bool, default=True
        Whether to fit the estimator on the labelled rows alone, with a warning, if self-training is
        worse on held-out labelled rows by more than chance, where copies and rows of one origin
        count as one. That is measured with up to 1,000 unlabelled rows, and takes `n_folds` *
        `max_rounds` more fits at most; with a teacher or embedder, `n_folds` * (`max_rounds` + 1).
    random_state : int, RandomState or None, default=None
        Random seed of these parts, and of these rows.

    Attributes
    ----------
    estimator_ : classifier
        The one fitted last. It predicts alone, so that it can be used instead of this classifier.
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted.
    threshold_ : float
        Confidence of the held-out labelled rows, or that was set.
    held_out_accuracy_ : float
        Accuracy of the predictions of held-out labelled rows at and above the threshold; NaN if
        the threshold was set or there are none.
    held_out_gain_ : float
        Accuracy on held-out labelled rows with self-training, minus that of the estimator alone; 0
        if no row gets a pseudo-label, and NaN with `fallback=False`, or if no row is held out.
    n_rounds_ : int
        Number of fits on pseudo-labels; 0 if the estimator was fitted on the labelled rows alone.
    n_labelled_, n_pseudo_labelled_ : int
        Number of rows with a label, and of rows with a pseudo-label in the last round.

    Notes
    -----
    Unlabelled rows are given as `X_unlabelled` of `fit`, and not as rows of `X` whose label is -1
    as in :mod:`sklearn.semi_supervised`, because everything that splits or scores rows by their
    labels then sees true labels only: `cross_val_score` and `GridSearchCV` would make -1 a class,
    and count its rows as errors. Missing labels in `y` are read too, for frames whose label column
    is incomplete and for the last step of a pipeline.

    Only labelled rows choose the threshold, and only classifiers that were not fitted on them
    predict them. Texts are embedded once for all rounds.

    Examples
    --------
    >>> from agnews_sk import SelfTrainedClassifier, load_news_sample, make_tfidf_pipeline
    >>> frame, y = load_news_sample(return_X_y=True)
    >>> classifier = SelfTrainedClassifier(make_tfidf_pipeline(), random_state=0)
    >>> classifier = classifier.fit(frame[:60], y[:60], X_unlabelled=frame[60:1000])
    >>> alone = make_tfidf_pipeline().fit(frame[:60], y[:60])
    >>> bool(classifier.score(frame[1000:], y[1000:]) > alone.score(frame[1000:], y[1000:]))
    True
    """

    _parameter_constraints: dict = {
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "max_rounds": [Interval(Integral, 1, None, closed="left")],
        "threshold": [Interval(Real, 0, 1, closed="both"), StrOptions({"auto"})],
        "pseudo_labels": [StrOptions({"hard", "soft"})],
        "keep_balance": ["boolean"],
        "missing_label": [str, Real, None],
        "n_folds": [Interval(Integral, 2, None, closed="left")],
        "fallback": ["boolean"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator,
        *,
        teacher=None,
        embedder=None,
        n_neighbors=20,
        max_rounds=3,
        threshold="auto",
        pseudo_labels="hard",
        keep_balance=True,
        missing_label=None,
        n_folds=5,
        fallback=True,
        random_state=None,
    ):
        self.estimator = estimator
        self.teacher = teacher
        self.embedder = embedder
        self.n_neighbors = n_neighbors
        self.max_rounds = max_rounds
        self.threshold = threshold
        self.pseudo_labels = pseudo_labels
        self.keep_balance = keep_balance
        self.missing_label = missing_label
        self.n_folds = n_folds
        self.fallback = fallback
        self.random_state = random_state

    @observed("fit")
    def fit(
        self,
        X: Any,
        y: Any,
        X_unlabelled: Any = None,
        sample_weight: Any = None,
        groups: Any = None,
        **fit_params: Any,
    ) -> "SelfTrainedClassifier":
        """Fit on the labelled rows, and then on all rows with pseudo-labels.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, ...)
            Anything that the estimator takes.
        y : array-like of shape (n_samples,)
            Rows whose label is missing are unlabelled rows.
        X_unlabelled : DataFrame or array-like of shape (n_unlabelled, ...), optional
            Further rows without labels, of the kind of X.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the rows of X, in the fits, the shares of the classes, the threshold and the
            comparison; pseudo-labelled rows of `X_unlabelled` have the weight 1. Rows of weight 0
            are left out.
        groups : array-like of shape (n_samples,), optional
            Origin of each row of X: rows of one origin are held out together.
        **fit_params
            Passed to the `fit` of the estimator in every round, and not values of rows.

        Returns
        -------
        self
            Without unlabelled rows, the estimator fitted on X and y.

        Raises
        ------
        ValueError
            If no row has a label, or a weight above 0, lengths differ, or `missing_label` is the
            only label.
        TypeError
            If the estimator has no `predict_proba`, or takes no weights where they are needed.
        KeyboardInterrupt
            If Ctrl-C is pressed, even if the estimator catches it.

        Warns
        -----
        UserWarning
            If held-out predictions are not more often right than wrong, so that there are no
            pseudo-labels; or if self-training is worse on them, with `fallback`.
        """
        self._validate_params()
        if self.teacher is not None and self.embedder is not None:
            raise ValueError("Set either teacher or embedder, got both.")
        rows, unlabelled = self._divide(X, y, X_unlabelled, sample_weight, groups)
        with unswallowed_interrupts(), lend_cache(TextCache()):
            if unlabelled is None:
                found = _Found(fit_on(self.estimator, rows, fit_params))
            else:
                found = self._self_train(rows, unlabelled, fit_params)
        # At the end, so that a fit that fails leaves the previous state.
        self.estimator_, self.classes_ = found.estimator, found.estimator.classes_
        self.threshold_, self.held_out_accuracy_ = found.threshold, found.held_out_accuracy
        self.n_rounds_, self.n_labelled_ = found.n_rounds, len(rows.y)
        self.n_pseudo_labelled_ = found.n_pseudo_labelled
        self.held_out_gain_ = found.held_out_gain
        return self

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(first_step(self.estimator)).input_tags
        return tags

    def _divide(
        self, X: Any, y: Any, X_unlabelled: Any, sample_weight: Any, groups: Any
    ) -> tuple[TrainingRows, Any]:
        """Return the labelled rows, and the unlabelled ones, None if there are none."""
        all_rows = training_rows(
            self,
            X,
            y,
            sample_weight,
            groups,
            reason="pseudo-labels are single classes. Fit a SelfTrainedClassifier per label, or "
            "the estimator on the labelled rows.",
            read=lambda _, X: np.arange(n_rows(X)),  # some labels are missing
        )
        X = all_rows.X
        labelled, labels = split_labelled(y, X, self.missing_label)
        rows = replace(all_rows.take(labelled), y=labels)
        X_unlabelled = self._check_unlabelled(X_unlabelled, X)
        without = np.setdiff1d(all_rows.y, labelled)
        if not len(without):
            return rows, X_unlabelled
        unlabelled = take_rows(X, without)
        if X_unlabelled is not None:
            unlabelled = append_rows(unlabelled, X_unlabelled, name="X_unlabelled")
        return rows, unlabelled

    def _check_unlabelled(self, X_unlabelled: Any, X: Any) -> Any:
        """Return rows without labels, None for no row; reject those of another kind than X."""
        X_unlabelled = as_frame(X_unlabelled)
        if X_unlabelled is None or not n_rows(X_unlabelled):
            return None
        if get_tags(self).input_tags.string:
            text_columns(X_unlabelled, None, name="X_unlabelled")
        first = np.arange(1)
        append_rows(take_rows(X, first), take_rows(X_unlabelled, first), name="X_unlabelled")
        return X_unlabelled

    def _self_train(
        self, rows: TrainingRows, unlabelled: Any, fit_params: dict[str, Any]
    ) -> "_Found":
        """Fit round by round, or on the labelled rows alone if that is better.

        Parameters
        ----------
        rows : TrainingRows of n_labelled rows
        unlabelled : container of n_unlabelled rows
        fit_params : dict of str to object

        Returns
        -------
        _Found
        """
        parts = [self.estimator, self.teacher, self.embedder]
        labelled = labelled_rows(rows, *(part for part in parts if part is not None))
        teacher = self._make_teacher(labelled, unlabelled, fit_params)
        held_out = self._hold_out(labelled, teacher, n_rows(unlabelled))
        threshold, coverage, accuracy = self.threshold, 1.0, np.nan
        if threshold == "auto":
            threshold, coverage, accuracy = choose_threshold(*held_out.predictions())
        rounds = Rounds(
            estimator=self.estimator,
            fit_params=fit_params,
            max_rounds=self.max_rounds,
            threshold=None if self.threshold == "auto" else threshold,
            coverage=coverage,
            soft=self.pseudo_labels == "soft",
            keep_balance=self.keep_balance,
        )
        gain, is_worse = np.nan, False
        if self.fallback:
            gain, is_worse = self._compare(rounds, held_out, unlabelled)
        trained = Trained(None, 0, 0)
        if coverage > 0 and not is_worse:
            everything = np.arange(len(labelled.codes) + n_rows(unlabelled))
            known, asked = np.split(everything, [len(labelled.codes)])
            trained = rounds.run(teacher.probabilities(known, asked), labelled, unlabelled)
        estimator = trained.estimator
        if estimator is None:
            estimator = fit_on(self.estimator, labelled.rows, fit_params)
        return _Found(estimator, threshold, accuracy, gain, trained.n_rounds, trained.n_labels)

    def _compare(self, rounds: Rounds, held_out: HeldOut, unlabelled: Any) -> tuple[float, bool]:
        """Return what self-training gains on held-out rows, and whether it is worse; warn if so.

        Parameters
        ----------
        rounds : Rounds
        held_out : HeldOut
        unlabelled : container of n_unlabelled rows

        Returns
        -------
        gain : float
            Difference of the accuracies; NaN if no row is held out.
        is_worse : bool
        """
        try:
            found = count_changes(rounds, held_out, take_rows(unlabelled, held_out.sample))
        except ValueError as error:  # too few rows for the estimator, for example
            warn_user(
                "self-training is not compared with the labelled rows alone, since a fit on a part "
                f"of these failed ({error}); set fallback=False to leave it out.",
            )
            return np.nan, False
        if found.is_worse:
            warn_user(
                f"of {found.n_held_out} labelled rows that were held out, self-training makes "
                f"{found.worse} predictions wrong and {found.better} right, so that the estimator "
                "is fitted on the labelled rows alone; label more rows, or set fallback=False to "
                "keep it anyway.",
            )
        return found.gain, found.is_worse

    def _make_teacher(
        self, labelled: LabelledRows, unlabelled: Any, fit_params: dict[str, Any]
    ) -> Teacher:
        """Return what labels the rows for the first round."""
        if self.embedder is not None:
            vectors = embed_rows(clone(self.embedder), labelled.rows, unlabelled)
            return VectorTeacher(vectors, labelled, self.keep_balance, self.n_neighbors)
        if self.teacher is not None:  # of another kind, it knows no parameters of the estimator
            return ClassifierTeacher(self.teacher, labelled, unlabelled, {})
        return ClassifierTeacher(self.estimator, labelled, unlabelled, fit_params)

    def _hold_out(self, labelled: LabelledRows, teacher: Teacher, n_unlabelled: int) -> HeldOut:
        """Return the labelled rows in folds, and a sample of unlabelled rows to compare with."""
        seed = check_random_state(self.random_state).randint(MAX_SEED)
        sample = np.empty(0, dtype=np.intp)
        if self.fallback:
            rng = check_random_state(self.random_state)
            sample = np.sort(rng.permutation(n_unlabelled)[:MOST_ROWS])
        fold_of = labelled.folds(self.n_folds, seed)
        by_estimator = self.teacher is None and self.embedder is None
        return HeldOut(labelled, teacher, fold_of, sample, by_estimator)


@dataclass(frozen=True)
class _Found:
    """What a fit learns."""

    estimator: Any
    threshold: float = np.nan
    held_out_accuracy: float = np.nan
    held_out_gain: float = np.nan
    n_rounds: int = 0
    n_pseudo_labelled: int = 0
