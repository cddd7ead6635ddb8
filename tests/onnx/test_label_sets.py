import numpy as np
import pytest

from agnews_sk import OnnxClassifier, explain, export_onnx
from agnews_sk.inspection import top_features
from agnews_sk.pipeline import make_embedding_pipeline, make_finetune_pipeline, make_tfidf_pipeline

pytest.importorskip("onnxruntime")

TEXTS = ["oil prices rise", "army attacks", "oil war", "cup final", "oil falls", "army war"] * 4
SETS = [["oil"], ["war"], ["oil", "war"], [], ["oil"], ["war"]] * 4
FAMILIES = {
    "tfidf": lambda model: make_tfidf_pipeline(),
    "embedding": make_embedding_pipeline,
    "finetune": lambda model: make_finetune_pipeline(
        model, classify__max_epochs=1, classify__random_state=0, classify__class_weight="balanced"
    ),
    "pairs": lambda model: make_finetune_pipeline(
        model,
        classify__loss="contrastive",
        classify__pooling="mean",
        classify__max_epochs=1,
        classify__random_state=0,
    ),
}


# torch takes seconds to export a graph.
EXPORTED = [
    pytest.param(name, marks=[] if name == "tfidf" else pytest.mark.slow) for name in FAMILIES
]


@pytest.fixture(scope="module")
def fitted(tiny_model):
    return {name: make(tiny_model).fit(TEXTS, SETS) for name, make in FAMILIES.items()}


@pytest.mark.parametrize("name", EXPORTED)
def test_an_exported_classifier_of_several_labels_predicts_the_same(name, fitted, tmp_path):
    pipeline = fitted[name]
    report = export_onnx(pipeline, tmp_path / "exported", X=TEXTS, y=SETS)
    assert report.n_changed == 0
    assert report.accuracy == pipeline.score(TEXTS, SETS)
    exported = OnnxClassifier.from_path(tmp_path / "exported")
    assert exported.predict(TEXTS).tolist() == pipeline.predict(TEXTS).tolist()
    np.testing.assert_allclose(exported.thresholds_, pipeline[-1].thresholds_)
    np.testing.assert_allclose(
        exported.predict_proba(TEXTS), pipeline.predict_proba(TEXTS), rtol=1e-5
    )
    np.testing.assert_allclose(
        exported.predict_log_proba(TEXTS), pipeline.predict_log_proba(TEXTS), rtol=1e-5
    )
    assert exported.score(TEXTS, SETS) == report.accuracy


@pytest.mark.parametrize("name", FAMILIES)
def test_each_label_is_explained(name, fitted):
    explanation = explain(fitted[name], ["oil attacks"])
    assert explanation.scores.columns.tolist() == ["oil", "war"]
    assert explanation.error.max() < 0.05
    of_words = explanation.of(0, "oil").set_index("word")["contribution"]
    assert of_words.index.tolist() == ["oil", "attacks"]


def test_each_label_has_features(fitted):
    words = explain(fitted["tfidf"], ["oil attacks"]).of(0, "oil").set_index("word")["contribution"]
    assert words["oil"] > 0 > words["attacks"]
    assert set(top_features(fitted["tfidf"], k=3)["class"]) == {"oil", "war"}
