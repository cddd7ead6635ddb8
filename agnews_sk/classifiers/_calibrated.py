"""Linear classifiers whose margins are turned into probabilities on held-out rows."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import Any, NamedTuple, Protocol, Self

import numpy as np
import scipy.sparse as sp
from scipy.special import expit, softmax
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import validate_data

from agnews_sk._core.base import ProbabilisticClassifierMixin
from agnews_sk._core.earlier_states import TakesEarlierStates
from agnews_sk._core.fitted import check_fitted
from agnews_sk._core.label_sets import LabelSets, check_label_sets, in_format, is_multilabel
from agnews_sk._core.repeats import same_rows
from agnews_sk._core.splitting import fold_rows, join_groups
from agnews_sk._core.user_warnings import warn_user
from agnews_sk._core.validation import (
    Interval,
    StrOptions,
    check_groups,
    check_sample_weight,
    class_weights,
    encode_labels,
)
from agnews_sk.classifiers._axes import Axes
from agnews_sk.classifiers._calibration import calibrate
from agnews_sk.classifiers._label_sets import label_weights
from agnews_sk.classifiers._linear_sets import LabelMargins, LabelRows, fit_label_sets
from agnews_sk.classifiers._soft_labels import check_soft_labels
from agnews_sk.classifiers._unseen import as_unseen, finite

MAX_SEED = np.iinfo(np.int32).max

# Rows to choose the temperature on, if there are this many.
ROWS_TO_CALIBRATE_ON = 1_000


@dataclass(frozen=True)
class Rows:
    """Rows to fit classifiers on.

    Attributes
    ----------
    X : {ndarray, CSR matrix} of shape (n_samples, n_features)
    codes : ndarray of int of shape (n_samples,)
    weight : ndarray of float of shape (n_samples,)
    n_classes : int
    positions : ndarray of int of shape (n_samples,), optional
        Among the rows that they were taken of.
    target : ndarray of float of shape (n_samples, n_classes), optional
        Distribution of the classes to fit; by default that of the codes.
    """

    X: Any
    codes: np.ndarray
    weight: np.ndarray
    n_classes: int
    positions: np.ndarray | None = None
    target: np.ndarray | None = None

    def take(self, indices: np.ndarray) -> "Rows":
        """Return some of the rows."""
        X, codes, weight = (part[indices] for part in (self.X, self.codes, self.weight))
        target = None if self.target is None else self.target[indices]
        return Rows(X, codes, weight, self.n_classes, indices, target)

    def distribution(self) -> np.ndarray:
        """Return the classes to fit, ndarray of bool or float of shape (n_samples, n_classes)."""
        if self.target is not None:
            return self.target
        return self.codes[:, None] == np.arange(self.n_classes)


class Margins(NamedTuple):
    """Margins of classes, linear in the features.

    Attributes
    ----------
    coef : ndarray of shape (n_classes, n_features), or (1, n_features) for two classes
    intercept : ndarray of shape (n_classes,) or (1,)
    n_iter : int
    """

    coef: np.ndarray
    intercept: np.ndarray
    n_iter: int

    def of(self, X: Any) -> np.ndarray:
        """Return the margins of rows, ndarray of shape (n_rows, n_classes) or (n_rows,)."""
        found = finite(np.asarray(X @ self.coef.T) + self.intercept)
        return found.ravel() if len(self.coef) == 1 else found


class LinearMargins(Protocol):
    """What `Margins` have."""

    @property
    def coef(self) -> np.ndarray: ...
    @property
    def intercept(self) -> np.ndarray: ...
    @property
    def n_iter(self) -> int: ...
    def of(self, X: Any) -> np.ndarray: ...


class CalibratedLinear(TakesEarlierStates, ProbabilisticClassifierMixin, BaseEstimator, ABC):
    """Base of linear classifiers with a temperature, or with thresholds of labels.

    Subclasses have the parameters `C`, `max_iter`, `class_weight`, `calibration_fraction`,
    `threshold`, `random_state` and `n_jobs`.
    """

    label_format_: str | None
    thresholds_: np.ndarray | None

    _parameter_constraints: dict[str, Any] = {
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "calibration_fraction": [Interval(Real, 0, 0.5, closed="right"), None],
        "threshold": [Interval(Real, 0, 1, closed="both"), StrOptions({"f1"})],
        "random_state": ["random_state"],
        "n_jobs": [Integral, None],
    }

    @abstractmethod
    def _fit_margins(self, rows: Rows, seed: int, start: LinearMargins | None) -> LinearMargins:
        """Fit the margins of some rows, of at least two classes, from a start if there is one."""

    @abstractmethod
    def _of_labels(self, X: Any) -> dict[str, Any]:
        """Return the settings of `fit_margins` for rows with several labels."""

    def _previous(
        self, classes: np.ndarray, label_format: str | None, X: Any
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """Return coefficients and intercepts to start the final fit from, if there are any."""
        return None

    def _axes(self, X: Any) -> Axes:
        """Return the axes to fit in; the features themselves unless a subclass has better ones."""
        return Axes()

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> Self:
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
        return self._fit(X, y, sample_weight, groups, None)

    def _fit(self, X: Any, y: Any, sample_weight: Any, groups: Any, soft_labels: Any) -> Self:
        """Fit the margins and their temperature, to distributions of the classes if given."""
        self._validate_params()
        X = validate_data(self, X, accept_sparse="csr", dtype=[np.float64, np.float32])
        X = with_short_indices(X) if sp.issparse(X) else X
        if is_multilabel(y):
            if soft_labels is not None:
                raise ValueError("soft_labels must be None where rows have several labels.")
            return self._fit_sets(X, check_label_sets(y, X), sample_weight, groups)
        classes, codes = encode_labels(y, X)
        weight = check_sample_weight(sample_weight, X)
        weight = weight * class_weights(self.class_weight, classes, codes, weight)[codes]
        seed = check_random_state(self.random_state).randint(MAX_SEED)
        # A class without weight needs a classifier too.
        used = np.flatnonzero((weight > 0) | ~np.isin(codes, codes[weight > 0]))
        target = None if soft_labels is None else check_soft_labels(soft_labels, X, classes)
        rows = Rows(X, codes, weight, len(classes), target=target)
        rows = rows if len(used) == len(codes) else rows.take(used)
        origins = [same_rows(rows.X), *([] if groups is None else [check_groups(groups, X)[used]])]
        axes = self._axes(rows.X)
        rows = replace(rows, X=axes.of(rows.X, self.n_jobs))
        temperature, shift, part = self._calibrated(rows, classes, join_groups(*origins), seed)
        previous = self._previous(classes, None, X)
        start = part if previous is None else Margins(*axes.from_features(*previous), 0)
        whole = self._fit_margins(rows, seed, start)
        coef, intercept = axes.to_features(whole.coef, whole.intercept)
        # All at the end: an interrupted fit leaves the previous state.
        self.classes_, self.n_iter_, self.temperature_ = classes, whole.n_iter, temperature
        self.thresholds_, self.label_format_ = None, None
        # A product with sparse rows copies the transpose unless it is one block of memory.
        self.coef_ = np.asfortranarray(coef)
        shift = shift[1:] - shift[:1] if len(classes) == 2 else shift
        self.intercept_ = intercept + temperature * shift
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
        check_fitted(self)
        # The checks of one row take as long as all else, and a vectorizer's matrix passes them.
        if not self._is_checked(X):
            X = validate_data(
                self, X, accept_sparse="csr", dtype=[np.float64, np.float32], reset=False
            )
        margins = finite(np.asarray(X @ self.coef_.T) + self.intercept_)
        one_margin = len(self.classes_) == 2 and self._label_format is None
        return margins.ravel() if one_margin else margins

    def _is_checked(self, X: Any) -> bool:
        """Return whether X is a CSR matrix of finite numbers with as many features as in `fit`."""
        if not sp.issparse(X) or X.format != "csr" or X.ndim != 2:
            return False
        is_float = X.dtype in (np.float64, np.float32)
        same_features = X.shape[0] > 0 and X.shape[1] == self.n_features_in_
        same_features = same_features and not hasattr(self, "feature_names_in_")
        return is_float and same_features and bool(np.isfinite(X.data).all())

    def predict(self, X: Any) -> Any:
        """Return the label with the largest margin, or the labels that reach their thresholds.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,), or label sets in the format of those in `fit`
        """
        check_fitted(self)
        label_format = self._label_format
        if label_format is not None:
            reached = self.predict_proba(X) >= self.thresholds_
            return in_format(reached, self.classes_, label_format)
        best = one_per_class(self.decision_function(X)).argmax(axis=1)
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
        check_fitted(self)
        if self._label_format is not None:
            return expit(self.decision_function(X))
        return softmax(one_per_class(self.decision_function(X)) / self.temperature_, axis=1)

    def _calibrated(
        self, rows: Rows, classes: np.ndarray, groups: np.ndarray, seed: int
    ) -> tuple[float, np.ndarray, LinearMargins | None]:
        """Calibrate margins on rows that the classifiers have not seen; see `calibrated`."""

        def fit_part(part: Rows) -> LinearMargins:
            return self._fit_margins(part, seed, None)

        fraction = self.calibration_fraction
        return calibrated(fit_part, rows, classes, groups, seed, fraction)

    @property
    def _label_format(self) -> str | None:
        """Format of label sets; models that older versions saved have one label per row."""
        return getattr(self, "label_format_", None)

    def _fit_sets(self, X: Any, sets: LabelSets, sample_weight: Any, groups: Any) -> Self:
        """Fit, calibrate and choose a threshold for a classifier per label."""
        weight = check_sample_weight(sample_weight, X)
        used = np.flatnonzero(weight > 0)
        of_labels = label_weights(self.class_weight, sets, weight)
        X_used = X[used]
        origins = [same_rows(X_used), *([] if groups is None else [check_groups(groups, X)[used]])]
        axes = self._axes(X_used)
        X_used = axes.of(X_used, self.n_jobs)
        rows = LabelRows(X_used, sets.indicator[used], weight[used], of_labels[used])
        previous, start = self._previous(sets.classes, sets.format, X), None
        if previous is not None:
            coef, intercept = axes.from_features(*previous)
            start = LabelMargins(coef.T, intercept, 0)
        found = fit_label_sets(
            rows,
            join_groups(*origins),
            fraction=self.calibration_fraction,
            threshold=self.threshold,
            seed=check_random_state(self.random_state).randint(MAX_SEED),
            start=start,
            n_jobs=self.n_jobs,
            **self._of_labels(rows.X),
        )
        coef, intercept = axes.to_features(found.coef, found.intercept)
        self.classes_, self.label_format_ = sets.classes, sets.format
        self.thresholds_ = found.thresholds
        self.coef_, self.intercept_ = np.asfortranarray(coef), intercept
        self.temperature_, self.n_iter_ = 1.0, found.n_iter
        return self

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.classifier_tags.multi_label = True
        return tags


def with_short_indices(X: Any) -> Any:
    """Return a CSR matrix with indices of 32 bits, whose products are faster.

    They are the only ones that scikit-learn's stochastic gradient descent reads.
    """
    indices, indptr = sp.safely_cast_index_arrays(X, np.int32, msg="X")
    return type(X)((X.data, indices, indptr), shape=X.shape)


def one_per_class(margins: np.ndarray) -> np.ndarray:
    """Return margins of shape (n_rows, n_classes), of two classes from shape (n_rows,)."""
    return np.column_stack([-margins / 2, margins / 2]) if margins.ndim == 1 else margins


def calibrated(
    fit_part: Callable[[Rows], Any],
    rows: Rows,
    classes: np.ndarray,
    groups: np.ndarray,
    seed: int,
    fraction: float | None,
) -> tuple[float, np.ndarray, Any]:
    """Calibrate margins on rows that the classifiers have not seen.

    Parameters
    ----------
    fit_part : callable
        From some of the rows to margins, whose `of` returns those of other rows.
    rows : Rows of n_samples rows
    classes : ndarray of shape (n_classes,)
        For the message.
    groups : ndarray of int of shape (n_samples,)
        Rows of one group are held out together.
    seed : int
    fraction : float or None
        Share of the rows to hold out; None does not calibrate.

    Returns
    -------
    temperature : float
        1 if no row with a weight is held out.
    shift : ndarray of float of shape (n_classes,)
    fitted : margins or None
        Those of a part of the rows.

    Warns
    -----
    UserWarning
        If no row of a class is held out.
    """
    nothing = 1.0, np.zeros(len(classes))
    if fraction is None:
        return *nothing, None
    folds = fold_rows(rows.codes, groups, round(1 / fraction), seed)
    margins, held_out = [], [np.empty(0, dtype=np.intp)]
    part = None
    for fold in range(folds.max() + 1):
        fitted, out = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        if len(out) and sum(map(len, held_out)) < ROWS_TO_CALIBRATE_ON:
            part = fit_part(rows.take(fitted))
            margins.append(one_per_class(part.of(as_unseen(rows.X[out], rows.X[fitted]))))
            held_out.append(out)
    chosen = np.concatenate(held_out)
    if len(rare := np.setdiff1d(rows.codes, rows.codes[chosen])):
        warn_user(
            f"the temperature is chosen without the classes {classes[rare].tolist()}, "
            "which have too few distinct rows to hold one out.",
        )
    if not rows.weight[chosen].any():
        return *nothing, part
    found = np.concatenate(margins)
    return *calibrate(found, rows.codes[chosen], rows.weight[chosen]), part
