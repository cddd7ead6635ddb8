"""Manifests describe a model, and broken ones are rejected with the entry."""

import hashlib

import pytest

from agnews_sk.persistence import ArtifactError, VersionWarning
from agnews_sk.persistence._manifest import (
    check_manifest,
    distribution_of,
    installed_versions,
    make_manifest,
    parse_manifest,
)


@pytest.fixture
def manifest():
    made = make_manifest(
        "pipeline", {"b.json": b"12", "a.json": b"1"}, estimator="Pipeline", classes=["ä", "b"],
        training={"classify": "..."}, parity=None,
    )  # fmt: skip
    return parse_manifest(made)


def test_a_manifest_lists_sizes_and_checksums_of_files_in_order(manifest):
    assert list(manifest["files"]) == ["a.json", "b.json"]
    assert manifest["files"]["b.json"] == {
        "size": 2,
        "sha256": hashlib.sha256(b"12").hexdigest(),
    }
    assert (manifest["classes"], manifest["kind"], "parity" in manifest) == (
        ["ä", "b"],
        "pipeline",
        True,
    )


def test_a_manifest_that_was_just_made_passes_without_a_warning(manifest, recwarn):
    check_manifest(manifest, "pipeline")
    assert not recwarn.list


@pytest.mark.parametrize("content", [b"[]", b"{}", b'{"format": "other"}'], ids=str)
def test_other_json_is_not_a_manifest(content):
    with pytest.raises(ArtifactError, match="is not the manifest of a model saved by agnews_sk"):
        parse_manifest(content)


@pytest.mark.parametrize("content", [b"", b"\xff", b"[" * 100_000], ids=["empty", "bytes", "deep"])
def test_bytes_that_are_not_json_are_rejected(content):
    with pytest.raises(ArtifactError, match=r"manifest\.json is damaged or forged"):
        parse_manifest(content)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"format_version": 0}, "format_version 0, expected a number"),
        ({"format_version": "1"}, "format_version '1', expected a number"),
        ({"format_version": 2}, "format 2, newer than 1, .* update agnews_sk"),
        ({"kind": "onnx"}, r"kind 'onnx', which OnnxClassifier\.from_path reads, not agnews_sk"),
        ({"kind": None}, "which another program reads"),
        ({"files": ["a.json"]}, "must list the files"),
        ({"files": {"a.json": {"size": True, "sha256": ""}}}, "must list the files"),
        ({"files": {"a.json": {"size": 1}}}, "must list the files"),
        ({"versions": None}, "must list the versions"),
    ],
    ids=str,
)
def test_broken_entries_are_rejected(manifest, entries, message):
    with pytest.raises(ArtifactError, match=message):
        check_manifest({**manifest, **entries}, "pipeline")


def test_another_minor_version_raises_a_warning_and_a_patch_does_not(manifest):
    numpy = installed_versions("pipeline")["numpy"]
    major, minor, _ = numpy.split(".", 2)
    versions = {**manifest["versions"], "numpy": f"{major}.{minor}.99+local"}
    check_manifest({**manifest, "versions": versions}, "pipeline")
    versions["numpy"] = f"{major}.{int(minor) + 1}.0"
    with pytest.warns(VersionWarning, match=rf"saved with numpy {major}\.\d+\.0 \(here {numpy}\)"):
        check_manifest({**manifest, "versions": versions}, "pipeline")


def test_versions_are_those_of_libraries_that_the_kind_computes_with():
    assert "torch" not in installed_versions("onnx")
    assert {"python", "agnews_sk", "scikit-learn"} <= installed_versions("onnx").keys()


@pytest.mark.parametrize(
    ("name", "library"),
    [
        ("sklearn.svm._classes.LinearSVC", "scikit-learn"),
        ("imblearn.pipeline.Pipeline", "imbalanced-learn"),
        ("agnews_sk.cleaning.TextCleaner", "agnews_sk"),
        ("numpy.log1p", "numpy"),
    ],
)
def test_types_belong_to_the_library_that_distributes_them(name, library):
    assert distribution_of(name) == library
