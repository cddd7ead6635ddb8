"""Columns beside texts are described as a form needs them."""

import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import OrdinalEncoder

from agnews_sk import make_tfidf_pipeline
from agnews_sk.serving._columns import describe_columns

FRAME = pd.DataFrame(
    {
        "text": [f"parcel number {i} is late" for i in range(12)],
        "country": ["DE", "FR", None] * 3 + ["US", "DE", "FR"],
        "opened": pd.date_range("2026-01-01 08:30", periods=12, freq="7h"),
        "due": pd.date_range("2026-01-01", periods=12, freq="D"),
        "urgent": [True, False] * 6,
    }
)
KINDS = {"country": "category", "opened": "date", "due": "date", "urgent": "boolean"}
Y = ["a", "b", "b"] * 4


def described(**params):
    pipeline = make_tfidf_pipeline(columns=KINDS, **params).fit(FRAME, Y)
    return {one["name"]: one for one in describe_columns(pipeline)}


def test_values_of_a_category_are_those_that_are_not_rare():
    columns = described()
    assert {name: one["kind"] for name, one in columns.items()} == KINDS
    assert columns["country"]["values"] == ["DE", "FR"]
    assert columns["urgent"]["values"] == []


def test_dates_say_whether_they_have_a_time():
    columns = described()
    assert [columns[name]["has_time"] for name in ("opened", "due")] == [True, False]


def test_many_values_are_not_listed():
    frame = FRAME.assign(country=[f"c{i}" for i in range(12)])
    big = pd.concat([frame.assign(country=frame["country"] + str(i)) for i in range(18)] * 3)
    pipeline = make_tfidf_pipeline(columns={"country": "category"}).fit(big, Y * 54)
    assert describe_columns(pipeline)[0]["values"] == []


@pytest.mark.parametrize(
    "encoder", ["drop", OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)]
)
def test_other_encoders_are_described_too(encoder):
    kinds = {"country": "category"}
    frame = FRAME.assign(country=FRAME["country"].fillna("DE"))
    model = make_tfidf_pipeline(columns=kinds, vectorize__category=encoder).fit(frame, Y)
    (column,) = describe_columns(model)
    assert set(column["values"]) <= {"DE", "FR", "US"}


def test_a_model_of_texts_has_none(pipeline):
    assert describe_columns(pipeline) == []
    assert describe_columns(object()) == []
