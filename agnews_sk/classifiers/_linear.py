"""A linear support vector machine with probabilities."""

import warnings
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.optimize import minimize_scalar
from scipy.special import expit, log_softmax, softmax
from sklearn.base import BaseEstimator
from sklearn.linear_model import SGDClassifier
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from agnews_sk._core.base import ProbabilisticClassifierMixin
from agnews_sk._core.earlier_states import TakesEarlierStates
from agnews_sk._core.label_sets import LabelSets, check_label_sets, in_format, is_multilabel
from agnews_sk._core.repeats import same_rows
from agnews_sk._core.splitting import fold_rows, join_groups
from agnews_sk._core.validation import (
    Interval,
    StrOptions,
    check_groups,
    check_sample_weight,
    class_weights,
    encode_labels,
)
from agnews_sk.classifiers._label_sets import label_weights
from agnews_sk.classifiers._linear_sets import LabelRows, fit_label_sets
from agnews_sk.classifiers._unseen import as_unseen, finite

MAX_SEED = np.iinfo(np.int32).max

# Rows that a binary classifier sees in all passes if there are few, and limits of the passes.
_ROWS_SEEN = 50_000
_FEWEST_PASSES, _MOST_PASSES = 5, 100
_AVERAGED = 0.6  # share of the steps, the last ones, whose weights are averaged
# With fewer rows, starting threads and waiting for them takes longer than the passes.
_FEWEST_ROWS_FOR_THREADS = 10_000
# Times C of the logistic loss, which fits less closely than the hinge loss with the same penalty.
_OF_LOG_LOSS = 2
# Rows to choose the temperature on, if there are this many.
_ROWS_TO_CALIBRATE_ON = 1_000


class CalibratedLinearSVC(TakesEarlierStates, ProbabilisticClassifierMixin, BaseEstimator):
    r"""Linear support vector machine with probabilities, for sparse vectors of texts.

    On TF-IDF of words and word pairs it is fitted many times faster than multinomial logistic
    regression by `lbfgs` and is more accurate (see the guide). One-vs-rest classifiers are fitted
    by averaged stochastic gradient descent (:class:`~sklearn.linear_model.SGDClassifier`), each in
    a thread; a single temperature turns the margins into probabilities.

    With several labels per row they are logistic regressions, one per label, and predict the labels
    whose probability reaches their threshold.

    Parameters
    ----------
    C : float, default=1.5
        Inverse strength of the L2 penalty.
    max_iter : int or None, default=None
        Passes over the rows, or steps with several labels per row; None means 5 passes, and up to
        100 if there are fewer than 10,000 rows, or 100 steps.
    class_weight : dict or "balanced", default=None
        Weights of the classes; "balanced" is inverse to their frequency.
    calibration_fraction : float or None, default=0.3
        Share of the rows that the temperature is chosen on, at most 0.5 and rounded to 1/2, 1/3,
        ...: on their margins under classifiers fitted on the other rows, and in turn on several
        such parts where one has fewer than 1,000 rows. None leaves the temperature at 1. The
        final classifiers are fitted on all rows. With several labels per row, thresholds are chosen
        on these rows too, and up to 10,000 of them.
    threshold : "f1" or float, default="f1"
        With several labels per row: "f1" chooses the threshold of each label that gives the
        highest F1 on the rows of `calibration_fraction`; a number between 0 and 1 is the threshold
        of all labels.
    random_state : int, RandomState or None, default=None
        Random seed of the order of the rows, and of those that the temperature is chosen on.
    n_jobs : int or None, default=-1
        Number of threads, for 10,000 rows or more; the result does not depend on it.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted.
    coef_ : ndarray of shape (n_classes, n_features) or (1, n_features)
        Weights of the features, one row per classifier.
    intercept_ : ndarray of shape (n_classes,) or (1,)
        Constants of the margins.
    temperature_ : float
        Divides the margins before the softmax; 1 with several labels per row, whose margins are
        logarithms of odds.
    thresholds_ : ndarray of float of shape (n_classes,) or None
        Lowest probability of each label that is predicted; None for one label per row.
    label_format_ : str or None
        Format of the sets of labels that `fit` got and `predict` returns; None for one label.
    n_iter_ : int
        Passes over the rows; steps with several labels per row.
    n_features_in_ : int
        Number of features.

    Notes
    -----
    For each class, with its rows :math:`y_i = 1` and all others :math:`y_i = -1`,

    .. math:: \min_{w, b} \tfrac{1}{2} \|w\|^2 + C \sum_i \max(0, 1 - y_i (w^T x_i + b)).

    The weights are averaged over the last 60 % of the steps (Bottou 2010, "Large-scale machine
    learning with stochastic gradient descent"; Xu 2011, arXiv 1107.2490), so that few passes
    suffice. Rows should have similar norms, as those of TF-IDF have.

    Temperature scaling (Guo et al. 2017, "On calibration of modern neural networks",
    arXiv 1706.04599): with margins :math:`z` and the temperature :math:`T` of the lowest log
    loss, whose targets are smoothed as by Platt (1999) so that probabilities stay below 1 even if
    few rows are all classified correctly,

    .. math:: p = \mathrm{softmax}(z / T).

    With two classes the margins are :math:`(-z/2, z/2)`. Rows that are equal, or of one group, are
    held out together. Features that only held-out rows have are removed from these, and rows of
    unit norm are scaled back to it: the vectorizer has learned its vocabulary from them too, and
    their margins would otherwise be smaller than those of new texts, and the temperature too low.

    With several labels per row, for each label

    .. math:: \min_{w, b} \tfrac{1}{2} \|w\|^2 + 2 C \sum_i \log(1 + e^{-y_i (w^T x_i + b)}),

    by L-BFGS (Liu and Nocedal 1989) of all labels at once, and the margins are calibrated by one
    slope and a shift of each label. A threshold with the highest F1 on few positive rows is
    overfitted, so rows count as positive partly by their probability, the more the rarer the label.

    Examples
    --------
    >>> from agnews_sk.classifiers import CalibratedLinearSVC
    >>> from agnews_sk.vectorization import NgramVectorizer
    >>> texts = ["oil prices rise", "oil shares fall", "cup final", "the cup is ours"]
    >>> labels = ["Business", "Business", "Sports", "Sports"]
    >>> vectorizer = NgramVectorizer()
    >>> classifier = CalibratedLinearSVC(random_state=0)
    >>> classifier.fit(vectorizer.fit_transform(texts), labels).classes_.tolist()
    ['Business', 'Sports']
    >>> classifier.predict(vectorizer.transform(["oil", "cup"])).tolist()
    ['Business', 'Sports']
    """

    label_format_: str | None
    thresholds_: np.ndarray | None

    _parameter_constraints: dict[str, Any] = {
        "C": [Interval(Real, 0, None, closed="neither")],
        "max_iter": [Interval(Integral, 1, None, closed="left"), None],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "calibration_fraction": [Interval(Real, 0, 0.5, closed="right"), None],
        "threshold": [Interval(Real, 0, 1, closed="both"), StrOptions({"f1"})],
        "random_state": ["random_state"],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        *,
        C=1.5,
        max_iter=None,
        class_weight=None,
        calibration_fraction=0.3,
        threshold="f1",
        random_state=None,
        n_jobs=-1,
    ):
        self.C = C
        self.max_iter = max_iter
        self.class_weight = class_weight
        self.calibration_fraction = calibration_fraction
        self.threshold = threshold
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None
    ) -> "CalibratedLinearSVC":
        """Fit the margins and their temperature.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,), or sets of labels, or an indicator
            One label per row, or a list, tuple or set of them; or a matrix or frame of 0 and 1 with
            a column per label.
        sample_weight : array-like of shape (n_samples,), optional
        groups : array-like of shape (n_samples,), optional
            Origin of each row: rows of one group are held out together.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If y has a single class, a parameter is out of range, or the margins overflow.

        Warns
        -----
        UserWarning
            If no row of a class is held out, because it has few or all are of one group: the
            temperature is chosen without that class.
        """
        self._validate_params()
        X = validate_data(self, X, accept_sparse="csr", dtype=[np.float64, np.float32])
        X = _with_short_indices(X) if sp.issparse(X) else X
        if is_multilabel(y):
            return self._fit_sets(X, check_label_sets(y, X), sample_weight, groups)
        classes, codes = encode_labels(y, X)
        of_class = class_weights(self.class_weight, classes, codes)
        weight = check_sample_weight(sample_weight, X) * of_class[codes]
        seed = check_random_state(self.random_state).randint(MAX_SEED)
        # A class without weight needs a classifier too.
        used = np.flatnonzero((weight > 0) | ~np.isin(codes, codes[weight > 0]))
        rows = _Rows(X[used], codes[used], weight[used])

        whole = self._fit_classifiers(rows, seed)
        origins = [same_rows(rows.X), *([] if groups is None else [check_groups(groups, X)[used]])]
        temperature = self._choose_temperature(rows, classes, join_groups(*origins), seed)
        # All at the end: an interrupted fit leaves the previous state.
        self.classes_, self.n_iter_, self.temperature_ = classes, whole.n_iter_, temperature
        self.thresholds_, self.label_format_ = None, None
        # A product with sparse rows copies the transpose unless it is one block of memory.
        self.coef_, self.intercept_ = np.asfortranarray(whole.coef_), whole.intercept_
        return self

    def decision_function(self, X: Any) -> np.ndarray:
        """Return the margins.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or (n_samples,) for two classes
            Positive for `classes_[1]` where there are two. With several labels per row, a column
            per label: logarithms of odds.

        Raises
        ------
        ValueError
            If the margins overflow.
        """
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=[np.float64, np.float32], reset=False)
        margins = finite(np.asarray(X @ self.coef_.T) + self.intercept_)
        one_margin = len(self.classes_) == 2 and self._label_format is None
        return margins.ravel() if one_margin else margins

    def predict(self, X: Any) -> Any:
        """Return the label with the largest margin, or the labels that reach their thresholds.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,), or label sets in the format of those in `fit`
        """
        check_is_fitted(self)
        label_format = self._label_format
        if label_format is not None:
            reached = self.predict_proba(X) >= self.thresholds_
            return in_format(reached, self.classes_, label_format)
        best = _one_per_class(self.decision_function(X)).argmax(axis=1)
        return self.classes_[best]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Columns in the order of `classes_`. Rows sum to 1, unless they have several labels.
        """
        check_is_fitted(self)
        if self._label_format is not None:
            return expit(self.decision_function(X))
        return softmax(_one_per_class(self.decision_function(X)) / self.temperature_, axis=1)

    def _fit_classifiers(self, rows: "_Rows", seed: int) -> SGDClassifier:
        """Return the one-vs-rest classifiers of some rows; of two classes there is one.

        `SGDClassifier` minimizes the mean loss plus alpha/2 times the squared norm, which is the
        objective of the notes divided by C times the number of rows.
        """
        n_rows = len(rows.codes)
        passes = self.max_iter or np.clip(-(-_ROWS_SEEN // n_rows), _FEWEST_PASSES, _MOST_PASSES)
        classifiers = SGDClassifier(
            loss="hinge",
            alpha=1 / (self.C * n_rows),
            max_iter=int(passes),
            tol=None,
            average=max(1, int((1 - _AVERAGED) * passes * n_rows)),
            random_state=seed,
            n_jobs=self.n_jobs if n_rows >= _FEWEST_ROWS_FOR_THREADS else 1,
        )
        return classifiers.fit(rows.X, rows.codes, sample_weight=rows.weight)

    def _choose_temperature(
        self, rows: "_Rows", classes: np.ndarray, groups: np.ndarray, seed: int
    ) -> float:
        """Choose the temperature on rows that the classifiers have not seen.

        Parameters
        ----------
        rows : _Rows of n_samples rows
        classes : ndarray of shape (n_classes,)
            For the message.
        groups : ndarray of int of shape (n_samples,)
            Rows of one group are held out together.
        seed : int

        Returns
        -------
        float
            1 if no row with a weight is held out.
        """
        if self.calibration_fraction is None:
            return 1.0
        folds = fold_rows(rows.codes, groups, round(1 / self.calibration_fraction), seed)
        margins, held_out = [], [np.empty(0, dtype=np.intp)]
        for fold in range(folds.max() + 1):
            fitted, out = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
            if len(out) and sum(map(len, held_out)) < _ROWS_TO_CALIBRATE_ON:
                classifiers = self._fit_classifiers(rows.take(fitted), seed)
                X_out = as_unseen(rows.X[out], rows.X[fitted])
                margins.append(_one_per_class(finite(classifiers.decision_function(X_out))))
                held_out.append(out)
        chosen = np.concatenate(held_out)
        if len(rare := np.setdiff1d(rows.codes, rows.codes[chosen])):
            warnings.warn(
                f"the temperature is chosen without the classes {classes[rare].tolist()}, "
                "which have too few distinct rows to hold one out.",
                stacklevel=3,
            )
        if not rows.weight[chosen].any():
            return 1.0
        return _temperature(np.concatenate(margins), rows.codes[chosen], rows.weight[chosen])

    @property
    def _label_format(self) -> str | None:
        """Format of label sets; models that older versions saved have one label per row."""
        return getattr(self, "label_format_", None)

    def _fit_sets(
        self, X: Any, sets: LabelSets, sample_weight: Any, groups: Any
    ) -> "CalibratedLinearSVC":
        """Fit, calibrate and choose a threshold for a classifier per label."""
        weight = check_sample_weight(sample_weight, X)
        used = np.flatnonzero(weight > 0)
        of_labels = label_weights(self.class_weight, sets, weight)
        rows = LabelRows(X[used], sets.indicator[used], weight[used], of_labels[used])
        origins = [same_rows(rows.X), *([] if groups is None else [check_groups(groups, X)[used]])]
        found = fit_label_sets(
            rows,
            join_groups(*origins),
            C=_OF_LOG_LOSS * self.C,
            max_iter=self.max_iter,
            n_jobs=self.n_jobs,
            fraction=self.calibration_fraction,
            threshold=self.threshold,
            seed=check_random_state(self.random_state).randint(MAX_SEED),
        )
        self.classes_, self.label_format_ = sets.classes, sets.format
        self.thresholds_ = found.thresholds
        self.coef_, self.intercept_ = np.asfortranarray(found.coef), found.intercept
        self.temperature_, self.n_iter_ = 1.0, found.n_iter
        return self

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.classifier_tags.multi_label = True
        return tags


@dataclass(frozen=True)
class _Rows:
    """Rows to fit classifiers on.

    Attributes
    ----------
    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
    codes : ndarray of int of shape (n_samples,)
    weight : ndarray of float of shape (n_samples,)
    """

    X: Any
    codes: np.ndarray
    weight: np.ndarray

    def take(self, indices: np.ndarray) -> "_Rows":
        """Return some of the rows."""
        return _Rows(self.X[indices], self.codes[indices], self.weight[indices])


def _with_short_indices(X: Any) -> Any:
    """Return a CSR matrix with indices of 32 bits, the only ones that `SGDClassifier` reads."""
    indices, indptr = sp.safely_cast_index_arrays(X, np.int32, msg="X")
    return type(X)((X.data, indices, indptr), shape=X.shape)


def _temperature(margins: np.ndarray, codes: np.ndarray, weight: np.ndarray) -> float:
    """Return the temperature with the lowest log loss, for smoothed targets.

    Platt (1999), "Probabilistic outputs for support vector machines": if n rows are all classified
    correctly, the probability of an error is not 0 but about 1 / (n + 2).

    Parameters
    ----------
    margins : ndarray of float of shape (n_rows, n_classes)
    codes : ndarray of int of shape (n_rows,)
        Of the labels.
    weight : ndarray of float of shape (n_rows,)
        n is the effective sample size, sum(weight)**2 / sum(weight**2).

    Returns
    -------
    float
    """
    weight = weight / weight.sum()
    doubt = 1 / (1 / (weight**2).sum() + 2)
    target = np.full(margins.shape, doubt / (margins.shape[1] - 1))  # (n_rows, n_classes)
    target[np.arange(len(codes)), codes] = 1 - doubt
    target *= weight[:, None]

    def log_loss(log_temperature: float) -> float:
        """Return the log loss; on a log scale the search treats T and 1/T alike."""
        return -(target * log_softmax(margins / np.exp(log_temperature), axis=1)).sum()

    return float(np.exp(minimize_scalar(log_loss, bounds=(-5, 5), method="bounded").x))


def _one_per_class(margins: np.ndarray) -> np.ndarray:
    """Return margins of shape (n_rows, n_classes), of two classes from shape (n_rows,)."""
    return np.column_stack([-margins / 2, margins / 2]) if margins.ndim == 1 else margins
