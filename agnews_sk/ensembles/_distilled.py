"""A small classifier that is trained to predict as a large one does."""

from numbers import Integral, Real
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin
from sklearn.utils import check_random_state, get_tags

from agnews_sk._core.appending import append_rows
from agnews_sk._core.base import HasParts, ProbabilisticClassifierMixin, StateParts
from agnews_sk._core.delegation import PredictsByEstimator
from agnews_sk._core.interruption import unswallowed_interrupts
from agnews_sk._core.observed import observed
from agnews_sk._core.validation import (
    Interval,
    as_frame,
    encode_labels,
    n_rows,
    take_rows,
    text_columns,
)
from agnews_sk.classifiers import (
    TrainingRows,
    check_soft_labels,
    first_step,
    fit_to_soft_labels,
    training_rows,
)
from agnews_sk.ensembles._student_alone import warn_if_better_alone
from agnews_sk.ensembles._teaching import MAX_SEED, ONE_LABEL, make_soft_labels, soften


class DistilledClassifier(
    PredictsByEstimator, HasParts, MetaEstimatorMixin, ProbabilisticClassifierMixin, BaseEstimator
):
    """Train a small classifier, the student, on what a large one, the teacher, predicts.

    The probabilities of the teacher tell more than labels do: which texts are hard, and which
    classes are alike (Hinton et al. 2015, arXiv 1503.02531). Texts without labels teach too.

    Parameters
    ----------
    student : classifier
        It is cloned and fitted on the soft labels. A classifier, or last step of a pipeline, whose
        `fit` takes `soft_labels` gets them so, as logistic regression and the transformers do; to
        any other, rows are given once for each class of a probability of 5 % and more, with
        `sample_weight`.
    teacher : classifier with `predict_proba`, path, or list of these, optional
        A classifier is fitted on all folds but one and predicts that one, so that it has not seen
        the rows. One that is fitted already, in a `FrozenEstimator` or saved at a path, predicts
        all rows, which it must not have seen. Several predict by the mean of their probabilities.
        None if `fit` gets `soft_labels`. A saved model does not hold it.
    temperature : float, default=1.0
        The logarithms of the teacher's probabilities are divided by it: more than 1 evens them out.
    label_share : float, default=0.2
        Share of the true labels in what the student is fitted to, where there are any.
    n_folds : int, default=5
        Number of parts in which rows are predicted by a teacher that has not seen them.
    cache_dir : str or Path, optional
        Folder that keeps what the teacher predicts, so that an interrupted fit is resumed, and
        other students of the same teacher cost nothing but their own fit.
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
        Accuracy of the soft labels on the labelled rows. Rows that no teacher could be fitted
        without, of a class with a single origin, have their label and count as right.

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

    @observed("fit")
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
            If there is neither a teacher nor `soft_labels`, lengths differ, `soft_labels` are not
            one distribution per row, or a fitted teacher has other classes than y.
        TypeError
            If the teacher is no classifier, or has no `predict_proba`, or the student takes neither
            `soft_labels` nor weights.
        KeyboardInterrupt
            If Ctrl-C is pressed, even if a classifier catches it.

        Warns
        -----
        UserWarning
            If the student alone is significantly more accurate than the teacher on labelled rows
            that neither has seen. Students that are trained in epochs are not checked, as this
            takes another fit, or five of fewer than 2,500 rows.
        """
        self._validate_params()
        rows, unlabelled = self._checked_rows(X, y, X_unlabelled, sample_weight, groups)
        classes, codes, given_weight = *encode_labels(rows.y), rows.weight
        given = soft_labels, soft_labels_unlabelled
        if unlabelled is None and soft_labels_unlabelled is not None:
            raise ValueError("soft_labels_unlabelled needs X_unlabelled, got None; pass its rows.")
        with unswallowed_interrupts():
            if soft_labels is None:
                given = self._ask_teacher(rows, unlabelled, soft_labels_unlabelled)
            found = check_soft_labels(given[0], rows.X, classes)
            right = found.argmax(axis=1) == codes
            self._check_teacher(rows, right, codes, has_unlabelled=unlabelled is not None)
            target = self.label_share * np.eye(len(classes))[codes]
            target += (1 - self.label_share) * soften(found, self.temperature)
            if unlabelled is not None:
                name = "soft_labels_unlabelled"
                more = check_soft_labels(given[1], unlabelled, classes, name=name)
                rows = _with_unlabelled(rows, unlabelled, classes[more.argmax(axis=1)])
                target = np.concatenate([target, soften(more, self.temperature)])
            estimator = fit_to_soft_labels(self.student, rows, classes, target)
        # At the end, so that a fit that fails leaves the previous state.
        self.estimator_, self.classes_ = estimator, estimator.classes_
        self.teacher_accuracy_ = float(np.average(right, weights=given_weight))
        return self

    def get_parts(self) -> StateParts:
        """Return the attributes without the teacher, which may be many times the student."""
        return StateParts({**vars(self), "teacher": None})

    def set_parts(self, parts: StateParts) -> None:
        """Reject parts: a saved student has none of its own.

        Parameters
        ----------
        parts : StateParts

        Raises
        ------
        ValueError
        """
        raise ValueError(f"{type(self).__name__} has no parts, got {sorted(parts.documents)}.")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(first_step(self.student)).input_tags
        return tags

    def _checked_rows(
        self, X: Any, y: Any, X_unlabelled: Any, sample_weight: Any, groups: Any
    ) -> tuple[TrainingRows, Any]:
        """Return the labelled rows, and the unlabelled ones, None if there are none."""
        rows = training_rows(self, X, y, sample_weight, groups, reason=ONE_LABEL)
        unlabelled = as_frame(X_unlabelled)
        if unlabelled is None or not n_rows(unlabelled):
            return rows, None
        if get_tags(self).input_tags.string:
            text_columns(unlabelled, None, name="X_unlabelled")
        first = np.arange(1)  # before a teacher is fitted
        append_rows(take_rows(rows.X, first), take_rows(unlabelled, first), name="X_unlabelled")
        return rows, unlabelled

    def _check_teacher(
        self, rows: TrainingRows, right: np.ndarray, codes: np.ndarray, *, has_unlabelled: bool
    ) -> None:
        """Warn of a teacher that is worse than the student alone, if finding out costs little."""
        # Also of parts, as of a cascade.
        params: dict[str, Any] = getattr(self.student, "get_params", dict)()
        is_slow = any(name.rpartition("__")[2] == "max_epochs" for name in params)
        if is_slow or (self.label_share == 1 and not has_unlabelled):
            return
        seed = check_random_state(self.random_state).randint(MAX_SEED)
        warn_if_better_alone(self.student, rows, right, codes, seed)

    def _ask_teacher(
        self, rows: TrainingRows, unlabelled: Any, soft_labels_unlabelled: Any
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Return the soft labels of labelled and unlabelled rows."""
        if soft_labels_unlabelled is not None:
            raise ValueError("soft_labels_unlabelled needs soft_labels; got only the former.")
        if self.teacher is None:
            raise ValueError(
                "a teacher, or soft_labels in fit, is needed; got neither. A model that was saved "
                "and loaded has no teacher."
            )
        return make_soft_labels(
            self.teacher,
            rows.X,
            rows.y,
            unlabelled,
            sample_weight=rows.weight,
            groups=rows.groups,
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
