"""Saved models name public modules, and earlier ones, which named private ones, load."""

import io
import json
import pickle
import pickletools
import re
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from agnews_sk.onnx import load_model
from agnews_sk.persistence import ArtifactError, save
from agnews_sk.persistence._moved import RENAMED_ATTRIBUTES, Renamed, with_current_names
from agnews_sk.persistence._trusted import load_trusted
from tests.conftest import HEADLINES
from tests.families import FAMILIES

CLEANER = "agnews_sk.cleaning.TextCleaner"
# The models were saved with other versions than those that the tests may run on.
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.InconsistentVersionWarning")

SAVED = Path(__file__).parent / "saved_before_0_1"
PROBABILITIES = json.loads((SAVED / "probabilities.json").read_text())
TEXTS = [text for of_class in HEADLINES.values() for text in of_class]
FRAME = pd.DataFrame({"title": TEXTS, "description": TEXTS[::-1]})


def schema_of(path):
    with zipfile.ZipFile(path) as model:
        pipeline = zipfile.ZipFile(io.BytesIO(model.read("pipeline.skops")))
    return pipeline.read("schema.json").decode()


def private_modules(text):
    return sorted(set(re.findall(r"agnews_sk(?:\.\w+)*\._\w+", text)))


@pytest.mark.parametrize("name", sorted(PROBABILITIES))
def test_a_model_that_names_private_modules_predicts_as_it_did(name):
    assert private_modules(schema_of(SAVED / f"{name}.zip"))
    model = load_model(SAVED / f"{name}.zip")
    X = FRAME if name == "columns" else TEXTS
    np.testing.assert_allclose(model.predict_proba(X), PROBABILITIES[name], atol=2e-5)


def test_an_exported_model_that_names_private_modules_predicts_as_it_did():
    model = load_model(SAVED / "exported.zip")
    np.testing.assert_allclose(model.predict_proba(FRAME), PROBABILITIES["columns"], atol=1e-4)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_saved_model_names_public_modules_only(fitted, family, tmp_path):
    path = tmp_path / "model.zip"
    save(fitted[family], path)
    assert private_modules(schema_of(path)) == []


@pytest.mark.parametrize("family", FAMILIES)
def test_a_pickle_names_public_modules_only(fitted, family):
    strings = [
        argument
        for _, argument, _ in pickletools.genops(pickle.dumps(fitted[family]))
        if isinstance(argument, str)
    ]
    assert private_modules("\n".join(strings)) == []


@pytest.mark.parametrize("module", ["serving._app", "persistence._hub", "classifiers._x.y"])
def test_other_private_modules_keep_their_names(module):
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("schema.json", f'{{"__module__": "agnews_sk.{module}"}}')
    assert with_current_names(written.getvalue()) == written.getvalue()


@pytest.fixture
def saved_under_old_names(fitted, tmp_path):
    """The skops file of a pipeline, saved when two names of its TextCleaner were others."""
    model = save(fitted["tfidf"], tmp_path / "model")
    content = (model / "pipeline.skops").read_bytes()
    return with_current_names(
        content, {CLEANER: {"lowercase": Renamed("lower"), "strip_urls": Renamed("urls")}}
    )


def test_renamed_attributes_get_their_current_names(fitted, saved_under_old_names):
    renamed = {CLEANER: {"lower": Renamed("lowercase"), "urls": Renamed("strip_urls")}}
    current = with_current_names(saved_under_old_names, renamed)
    assert current != saved_under_old_names
    loaded = load_trusted(current)
    expected = fitted["tfidf"].named_steps["clean"].get_params()
    assert loaded.named_steps["clean"].get_params() == expected


def test_values_are_converted_with_their_names(fitted, saved_under_old_names):
    renamed = {
        CLEANER: {
            "lower": Renamed("lowercase", lambda value: not value),
            "urls": Renamed("strip_urls", lambda value: not value),
        }
    }
    loaded = load_trusted(with_current_names(saved_under_old_names, renamed))
    found, saved = loaded.named_steps["clean"], fitted["tfidf"].named_steps["clean"]
    assert found.lowercase is not saved.lowercase
    assert found.strip_urls is not saved.strip_urls
    assert found.strip_tags is saved.strip_tags  # equal values were one object when saved


def test_an_old_name_that_no_table_maps_is_rejected(saved_under_old_names):
    with pytest.raises(ArtifactError, match="TextCleaner with the attribute "):
        load_trusted(saved_under_old_names)


def test_names_of_other_classes_are_not_changed(saved_under_old_names):
    other = {"agnews_sk.cleaning.ColumnJoiner": {"lower": Renamed("lowercase")}}
    assert with_current_names(saved_under_old_names, other) == saved_under_old_names


def test_an_attribute_under_both_names_is_rejected(saved_under_old_names):
    both = {CLEANER: {"lower": Renamed("urls")}}
    with pytest.raises(ArtifactError, match="a dict whose keys"):
        load_trusted(with_current_names(saved_under_old_names, both))


@pytest.mark.parametrize("name", ["finetune", "scratch", "subwords"])
def test_a_cache_in_gib_becomes_one_in_bytes(name):
    assert '"cache_gib"' in schema_of(SAVED / f"{name}.zip")
    classifier = load_model(SAVED / f"{name}.zip").steps[-1][1]
    assert classifier.max_cache_bytes == 4 * 2**30
    assert classifier.get_params() == clone(classifier).get_params()


@pytest.mark.parametrize(
    ("gib", "n_bytes"), [(0, 0), (1e-9, 1), (0.5, 2**29), (float("inf"), 2**63 - 1)]
)
def test_any_cache_in_gib_becomes_one_in_bytes(gib, n_bytes):
    renamed = RENAMED_ATTRIBUTES["agnews_sk.classifiers.TransformerClassifier"]["cache_gib"]
    assert renamed.name == "max_cache_bytes"
    assert renamed.convert(gib) == n_bytes


def test_a_file_that_is_not_a_skops_file_is_rejected():
    with pytest.raises(ArtifactError, match=r"pipeline\.skops"):
        with_current_names(b"no zip")


@pytest.mark.parametrize("forged", ["1", [1], {"a": 1}, None, True, float("nan")], ids=repr)
def test_a_forged_cache_is_rejected_before_anything_is_computed_from_it(forged):
    cache = {"__class__": "str", "__loader__": "JsonNode", "content": json.dumps(forged)}
    net = {
        "__class__": "TransformerClassifier",
        "__module__": "agnews_sk.classifiers",
        "__loader__": "ObjectNode",
        "content": {"content": {"cache_gib": cache}},
    }
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("schema.json", json.dumps(net))
    message = r"cache_gib must be a number|cannot convert float NaN"
    with pytest.raises(ArtifactError, match=message):
        with_current_names(written.getvalue())


def test_parameters_that_are_newer_than_a_model_have_their_defaults():
    model = load_model(SAVED / "embedding.zip")
    embedder = model["embed"]
    assert embedder.get_params()["truncation"] == "head"
    assert vars(embedder).keys() >= embedder.get_params().keys()
