"""Classifiers that are composed of others, and students, are served and predict files."""

import polars as pl
import pytest
from fastapi.testclient import TestClient
from sklearn.ensemble import StackingClassifier, VotingClassifier

from agnews_sk import (
    CascadeClassifier,
    DistilledClassifier,
    make_finetune_pipeline,
    make_tfidf_pipeline,
)
from agnews_sk.bulk import predict_files
from agnews_sk.classifiers import EmbeddingBagClassifier
from agnews_sk.persistence import save
from agnews_sk.serving import create_app

TEXTS = ["oil prices rise", "the cup final", "words never seen"]


def composed(name, tiny_model):
    """Return an unfitted classifier that is made of a baseline and a small transformer."""
    tfidf = make_tfidf_pipeline(characters=False)
    finetune = make_finetune_pipeline(tiny_model, classify__max_epochs=1, classify__random_state=0)
    parts = [("tfidf", tfidf), ("finetune", finetune)]
    classifiers = {
        "cascade": lambda: CascadeClassifier(parts, max_passed=0.5, random_state=0),
        "student": lambda: DistilledClassifier(tfidf, finetune, n_folds=2),
        "net as student": lambda: DistilledClassifier(finetune, tfidf, n_folds=2),
        "embedding bag": lambda: make_tfidf_pipeline(
            classify=EmbeddingBagClassifier(embedding_dim=8, random_state=0)
        ),
        "vote": lambda: VotingClassifier(parts, voting="soft"),
        "stack": lambda: StackingClassifier(parts, cv=2),
    }
    return classifiers[name]()


@pytest.mark.parametrize(
    "name", ["cascade", "student", "net as student", "embedding bag", "vote", "stack"]
)
def test_the_service_and_bulk_predictions_are_those_of_the_classifier(
    name, tiny_model, headlines, tmp_path
):
    classifier = composed(name, tiny_model).fit(*headlines)
    expected = classifier.predict_proba(TEXTS)
    saved = save(classifier, tmp_path / "model")
    with TestClient(create_app(saved)) as client:
        answer = client.post("/predict", json={"texts": TEXTS})
    assert answer.status_code == 200, answer.text
    found = [list(one["probabilities"].values()) for one in answer.json()["predictions"]]
    assert found == pytest.approx(expected, abs=1e-6)

    rows, labels = tmp_path / "rows.csv", tmp_path / "labels.csv"
    pl.DataFrame({"text": TEXTS}).write_csv(rows)
    predict_files(saved, rows, labels)
    predicted = pl.read_csv(labels)["predicted"].cast(pl.String).to_list()
    assert predicted == [str(label) for label in classifier.predict(TEXTS)]
