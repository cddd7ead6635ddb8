"""A valid request is read without FastAPI, with the same response; FastAPI rejects the others."""

import json

import pytest

pytest.importorskip("fastapi", reason="the serve extra is not installed")

from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from agnews_sk.serving import Limits, create_app

KEY = "geheim é"
JSON = "application/json"
# FastAPI itself reads a body of this type.
OTHER_JSON = "application/json; charset=utf-8"


@pytest.fixture(scope="module")
def client(pipeline):
    limits = Limits(max_body_bytes=400, max_texts=3)
    app = create_app(pipeline, limits=limits, api_key=KEY)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def post(client, content, kind=JSON, key=KEY):
    headers = {"Content-Type": kind, "X-API-Key": key.encode()}
    return client.post("/predict", content=content, headers=headers)


VALID = {
    "text": {"text": "Oil and shares"},
    "texts": {"texts": ["The cup", "", "日本"], "model": "model"},
    "row": {"title": "Oil", "description": None},
    "rows": {"texts": [{"title": "Oil"}, "The cup"]},
    "words": {"text": "Oil prices", "explain": True},
}
INVALID = {
    "nothing": b"",
    "no JSON": b"{",
    "no Unicode": b"\xff",
    "deep": b"[" * 390,
    "no object": b"[]",
    "null": b"null",
    "number": b'{"text": 3}',
    "two inputs": b'{"text": "a", "texts": ["b"]}',
    "no cell": b'{"texts": [{}]}',
    "other column": b'{"text": "a", "place": "b"}',
    "other model": b'{"text": "a", "model": "b"}',
    "many texts": b'{"texts": ["a", "b", "c", "d"]}',
    "long": b" " * 401,
}


@pytest.mark.parametrize("body", VALID.values(), ids=list(VALID))
def test_a_valid_request_has_the_response_of_fastapi(client, body):
    found, expected = (post(client, json.dumps(body), kind) for kind in (JSON, OTHER_JSON))
    assert found.status_code == 200
    assert (found.content, found.headers) == (expected.content, expected.headers)


@pytest.mark.parametrize("body", INVALID.values(), ids=list(INVALID))
def test_an_invalid_request_has_the_response_of_fastapi(client, body):
    found, expected = (post(client, body, kind) for kind in (JSON, OTHER_JSON))
    assert found.status_code in (400, 413, 422)
    assert (found.status_code, found.content) == (expected.status_code, expected.content)


def test_fastapi_reads_no_valid_request(client, monkeypatch):
    async def fail(*args):
        raise AssertionError("read by FastAPI")

    monkeypatch.setattr(APIRoute, "handle", fail)
    assert post(client, b'{"text": "a"}').status_code == 200
    assert post(client, b'{"text": 3}').status_code == 500
    assert post(client, b'{"text": "a"}', OTHER_JSON).status_code == 500


@pytest.mark.parametrize(("end", "status"), [(b'"}', 200), (b"", 422)], ids=["valid", "no JSON"])
def test_a_body_in_parts_is_read_whole(client, end, status):
    response = post(client, iter([b'{"te', b'xt": "the c', b"up", end]))
    assert response.status_code == status
    if status == 422:
        assert response.json()["detail"][0]["where"] == "body.9"


@pytest.mark.parametrize("kind", [JSON, OTHER_JSON])
@pytest.mark.parametrize("key", ["", "geheim", "geheim é "], ids=repr)
def test_a_request_without_the_key_is_rejected(client, kind, key):
    response = post(client, b'{"text": "a"}', kind, key)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "APIKey"


def test_a_body_of_another_type_is_no_json(client):
    assert post(client, b'{"text": "a"}', "text/plain").status_code == 422


@pytest.mark.parametrize(
    ("kinds", "status"), [((JSON, "text/plain"), 200), (("text/plain", JSON), 422)]
)
def test_of_several_types_the_first_one_counts(client, kinds, status):
    headers = [("X-API-Key", KEY.encode()), *(("Content-Type", kind) for kind in kinds)]
    assert client.post("/predict", content=b'{"text": "a"}', headers=headers).status_code == status


@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD"])
def test_other_methods_are_not_allowed(client, method):
    headers = {"Content-Type": JSON, "X-API-Key": KEY.encode()}
    response = client.request(method, "/predict", headers=headers)
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
