"""Rows with numbers and categories beside texts are served."""

import re

import pandas as pd
import pytest
from fastapi.testclient import TestClient

from agnews_sk import make_tfidf_pipeline
from agnews_sk.serving import create_app

FRAME = pd.DataFrame(
    {
        "subject": [f"The parcel {i} is late" for i in range(24)],
        "amount": [float(i % 2) * 9 for i in range(24)],
        "country": ["DE", "FR", "US"] * 8,
    }
)
Y = ["high" if amount else "low" for amount in FRAME["amount"]]
KINDS = {"amount": "number", "country": "category"}
ROW = {"subject": "Where is it?", "amount": 9, "country": "FR"}


@pytest.fixture(scope="module")
def pipeline():
    with pytest.warns(UserWarning, match="one value per label"):
        return make_tfidf_pipeline(columns=KINDS).fit(FRAME, Y)


@pytest.fixture(scope="module")
def client(pipeline):
    with TestClient(create_app(pipeline)) as client:
        yield client


@pytest.mark.parametrize(
    "change",
    [{}, {"amount": "9.0"}, {"country": None}, {"country": "new"}, {"amount": None}],
    ids=str,
)
def test_the_prediction_of_a_row_is_that_of_the_pipeline(pipeline, client, change):
    row = {**ROW, **change}
    for request in (row, {"texts": [row]}):
        found = client.post("/predict", json=request).json()["predictions"][0]
        expected = pipeline.predict_proba(pd.DataFrame([row]))[0].tolist()
        assert list(found["probabilities"].values()) == expected


def test_the_explanation_has_the_part_of_each_column(client):
    found = client.post("/predict", json={**ROW, "explain": True}).json()["predictions"][0]
    beside = [word["word"] for word in found["words"] if word["start"] < 0]
    assert beside == ["amount = 9", "country = FR"]
    assert found["label"] == "high"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"text": "Where?"}, r"uses the columns \['amount', 'country'\] beside texts: no column"),
        ({"subject": "Where?", "amount": 3}, "no column country; null is a missing cell"),
        ({**ROW, "amount": "much"}, "amount must be a number, got 'much'"),
        ({**ROW, "amount": [9]}, "amount"),
        ({**ROW, "subject": 9}, "subject"),
    ],
    ids=["text", "missing", "value", "list", "number"],
)
def test_rows_without_the_columns_are_rejected_alone(client, row, message):
    response = client.post("/predict", json=row)
    assert response.status_code == 422
    assert re.search(message, response.text)


def test_the_labels_list_all_columns(client):
    assert client.get("/labels").json()["models"][0]["columns"] == ["subject", *KINDS]


def test_the_examples_of_the_document_are_answered(client):
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    examples = schemas["PredictRequest"]["examples"]
    assert [client.post("/predict", json=one).status_code for one in examples] == [200, 200]
