"""Encoders of numbers and dates."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.preprocessing import StandardScaler

from agnews_sk.vectorization import DateEncoder, NumberEncoder


def test_scaled_normal_numbers_are_those_of_a_standard_scaler_nearly():
    X = np.random.default_rng(0).normal(50, 7, size=(2_000, 2))
    expected = np.clip(StandardScaler().fit_transform(X), -3, 3)
    assert np.abs(NumberEncoder().fit_transform(X) - expected).max() < 0.2


def test_an_extreme_number_is_clipped_and_moves_no_other():
    X = pd.DataFrame({"price": [1.0, 2.0, 3.0, 4.0, 5.0]})
    encoder = NumberEncoder().fit(X)
    extreme = encoder.transform(X.assign(price=[1.0, 2.0, 3.0, 4.0, 1e308]))
    assert extreme[:4].tolist() == encoder.transform(X)[:4].tolist()
    assert extreme[4].tolist() == [3.0]
    assert NumberEncoder().fit(X.assign(price=[-1e308, 1.0, 1.0, 2.0, 1e308])).scale_[0] > 0


def test_a_missing_number_becomes_the_median_with_a_mark():
    X = pl.DataFrame({"price": [1.0, None, 3.0, 2.0], "size": [1, 2, 3, 4]})
    encoder = NumberEncoder().fit(X)
    assert encoder.get_feature_names_out().tolist() == ["price", "price_missing", "size"]
    assert encoder.transform(X)[1, :2].tolist() == [0.0, 1.0]
    assert encoder.transform(X)[3, 0] == 0.0  # the median
    assert encoder.transform(X.with_columns(size=None))[:, 2].tolist() == [0.0] * 4


@pytest.mark.parametrize("cells", [[2.0, 2.0], [None, None]], ids=["constant", "missing"])
def test_numbers_without_spread_are_zero(cells):
    X = pd.DataFrame({"price": pd.Series(cells, dtype=float)})
    assert NumberEncoder().fit_transform(X)[:, 0].tolist() == [0.0, 0.0]


def test_truth_values_stay_as_they_are():
    X = pl.DataFrame({"urgent": [True, False, None]})
    encoded = NumberEncoder(scale=False).fit_transform(X)
    assert encoded.tolist() == [[1.0, 0.0], [0.0, 0.0], [0.0, 1.0]]


def dates(*cells):
    return pd.DataFrame({"opened": pd.to_datetime(list(cells), format="ISO8601")})


def encode(fitted, *cells):
    encoder = DateEncoder().fit(fitted)
    return pd.DataFrame(encoder.transform(dates(*cells)), columns=encoder.get_feature_names_out())


def test_the_circles_of_year_week_and_day_close():
    train = dates("2025-01-01T06:00", "2026-12-31", "2026-07-01")
    found = encode(train, "2025-12-31", "2026-01-01", "2026-01-07T00:00", "2026-01-07T23:59:59")
    names = [name for name in found if name.endswith(("sin", "cos"))]
    year, day = names[:2], names[4:]
    assert names[2:4] == ["opened_week_sin", "opened_week_cos"]
    assert day == ["opened_day_sin", "opened_day_cos"]
    assert np.abs(found[year].diff().loc[1]).max() < 0.02
    assert np.abs(found[day].diff().loc[3]).max() < 0.001


def test_weekends_are_saturday_and_sunday():
    week = [f"2026-11-{day}" for day in range(23, 30)]  # Monday to Sunday
    assert encode(dates(*week), *week)["opened_weekend"].tolist() == [0.0] * 5 + [1.0] * 2


def test_dates_after_the_training_count_as_its_last():
    train = dates("2026-01-01", "2026-01-05", "2026-01-09")
    found = encode(train, "2026-01-09", "2031-01-01", "1900-01-01", "2026-01-01")["opened_time"]
    assert found[0] == found[1] > 0 > found[2] == found[3]


def test_a_missing_date_has_a_mark_and_nothing_else():
    found = encode(dates("2026-01-01", None, "2026-03-01"), None)
    assert found.loc[0].to_dict() == dict.fromkeys(found, 0.0) | {"opened_missing": 1.0}


def test_days_without_times_have_no_features_of_the_day():
    assert not [name for name in encode(dates("2026-01-01", "2026-01-02"), None) if "day_" in name]


@pytest.mark.parametrize("encoder", [NumberEncoder(), DateEncoder()], ids=repr)
def test_a_column_that_is_missing_is_named(encoder):
    encoder.fit(pd.DataFrame({"a": ["2026-01-01"]}) if encoder._kind == "date" else [[1.0]])
    with pytest.raises(ValueError, match="X lacks the columns"):
        encoder.transform(pd.DataFrame({"b": [1.0]}))


@pytest.mark.parametrize("encoder", [NumberEncoder(clip=0), DateEncoder(clip=-1)], ids=repr)
def test_clip_must_be_positive(encoder):
    with pytest.raises(ValueError, match="'clip' parameter"):
        encoder.fit([[1.0]])
