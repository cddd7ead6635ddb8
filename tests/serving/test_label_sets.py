"""Models that predict several labels per text are served."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from fastapi.testclient import TestClient

from agnews_sk import make_tfidf_pipeline
from agnews_sk.onnx import export_onnx
from agnews_sk.serving import create_app
from tests.serving.conftest import SETS, texts_of_sets

NEW = ["oil", "war", "a war about oil", "early page", ""]


@pytest.fixture(scope="module")
def model():
    return make_tfidf_pipeline().fit(texts_of_sets(), SETS)


@pytest.fixture(scope="module")
def client(model):
    with TestClient(create_app({"sets": model})) as client:
        yield client


def predictions(client, **request):
    response = client.post("/predict", json=request)
    assert response.status_code == 200, response.text
    return response.json()["predictions"]


def test_every_label_has_its_probability_and_whether_it_is_above_its_threshold(model, client):
    found = predictions(client, texts=NEW)
    shares = model.predict_proba(NEW)
    for one, row, labels in zip(found, shares, model.predict(NEW)):
        assert one["probabilities"] == dict(zip(["oil", "war"], row.tolist()))
        assert one["labels"] == labels
        assert one["above_threshold"] == {name: name in labels for name in ("oil", "war")}
        assert "label" not in one
    assert {len(one["labels"]) for one in found} >= {0, 2}


def test_requests_that_share_a_batch_get_what_predict_proba_gives(model):
    with TestClient(create_app(model, max_wait=0.05)) as client, ThreadPoolExecutor(8) as pool:
        found = [*pool.map(lambda text: predictions(client, text=text)[0], NEW * 4)]
    shares = [[*one["probabilities"].values()] for one in found]
    np.testing.assert_allclose(shares, model.predict_proba(NEW * 4), atol=1e-9)


def test_the_words_of_each_predicted_label_explain_it(client):
    both, none = predictions(client, texts=["oil war", "early page"], explain=True)
    assert both["prepared"] == "oil war"
    assert sorted(both["words_by_label"]) == sorted(both["labels"]) == ["oil", "war"]
    for label, words in both["words_by_label"].items():
        assert max(words, key=lambda word: word["contribution"])["word"] == label
    assert none["labels"] == []
    assert list(none["words_by_label"]) == [
        max(none["probabilities"], key=none["probabilities"].get)
    ]


def test_the_labels_list_the_thresholds(model, client):
    (listed,) = client.get("/labels").json()["models"]
    assert listed["thresholds"] == dict(zip(["oil", "war"], model[-1].thresholds_.tolist()))


def test_the_document_describes_the_responses_of_the_loaded_models(model, pipeline):
    def described(models):
        with TestClient(create_app(models)) as client:
            document = client.get("/openapi.json").json()
        response = document["paths"]["/predict"]["post"]["responses"]["200"]
        return str(response["content"]["application/json"]["schema"])

    assert described(pipeline).count("PredictResponse") == 1
    assert "SetsResponse" in described(model)
    assert "PredictResponse" not in described(model)
    both = described({"one": pipeline, "sets": model})
    assert "PredictResponse" in both
    assert "SetsResponse" in both


def test_an_exported_model_predicts_the_same_labels(model, client, tmp_path):
    pytest.importorskip("onnxruntime", reason="the onnx extra is not installed")
    export_onnx(model, tmp_path / "model", X=texts_of_sets())
    with TestClient(create_app(tmp_path / "model")) as exported:
        found, expected = (predictions(one, texts=NEW) for one in (exported, client))
    assert [one["labels"] for one in found] == [one["labels"] for one in expected]
