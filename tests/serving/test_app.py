import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import polars as pl
import pytest

pytest.importorskip("fastapi", reason="the serve extra is not installed")

from fastapi.testclient import TestClient
from sklearn.exceptions import NotFittedError

import agnews_sk.inspection
from agnews_sk import make_tfidf_pipeline
from agnews_sk.serving import Limits, create_app
from tests.serving.conftest import LABELS, STORIES

TEXTS = ["Oil and shares", "The cup", "", "coach of the bank", "日本 \U0001f600"]


@pytest.fixture
def client(pipeline):
    with TestClient(create_app(pipeline), raise_server_exceptions=False) as client:
        yield client


def client_with(models, **options):
    return TestClient(create_app(models, **options), raise_server_exceptions=False)


def probabilities(response, model):
    assert response.status_code == 200, response.text
    rows = [one["probabilities"] for one in response.json()["predictions"]]
    return np.array([[row[str(label)] for label in model.classes_] for row in rows])


def test_many_texts_get_the_pipelines_labels_and_probabilities(client, pipeline):
    response = client.post("/predict", json={"texts": TEXTS})
    expected = pipeline.predict_proba(TEXTS)
    np.testing.assert_allclose(probabilities(response, pipeline), expected, atol=1e-6)
    labels = [one["label"] for one in response.json()["predictions"]]
    assert labels == pipeline.predict(TEXTS).tolist()


def test_title_and_description_are_joined_as_the_pipeline_joins_a_frame(client, pipeline):
    response = client.post("/predict", json={"texts": STORIES.to_dicts()})
    np.testing.assert_allclose(
        probabilities(response, pipeline), pipeline.predict_proba(STORIES), atol=1e-6
    )
    alone = client.post("/predict", json=STORIES.to_dicts()[0])
    assert alone.json()["predictions"] == response.json()["predictions"][:1]


def test_columns_of_other_models_are_rejected_by_name(pipeline):
    tickets = pl.DataFrame({"subject": STORIES["title"], "body": STORIES["description"]})
    models = {"one": pipeline, "two": make_tfidf_pipeline().fit(tickets, LABELS), "texts": Stub()}
    with client_with(models) as client:
        listed = {one["name"]: one["columns"] for one in client.get("/labels").json()["models"]}
        rows = {"one": STORIES.to_dicts()[0], "two": tickets.to_dicts()[0], "texts": "Oil"}
        for name, row in rows.items():
            response = client.post("/predict", json={"model": name, "texts": [row]})
            assert response.status_code == 200, response.text
        refused = client.post("/predict", json={"model": "two", "title": "Oil"})
        no_columns = client.post("/predict", json={"model": "texts", "body": "Oil"})
    assert listed == {"one": ["title", "description"], "two": ["subject", "body"], "texts": []}
    assert (refused.status_code, refused.json()["detail"]) == (
        422,
        "the model 'two' was trained on the columns ['subject', 'body'], got a cell of 'title'.",
    )
    assert "was trained on texts, without columns" in no_columns.json()["detail"]


WORDS_OF_ANOTHER_DATA_SET = re.compile(r"\bnews\b|\bstor(y|ies)\b|\bheadlines?\b|\bAG\b", re.I)


def test_no_page_or_document_of_a_model_speaks_of_other_data_than_its_own():
    tickets = pl.DataFrame({"comment_body": ["late parcel", "charged twice"] * 2})
    model = make_tfidf_pipeline().fit(tickets, ["delivery", "billing"] * 2)
    with client_with({"tickets": model}) as client:
        documents = [client.get(path).text for path in ("/", "/openapi.json", "/labels")]
        documents.append(client.post("/predict", json={}).text)
        documents.append(client.post("/predict", json={"title": "a"}).text)
    assert [WORDS_OF_ANOTHER_DATA_SET.findall(text) for text in documents] == [[]] * 5
    assert "comment_body" in documents[1]


def test_texts_are_counted_while_they_wait():
    gate, begun = threading.Event(), threading.Event()

    def act(texts):
        if texts != ["Warm up."]:
            begun.set()
            gate.wait(20)

    with client_with(Stub(act)) as client, ThreadPoolExecutor(1) as pool:
        response = pool.submit(client.post, "/predict", json={"texts": ["a", "b"]})
        begun.wait(20)
        assert "agnews_sk_waiting_texts 2.0" in client.get("/metrics").text
        gate.set()
        assert response.result().status_code == 200
        assert "agnews_sk_waiting_texts 0.0" in client.get("/metrics").text


def test_predictions_do_not_depend_on_the_other_requests_of_the_batch(pipeline):
    texts = [f"{text} {i}" for i in range(8) for text in TEXTS]
    with client_with(pipeline, max_wait=0.02) as client, ThreadPoolExecutor(16) as pool:
        responses = list(pool.map(lambda t: client.post("/predict", json={"text": t}), texts))
        metrics = client.get("/metrics").text
    found = np.vstack([probabilities(response, pipeline) for response in responses])
    np.testing.assert_allclose(found, pipeline.predict_proba(texts), atol=1e-6)
    n_batches = float(metrics.split("agnews_sk_batch_texts_count ")[1].split()[0])
    assert n_batches < len(texts)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": None},
        {"text": 3},
        {"texts": []},
        {"texts": [None]},
        {"texts": [{}]},
        {"texts": [{"title": None}]},
        {"text": "a", "title": "b"},
        {"text": "a", "texts": ["b"]},
        {"text": "a", "unknown": 1},
        {"text": "a", "model": "nowhere"},
        [],
        "text",
        None,
    ],
    ids=str,
)
def test_invalid_requests_are_rejected_with_a_reason(client, body):
    response = client.post("/predict", json=body)
    assert response.status_code == 422
    assert response.json()["detail"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b'{"text": NaN}',
        b'{"text": "\\ud800"}',
        b'{"text": 1e999}',
        b"[" * 100_000,
        b'{"text": "a", "\\ud800": 1}',
    ],
    ids=["empty", "open", "bytes", "nan", "surrogate", "infinite", "deep", "surrogate-key"],
)
def test_bodies_that_are_not_valid_json_never_fail_the_service(client, body):
    response = client.post("/predict", content=body, headers={"content-type": "application/json"})
    assert response.status_code in (200, 400, 422)
    assert "Traceback" not in response.text


def test_requests_above_a_limit_are_rejected_with_its_status(pipeline):
    limits = Limits(
        max_texts=2,
        max_characters=10,
        max_body_bytes=200,
        max_explained_texts=1,
        max_explained_characters=8,
    )
    with client_with(pipeline, limits=limits) as client:
        assert client.post("/predict", json={"texts": ["a", "b"]}).status_code == 200
        many = client.post("/predict", json={"texts": ["a", "b", "c"]})
        assert (many.status_code, "at most 2" in many.text) == (422, True)
        assert client.post("/predict", json={"text": "a" * 11}).status_code == 422
        assert client.post("/predict", json={"text": "a" * 9}).status_code == 200
        assert client.post("/predict", json={"text": "a" * 9, "explain": True}).status_code == 422
        explained = {"texts": ["a", "b"], "explain": True}
        assert client.post("/predict", json=explained).status_code == 422
        assert client.post("/predict", json={"text": "a" * 300}).status_code == 413
        chunks = (b"x" * 50 for _ in range(10))
        assert client.post("/predict", content=chunks).status_code == 413


class Stub:
    """A classifier whose behaviour a test sets."""

    classes_ = np.array(["a", "b"])

    def __init__(self, act=lambda texts: None):
        self._act = act

    def predict_proba(self, texts):
        self._act(texts)
        return np.tile([0.25, 0.75], (len(texts), 1))


def test_a_text_that_fails_the_model_costs_only_its_own_request():
    def act(texts):
        if "bad" in texts:
            raise ValueError("secret detail")

    with client_with(Stub(act), max_wait=0.05) as client, ThreadPoolExecutor(3) as pool:
        bodies = [{"text": text} for text in ("good", "bad", "fine")]
        responses = list(pool.map(lambda body: client.post("/predict", json=body), bodies))
        assert [response.status_code for response in responses] == [200, 500, 200]
        assert "secret" not in responses[1].text
        assert client.get("/health").status_code == 200
        assert 'requests_total{path="/predict",status="500"} 1.0' in client.get("/metrics").text


class Panic(BaseException):
    """What a library written in Rust raises when it fails."""


@pytest.mark.parametrize("error", [Panic("secret detail"), StopIteration()], ids=repr)
def test_a_panic_within_the_model_does_not_end_the_service(error):
    def act(texts):
        if "bad" in texts:
            raise error

    with client_with(Stub(act), limits=Limits(max_seconds=5)) as client:
        failed = client.post("/predict", json={"text": "bad"})
        assert (failed.status_code, "secret" in failed.text) == (500, False)
        assert client.post("/predict", json={"text": "good"}).status_code == 200
        assert client.get("/health").status_code == 200


@pytest.mark.parametrize(
    "body",
    [{"texts": [1] * 100_000}, {"text": "a", **{f"k{i}": 1 for i in range(20_000)}}],
    ids=["texts", "names"],
)
def test_the_response_to_an_invalid_request_is_short(client, body):
    response = client.post("/predict", json=body)
    assert response.status_code == 422
    assert 1 <= len(response.json()["detail"]) <= 20


def test_a_full_queue_returns_429_with_a_time_to_retry():
    gate, begun = threading.Event(), threading.Event()

    def act(texts):
        if texts != ["Warm up."]:
            begun.set()
            gate.wait(10)

    limits = Limits(max_waiting_texts=2)
    with client_with(Stub(act), limits=limits, max_wait=0) as client, ThreadPoolExecutor(1) as pool:
        first = pool.submit(client.post, "/predict", json={"texts": ["a", "b"]})
        assert begun.wait(10)
        rejected = client.post("/predict", json={"text": "c"})
        gate.set()
        assert first.result().status_code == 200
    assert rejected.status_code == 429
    assert rejected.headers["retry-after"] == "1"


def test_a_response_that_takes_too_long_is_503():
    gate = threading.Event()

    def act(texts):
        if texts != ["Warm up."]:
            gate.wait(10)

    with client_with(Stub(act), limits=Limits(max_seconds=0.05)) as client:
        response = client.post("/predict", json={"text": "slow"})
        gate.set()
    assert (response.status_code, response.headers["retry-after"]) == (503, "1")


def test_predictions_and_labels_need_the_key(pipeline):
    with client_with(pipeline, api_key="geheim é") as client:
        assert client.post("/predict", json={"text": "a"}).status_code == 401
        for wrong in ("geheim", "", "\xff"):
            headers = {"X-API-Key": wrong.encode("latin-1")}
            assert client.get("/labels", headers=headers).status_code == 401
        right = {"X-API-Key": "geheim é".encode()}
        assert client.get("/labels", headers=right).status_code == 200
        assert [client.get(path).status_code for path in ("/health", "/ready", "/")] == [200] * 3


def test_several_models_predict_by_name_and_the_first_by_default(pipeline, saved):
    with client_with({"one": saved, "two": Stub()}) as client:
        listed = client.get("/labels").json()["models"]
        assert [model["name"] for model in listed] == ["one", "two"]
        assert client.post("/predict", json={"text": "a"}).json()["model"] == "one"
        response = client.post("/predict", json={"text": "a", "model": "two"}).json()
    assert response["predictions"] == [{"label": "b", "probabilities": {"a": 0.25, "b": 0.75}}]


EXPLAINED = {"text": "Oil prices", "explain": True}


def test_words_come_with_explain(client):
    (prediction,) = client.post("/predict", json=EXPLAINED).json()["predictions"]
    words = {one["word"].lower(): one["contribution"] for one in prediction["words"]}
    assert words["oil"] > 0
    placed = [one for one in prediction["words"] if one["start"] >= 0]
    assert placed
    for one in placed:
        assert prediction["prepared"][one["start"] : one["end"]] == one["word"]


@pytest.mark.parametrize("units", ["both", "characters"])
def test_words_of_chinese_texts_come_with_explain(units):
    texts = ["石油价格上涨", "油价下跌石油", "球队赢得决赛", "教练宣布球队"]
    pipeline = make_tfidf_pipeline(vectorize__units=units).fit(texts, ["oil", "oil", "cup", "cup"])
    with client_with(pipeline) as client:
        response = client.post("/predict", json={"text": "石油和球队", "explain": True}).json()
    (prediction,) = response["predictions"]
    placed = [(one["start"], one["end"], one["word"]) for one in prediction["words"]]
    assert sorted(placed) == [(0, 2, "石油"), (2, 3, "和"), (3, 5, "球队")]
    assert prediction["prepared"] == "石油和球队"


def test_a_notice_says_why_there_are_no_words(client, monkeypatch):
    monkeypatch.delattr(agnews_sk.inspection, "explain")
    response = client.post("/predict", json=EXPLAINED).json()
    assert response["notice"] == "without words: this installation cannot explain predictions."
    assert response["predictions"][0]["label"] == "Business"


def test_ready_fails_once_the_service_stops(client):
    assert client.get("/ready").status_code == 200
    client.app.state.stopping = True
    assert client.get("/ready").status_code == 503
    assert client.get("/health").headers["connection"] == "close"


def test_metrics_count_requests_by_route_not_by_the_path_of_the_client(client):
    client.get("/labels")
    client.get("/made/up")
    metrics = client.get("/metrics").text
    assert 'agnews_sk_requests_total{path="/labels",status="200"} 1.0' in metrics
    assert 'path="other",status="404"' in metrics
    assert "made" not in metrics


def test_openapi_shows_examples_and_loads_nothing_from_other_servers(client):
    document = client.get("/openapi.json").json()
    examples = document["components"]["schemas"]["PredictRequest"]["examples"]
    assert all(client.post("/predict", json=one).status_code == 200 for one in examples)
    assert {"413", "422", "429", "503"} <= document["paths"]["/predict"]["post"]["responses"].keys()
    assert "http" not in json.dumps(document)
    for path in ("/docs", "/redoc"):
        response = client.get(path)
        assert (response.status_code, "/openapi.json describes" in response.json()["detail"]) == (
            404,
            True,
        )


@pytest.mark.parametrize("path", ["/", "/health", "/ready", "/labels", "/metrics", "/openapi.json"])
def test_head_is_like_get_without_the_body(client, path):
    expected, found = client.get(path), client.head(path)
    assert (found.status_code, found.content) == (200, b"")
    assert found.headers["content-type"] == expected.headers["content-type"]
    if path != "/metrics":  # which counts the requests between
        assert found.headers["content-length"] == str(len(expected.content))


def test_head_of_a_route_without_get_is_rejected_and_counted_by_route(client):
    assert client.head("/predict").status_code == 405
    assert client.head("/made/up").status_code == 404
    client.head("/health")
    assert 'requests_total{path="/health",status="200"} 1.0' in client.get("/metrics").text


def test_a_model_without_probabilities_and_no_model_are_rejected():
    with pytest.raises(TypeError, match=r"models\['svc'\] must have predict_proba"):
        create_app({"svc": object()})
    with pytest.raises(ValueError, match="at least one"):
        create_app({})
    with pytest.raises(ValueError, match="must not be empty, got an empty string"):
        create_app(Stub(), api_key="")
    with pytest.raises(ValueError, match="texts must be more than 0"):
        Limits(max_texts=0)


def test_a_model_that_cannot_predict_is_rejected_before_the_service_starts():
    def act(texts):
        raise RuntimeError("out of order")

    with pytest.raises(ValueError, match=r"models\['news'\] cannot predict: out of order"):
        create_app({"news": Stub(act)})
    with pytest.raises(NotFittedError, match=r"models\['news'\] is not fitted"):
        create_app({"news": make_tfidf_pipeline()})


@pytest.mark.parametrize("key", ["", " key", "key\n", "a\rb", "a\0b"], ids=repr)
def test_an_empty_key_or_one_that_cannot_be_sent_is_rejected(key):
    with pytest.raises(ValueError, match="api_key"):
        create_app(Stub(), api_key=key)
