"""A small classifier that is trained to predict as a large one does."""

from numbers import Integral, Real
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from agnews_sk._core.appending import append_rows
from agnews_sk._core.base import ProbabilisticClassifierMixin
from agnews_sk._core.delegation import PredictsByEstimator
from agnews_sk._core.interruption import unswallowed_interrupts
from agnews_sk._core.label_sets import is_multilabel
from agnews_sk._core.validation import (
    Interval,
    as_frame,
    check_groups,
    check_labels,
    check_sample_weight,
    encode_labels,
    n_rows,
    text_columns,
)
from agnews_sk.classifiers import (
    TrainingRows,
    check_soft_labels,
    first_step,
    fit_to_soft_labels,
)
from agnews_sk.ensembles._teaching import make_soft_labels, soften


class DistilledClassifier(
    PredictsByEstimator, MetaEstimatorMixin, ProbabilisticClassifierMixin, BaseEstimator
):
    """Train a small classifier, the student, on what a large one, the teacher, predicts.

    The probabilities of the teacher tell more than labels do: which texts are hard, and which
    classes are alike (Hinton et al. 2015, arXiv 1503.02531). Texts without labels teach too.

    Parameters
    ----------
    student : classifier
        It is cloned and fitted on the soft labels. A classifier, or last step of a pipeline, whose
        `fit` takes `soft_labels` gets them so; to any other, rows are given once for each class of
        a probability of 5 % and more, which is their `sample_weight`.
    teacher : classifier with `predict_proba`, optional
        Fitted on all folds but one, it predicts that one, so that it has not seen the rows. One
        that is fitted already, in a `FrozenEstimator`, predicts all rows, which it must not have
        seen. None if `fit` gets `soft_labels`.
    temperature : float, default=1.0
        The logarithms of the teacher's probabilities are divided by it: more than 1 evens them out.
    label_share : float, default=0.2
        Share of the true labels in what the student is fitted to, where there are any.
    n_folds : int, default=5
        Number of parts in which rows are predicted by a teacher that has not seen them.
    cache_dir : str or Path, optional
        Folder that keeps what the teacher predicts, so that an interrupted fit goes on, and other
        students of the same teacher cost nothing but their own fit.
    random_state : int, RandomState or None, default=0
        Random seed of the folds. It is fixed by default, because a later fit finds the predictions
        in `cache_dir` only with the same one.

    Attributes
    ----------
    estimator_ : classifier
        The fitted student. It predicts alone, so that it can be used instead of this classifier.
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted.
    teacher_accuracy_ : float
        Accuracy of the soft labels on the labelled rows.

    See Also
    --------
    make_soft_labels : Predicts the rows by a teacher, to be given to several fits.

    Examples
    --------
    >>> from agnews_sk import DistilledClassifier, load_news_sample, make_tfidf_pipeline
    >>> frame, y = load_news_sample(return_X_y=True)
    >>> small = make_tfidf_pipeline(vectorize__words__max_features=300, characters=False)
    >>> classifier = DistilledClassifier(small, make_tfidf_pipeline(), n_folds=2)
    >>> classifier = classifier.fit(frame[:500], y[:500], X_unlabelled=frame[500:1500])
    >>> bool(classifier.score(frame[1500:2500], y[1500:2500]) > 0.6)
    True
    """

    _parameter_constraints: dict = {
        "temperature": [Interval(Real, 0, None, closed="neither")],
        "label_share": [Interval(Real, 0, 1, closed="both")],
        "n_folds": [Interval(Integral, 2, None, closed="left")],
        "cache_dir": [str, Path, None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        student,
        teacher=None,
        *,
        temperature=1.0,
        label_share=0.2,
        n_folds=5,
        cache_dir=None,
        random_state=0,
    ):
        self.student = student
        self.teacher = teacher
        self.temperature = temperature
        self.label_share = label_share
        self.n_folds = n_folds
        self.cache_dir = cache_dir
        self.random_state = random_state

    def fit(
        self,
        X: Any,
        y: Any,
        X_unlabelled: Any = None,
        sample_weight: Any = None,
        groups: Any = None,
        soft_labels: Any = None,
        soft_labels_unlabelled: Any = None,
    ) -> "DistilledClassifier":
        """Fit the student on the soft labels of all rows.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, ...)
            Anything that student and teacher take.
        y : array-like of shape (n_samples,)
        X_unlabelled : DataFrame or array-like of shape (n_unlabelled, ...), optional
            Further rows without labels, of the kind of X.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the rows of X; those of `X_unlabelled` have the weight 1.
        groups : array-like of shape (n_samples,), optional
            Origin of each row of X: rows of one origin are predicted by the same teacher.
        soft_labels : array-like of shape (n_samples, n_classes), optional
            Probabilities of the sorted classes, in place of the teacher.
        soft_labels_unlabelled : array-like of shape (n_unlabelled, n_classes), optional
            Those of `X_unlabelled`.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If there is neither a teacher nor `soft_labels`, lengths differ, or `soft_labels` are
            not one distribution per row.
        TypeError
            If the teacher has no `predict_proba`, or the student takes neither `soft_labels` nor
            weights.
        KeyboardInterrupt
            If Ctrl-C is pressed, even if a classifier catches it.
        """
        self._validate_params()
        X, X_unlabelled = as_frame(X), as_frame(X_unlabelled)
        if get_tags(self).input_tags.string:
            text_columns(X, None)  # raises the error for an invalid X first
        if is_multilabel(y):
            raise ValueError(
                "y must have one label per row, got several: soft labels are one distribution of "
                "the classes. Distil a classifier per label."
            )
        y = check_labels(y, X)
        classes, codes = encode_labels(y)
        weight = None if sample_weight is None else check_sample_weight(sample_weight, X)
        groups = None if groups is None else check_groups(groups, X)
        with unswallowed_interrupts():
            if soft_labels is None:
                given = self._ask_teacher(X, y, X_unlabelled, weight, groups)
            else:
                given = soft_labels, soft_labels_unlabelled
            found = check_soft_labels(given[0], X, classes)
            target = self.label_share * np.eye(len(classes))[codes]
            target += (1 - self.label_share) * soften(found, self.temperature)
            rows = TrainingRows(X, y, weight, groups)
            if X_unlabelled is not None and n_rows(X_unlabelled):
                more = check_soft_labels(given[1], X_unlabelled, classes)
                rows = _with_unlabelled(rows, X_unlabelled, classes[more.argmax(axis=1)])
                target = np.concatenate([target, soften(more, self.temperature)])
            estimator = fit_to_soft_labels(self.student, rows, classes, target)
        # At the end, so that a fit that fails leaves the previous state.
        self.estimator_, self.classes_ = estimator, estimator.classes_
        self.teacher_accuracy_ = float(np.mean(found.argmax(axis=1) == codes))
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
        check_is_fitted(self)
        return self.estimator_.predict(X)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each class.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, ...)

        Returns
        -------
        ndarray of float of shape (n_samples, n_classes)
        """
        check_is_fitted(self)
        return self.estimator_.predict_proba(X)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(first_step(self.student)).input_tags
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "estimator_")

    def _ask_teacher(
        self, X: Any, y: np.ndarray, X_unlabelled: Any, weight: Any, groups: Any
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Return the soft labels of labelled and unlabelled rows."""
        if self.teacher is None:
            raise ValueError("teacher must be a classifier, or fit gets soft_labels; got neither.")
        return make_soft_labels(
            self.teacher,
            X,
            y,
            X_unlabelled,
            sample_weight=weight,
            groups=groups,
            n_folds=self.n_folds,
            cache_dir=self.cache_dir,
            random_state=self.random_state,
        )


def _with_unlabelled(rows: TrainingRows, unlabelled: Any, labels: np.ndarray) -> TrainingRows:
    """Return labelled rows, and after them unlabelled ones with the labels of the teacher."""
    n = len(labels)
    weight, groups = rows.weight, rows.groups
    if weight is not None:
        weight = np.concatenate([weight, np.ones(n)])
    if groups is not None:
        groups = np.concatenate([groups, groups.max() + 1 + np.arange(n)])
    X = append_rows(rows.X, unlabelled, name="X_unlabelled")
    return TrainingRows(X, np.concatenate([rows.y, labels]), weight, groups)
