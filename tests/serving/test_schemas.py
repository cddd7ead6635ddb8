"""Requests have one input each, and are rejected with the reason."""

import pytest
from pydantic import ValidationError

from agnews_sk.serving._schemas import PredictRequest, Story

CELLS = {"title": "Cup final", "description": None}


@pytest.mark.parametrize(
    ("request_", "stories"),
    [
        ({"text": ""}, [""]),
        ({"texts": ["a", "b"]}, ["a", "b"]),
        ({"texts": ["a", {"title": "Cup final"}]}, ["a", CELLS]),
        ({"title": "Cup final"}, [CELLS]),
        ({"description": ""}, [{"title": None, "description": ""}]),
    ],
    ids=["empty text", "texts", "mixed", "title", "description"],
)
def test_each_kind_of_input_becomes_a_list(request_, stories):
    assert PredictRequest(**request_).stories() == stories


@pytest.mark.parametrize(
    "request_",
    [{}, {"text": "a", "texts": ["b"]}, {"text": "a", "title": "b"}, {"text": None}],
    ids=["none", "text and texts", "text and title", "null"],
)
def test_no_input_and_two_inputs_are_rejected(request_):
    with pytest.raises(ValidationError, match="pass exactly one of text, texts, or title"):
        PredictRequest(**request_)


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"texts": []}, "at least 1 item"),
        ({"texts": [None]}, "valid string"),
        ({"texts": [{}]}, "a story needs a title or a description"),
        ({"texts": [{"body": "a"}]}, "Extra inputs are not permitted"),
        ({"text": "a", "labels": True}, "Extra inputs are not permitted"),
        ({"text": 1}, "valid string"),
    ],
    ids=["empty", "null", "no cell", "other cell", "unknown field", "number"],
)
def test_invalid_input_is_rejected_with_the_reason(request_, message):
    with pytest.raises(ValidationError, match=message):
        PredictRequest(**request_)


def test_a_long_list_of_invalid_texts_is_rejected_at_the_first():
    with pytest.raises(ValidationError, match="texts") as caught:
        PredictRequest(texts=[1] * 100_000)
    assert caught.value.error_count() <= 2


def test_a_story_needs_a_cell():
    with pytest.raises(ValidationError, match="a story needs a title or a description"):
        Story()
