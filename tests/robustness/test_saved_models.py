"""A damaged model is rejected by file name, or is the model that was saved."""

import json
import shutil
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agnews_sk import make_tfidf_pipeline
from agnews_sk.persistence import ArtifactError, VersionWarning, load, save
from tests.conftest import HEADLINES
from tests.persistence.forging import files_of, forge, repacked, write_zip

TEXTS = ["oil prices", "the cup", ""]


@pytest.fixture(scope="module")
def model():
    rows = [(text, label) for label, of_class in HEADLINES.items() for text in of_class]
    return make_tfidf_pipeline().fit(*map(list, zip(*rows)))


@pytest.fixture(scope="module")
def whole(model, tmp_path_factory):
    """The bytes of the model as a zip."""
    return save(model, tmp_path_factory.mktemp("whole") / "model.zip").read_bytes()


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("spoiled") / "model.zip"


def spoil(content, data):
    """Return bytes with some of them changed, cut out, put in, or the end cut off."""
    spoiled = bytearray(content)
    for _ in range(data.draw(st.integers(1, 4), "times")):
        at = data.draw(st.integers(0, max(len(spoiled) - 1, 0)), "place")
        length = data.draw(st.integers(0, 8), "length")
        spoiled[at : at + length] = data.draw(st.binary(max_size=8), "bytes")
    return bytes(spoiled[: data.draw(st.integers(0, len(spoiled)) | st.just(len(spoiled)), "end")])


def flip(content, data):
    flipped = bytearray(content)
    at = data.draw(st.integers(0, len(content) - 1), "place")
    flipped[at] ^= 1 << data.draw(st.integers(0, 7), "bit")
    return bytes(flipped)


def load_or_none(path):
    """Return the model, or None if it was rejected; any other error is a failure."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", VersionWarning)
            return load(path)
    except ArtifactError:
        return None


@pytest.mark.parametrize("change", [flip, spoil])
@given(data=st.data())
def test_a_damaged_zip_is_rejected_or_the_same_model(model, whole, path, change, data):
    path.write_bytes(change(whole, data))
    loaded = load_or_none(path)
    if loaded is not None:
        np.testing.assert_array_equal(loaded.predict_proba(TEXTS), model.predict_proba(TEXTS))
        assert loaded.classes_.tolist() == model.classes_.tolist()


def answers_with_probabilities(model):
    probabilities = model.predict_proba(TEXTS)
    return np.isfinite(probabilities).all() and np.allclose(probabilities.sum(axis=1), 1)


@pytest.mark.parametrize("change", [flip, spoil])
@given(data=st.data())
def test_a_forged_pipeline_is_rejected_or_predicts_probabilities(whole, path, change, data):
    files = files_of(whole)
    pipeline = files["pipeline.skops"]
    members = files_of(pipeline)
    name = data.draw(st.sampled_from(sorted(members)), "file")
    files["pipeline.skops"] = repacked(pipeline, name, change(members[name], data))
    forge(files, path)
    loaded = load_or_none(path)
    assert loaded is None or answers_with_probabilities(loaded)


json_values = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)


def places(value, way=()):
    """Return the path to each value within JSON."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    ways = [(*way, key) for key, _ in inner]
    nested = [key for *_, key in ways if isinstance(value[key], (dict, list))]
    return ways + [found for key in nested for found in places(value[key], (*way, key))]


def put(root, way, value):
    """Replace one value within JSON, by its path."""
    *before, last = way
    for key in before:
        root = root[key]
    root[last] = value


@pytest.mark.parametrize("file", ["manifest.json", "schema.json"])
@given(data=st.data())
def test_any_value_in_a_document_is_rejected_or_predicts_probabilities(whole, path, file, data):
    files = files_of(whole)
    pipeline = files["pipeline.skops"]
    document = json.loads((files | files_of(pipeline))[file])
    way = data.draw(st.sampled_from(places(document)), "way")
    put(document, way, data.draw(json_values | st.just([]) | st.just({}), "value"))
    changed = json.dumps(document).encode()
    if file == "schema.json":
        files["pipeline.skops"] = repacked(pipeline, file, changed)
        forge(files, path)
    else:
        write_zip(files | {file: changed}, path)
    loaded = load_or_none(path)
    assert loaded is None or answers_with_probabilities(loaded)


@given(data=st.data())
def test_a_damaged_folder_is_rejected_or_the_same_model(model, whole, tmp_path, data):
    files = files_of(whole)
    name = data.draw(st.sampled_from(sorted(files)), "file")
    folder = tmp_path / "model"
    shutil.rmtree(folder, ignore_errors=True)
    for each, content in files.items():
        (folder / each).parent.mkdir(parents=True, exist_ok=True)
        (folder / each).write_bytes(spoil(content, data) if each == name else content)
    loaded = load_or_none(folder)
    if loaded is not None:
        np.testing.assert_array_equal(loaded.predict_proba(TEXTS), model.predict_proba(TEXTS))
