"""Models are loaded by name, and their predictions become JSON."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from agnews_sk import make_tfidf_pipeline
from agnews_sk.persistence import ArtifactError
from agnews_sk.serving import model_name
from agnews_sk.serving._models import (
    ExplanationUnavailableError,
    ServedModel,
    UnknownColumnError,
    check_models,
    name_models,
)

SAVED_BEFORE = Path(__file__).parents[1] / "persistence" / "saved_before_0_1"


class Stub:
    """A classifier with fixed probabilities."""

    def __init__(self, classes, rows):
        self.classes_ = np.array(classes)
        self._rows = np.array(rows)

    def predict_proba(self, texts):
        return self._rows[: len(texts)]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("models/news", "news"),
        ("models/news.zip", "news"),
        ("models/news.v2", "news.v2"),
        ("models/news.v2.zip", "news.v2"),
        ("models/news/", "news"),
    ],
)
def test_a_model_is_named_after_its_folder_or_its_zip(path, name):
    assert model_name(path) == name


def test_models_are_loaded_in_order_under_their_names(saved, pipeline):
    assert list(name_models({"b": saved, "a": pipeline})) == ["b", "a"]
    assert list(name_models(saved)) == ["tfidf"]
    assert name_models(pipeline) == {"model": pipeline}


def test_models_that_cannot_serve_are_rejected():
    with pytest.raises(ValueError, match="models is empty"):
        name_models({})
    with pytest.raises(TypeError, match=r"models\['a'\] must have predict_proba, got 1"):
        name_models({"a": 1})
    with pytest.raises(NotFittedError, match=r"models\['a'\] is not fitted"):
        name_models({"a": make_tfidf_pipeline()})


def test_paths_are_checked_without_loading(saved, tmp_path):
    check_models(saved)
    check_models({"a": saved, "b": object()})  # an estimator has no path
    with pytest.raises(FileNotFoundError, match="nowhere"):
        check_models({"a": saved, "b": tmp_path / "nowhere"})
    with pytest.raises(ArtifactError, match=r"manifest\.json is missing"):
        check_models(tmp_path)


@pytest.mark.parametrize(
    ("classes", "label", "keys"),
    [
        (["a", "b"], "b", ["a", "b"]),
        ([3, 1], 1, ["3", "1"]),
        ([True, False], False, ["True", "False"]),
    ],
    ids=["str", "int", "bool"],
)
def test_predictions_are_json_with_labels_of_their_type(classes, label, keys):
    model = ServedModel("m", Stub(classes, [[0.25, 0.75]]))
    (described,) = json.loads(json.dumps(model.describe(model.predict_proba(["text"]))))
    assert described["label"] == label
    assert type(described["label"]) is type(label)
    assert described["probabilities"] == dict(zip(keys, [0.25, 0.75]))


def test_rows_are_joined_and_texts_are_not_changed(pipeline):
    model = ServedModel("m", pipeline)
    texts = model.as_texts(["a text", {"title": "Oil", "description": "A barrel is dear."}])
    assert texts[0] == "a text"
    assert texts[1].startswith("Oil")
    assert texts[1].endswith("A barrel is dear.")


def test_a_model_that_fails_on_a_text_is_rejected_with_its_error():
    class Failing(Stub):
        def predict_proba(self, texts):
            raise RuntimeError("out of order")

    with pytest.raises(ValueError, match=r"models\['m'\] cannot predict: out of order"):
        ServedModel("m", Failing(["a"], [[1.0]])).check()


def test_a_model_that_cannot_be_explained_raises_an_error():
    with pytest.raises(ExplanationUnavailableError, match="is not an estimator instance"):
        ServedModel("m", Stub(["a", "b"], [[0.5, 0.5]])).explain(["text"])


def test_explained_words_belong_to_the_predicted_label(pipeline):
    (explained,) = ServedModel("m", pipeline).explain(["Oil prices"])
    assert explained["prepared"] == "Oil prices"
    assert {word["word"].lower() for word in explained["words"]} >= {"oil", "prices"}


def test_a_cell_of_a_column_that_the_model_does_not_read_is_rejected(pipeline):
    model = ServedModel("m", pipeline)
    assert model.columns == ["title", "description"]
    message = r"'m' was trained on the columns \['title', 'description'\], got a cell of 'body'"
    with pytest.raises(UnknownColumnError, match=message):
        model.as_texts([{"title": "Oil", "body": "A barrel"}])
    with pytest.raises(UnknownColumnError, match="trained on texts, without columns"):
        ServedModel("m", Stub(["a"], [[1.0]])).as_texts([{"title": "Oil"}])


def test_a_search_has_the_columns_of_its_best_pipeline(pipeline):
    search = SimpleNamespace(best_estimator_=pipeline, classes_=pipeline.classes_)
    assert ServedModel("m", search).columns == ["title", "description"]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.InconsistentVersionWarning")
def test_a_model_of_an_earlier_version_keeps_the_names_of_its_columns():
    (model,) = name_models(SAVED_BEFORE / "columns.zip").values()
    served = ServedModel("m", model)
    assert served.columns == ["title", "description"]
    texts = served.as_texts([{"title": "Oil prices rise", "description": "A barrel is dear."}])
    assert served.predict_proba(texts).shape == (1, len(served.labels))
