import numpy as np
import pytest

from agnews_sk import OnnxClassifier, explain, export_onnx, make_tfidf_pipeline
from agnews_sk.inspection import top_features

pytest.importorskip("onnxruntime")

TEXTS = ["oil prices rise", "army attacks", "oil war", "cup final", "oil falls", "army war"] * 4
SETS = [["oil"], ["war"], ["oil", "war"], [], ["oil"], ["war"]] * 4


@pytest.fixture(scope="module")
def pipeline():
    return make_tfidf_pipeline().fit(TEXTS, SETS)


def test_an_exported_classifier_of_several_labels_predicts_the_same(pipeline, tmp_path):
    report = export_onnx(pipeline, tmp_path / "exported", X=TEXTS, y=SETS)
    assert report.n_changed == 0
    assert report.accuracy == pipeline.score(TEXTS, SETS)
    exported = OnnxClassifier.from_path(tmp_path / "exported")
    assert exported.predict(TEXTS).tolist() == pipeline.predict(TEXTS).tolist()
    np.testing.assert_allclose(exported.predict_proba(TEXTS), pipeline.predict_proba(TEXTS))
    np.testing.assert_allclose(
        exported.predict_log_proba(TEXTS), pipeline.predict_log_proba(TEXTS), rtol=1e-6
    )
    assert exported.score(TEXTS, SETS) == report.accuracy


def test_each_label_is_explained(pipeline):
    explanation = explain(pipeline, ["oil attacks"])
    assert explanation.method == "linear"
    assert explanation.error.max() < 1e-6
    words = explanation.of(0, "oil").set_index("word")["contribution"]
    assert words["oil"] > 0 > words["attacks"]
    assert set(top_features(pipeline, k=3)["class"]) == {"oil", "war"}
