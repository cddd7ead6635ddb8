"""Logistic regression for vectors of texts."""

from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning

from agnews_sk._core.counted import counted
from agnews_sk._core.products import Products, threads
from agnews_sk._core.user_warnings import warn_user
from agnews_sk._core.validation import Interval
from agnews_sk.classifiers._axes import Axes, principal_axes
from agnews_sk.classifiers._calibrated import CalibratedLinear, LinearMargins, Margins, Rows
from agnews_sk.classifiers._losses import Sigmoid, Softmax
from agnews_sk.classifiers._quasi_newton import Coefficients, fit_logistic
from agnews_sk.classifiers._row_space import RowCoefficients, fit_rows, has_few_rows
from agnews_sk.classifiers._unseen import finite

# C for so many sparse rows, and the largest one.
_C, _ROWS_OF_C, _LARGEST_C = 10.0, 50_000, 100.0
# Numbers of dense rows between which C is 1, if their mean squared distance from their mean is 1.
_FEWEST_OF_DENSE, _MOST_OF_DENSE = 900, 4_000
# C with several labels per row, most of which are rare, so that few features tell of each.
_C_OF_SETS = 3.0


@dataclass(frozen=True)
class RowMargins:
    """Margins of classes, as `Margins`, whose coefficients are sums of rows.

    Attributes
    ----------
    found : RowCoefficients
    positions : ndarray of int of shape (n_rows,), or None
        Of the rows among all.
    """

    found: RowCoefficients
    positions: np.ndarray | None

    @property
    def coef(self) -> np.ndarray:
        """Coefficients, ndarray of shape (n_classes, n_features), or (1, n_features) for two."""
        return self.found.coef.T

    @property
    def intercept(self) -> np.ndarray:
        """Intercepts, ndarray of shape (n_classes,) or (1,)."""
        return self.found.intercept

    @property
    def n_iter(self) -> int:
        """Number of steps."""
        return self.found.n_iter

    def of(self, X: Any) -> np.ndarray:
        """Return the margins of rows, ndarray of shape (n_rows, n_classes) or (n_rows,)."""
        margins = finite(self.found.margins(X))
        return margins.ravel() if margins.shape[1] == 1 else margins

    def among(self, n_rows: int) -> tuple[np.ndarray, np.ndarray]:
        """Return factors of all rows, ndarray of shape (n_rows, n_columns), and the intercepts."""
        of_rows = np.zeros((n_rows, self.found.of_rows.shape[1]), np.float32)
        of_rows[self.positions] = self.found.of_rows
        return of_rows, self.found.intercept


class CalibratedLogisticRegression(CalibratedLinear):
    r"""Logistic regression with calibrated probabilities, for TF-IDF or embeddings of texts.

    Multinomial for three classes and more, and for several labels per row one logistic regression
    per label. The objective is that of scikit-learn's
    :class:`~sklearn.linear_model.LogisticRegression`, minimized many times faster on TF-IDF of
    texts, and faster on dense vectors. A temperature and a shift of each class, chosen on held-out
    rows, then correct its confidence.

    Parameters
    ----------
    C : float or None, default=None
        Inverse strength of the penalty. None chooses it by the number n of rows, as
        :math:`10 \sqrt{50\,000 / n}` and at most 100, since held-out rows correct the confidence;
        with several labels per row it is 3. For dense rows it is 1 from 900 to 4,000 rows,
        :math:`\sqrt{900 / n}` for fewer and :math:`\sqrt{n / 4000}` for more, or 3 with several
        labels per row, divided by the mean squared distance of the rows from their mean.
    l1_ratio : float, default=0.0
        Share of the L1 norm in the penalty: 0 is L2, 1 is L1, and between them elastic net.
    tol : float, default=1e-3
        Stop where the next step is expected to lower the objective by at most this share.
    max_iter : int, default=100
        Maximum number of steps.
    class_weight : dict or "balanced", default=None
        Weights of the classes; "balanced" is inverse to their frequency.
    warm_start : bool, default=False
        Whether to start at the coefficients of the previous fit, if it had as many features and
        the same classes.
    calibration_fraction : float or None, default=0.3
        Share of the rows that temperature and shifts are chosen on, at most 0.5 and rounded to
        1/2, 1/3, ..., as in :class:`CalibratedLinearSVC`. None leaves the temperature at 1, so
        that the probabilities are those of scikit-learn.
    threshold : "f1" or float, default="f1"
        With several labels per row: "f1" chooses the threshold of each label that gives the
        highest F1 on held-out rows; a number between 0 and 1 is the threshold of all labels.
    random_state : int, RandomState or None, default=None
        Random seed of the rows that are held out. The fit itself is not random.
    n_jobs : int or None, default=-1
        Number of threads; the result does not depend on it.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted.
    coef_ : ndarray of shape (n_classes, n_features) or (1, n_features)
        Weights of the features.
    intercept_ : ndarray of shape (n_classes,) or (1,)
        Constants of the margins.
    temperature_ : float
        Divides the margins before the softmax; 1 with several labels per row.
    thresholds_ : ndarray of float of shape (n_classes,) or None
        Lowest probability of each label that is predicted; None for one label per row.
    label_format_ : str or None
        Format of the sets of labels that `fit` got and `predict` returns; None for one label.
    n_iter_ : int
        Steps of the last fit, which starts at the coefficients of a part of the rows.
    n_features_in_ : int
        Number of features.

    Notes
    -----
    With margins :math:`z_i = W x_i + b` and weights :math:`s_i` of the rows, the objective is

    .. math:: \sum_i s_i \left( \log \sum_c e^{z_{ic}} - z_{i y_i} \right) +
        \frac{1}{C} \left( \frac{1 - \rho}{2} \|W\|_2^2 + \rho \|W\|_1 \right)

    with the share :math:`\rho` of the L1 norm. It is minimized by L-BFGS with the diagonal of the
    second derivatives (Liu and Nocedal 1989), which for features whose frequencies differ by
    orders of magnitude takes a tenth of the steps; with an L1 norm by its orthant-wise variant
    (Andrew and Gao 2007). With an L2 norm and at least eight features per row, it takes its steps
    with a factor per row instead, :math:`W = A^T X`, of which there are fewer. Sums are in single
    precision. Dense rows of up to 1,024 features are rotated to their principal axes first, unless
    there is an L1 norm: features of embeddings are correlated, and along these axes second
    derivatives are nearly a diagonal.

    Temperature scaling is that of :class:`CalibratedLinearSVC`.

    Examples
    --------
    >>> from agnews_sk.classifiers import CalibratedLogisticRegression
    >>> from agnews_sk.vectorization import NgramVectorizer
    >>> texts = ["oil prices rise", "oil shares fall", "cup final", "the cup is ours"]
    >>> labels = ["Business", "Business", "Sports", "Sports"]
    >>> vectorizer = NgramVectorizer()
    >>> classifier = CalibratedLogisticRegression(random_state=0)
    >>> classifier.fit(vectorizer.fit_transform(texts), labels).classes_.tolist()
    ['Business', 'Sports']
    >>> classifier.predict(vectorizer.transform(["oil", "cup"])).tolist()
    ['Business', 'Sports']
    """

    _parameter_constraints: dict[str, Any] = {
        **CalibratedLinear._parameter_constraints,
        "C": [Interval(Real, 0, None, closed="neither"), None],
        "l1_ratio": [Interval(Real, 0, 1, closed="both")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "warm_start": ["boolean"],
    }

    def __init__(
        self,
        *,
        C=None,
        l1_ratio=0.0,
        tol=1e-3,
        max_iter=100,
        class_weight=None,
        warm_start=False,
        calibration_fraction=0.3,
        threshold="f1",
        random_state=None,
        n_jobs=-1,
    ):
        self.C = C
        self.l1_ratio = l1_ratio
        self.tol = tol
        self.max_iter = max_iter
        self.class_weight = class_weight
        self.warm_start = warm_start
        self.calibration_fraction = calibration_fraction
        self.threshold = threshold
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        groups: Any = None,
        soft_labels: Any = None,
    ) -> Self:
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
        soft_labels : array-like of shape (n_samples, n_classes), optional
            Probabilities of the classes, sorted, which the margins are fitted to instead of y, such
            as those of another classifier. Classes and calibration are those of y.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If y has a single class, a parameter is out of range, the margins overflow, or
            `soft_labels` are not one distribution per row.

        Warns
        -----
        UserWarning
            If no row of a class is held out, because it has few or all are of one group: the
            temperature is chosen without that class.
        """
        return self._fit(X, y, sample_weight, groups, soft_labels)

    def _fit_margins(self, rows: Rows, seed: int, start: LinearMargins | None) -> LinearMargins:
        """Fit the margins of some rows; of two classes there is one."""
        target = rows.distribution()
        weight = rows.weight[:, None]
        two = rows.n_classes == 2
        found: Coefficients | RowCoefficients
        loss = Sigmoid(target[:, 1:], weight) if two else Softmax(target, weight)
        settings: dict[str, Any] = {"tol": self.tol, "max_iter": self.max_iter}
        settings["C"] = self._penalty(rows.X)
        by_rows = not self.l1_ratio and has_few_rows(rows.X)
        by_rows = by_rows and (start is None or isinstance(start, RowMargins))
        with threads(rows.X, self.n_jobs) as run:
            if by_rows:
                begin = start.among(len(rows.codes)) if isinstance(start, RowMargins) else None
                found = fit_rows(rows.X, run, loss, start=begin, **settings)
            else:
                first = None if start is None else Coefficients(start.coef.T, start.intercept)
                settings["l1_ratio"] = self.l1_ratio
                found = fit_logistic(Products(rows.X, run), loss, start=first, **settings)
        if not found.converged:
            warn_user(
                f"the fit stopped after {counted(found.n_iter, 'step')}, before it converged to "
                f"tol={self.tol}; increase max_iter={self.max_iter}, or decrease C.",
                ConvergenceWarning,
            )
        if isinstance(found, RowCoefficients):
            return RowMargins(found, rows.positions)
        return Margins(found.coef.T, found.intercept, found.n_iter)

    def _axes(self, X: Any) -> Axes:
        """Return the principal axes of dense rows, unless the penalty has an L1 norm."""
        return Axes() if self.l1_ratio else principal_axes(X)

    def _of_labels(self, X: Any) -> dict[str, Any]:
        """Return the settings of `fit_margins` for several labels per row."""
        settings = {name: getattr(self, name) for name in ("max_iter", "tol", "l1_ratio")}
        return {"C": self._penalty(X, of_sets=True), **settings}

    def _penalty(self, X: Any, of_sets: bool = False) -> float:
        """Return the inverse strength of the penalty for some rows."""
        if self.C is not None:
            return float(self.C)
        n_rows = X.shape[0]
        if sp.issparse(X):
            return _C_OF_SETS if of_sets else penalty_of_sparse(n_rows)
        ratio = max(_FEWEST_OF_DENSE / n_rows, n_rows / _MOST_OF_DENSE, 1)
        C = _C_OF_SETS if of_sets else ratio**0.5
        with np.errstate(over="ignore"):
            spread = float(X.var(axis=0, dtype=float).sum())
        return C / spread if 0 < spread < np.inf else C

    def _previous(
        self, classes: np.ndarray, label_format: str | None, X: Any
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """Return the coefficients of the previous fit, if they are asked for and suit."""
        if not self.warm_start or not hasattr(self, "coef_"):
            return None
        same_classes = np.array_equal(self.classes_, classes)
        same_columns = self.coef_.shape[1] == X.shape[1]
        suits = same_classes and same_columns and self.label_format_ == label_format
        return (self.coef_, self.intercept_) if suits else None


def penalty_of_sparse(n_rows: int) -> float:
    """Return the inverse strength of the penalty by default, for so many sparse rows."""
    return float(min(_C * (_ROWS_OF_C / n_rows) ** 0.5, _LARGEST_C))
