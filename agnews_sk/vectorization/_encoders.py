"""Encoders of the columns beside texts: numbers and dates to a few bounded features."""

from numbers import Real
from typing import Any

import numpy as np
import polars as pl
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from agnews_sk._core.column_kinds import as_kind
from agnews_sk._core.validation import Interval, as_frame, check_frame, is_frame

_IQR_OF_NORMAL = 1.349  # interquartile range of the normal distribution, in standard deviations
_DAY = 86_400.0  # seconds
_YEAR, _WEEK = 365.2425, 7.0  # days
# 1970-01-01 was a Thursday.
_FIRST_WEEKDAY = 3


class _ColumnEncoder(TransformerMixin, BaseEstimator):
    """Base of the encoders that read each column of a frame as one kind.

    Attributes
    ----------
    feature_names_in_ : ndarray of object of shape (n_columns,)
    n_features_in_ : int
    """

    _kind = "number"

    def _columns(self, X: Any, *, learn: bool) -> dict[str, pl.Series]:
        """Return the columns as the kind of the encoder, and check or learn their names."""
        X = as_frame(X)
        if not is_frame(X):
            X = pl.DataFrame(np.asarray(X), schema=[f"x{i}" for i in range(np.shape(X)[1])])
        if learn:
            self.feature_names_in_ = np.array([str(name) for name in X.columns], dtype=object)
            self.n_features_in_ = len(self.feature_names_in_)
        check_frame(X, columns=self.feature_names_in_.tolist())
        return {name: as_kind(X[name], self._kind, name=name) for name in self.feature_names_in_}


class NumberEncoder(_ColumnEncoder):
    """Scale numbers robustly, impute the median, and mark what is missing.

    Parameters
    ----------
    scale : bool, default=True
        Subtract the median, divide by the interquartile range (as a multiple of that of the normal
        distribution), and clip. If False, as for truth values, numbers stay as they are.
    clip : float, default=3.0
        Largest absolute value of a scaled number, in standard deviations of a normal distribution.

    Attributes
    ----------
    center_, scale_ : ndarray of float of shape (n_columns,)
        Subtracted from each column, and what it is divided by.
    has_missing_ : ndarray of bool of shape (n_columns,)
        Columns with missing values in `fit`, which get a second feature, 1 where one is missing.
    feature_names_in_ : ndarray of object of shape (n_columns,)
    n_features_in_ : int

    Notes
    -----
    A missing number becomes 0, which is the median of the scaled numbers. Clipping bounds the
    influence of a wrong or extreme number, so that rows keep norms similar to those of TF-IDF.

    Examples
    --------
    >>> import pandas as pd
    >>> from agnews_sk.vectorization import NumberEncoder
    >>> prices = pd.DataFrame({"price": [1.0, 2.0, 3.0, 4.0, None, 1e9]})
    >>> NumberEncoder().fit_transform(prices).round(2).tolist()
    [[-1.35, 0.0], [-0.67, 0.0], [0.0, 0.0], [0.67, 0.0], [0.0, 1.0], [3.0, 0.0]]
    """

    _parameter_constraints: dict[str, Any] = {
        "scale": ["boolean"],
        "clip": [Interval(Real, 0, None, closed="neither")],
    }

    def __init__(self, *, scale=True, clip=3.0):
        self.scale = scale
        self.clip = clip

    def fit(self, X: Any, y: Any = None) -> "NumberEncoder":
        """Learn the median and the spread of each column.

        Parameters
        ----------
        X : DataFrame of shape (n_samples, n_columns)
        y : None
            Ignored.

        Returns
        -------
        self
        """
        self._validate_params()
        columns = self._columns(X, learn=True).values()
        self.has_missing_ = np.array([column.has_nulls() for column in columns], dtype=bool)
        learned = [_center_and_scale(c) if self.scale else (0.0, 1.0) for c in columns]
        self.center_, self.scale_ = np.array(learned, dtype=np.float64).reshape(-1, 2).T
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return the scaled numbers, and marks of missing ones.

        Parameters
        ----------
        X : DataFrame of shape (n_samples, n_columns)

        Returns
        -------
        ndarray of float64 of shape (n_samples, n_features)
        """
        check_is_fitted(self)
        features = []
        for i, column in enumerate(self._columns(X, learn=False).values()):
            # A difference of huge numbers may overflow to infinity, which is clipped.
            with np.errstate(over="ignore"):
                values = (column.to_numpy() - self.center_[i]) / self.scale_[i]
            values = np.clip(values, -self.clip, self.clip) if self.scale else values
            features.append(np.nan_to_num(values))
            if self.has_missing_[i]:
                features.append(column.is_null().to_numpy().astype(np.float64))
        return np.column_stack(features)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the name of each column, and after it that of its marks.

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        ndarray of object of shape (n_features,)
        """
        check_is_fitted(self)
        names = []
        for name, missing in zip(self.feature_names_in_, self.has_missing_):
            names += [name, f"{name}_missing"] if missing else [name]
        return np.array(names, dtype=object)


class DateEncoder(_ColumnEncoder):
    """Turn dates and times into the position in time, year, week and day.

    Parameters
    ----------
    clip : float, default=3.0
        As in `NumberEncoder`, for the position in time; dates after those of the training count as
        the last of these.

    Attributes
    ----------
    start_, end_ : ndarray of float of shape (n_columns,)
        First and last date seen in `fit`, in days since 1970.
    center_, scale_ : ndarray of float of shape (n_columns,)
        Subtracted from each column, in days since 1970, and what it is divided by.
    has_missing_ : ndarray of bool of shape (n_columns,)
        Columns with missing values in `fit`, which get a feature that is 1 where one is missing.
    has_hours_ : ndarray of bool of shape (n_columns,)
        Columns with times of day other than midnight in `fit`.
    feature_names_in_ : ndarray of object of shape (n_columns,)
    n_features_in_ : int

    Notes
    -----
    The position in the year, the week and the day is a point on a circle, a sine and a cosine, so
    that December is next to January; Saturdays and Sundays have a feature of their own. All
    features of a missing date but its mark are 0.

    Examples
    --------
    >>> import pandas as pd
    >>> from agnews_sk.vectorization import DateEncoder
    >>> opened = pd.DataFrame({"opened": pd.to_datetime(["2026-01-02", "2026-07-04"])})
    >>> encoder = DateEncoder().fit(opened)
    >>> encoder.get_feature_names_out().tolist()
    ['opened_time', 'opened_year_sin', 'opened_year_cos', 'opened_week_sin', 'opened_week_cos',
    'opened_weekend']
    >>> encoder.transform(opened).round(1).tolist()[1]
    [1.3, -0.0, -1.0, -1.0, -0.2, 1.0]
    """

    _kind = "date"
    _parameter_constraints: dict[str, Any] = {
        "clip": [Interval(Real, 0, None, closed="neither")],
    }

    def __init__(self, *, clip=3.0):
        self.clip = clip

    def fit(self, X: Any, y: Any = None) -> "DateEncoder":
        """Learn the range and the spread of each column.

        Parameters
        ----------
        X : DataFrame of shape (n_samples, n_columns)
        y : None
            Ignored.

        Returns
        -------
        self
        """
        self._validate_params()
        days = [_days(column) for column in self._columns(X, learn=True).values()]
        known = [column.drop_nulls() for column in days]
        self.has_missing_ = np.array([column.has_nulls() for column in days], dtype=bool)
        self.has_hours_ = np.array([(c != c.floor()).any() for c in known], dtype=bool)
        ranges = [(c.min(), c.max()) if len(c) else (0.0, 0.0) for c in known]
        self.start_, self.end_ = np.array(ranges, dtype=np.float64).reshape(-1, 2).T
        learned = [_center_and_scale(column) for column in days]
        self.center_, self.scale_ = np.array(learned, dtype=np.float64).reshape(-1, 2).T
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return the features of each date.

        Parameters
        ----------
        X : DataFrame of shape (n_samples, n_columns)

        Returns
        -------
        ndarray of float64 of shape (n_samples, n_features)
        """
        check_is_fitted(self)
        features = []
        for i, column in enumerate(self._columns(X, learn=False).values()):
            days = _days(column).to_numpy()
            within = np.clip(days, self.start_[i], self.end_[i])
            time = np.clip((within - self.center_[i]) / self.scale_[i], -self.clip, self.clip)
            weekday = (np.floor(days) + _FIRST_WEEKDAY) % _WEEK
            parts = [time, *_circle(days / _YEAR), *_circle(weekday / _WEEK), weekday >= 5]
            parts += _circle(days) if self.has_hours_[i] else []
            features += [np.where(np.isnan(days), 0.0, part) for part in parts]
            if self.has_missing_[i]:
                features.append(np.isnan(days).astype(np.float64))
        return np.column_stack(features)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the features, each after its column.

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        ndarray of object of shape (n_features,)
        """
        check_is_fitted(self)
        names = []
        for name, hours, missing in zip(self.feature_names_in_, self.has_hours_, self.has_missing_):
            parts = ["time", "year_sin", "year_cos", "week_sin", "week_cos", "weekend"]
            parts += ["day_sin", "day_cos"] if hours else []
            parts += ["missing"] if missing else []
            names += [f"{name}_{part}" for part in parts]
        return np.array(names, dtype=object)


def _days(column: pl.Series) -> pl.Series:
    """Return dates as days since 1970."""
    return column.dt.epoch("us").cast(pl.Float64) / (_DAY * 1e6)


def _circle(turns: np.ndarray) -> list[np.ndarray]:
    """Return sine and cosine of a number of turns, each of shape (n_samples,)."""
    return [np.sin(2 * np.pi * turns), np.cos(2 * np.pi * turns)]


def _center_and_scale(column: pl.Series) -> tuple[float, float]:
    """Return the median and the spread of numbers: 0 and 1 if there are none.

    The spread is the interquartile range over that of the normal distribution; the standard
    deviation if half of the numbers are equal.
    """
    values = column.drop_nulls().to_numpy()
    if not len(values):
        return 0.0, 1.0
    low, median, high = np.percentile(values, [25, 50, 75])
    with np.errstate(over="ignore", invalid="ignore"):
        for spread in ((high - low) / _IQR_OF_NORMAL, np.std(values)):
            if np.isfinite(spread) and spread > np.finfo(np.float64).tiny:
                return float(median), float(spread)
    return float(median), 1.0
