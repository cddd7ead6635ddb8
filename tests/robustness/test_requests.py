"""The service on any body: predictions, or a rejection with the reason, never a failure."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("fastapi", reason="the serve extra is not installed")

from fastapi.testclient import TestClient

from agnews_sk import make_tfidf_pipeline
from agnews_sk.serving import Limits, create_app
from tests.conftest import HEADLINES
from tests.robustness.strategies import any_story

REJECTED = {400, 413, 422, 429, 503}


@pytest.fixture(scope="module")
def client():
    rows = [(text, label) for label, of_class in HEADLINES.items() for text in of_class]
    model = make_tfidf_pipeline().fit(*map(list, zip(*rows)))
    limits = Limits(max_texts=8, max_characters=500)
    app = create_app(model, limits=limits, max_wait=0)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def check(response, n_texts=None):
    assert response.status_code == 200 or response.status_code in REJECTED, response.text
    found = response.json()
    if response.status_code != 200:
        assert found["detail"]
        return
    assert n_texts is None or len(found["predictions"]) == n_texts
    for one in found["predictions"]:
        assert sum(one["probabilities"].values()) == pytest.approx(1)
        assert one["probabilities"][one["label"]] == max(one["probabilities"].values())


def post(client, body):
    return client.post("/predict", content=body, headers={"Content-Type": "application/json"})


stories = st.fixed_dictionaries({}, optional={"title": any_story, "description": any_story})
leaves = st.none() | st.booleans() | st.integers() | st.floats() | any_story
values = st.recursive(
    leaves | stories,
    lambda inner: st.lists(inner, max_size=9) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=10,
)
requests = st.fixed_dictionaries(
    {},
    optional={
        "text": any_story | values,
        "texts": st.lists(any_story | stories, max_size=9) | values,
        "title": any_story | values,
        "description": any_story | values,
        "model": st.sampled_from(["model", "another", None]) | values,
        "explain": st.booleans() | values,
        "more": values,
    },
)


@given(st.lists(any_story.filter(lambda text: text is not None), min_size=1, max_size=8))
def test_any_texts_get_one_prediction_each(client, texts):
    response = post(client, json.dumps({"texts": texts}))
    assert response.status_code == 200, response.text
    check(response, len(texts))


@given(requests, st.booleans())
def test_any_request_gets_a_response_or_is_rejected(client, request_, ascii_only):
    body = json.dumps(request_, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    check(post(client, body))


@given(values)
def test_any_json_gets_a_response_or_is_rejected(client, value):
    check(post(client, json.dumps(value)))


@given(st.binary(max_size=60) | st.builds(lambda b: b'{"text": "' + b + b'"}', st.binary()))
def test_any_bytes_get_a_response_or_are_rejected(client, body):
    check(post(client, body))


@pytest.mark.parametrize("opening", ["[", '{"texts":[', '{"a":'])
def test_deeply_nested_json_is_rejected(client, opening):
    response = post(client, opening * 100_000)
    assert response.status_code in REJECTED
