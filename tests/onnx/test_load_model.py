"""Saved and exported models are loaded alike, and identified without loading them."""

import shutil

import pytest
from sklearn.pipeline import Pipeline

from agnews_sk.onnx import OnnxClassifier, load_model, model_sha256
from agnews_sk.persistence import ArtifactError
from tests.onnx.rows import ROWS
from tests.persistence.forging import change_manifest


def test_a_saved_model_and_its_export_are_loaded_by_the_same_call(exported, saved):
    pipeline, classifier = load_model(saved["tfidf"]), load_model(exported["tfidf"].path)
    assert isinstance(pipeline, Pipeline)
    assert isinstance(classifier, OnnxClassifier)
    assert pipeline.predict(ROWS).tolist() == classifier.predict(ROWS).tolist()


@pytest.mark.parametrize(
    ("variable", "n_jobs"), [("1,2", 1), ("3", 3), ("0", -1), ("", -1), (None, -1)]
)
def test_an_exported_model_uses_its_share_of_the_cores(exported, monkeypatch, variable, n_jobs):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if variable is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", variable)
    assert load_model(exported["tfidf"].path).n_jobs == n_jobs


def test_a_path_without_a_model_is_rejected(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        load_model(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        model_sha256(tmp_path / "nowhere")


def test_the_checksum_of_a_model_changes_with_its_manifest_only(exported, tmp_path):
    first = model_sha256(exported["tfidf"].path)
    copied = tmp_path / "copied"
    shutil.copytree(exported["tfidf"].path, copied)
    assert model_sha256(copied) == first
    assert model_sha256(exported["characters"].path) != first
    change_manifest(copied, lambda manifest: manifest.update(created="later"))
    assert model_sha256(copied) != first


def test_a_folder_without_a_manifest_has_no_checksum(tmp_path):
    with pytest.raises(ArtifactError, match=r"manifest\.json is missing"):
        model_sha256(tmp_path)
