"""A service measures the texts of models that have a reference."""

import numpy as np
import pytest

pytest.importorskip("fastapi", reason="the serve extra is not installed")

from fastapi.testclient import TestClient

from agnews_sk import make_tfidf_pipeline
from agnews_sk.auditing import TextReference
from agnews_sk.datasets import make_news
from agnews_sk.persistence import save, store_reference
from agnews_sk.serving import create_app

STRANGE = {"texts": ["#omg gr8 m8 @user!!", "lol brb ROFL"] * 16}


@pytest.fixture(scope="module")
def news():
    X, y = make_news(600, random_state=0, return_X_y=True)
    return X.fillna(""), y


@pytest.fixture(scope="module")
def watched(news, tmp_path_factory):
    """The path of a model with a reference."""
    X, y = news
    model = make_tfidf_pipeline().fit(X[:200], y[:200])
    path = save(model, tmp_path_factory.mktemp("models") / "news")
    store_reference(path, TextReference.of(model, X[200:500], X[:200]).to_dict())
    return path


def metrics_after(models, *requests):
    with TestClient(create_app(models)) as client:
        for request in requests:
            assert client.post("/predict", json=request).status_code == 200
        return dict(
            line.rsplit(" ", 1)
            for line in client.get("/metrics").text.splitlines()
            if line.startswith("agnews_sk_")
        )


def test_texts_like_the_reference_raise_no_alarm(watched, news):
    rows = news[0][500:560].to_dict("records")
    found = metrics_after(watched, {"texts": rows})
    assert found['agnews_sk_drift_alarm{model="news"}'] == "0.0"
    assert float(found['agnews_sk_drift_evidence{model="news"}']) < 20
    count = 'agnews_sk_text_statistics_count{model="news",statistic="confidence"}'
    assert found[count] == "60.0"  # the first prediction, of no client, does not count


def test_strange_texts_raise_an_alarm_and_their_statistics_tell_why(watched):
    found = metrics_after(watched, STRANGE)
    assert found['agnews_sk_drift_alarm{model="news"}'] == "1.0"
    assert float(found['agnews_sk_drift_evidence{model="news"}']) >= 20
    label = '{model="news",statistic="unknown_words"}'
    total = float(found[f"agnews_sk_text_statistics_sum{label}"])
    mean = total / float(found[f"agnews_sk_text_statistics_count{label}"])
    assert mean > 0.9 > 0.1 > float(found[f"agnews_sk_reference_statistics{label}"])


def test_each_model_has_its_own_watch(watched, news):
    models = {"a": watched, "b": watched}
    found = metrics_after(models, {**STRANGE, "model": "b"})
    assert found['agnews_sk_drift_alarm{model="a"}'] == "0.0"
    assert found['agnews_sk_drift_alarm{model="b"}'] == "1.0"


def test_models_without_a_reference_are_not_watched(saved):
    assert not any("drift" in name for name in metrics_after(saved, STRANGE))


def test_predictions_are_those_of_an_unwatched_model(watched, news):
    from agnews_sk.persistence import load

    rows = news[0][500:520]
    with TestClient(create_app(watched)) as client:
        response = client.post("/predict", json={"texts": rows.to_dict("records")}).json()
    found = [list(one["probabilities"].values()) for one in response["predictions"]]
    np.testing.assert_allclose(found, load(watched).predict_proba(rows))


def test_a_broken_reference_is_rejected_by_the_model_s_name(watched, news, tmp_path):
    X, y = news
    path = save(make_tfidf_pipeline().fit(X[:100], y[:100]), tmp_path / "broken")
    store_reference(path, {"format": 1})
    with pytest.raises(ValueError, match=r"models\['broken'\]: this is no reference of texts"):
        create_app(path)
