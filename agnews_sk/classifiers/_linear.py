"""A linear support vector machine that gives probabilities."""

from numbers import Integral, Real
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from agnews_sk._validation import Interval, StrOptions, check_labels, check_sample_weight

MAX_SEED = np.iinfo(np.int32).max

# Rows that one machine sees in all its passes, where the rows are few, and what bounds the passes.
_ROWS_SEEN = 50_000
_FEWEST_PASSES, _MOST_PASSES = 5, 100
_AVERAGED = 0.6
# Below it, starting threads and waiting for them takes longer than the passes.
_FEWEST_ROWS_FOR_THREADS = 10_000


class CalibratedLinearSVC(ClassifierMixin, BaseEstimator):
    r"""Linear support vector machine with probabilities: the fast classifier of sparse texts.

    On TF-IDF of words and word pairs it is fitted many times faster than multinomial logistic
    regression by `lbfgs` and is more accurate (see the guide). Each class is separated from the
    rest by averaged stochastic gradient descent (:class:`~sklearn.linear_model.SGDClassifier`),
    one class a thread; one temperature turns the margins into probabilities.

    Parameters
    ----------
    C : float, default=1.5
        Inverse strength of the L2 penalty.
    max_iter : int or None, default=None
        Passes over the rows. None makes 5, and more, up to 100, of fewer than 10,000 rows.
    class_weight : dict or "balanced", default=None
        Weights of the classes; "balanced" weighs them by the inverse of their frequency.
    calibration_fraction : float or None, default=0.5
        The temperature is chosen on the margins of this share of the rows under a machine that was
        fitted on the others; None leaves it at 1. The margins themselves are fitted on all rows.
    random_state : int, RandomState or None, default=None
        Order of the rows, and those that the temperature is chosen on.
    n_jobs : int or None, default=-1
        Number of threads, for 10,000 rows or more; the result does not depend on it.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    coef_ : ndarray of shape (n_classes, n_features) or (1, n_features)
    intercept_ : ndarray of shape (n_classes,) or (1,)
    temperature_ : float
    n_iter_ : int
        Passes over the rows.
    n_features_in_ : int

    Notes
    -----
    For each class, with its rows :math:`y_i = 1` and all others :math:`y_i = -1`,

    .. math:: \min_{w, b} \tfrac{1}{2} \|w\|^2 + C \sum_i \max(0, 1 - y_i (w^T x_i + b)).

    The weights are averaged over the last 60 % of the steps (Bottou 2010, "Large-scale machine
    learning with stochastic gradient descent"; Xu 2011, arXiv 1107.2490), which is why few passes
    do. Rows should be of similar length, as TF-IDF makes them.

    Temperature scaling (Guo et al. 2017, "On calibration of modern neural networks",
    arXiv 1706.04599): with margins :math:`z` and the temperature :math:`T` of the lowest log
    loss,

    .. math:: p = \mathrm{softmax}(z / T).

    With two classes the margins are :math:`(-z/2, z/2)`. The temperature stays 1 where a class has
    too few rows to stand on both sides.

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

    _parameter_constraints: dict[str, Any] = {
        "C": [Interval(Real, 0, None, closed="neither")],
        "max_iter": [Interval(Integral, 1, None, closed="left"), None],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "calibration_fraction": [Interval(Real, 0, 1, closed="neither"), None],
        "random_state": ["random_state"],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        *,
        C=1.5,
        max_iter=None,
        class_weight=None,
        calibration_fraction=0.5,
        random_state=None,
        n_jobs=-1,
    ):
        self.C = C
        self.max_iter = max_iter
        self.class_weight = class_weight
        self.calibration_fraction = calibration_fraction
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "CalibratedLinearSVC":
        """Fit the margins and their temperature.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,), optional

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If y has a single class, a parameter is out of range, or the margins overflow.
        """
        self._validate_params()
        X, y = validate_data(self, X, y, accept_sparse="csr", dtype=[np.float64, np.float32])
        X = _with_short_indices(X) if sp.issparse(X) else X
        check_labels(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                f"y must have at least 2 classes, got 1 class: {self.classes_.tolist()[0]!r}; "
                "a classifier has nothing to learn from it."
            )
        weight = check_sample_weight(sample_weight, X)
        seed = check_random_state(self.random_state).randint(MAX_SEED)

        weighed = np.flatnonzero(weight > 0)
        without_weight = ~np.isin(codes, codes[weighed])  # classes that need a machine all the same

        def fit_machines(rows: np.ndarray) -> SGDClassifier:
            return self._machines(len(rows), seed).fit(X[rows], y[rows], sample_weight=weight[rows])

        whole = fit_machines(np.flatnonzero((weight > 0) | without_weight))
        # A product with sparse rows copies the transpose unless it is one block of memory.
        self.coef_, self.intercept_ = np.asfortranarray(whole.coef_), whole.intercept_
        self.n_iter_ = whole.n_iter_
        self.temperature_ = 1.0
        if self._can_calibrate(codes[weighed]):
            fitted, left_out = train_test_split(
                weighed,
                test_size=self.calibration_fraction,
                stratify=codes[weighed],
                random_state=seed,
            )
            margins = _finite(fit_machines(fitted).decision_function(X[left_out]))
            self.temperature_ = _temperature(
                _one_a_class(margins), codes[left_out], weight[left_out]
            )
        return self

    def decision_function(self, X: Any) -> np.ndarray:
        """Return the margins.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or (n_samples,) for two classes
            Positive for `classes_[1]` where there are two.

        Raises
        ------
        ValueError
            If the margins overflow.
        """
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=[np.float64, np.float32], reset=False)
        margins = _finite(np.asarray(X @ self.coef_.T) + self.intercept_)
        return margins.ravel() if len(self.classes_) == 2 else margins

    def predict(self, X: Any) -> np.ndarray:
        """Return the label with the largest margin.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        best = _one_a_class(self.decision_function(X)).argmax(axis=1)
        return self.classes_[best]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Columns in the order of `classes_`.
        """
        return softmax(_one_a_class(self.decision_function(X)) / self.temperature_, axis=1)

    def _machines(self, n_rows: int, seed: int) -> SGDClassifier:
        passes = self.max_iter or np.clip(-(-_ROWS_SEEN // n_rows), _FEWEST_PASSES, _MOST_PASSES)
        return SGDClassifier(
            loss="hinge",
            alpha=1 / (self.C * n_rows),
            max_iter=int(passes),
            tol=None,
            average=max(1, int((1 - _AVERAGED) * passes * n_rows)),
            class_weight=self.class_weight,
            random_state=seed,
            n_jobs=self.n_jobs if n_rows >= _FEWEST_ROWS_FOR_THREADS else 1,
        )

    def _can_calibrate(self, codes: np.ndarray) -> bool:
        if self.calibration_fraction is None:
            return False
        rarest = np.bincount(codes, minlength=len(self.classes_)).min()
        return rarest * min(self.calibration_fraction, 1 - self.calibration_fraction) >= 1

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def _with_short_indices(X: Any) -> Any:
    """Return a CSR matrix with indices of 32 bits, the only ones that gradient descent reads."""
    indices, indptr = sp.safely_cast_index_arrays(X, np.int32, msg="X")
    return type(X)((X.data, indices, indptr), shape=X.shape)


def _finite(margins: np.ndarray) -> np.ndarray:
    if not np.isfinite(margins).all():
        raise ValueError("X leads to margins that overflow; scale its rows, as TF-IDF does.")
    return margins


def _temperature(margins: np.ndarray, codes: np.ndarray, weight: np.ndarray) -> float:
    """Return the temperature with the lowest log loss."""
    every = np.arange(len(codes))

    def log_loss(log_temperature: float) -> float:
        log_p = log_softmax(margins / np.exp(log_temperature), axis=1)[every, codes]
        return -np.average(log_p, weights=weight)

    return float(np.exp(minimize_scalar(log_loss, bounds=(-5, 5), method="bounded").x))


def _one_a_class(margins: np.ndarray) -> np.ndarray:
    return np.column_stack([-margins / 2, margins / 2]) if margins.ndim == 1 else margins
