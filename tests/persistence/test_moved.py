"""Saved models name public modules, and those of before, which named private ones, load."""

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

from agnews_sk.onnx import load_model
from agnews_sk.persistence import ArtifactError, save
from agnews_sk.persistence._moved import with_public_names
from tests.conftest import HEADLINES
from tests.families import FAMILIES

SAVED = Path(__file__).parent / "saved_before_0_1"
PROBABILITIES = json.loads((SAVED / "probabilities.json").read_text())
TEXTS = [text for of_class in HEADLINES.values() for text in of_class]
FRAME = pd.DataFrame({"title": TEXTS, "description": TEXTS[::-1]})


def schema_of(path):
    with zipfile.ZipFile(path) as model:
        pipeline = zipfile.ZipFile(io.BytesIO(model.read("pipeline.skops")))
    return pipeline.read("schema.json").decode()


def private_modules(text):
    return sorted(set(re.findall(r"agnews_sk(?:\.\w+)*\._(?!core\b)\w+", text)))


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
    assert with_public_names(written.getvalue()) == written.getvalue()


def test_a_file_that_is_no_skops_file_is_refused():
    with pytest.raises(ArtifactError, match=r"pipeline\.skops"):
        with_public_names(b"no zip")
