"""Requests have one input each, and are rejected with the reason."""

import pytest
from pydantic import ValidationError

from agnews_sk.serving._schemas import PredictRequest, request_model

Parcel = request_model(["subject", "body"])
ROW = {"subject": "Parcel", "body": None}


@pytest.mark.parametrize(
    ("request_", "rows"),
    [
        ({"text": ""}, [""]),
        ({"texts": ["a", "b"]}, ["a", "b"]),
        ({"texts": ["a", {"subject": "Parcel"}, ROW]}, ["a", {"subject": "Parcel"}, ROW]),
        ({"subject": "Parcel"}, [{"subject": "Parcel"}]),
        ({"body": ""}, [{"body": ""}]),
    ],
    ids=["empty text", "texts", "mixed", "a cell", "an empty cell"],
)
def test_each_kind_of_input_becomes_a_list(request_, rows):
    assert Parcel(**request_).rows() == rows


@pytest.mark.parametrize(
    "request_",
    [{}, {"text": "a", "texts": ["b"]}, {"text": "a", "body": "b"}, {"text": None}],
    ids=["none", "text and texts", "text and cell", "null"],
)
def test_no_input_and_two_inputs_are_rejected(request_):
    message = "pass exactly one of text, texts, or the cells of 'subject', 'body'"
    with pytest.raises(ValidationError, match=message):
        Parcel(**request_)


def test_models_without_columns_take_texts_only():
    assert request_model([]) is PredictRequest
    with pytest.raises(ValidationError, match=r"pass exactly one of text and texts\."):
        PredictRequest()
    with pytest.raises(ValidationError, match="valid string"):
        PredictRequest(texts=[{"body": "a"}])


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"texts": []}, "at least 1 item"),
        ({"texts": [None]}, "valid string"),
        ({"texts": [{}]}, "a row needs a cell of 'subject', 'body'"),
        ({"texts": [{"title": "a"}]}, "Extra inputs are not permitted"),
        ({"text": "a", "labels": True}, "Extra inputs are not permitted"),
        ({"body": "a", "cell_0": "b"}, "Extra inputs are not permitted"),
        ({"text": 1}, "valid string"),
        ({"body": 1}, "valid string"),
    ],
    ids=["empty", "null", "no cell", "other cell", "unknown", "own name", "number", "number cell"],
)
def test_invalid_input_is_rejected_with_the_reason(request_, message):
    with pytest.raises(ValidationError, match=message):
        Parcel(**request_)


def test_a_long_list_of_invalid_texts_is_rejected_at_the_first():
    with pytest.raises(ValidationError, match="texts") as caught:
        Parcel(texts=[1] * 100_000)
    assert caught.value.error_count() <= 2


@pytest.mark.parametrize(
    "names",
    [["text", "body"], ["text"], ["model", "explain"], ["a b", "1", "copy", "größe", "_x"]],
    ids=str,
)
def test_columns_may_have_any_name(names):
    row = {name: f"cell of {name}" for name in names}
    request = request_model(names)
    assert request(texts=[row]).rows() == [row]
    for example in request.model_json_schema()["examples"]:
        request(**example)


def test_a_text_column_is_a_cell_beside_others_and_a_text_alone():
    request = request_model(["text", "body"])
    assert request(text="a", body="b").rows() == [{"text": "a", "body": "b"}]
    assert request(text="a").rows() == ["a"]


def test_a_column_named_as_another_field_is_a_cell_within_texts_only():
    request = request_model(["model", "body"])
    assert request(model="tfidf", body="a").rows() == [{"body": "a"}]
    assert request(texts=[{"model": "a"}]).rows() == [{"model": "a"}]
