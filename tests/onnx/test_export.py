"""An export predicts what its original predicts, or is not written."""

import json
import pickle
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.naive_bayes import ComplementNB

import agnews_sk
from agnews_sk import (
    CascadeClassifier,
    DistilledClassifier,
    SelfTrainedClassifier,
    make_embedding_pipeline,
    make_finetune_pipeline,
    make_tfidf_pipeline,
)
from agnews_sk.onnx import OnnxClassifier, ParityError, export_onnx
from tests.families import FAMILIES
from tests.onnx.rows import LABELS, NETWORKS, ROWS, TEXTS


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_predicts_as_its_original(fitted, exported, family):
    path, report = exported[family]
    classifier = OnnxClassifier.from_path(path)
    found = classifier.predict_proba(TEXTS)
    np.testing.assert_allclose(found, fitted[family].predict_proba(TEXTS), atol=1e-6)
    np.testing.assert_allclose(np.exp(classifier.predict_log_proba(TEXTS)), found)
    assert classifier.classes_.tolist() == fitted[family].classes_.tolist()
    assert classifier.predict(TEXTS).tolist() == fitted[family].predict(TEXTS).tolist()
    assert report.max_difference <= 1e-6
    assert report.n_changed == 0
    assert classifier.score(ROWS, LABELS) == fitted[family].score(ROWS, LABELS)


@pytest.mark.parametrize("name", [*NETWORKS, "finetune int8"])
def test_a_graph_does_not_name_files_of_the_machine_that_exported_it(exported, name):
    content = (exported[name].path / "model.onnx").read_bytes()
    assert str(Path(agnews_sk.__file__).parent).encode() not in content
    assert b"stack_trace" not in content


def test_a_quantized_export_is_smaller_and_predicts_almost_the_same(exported):
    path, report = exported["finetune int8"]
    assert report.max_difference < 0.05
    float_size, int8_size = (
        (exported[name].path / "model.onnx").stat().st_size
        for name in ("finetune", "finetune int8")
    )
    assert int8_size < float_size
    assert report.exported_accuracy is not None
    readme = (path / "README.md").read_text()
    assert "Parity with the original" in readme
    assert json.loads((path / "manifest.json").read_text())["parity"]["n_rows"] == len(ROWS)


@pytest.mark.parametrize(
    "labels", [[3] * 4 + [1] * 4, [True] * 4 + [False] * 4], ids=["int", "bool"]
)
def test_labels_keep_their_type(headlines, tmp_path, labels):
    pipeline = make_tfidf_pipeline().fit(headlines[0], labels)
    export_onnx(pipeline, tmp_path / "exported.zip", X=headlines[0])
    found = OnnxClassifier.from_path(tmp_path / "exported.zip").predict(headlines[0])
    assert found.tolist() == labels


@pytest.mark.slow
def test_long_texts_are_truncated_as_the_original_truncates_them(tiny_model, headlines, tmp_path):
    pipeline = make_finetune_pipeline(
        tiny_model, classify__max_epochs=1, classify__max_length=9, classify__truncation="head+tail"
    ).fit(*headlines)
    texts = ["oil prices rise " * 3 + "the cup final " * 7, "oil"]
    assert export_onnx(pipeline, tmp_path / "exported", X=texts).max_difference < 1e-6


def test_frames_are_joined_and_cleaned_as_by_the_original(headlines, tmp_path):
    frame = pd.DataFrame({"title": headlines[0], "description": ["<b>oil</b> &amp; gas"] * 8})
    pipeline = make_tfidf_pipeline().fit(frame, headlines[1])
    export_onnx(pipeline, tmp_path / "exported", X=frame)
    classifier = OnnxClassifier.from_path(tmp_path / "exported")
    np.testing.assert_allclose(
        classifier.predict_proba(frame), pipeline.predict_proba(frame), atol=1e-12
    )


def test_an_export_that_differs_too_much_is_not_written(fitted, graphs_once, tmp_path):
    with pytest.raises(ParityError, match=r"differs by up to .*nothing was written"):
        export_onnx(fitted["scratch"], tmp_path / "exported", X=ROWS, max_difference=1e-12)
    with pytest.raises(ParityError, match=r"accuracy is .* below the original's"):
        export_onnx(
            fitted["scratch"], tmp_path / "exported", X=ROWS, y=LABELS, quantize="int8",
            max_accuracy_drop=-1.0,
        )  # fmt: skip
    assert not list(tmp_path.iterdir())


def test_labels_that_the_pipeline_does_not_know_are_rejected(fitted, tmp_path):
    with pytest.raises(ValueError, match="y has none of the labels of the pipeline"):
        export_onnx(
            fitted["finetune"], tmp_path / "exported", X=ROWS, y=[1] * len(ROWS), quantize="int8"
        )
    assert list(tmp_path.iterdir()) == []


def test_steps_that_cannot_be_exported_are_rejected_with_the_reason(fitted, headlines, tmp_path):
    path = tmp_path / "exported"
    own_words = make_tfidf_pipeline(vectorize=TfidfVectorizer()).fit(*headlines)
    with pytest.raises(TypeError, match="TfidfVectorizer before the classifier cannot be exported"):
        export_onnx(own_words, path, X=ROWS)
    bayes = make_tfidf_pipeline(classify=ComplementNB()).fit(*headlines)
    with pytest.raises(TypeError, match=r"ComplementNB cannot be exported faithfully; .* can\."):
        export_onnx(bayes, path, X=ROWS)
    with pytest.raises(TypeError, match="quantize='int8' is for networks"):
        export_onnx(fitted["tfidf"], path, X=ROWS, y=LABELS, quantize="int8")
    with pytest.raises(ValueError, match="needs y"):
        export_onnx(fitted["scratch"], path, X=ROWS, quantize="int8")
    with pytest.raises(ValueError, match="quantize must be"):
        export_onnx(fitted["scratch"], path, X=ROWS, quantize="int4")


def test_the_pipeline_is_not_changed_by_its_export(fitted, graphs_once, tmp_path):
    before = pickle.dumps(fitted["scratch"].predict_proba(ROWS))
    export_onnx(fitted["scratch"], tmp_path / "exported", X=ROWS)
    assert pickle.dumps(fitted["scratch"].predict_proba(ROWS)) == before


def test_exported_weights_have_no_files_of_their_own(exported):
    model = onnx.load(exported["finetune"].path / "model.onnx")
    assert not any(one.external_data for one in model.graph.initializer)


LONG = ["oil prices rise " * 9 + "the cup final " * 7, "oil", "", "the coach wins the cup " * 12]


@pytest.mark.parametrize(
    "family",
    [pytest.param(family, marks=pytest.mark.slow) for family in ("finetune", "embedding")],
)
def test_chunks_are_pooled_in_the_graph_as_the_original_pools_them(
    tiny_model, headlines, tmp_path, family
):
    settings = {"max_length": 16, "truncation": "chunk"}
    if family == "finetune":
        settings |= {"chunk_pooling": "attention", "max_epochs": 1, "random_state": 0}
    make, step = {
        "finetune": (make_finetune_pipeline, "classify"),
        "embedding": (make_embedding_pipeline, "embed"),
    }[family]
    params = {f"{step}__{name}": value for name, value in settings.items()}
    pipeline = make(tiny_model, **params).fit(*headlines)
    report = export_onnx(pipeline, tmp_path / "exported", X=LONG + ROWS)
    assert report.max_difference <= 1e-6
    classifier = OnnxClassifier.from_path(tmp_path / "exported")
    for texts in (LONG, LONG[:1], LONG[1:3]):
        found = classifier.predict_proba(texts)
        np.testing.assert_allclose(found, pipeline.predict_proba(texts), atol=1e-6)


def test_texts_without_spaces_are_split_as_by_the_original(tmp_path):
    texts = ["石油价格上涨", "油价下跌", "球队赢得决赛", "教练宣布退役iPhone手机"] * 2
    pipeline = make_tfidf_pipeline().fit(texts, ["oil", "oil", "cup", "cup"] * 2)
    report = export_onnx(pipeline, tmp_path / "exported", X=[*texts, "油价和球队", ""])
    assert report.max_difference < 1e-12
    classifier = OnnxClassifier.from_path(tmp_path / "exported")
    assert classifier.predict(["油价和石油"]).tolist() == ["oil"]


@pytest.mark.parametrize(
    ("texts", "new"),
    [
        (["石油价格上涨", "油价下跌", "球队赢得决赛", "教练宣布退役"], "油价和球队"),
        (["ราคาน้ำมัน", "น้ำมันขึ้น", "ทีมชนะ", "ทีมแพ้"], "น้ำมันiPhone"),
        (["⛽⛽ 🛢", "🛢 ⛽", "⚽🏆", "🏆 ⚽"], "⛽⚽"),
    ],
    ids=["Chinese", "Thai", "no words"],
)
def test_models_of_characters_alone_are_exported(tmp_path, texts, new):
    pipeline = make_tfidf_pipeline(vectorize__units="characters").fit(
        texts, ["oil", "oil", "cup", "cup"]
    )
    assert pipeline.named_steps["vectorize"].words_ is None
    report = export_onnx(pipeline, tmp_path / "exported", X=[*texts, new, ""])
    assert report.max_difference < 1e-12
    classifier = OnnxClassifier.from_path(tmp_path / "exported")
    assert classifier.predict([texts[0], texts[3]]).tolist() == ["oil", "cup"]


@pytest.mark.parametrize(
    "classifier",
    [
        SelfTrainedClassifier(make_tfidf_pipeline(), n_folds=2, random_state=0),
        DistilledClassifier(make_tfidf_pipeline(), make_tfidf_pipeline(), n_folds=2),
    ],
    ids=lambda classifier: type(classifier).__name__,
)
def test_what_predicts_by_a_pipeline_is_exported_as_that_pipeline(tmp_path, headlines, classifier):
    classifier.fit(*headlines, X_unlabelled=["oil stocks", "the team"])
    export_onnx(classifier, tmp_path / "exported", X=headlines[0])
    exported = OnnxClassifier.from_path(tmp_path / "exported")
    expected = classifier.predict_proba(headlines[0])
    np.testing.assert_allclose(exported.predict_proba(headlines[0]), expected, atol=1e-4)


def test_the_parts_of_a_cascade_are_exported_each(headlines, tmp_path):
    texts, labels = headlines
    soft_labels = pd.get_dummies(pd.Series(labels), dtype=float)
    student = DistilledClassifier(make_tfidf_pipeline())
    student.fit(texts, labels, soft_labels=soft_labels)
    parts = [("frozen", FrozenEstimator(student)), ("fitted", make_tfidf_pipeline())]
    cascade = CascadeClassifier(parts, max_passed=0.5, random_state=0).fit(texts, labels)
    for name, part in zip(cascade.names_, cascade.estimators_):
        export_onnx(part, tmp_path / name, X=texts)
        found = OnnxClassifier.from_path(tmp_path / name).predict_proba(texts)
        np.testing.assert_allclose(found, part.predict_proba(texts), atol=1e-6)
    with pytest.raises(TypeError, match="CascadeClassifier; export each of its parts, estimators_"):
        export_onnx(cascade, tmp_path / "cascade", X=texts)
