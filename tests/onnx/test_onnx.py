"""An export answers as its original does, without torch, or is not written."""

import json
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.naive_bayes import ComplementNB

import agnews_sk
from agnews_sk import make_finetune_pipeline, make_tfidf_pipeline
from agnews_sk.onnx import OnnxClassifier, ParityError, export_onnx, open_model
from agnews_sk.onnx._classifier import _adds_products_exactly
from agnews_sk.onnx._parity import check_parity, compare
from agnews_sk.persistence import ArtifactError, load
from tests.conftest import HEADLINES
from tests.families import FAMILIES

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

_CLASSIFIER = "agnews_sk.onnx._classifier"
_VNNI = _adds_products_exactly()
TEXTS = ["oil prices rise", "the cup final", "", None, "Ünïcode ☃ words never seen", "oil " * 90]
ROWS = [text for of_class in HEADLINES.values() for text in of_class]
LABELS = [label for label, of_class in HEADLINES.items() for _ in of_class]
IN_8_BITS = {"finetune": "int8", "embedding": "embedding int8", "scratch": "scratch int8"}
NETWORKS = ["embedding", "scratch", "finetune", "pooled"]


@pytest.fixture(scope="module")
def exported(fitted, tmp_path_factory):
    """Folder and report of the export of each family, and of the networks in 8 bits."""
    root = tmp_path_factory.mktemp("exported")
    made = {}
    for family, pipeline in fitted.items():
        made[family] = root / family, export_onnx(pipeline, root / family, X=TEXTS + ROWS)
    for family, name in IN_8_BITS.items():
        report = export_onnx(
            fitted[family], root / name, X=ROWS, y=LABELS, quantize="int8", max_loss=0.2
        )
        made[name] = root / name, report
    return made


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_answers_as_its_original(fitted, exported, family):
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


@pytest.mark.parametrize("family", ["characters", "scratch", "finetune", *IN_8_BITS.values()])
def test_an_answer_does_not_depend_on_the_texts_beside_it(exported, family):
    classifier = OnnxClassifier.from_path(exported[family][0])
    together = classifier.predict_proba(TEXTS + ROWS)
    alone = np.vstack([classifier.predict_proba([text]) for text in TEXTS + ROWS])
    np.testing.assert_allclose(alone, together, atol=1e-6)


def test_it_needs_neither_torch_nor_transformers(exported):
    code = (
        "import sys\n"
        "from agnews_sk.onnx import OnnxClassifier\n"
        "for path in sys.argv[1:]:\n"
        "    OnnxClassifier.from_path(path).predict(['oil prices rise'])\n"
        "print([m for m in ('torch', 'transformers', 'skorch', 'onnx') if m in sys.modules])\n"
    )
    paths = [str(path) for path, _ in exported.values()]
    done = subprocess.run(
        [sys.executable, "-c", code, *paths], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_all_products_with_a_matrix_and_their_biases_are_in_8_bits(exported):
    graph = onnx.load(exported["int8"][0] / "model.onnx").graph
    constants = {one.name for one in graph.initializer}
    of_matrices = [n for n in graph.node if n.op_type == "MatMul" and n.input[1] in constants]
    assert not of_matrices
    products = [node for node in graph.node if node.op_type == "MatMulIntegerToFloat"]
    assert len(products) > 10
    assert all(product.input[-1] in constants for product in products)  # the bias


@pytest.mark.parametrize("name", [*NETWORKS, "int8"])
def test_a_graph_does_not_tell_where_it_was_made(exported, name):
    content = (exported[name][0] / "model.onnx").read_bytes()
    assert str(Path(agnews_sk.__file__).parent).encode() not in content
    assert b"stack_trace" not in content


def test_what_is_behind_the_pooling_is_not_in_8_bits(exported):
    graph = onnx.load(exported["embedding int8"][0] / "model.onnx").graph
    assert graph.node[-1].op_type == "Gemm"


def test_8_bits_are_smaller_and_near(exported):
    path, report = exported["int8"]
    assert report.max_difference < 0.05
    sizes = [(exported[name][0] / "model.onnx").stat().st_size for name in ("int8", "finetune")]
    assert sizes[0] < sizes[1]
    assert report.exported_accuracy is not None
    readme = (path / "README.md").read_text()
    assert "Parity with the original" in readme
    assert json.loads((path / "manifest.json").read_text())["parity"]["n_rows"] == len(ROWS)


@pytest.mark.parametrize(
    "labels", [[3] * 4 + [1] * 4, [True] * 4 + [False] * 4], ids=["int", "bool"]
)
def test_labels_keep_their_kind(headlines, tmp_path, labels):
    pipeline = make_tfidf_pipeline().fit(headlines[0], labels)
    export_onnx(pipeline, tmp_path / "exported.zip", X=headlines[0])
    found = OnnxClassifier.from_path(tmp_path / "exported.zip").predict(headlines[0])
    assert found.tolist() == labels


def test_long_texts_are_cut_as_the_original_cuts_them(tiny_model, headlines, tmp_path):
    pipeline = make_finetune_pipeline(
        tiny_model, classify__max_epochs=1, classify__max_length=9, classify__truncation="head+tail"
    ).fit(*headlines)
    texts = ["oil prices rise " * 3 + "the cup final " * 7, "oil"]
    assert export_onnx(pipeline, tmp_path / "exported", X=texts).max_difference < 1e-6


def test_frames_are_joined_and_cleaned_as_before(headlines, tmp_path):
    frame = pd.DataFrame({"title": headlines[0], "description": ["<b>oil</b> &amp; gas"] * 8})
    pipeline = make_tfidf_pipeline().fit(frame, headlines[1])
    export_onnx(pipeline, tmp_path / "exported", X=frame)
    classifier = OnnxClassifier.from_path(tmp_path / "exported")
    np.testing.assert_allclose(
        classifier.predict_proba(frame), pipeline.predict_proba(frame), atol=1e-12
    )


def test_it_can_be_pickled_and_shown(exported):
    classifier = OnnxClassifier.from_path(exported["tfidf"][0])
    again = pickle.loads(pickle.dumps(classifier))
    assert again.predict(ROWS).tolist() == classifier.predict(ROWS).tolist()
    assert "OnnxClassifier" in repr(clone(classifier))


def test_beyond_its_bounds_nothing_is_written(fitted, tmp_path):
    with pytest.raises(ParityError, match=r"differs by up to .*nothing was written"):
        export_onnx(fitted["scratch"], tmp_path / "exported", X=ROWS, max_difference=1e-12)
    with pytest.raises(ParityError, match=r"loses .* of accuracy"):
        export_onnx(
            fitted["scratch"], tmp_path / "exported", X=ROWS, y=LABELS, quantize="int8",
            max_loss=-1.0,
        )  # fmt: skip
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("flags", "exact"), [("avx512_vnni", True), ("avx2 avx_vnni", True), ("avx2 avx512f", False)]
)
def test_processors_whose_products_overflow_are_known(tmp_path, flags, exact):
    (tmp_path / "cpuinfo").write_text(f"flags\t: fpu {flags}\n")
    assert _adds_products_exactly(tmp_path / "cpuinfo") == exact
    assert not _adds_products_exactly(tmp_path / "nowhere")


@pytest.mark.parametrize("name", IN_8_BITS.values())
def test_an_answer_does_not_depend_on_how_the_processor_adds(exported, monkeypatch, name):
    expected = OnnxClassifier.from_path(exported[name][0]).predict_proba(TEXTS + ROWS)
    for exact in (True, False):
        monkeypatch.setattr(f"{_CLASSIFIER}._adds_products_exactly", lambda exact=exact: exact)
        found = OnnxClassifier.from_path(exported[name][0]).predict_proba(TEXTS + ROWS)
        if exact and not _VNNI:
            continue  # here they would overflow
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_labels_of_another_kind_are_refused(fitted, tmp_path):
    with pytest.raises(ValueError, match="y has none of the labels of the pipeline"):
        export_onnx(
            fitted["finetune"], tmp_path / "exported", X=ROWS, y=[1] * len(ROWS), quantize="int8"
        )
    assert list(tmp_path.iterdir()) == []


def test_a_model_takes_its_share_of_the_cores(exported, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1,2")
    assert open_model(exported["finetune"][0]).n_threads == 1
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert open_model(exported["finetune"][0]).n_threads == 0


def test_what_cannot_be_exported_is_refused_with_the_reason(fitted, headlines, tmp_path):
    own_words = make_tfidf_pipeline(vectorize=TfidfVectorizer()).fit(*headlines)
    with pytest.raises(TypeError, match="TfidfVectorizer before the classifier cannot be exported"):
        export_onnx(own_words, tmp_path / "exported", X=ROWS)
    bayes = make_tfidf_pipeline(classify=ComplementNB()).fit(*headlines)
    with pytest.raises(TypeError, match="ComplementNB cannot be exported faithfully"):
        export_onnx(bayes, tmp_path / "exported", X=ROWS)
    with pytest.raises(TypeError, match="quantize='int8' is for networks"):
        export_onnx(fitted["tfidf"], tmp_path / "exported", X=ROWS, y=LABELS, quantize="int8")
    with pytest.raises(ValueError, match="needs y"):
        export_onnx(fitted["scratch"], tmp_path / "exported", X=ROWS, quantize="int8")
    with pytest.raises(ValueError, match="quantize must be"):
        export_onnx(fitted["scratch"], tmp_path / "exported", X=ROWS, quantize="int4")


def test_probabilities_that_are_none_are_beyond_all_bounds():
    report = compare(np.array([[0.6, 0.4]]), np.array([[np.nan, np.nan]]), np.array(["a", "b"]))
    for bound in (1e-4, None):
        with pytest.raises(ParityError, match="no probabilities"):
            check_parity(report, max_difference=bound, max_loss=1.0)


def test_weights_of_other_files_are_not_read(exported, tmp_path, monkeypatch):
    import onnx

    from tests.persistence.test_hostile import write

    folder = tmp_path / "exported"
    shutil.copytree(exported["tfidf"][0], folder)
    model = onnx.load(folder / "model.onnx")
    for tensor in model.graph.initializer:
        if tensor.name == "matrix":
            (tmp_path / "elsewhere.bin").write_bytes(tensor.raw_data)
            onnx.external_data_helper.set_external_data(tensor, "elsewhere.bin")
            tensor.ClearField("raw_data")
    write(folder, "model.onnx", model.SerializeToString())
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ArtifactError, match=r"model\.onnx is damaged or forged.*External"):
        OnnxClassifier.from_path(folder)


def test_a_classifier_that_was_not_read_says_so():
    with pytest.raises(NotFittedError):
        OnnxClassifier("exported").predict(["oil"])


def test_a_forged_export_is_refused(exported, saved, tmp_path):
    def spoiled(change):
        folder = tmp_path / "exported"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(exported["scratch"][0], folder)
        change(folder)
        return folder

    def other_graph(folder):
        from tests.persistence.test_hostile import write

        write(folder, "model.onnx", (exported["tfidf"][0] / "model.onnx").read_bytes())

    def no_graph(folder):
        from tests.persistence.test_hostile import write

        write(folder, "model.onnx", b"\x80\x04cos\nsystem\n")

    def one_output(folder):
        from agnews_sk.onnx._graphs import linear_graph
        from tests.persistence.test_hostile import write

        shutil.rmtree(folder)
        shutil.copytree(exported["tfidf"][0], folder)
        n_columns = json.loads((folder / "manifest.json").read_text())["inputs"]["n_columns"]
        write(folder, "model.onnx", linear_graph(np.zeros((n_columns, 1)), np.zeros(1)))

    with pytest.raises(ArtifactError, match=r"model\.onnx has outputs of \[\[1\]\] numbers"):
        OnnxClassifier.from_path(spoiled(one_output))
    with pytest.raises(ArtifactError, match=r"model\.onnx takes"):
        OnnxClassifier.from_path(spoiled(other_graph))
    with pytest.raises(ArtifactError, match=r"model\.onnx is damaged or forged"):
        OnnxClassifier.from_path(spoiled(no_graph))
    with pytest.raises(ArtifactError, match=r"model\.onnx has .* bytes"):
        OnnxClassifier.from_path(spoiled(lambda f: (f / "model.onnx").write_bytes(b"x")))
    with pytest.raises(ArtifactError, match=r"persistence\.load reads, not OnnxClassifier"):
        OnnxClassifier.from_path(saved["scratch"])
    with pytest.raises(ArtifactError, match=r"OnnxClassifier.from_path reads"):
        load(exported["scratch"][0])
