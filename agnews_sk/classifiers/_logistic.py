"""Logistic regression for rows with one label or several."""

from numbers import Integral, Real
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, log_expit, softmax
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from agnews_sk._core.base import ProbabilisticClassifierMixin
from agnews_sk._core.label_sets import LabelSets, check_label_sets, in_format, is_multilabel
from agnews_sk._core.repeats import same_rows
from agnews_sk._core.splitting import join_groups
from agnews_sk._core.validation import (
    Interval,
    StrOptions,
    check_groups,
    check_sample_weight,
    class_weights,
    encode_labels,
)
from agnews_sk.classifiers._label_sets import held_out_rows, label_weights
from agnews_sk.classifiers._label_thresholds import thresholds_for

MAX_SEED = np.iinfo(np.int32).max
_TOLERANCE = 1e-4  # of the gradient, as in scikit-learn


class ThresholdedLogisticRegression(ProbabilisticClassifierMixin, BaseEstimator):
    r"""Logistic regression for one label per row, or several, each with a threshold.

    With one label per row it is scikit-learn's :class:`~sklearn.linear_model.LogisticRegression`.
    With several it fits one logistic regression per label, all of them at once, and predicts the
    labels whose probability reaches their threshold.

    Parameters
    ----------
    C : float, default=1.0
        Inverse strength of the L2 penalty.
    max_iter : int, default=1000
        Maximum number of iterations of L-BFGS.
    class_weight : dict or "balanced", default=None
        Weights of the classes; "balanced" is inverse to their frequency. With several labels per
        row, weights of the rows that have the label.
    threshold : "f1" or float, default="f1"
        With several labels per row: "f1" chooses the threshold of each label that gives the
        highest F1 on held-out rows; a number between 0 and 1 is the threshold of all.
    calibration_fraction : float, default=0.3
        Share of the rows that thresholds are chosen on, at most 0.5 and rounded to 1/2, 1/3, ...:
        on their probabilities under classifiers fitted on the other rows, and in turn on several
        such parts where one has fewer than 10,000 rows. The final classifiers are fitted on all.
    random_state : int, RandomState or None, default=None
        Random seed of the choice of held-out rows.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels: sorted, or in the order of the columns of an indicator.
    coef_ : ndarray of shape (n_classes, n_features), or (1, n_features) for two classes
    intercept_ : ndarray of shape (n_classes,) or (1,)
    thresholds_ : ndarray of float of shape (n_classes,) or None
        Lowest probability of each label that is predicted; None for one label per row.
    label_format_ : str or None
        Format of the sets of labels that `fit` got and `predict` returns; None for one label.
    n_iter_ : int
        Iterations of the final fit.
    n_features_in_ : int
        Number of features.

    Examples
    --------
    >>> import numpy as np
    >>> from agnews_sk.classifiers import ThresholdedLogisticRegression
    >>> X = np.array([[2.0, 0.0], [1.5, 0.2], [0.1, 2.0], [0.0, 1.5], [2.0, 2.0], [1.5, 1.7]])
    >>> y = [["oil"], ["oil"], ["war"], ["war"], ["oil", "war"], ["oil", "war"]]
    >>> classifier = ThresholdedLogisticRegression(C=10, threshold=0.5).fit(X, y)
    >>> classifier.predict([[2.0, 0.0], [2.0, 2.0]]).tolist()
    [['oil'], ['oil', 'war']]
    """

    label_format_: str | None
    thresholds_: np.ndarray | None

    _parameter_constraints: dict[str, Any] = {
        "C": [Interval(Real, 0, None, closed="neither")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "threshold": [Interval(Real, 0, 1, closed="both"), StrOptions({"f1"})],
        "calibration_fraction": [Interval(Real, 0, 0.5, closed="right")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        C=1.0,
        max_iter=1000,
        class_weight=None,
        threshold="f1",
        calibration_fraction=0.3,
        random_state=None,
    ):
        self.C = C
        self.max_iter = max_iter
        self.class_weight = class_weight
        self.threshold = threshold
        self.calibration_fraction = calibration_fraction
        self.random_state = random_state

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None
    ) -> "ThresholdedLogisticRegression":
        """Fit the classifiers, and choose the thresholds on held-out rows.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,), or sets of labels, or an indicator
        sample_weight : array-like of shape (n_samples,), optional
        groups : array-like of shape (n_samples,), optional
            Origin of each row: rows of one group are held out together.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If y has a single class, or a parameter is out of range.
        """
        self._validate_params()
        X = validate_data(self, X, accept_sparse="csr", dtype=[np.float64, np.float32])
        if is_multilabel(y):
            return self._fit_sets(X, check_label_sets(y, X), sample_weight, groups)
        classes, codes = encode_labels(y, X)
        weight = sample_weight
        if self.class_weight is not None:
            of_class = class_weights(self.class_weight, classes, codes)
            weight = check_sample_weight(sample_weight, X) * of_class[codes]
        inner = LogisticRegression(C=self.C, max_iter=self.max_iter).fit(X, codes, weight)
        self.classes_, self.thresholds_, self.label_format_ = classes, None, None
        self.coef_, self.intercept_ = inner.coef_, inner.intercept_
        self.n_iter_ = int(inner.n_iter_.max())
        return self

    def decision_function(self, X: Any) -> np.ndarray:
        """Return the margins, which are logarithms of odds with several labels per row.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or (n_samples,) for two classes
        """
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=[np.float64, np.float32], reset=False)
        margins = np.asarray(X @ self.coef_.T) + self.intercept_
        one_margin = self.label_format_ is None and len(self.classes_) == 2
        return margins.ravel() if one_margin else margins

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
        margins = self.decision_function(X)
        if self.label_format_ is not None:
            return expit(margins)
        if margins.ndim == 1:
            return np.column_stack([expit(-margins), expit(margins)])
        return softmax(margins, axis=1)

    def predict(self, X: Any) -> Any:
        """Return the most probable label, or the labels that reach their thresholds.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,), or label sets in the format of those in `fit`
        """
        if self.label_format_ is not None:
            y_proba = self.predict_proba(X)
            return in_format(y_proba >= self.thresholds_, self.classes_, self.label_format_)
        margins = self.decision_function(X)
        best = (margins > 0).astype(int) if margins.ndim == 1 else margins.argmax(axis=1)
        return self.classes_[best]

    def _fit_sets(
        self, X: Any, sets: LabelSets, sample_weight: Any, groups: Any
    ) -> "ThresholdedLogisticRegression":
        """Fit a classifier per label, and choose their thresholds.

        Parameters
        ----------
        X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        sets : LabelSets of n_samples rows
        sample_weight, groups : array-like of shape (n_samples,) or None

        Returns
        -------
        self
        """
        row_weight = check_sample_weight(sample_weight, X)
        used = np.flatnonzero(row_weight > 0)
        weight = label_weights(self.class_weight, sets, row_weight)[used]
        origins = [] if groups is None else [check_groups(groups, X)[used]]
        X, indicator, row_weight = X[used], sets.indicator[used], row_weight[used]
        coef, intercept, n_iter = _fit_labels(X, indicator, weight, self.C, self.max_iter)
        y_proba, rows = np.empty((0, 0)), np.empty(0, dtype=np.intp)
        if self.threshold == "f1":
            y_proba, rows = self._held_out(
                X, indicator, weight, join_groups(same_rows(X), *origins)
            )
        thresholds = thresholds_for(
            self.threshold, y_proba, indicator[rows], row_weight[rows], fitted=indicator
        )
        # All at the end: an interrupted fit leaves the previous state.
        self.classes_, self.label_format_, self.thresholds_ = sets.classes, sets.format, thresholds
        self.coef_, self.intercept_, self.n_iter_ = coef, intercept, n_iter
        return self

    def _held_out(
        self, X: Any, indicator: np.ndarray, weight: np.ndarray, groups: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return probabilities of rows under classifiers of the others, and these rows.

        Parameters
        ----------
        X : {ndarray, CSR matrix} of shape (n_samples, n_features)
        indicator : ndarray of bool of shape (n_samples, n_labels)
        weight : ndarray of float of shape (n_samples, n_labels) or (n_samples, 1)
        groups : ndarray of int of shape (n_samples,)
            Rows of one group are held out together.

        Returns
        -------
        y_proba : ndarray of float of shape (n_held_out, n_labels)
        rows : ndarray of int of shape (n_held_out,)
            Their positions.
        """
        seed = check_random_state(self.random_state).randint(MAX_SEED)
        found, rows = [np.empty((0, indicator.shape[1]))], [np.empty(0, dtype=np.intp)]
        for fitted, out in held_out_rows(indicator, groups, self.calibration_fraction, seed):
            coef, intercept, _ = _fit_labels(
                X[fitted], indicator[fitted], weight[fitted], self.C, self.max_iter
            )
            found.append(expit(np.asarray(X[out] @ coef.T) + intercept))
            rows.append(out)
        return np.concatenate(found), np.concatenate(rows)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.classifier_tags.multi_label = True
        return tags


def _fit_labels(
    X: Any, indicator: np.ndarray, weight: np.ndarray, C: float, max_iter: int
) -> tuple[np.ndarray, np.ndarray, int]:
    """Fit the logistic regressions of all labels at once.

    Their objectives are independent, but one product of X and all coefficients is much faster than
    a product for each label.

    Parameters
    ----------
    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
    indicator : ndarray of bool of shape (n_samples, n_labels)
    weight : ndarray of float of shape (n_samples, n_labels) or (n_samples, 1)
    C : float
    max_iter : int

    Returns
    -------
    coef : ndarray of shape (n_labels, n_features)
    intercept : ndarray of shape (n_labels,)
    n_iter : int
    """
    sign = np.where(indicator, 1.0, -1.0)
    weight = np.broadcast_to(weight, indicator.shape)
    total = weight.sum(axis=0)  # (n_labels,)
    share = ((weight * indicator).sum(axis=0) + 0.5) / (total + 1)
    penalty = 1 / (C * total.clip(min=np.finfo(float).tiny))
    scaled = weight * penalty * C  # (n_samples, n_labels), adding up to 1 in each column
    varies = (sign * weight > 0).any(axis=0) & (sign * weight < 0).any(axis=0)
    shape = (X.shape[1] + 1, int(varies.sum()))
    sign, scaled, penalty = sign[:, varies], scaled[:, varies], penalty[varies]

    def objective(flat: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the sum of the objectives of all labels, and its gradient."""
        coef = flat.reshape(shape)  # the last row are intercepts
        margins = np.asarray(X @ coef[:-1].astype(X.dtype)) + coef[-1]
        residual = -scaled * sign * expit(-sign * margins)
        gradient = np.vstack([X.T @ residual.astype(X.dtype), residual.sum(axis=0)])
        gradient[:-1] += penalty * coef[:-1]
        loss = -(scaled * log_expit(sign * margins)).sum()
        return loss + (penalty * coef[:-1] ** 2).sum() / 2, gradient.ravel().astype(np.float64)

    start = np.zeros(shape)
    start[-1] = np.log(share / (1 - share))[varies]
    found = minimize(
        objective,
        start.ravel(),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": max_iter, "gtol": _TOLERANCE, "ftol": 64 * np.finfo(float).eps},
    )
    coef = np.zeros((X.shape[1], indicator.shape[1]))
    intercept = np.log(share / (1 - share))  # of a label that all rows have, or none
    coef[:, varies], intercept[varies] = found.x.reshape(shape)[:-1], found.x.reshape(shape)[-1]
    return coef.T, intercept, int(found.nit)
