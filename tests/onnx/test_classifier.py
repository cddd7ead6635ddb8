"""An exported classifier runs without torch, and rejects forged files."""

import json
import pickle
import shutil
import subprocess
import sys

import numpy as np
import onnx
import pytest
from joblib import cpu_count
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from agnews_sk.onnx import OnnxClassifier
from agnews_sk.onnx._classifier import _has_exact_int8, _n_threads
from agnews_sk.onnx._graphs import linear_graph
from agnews_sk.persistence import ArtifactError, load
from tests.onnx.rows import INT8, ROWS, TEXTS
from tests.persistence.forging import write

_HAS_VNNI = _has_exact_int8()


@pytest.fixture
def forge(exported, tmp_path):
    """Copy the export of a family and replace its graph, as a forger would."""

    def forge(family, graph):
        folder = tmp_path / "forged"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(exported[family].path, folder)
        write(folder, "model.onnx", graph)
        return folder

    return forge


@pytest.mark.parametrize(
    "name",
    [
        "characters",
        "scratch",
        *(pytest.param(n, marks=pytest.mark.slow) for n in ("finetune", *INT8)),
    ],
)
def test_a_prediction_does_not_depend_on_the_other_texts_of_the_batch(exported, name):
    classifier = OnnxClassifier.from_path(exported[name].path)
    together = classifier.predict_proba(TEXTS + ROWS)
    alone = np.vstack([classifier.predict_proba([text]) for text in TEXTS + ROWS])
    np.testing.assert_allclose(alone, together, atol=1e-6)


def test_predicting_needs_neither_torch_nor_transformers(exported):
    code = (
        "import sys\n"
        "from agnews_sk.onnx import OnnxClassifier\n"
        "for path in sys.argv[1:]:\n"
        "    OnnxClassifier.from_path(path).predict(['oil prices rise'])\n"
        "print([m for m in ('torch', 'transformers', 'skorch', 'onnx') if m in sys.modules])\n"
    )
    paths = [str(exported[name].path) for name in exported]
    done = subprocess.run(
        [sys.executable, "-c", code, *paths], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_classifier_can_be_pickled_cloned_and_shown(exported):
    classifier = OnnxClassifier.from_path(exported["tfidf"].path, n_jobs=2)
    unpickled = pickle.loads(pickle.dumps(classifier))
    assert unpickled.predict(ROWS).tolist() == classifier.predict(ROWS).tolist()
    assert unpickled.n_jobs == 2
    assert "OnnxClassifier" in repr(clone(classifier))


@pytest.mark.parametrize(
    ("n_jobs", "n_threads"), [(-1, 0), (None, 1), (3, 3), (-2, max(cpu_count() - 1, 1))]
)
def test_n_jobs_counts_threads_as_scikit_learn_does(n_jobs, n_threads):
    assert _n_threads(n_jobs) == n_threads


@pytest.mark.parametrize("n_jobs", ["4", 2.5, True, 10**9])
def test_a_bad_number_of_threads_is_not_blamed_on_the_model(exported, n_jobs):
    with pytest.raises(ValueError, match=f"n_jobs must be None or an integer .*, got {n_jobs!r}"):
        OnnxClassifier.from_path(exported["tfidf"].path, n_jobs=n_jobs)


def test_no_threads_are_rejected(exported):
    with pytest.raises(ValueError, match="n_jobs must not be 0"):
        OnnxClassifier.from_path(exported["tfidf"].path, n_jobs=0)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_predictions_do_not_depend_on_the_number_of_threads(exported, n_jobs):
    path = exported["finetune"].path
    found = OnnxClassifier.from_path(path, n_jobs=n_jobs).predict_proba(ROWS)
    np.testing.assert_allclose(found, OnnxClassifier.from_path(path).predict_proba(ROWS), atol=1e-6)


@pytest.mark.parametrize(
    ("flags", "is_exact"), [("avx512_vnni", True), ("avx2 avx_vnni", True), ("avx2 avx512f", False)]
)
def test_processors_that_sum_in_16_bits_are_recognized(tmp_path, flags, is_exact):
    (tmp_path / "cpuinfo").write_text(f"flags\t: fpu {flags}\n")
    assert _has_exact_int8(tmp_path / "cpuinfo") == is_exact
    assert not _has_exact_int8(tmp_path / "nowhere")


@pytest.mark.parametrize("name", INT8)
def test_quantized_predictions_do_not_depend_on_the_processor(exported, monkeypatch, name):
    path = exported[name].path
    expected = OnnxClassifier.from_path(path).predict_proba(TEXTS + ROWS)
    for is_exact in (True, False):
        monkeypatch.setattr(
            "agnews_sk.onnx._classifier._has_exact_int8", lambda is_exact=is_exact: is_exact
        )
        found = OnnxClassifier.from_path(path).predict_proba(TEXTS + ROWS)
        if is_exact and not _HAS_VNNI:
            continue  # here sums would saturate
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_log_probabilities_stay_finite_where_probabilities_underflow(exported, forge):
    n_columns = json.loads((exported["tfidf"].path / "manifest.json").read_text())["inputs"]
    matrix = np.zeros((n_columns["n_columns"], 2))
    classifier = OnnxClassifier.from_path(
        forge("tfidf", linear_graph(matrix, np.array([0.0, 2e3])))
    )
    assert classifier.predict_proba(["oil"]).tolist() == [[0.0, 1.0]]
    assert classifier.predict_log_proba(["oil"]).tolist() == [[-2000.0, 0.0]]


def test_a_classifier_that_was_not_loaded_raises_not_fitted_error():
    with pytest.raises(NotFittedError, match="load one with from_path"):
        OnnxClassifier("exported").predict(["oil"])


def test_weights_in_other_files_are_not_read(exported, forge, tmp_path, monkeypatch):
    model = onnx.load(exported["tfidf"].path / "model.onnx")
    for tensor in model.graph.initializer:
        if tensor.name == "matrix":
            (tmp_path / "elsewhere.bin").write_bytes(tensor.raw_data)
            onnx.external_data_helper.set_external_data(tensor, "elsewhere.bin")
            tensor.ClearField("raw_data")
    folder = forge("tfidf", model.SerializeToString())
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ArtifactError, match=r"model\.onnx is damaged or forged.*External"):
        OnnxClassifier.from_path(folder)


def test_a_graph_with_other_inputs_is_rejected(exported, forge):
    other = (exported["tfidf"].path / "model.onnx").read_bytes()
    with pytest.raises(ArtifactError, match=r"model\.onnx takes .*, expected \['input_ids'"):
        OnnxClassifier.from_path(forge("scratch", other))


@pytest.mark.parametrize(
    ("bias", "message"),
    [
        ([0.0], r"outputs of size \[\[1\]\] per text"),
        ([0.0, np.nan], "values that are not finite"),
    ],
    ids=["one output", "NaN"],
)
def test_a_graph_with_outputs_that_make_no_probabilities_is_rejected(
    exported, forge, bias, message
):
    manifest = json.loads((exported["tfidf"].path / "manifest.json").read_text())
    matrix = np.zeros((manifest["inputs"]["n_columns"], len(bias)))
    with pytest.raises(ArtifactError, match=message):
        OnnxClassifier.from_path(forge("tfidf", linear_graph(matrix, np.array(bias))))


def test_a_pickle_in_the_place_of_a_graph_is_rejected(forge):
    with pytest.raises(ArtifactError, match=r"model\.onnx is damaged or forged"):
        OnnxClassifier.from_path(forge("tfidf", b"\x80\x04cos\nsystem\n"))


def test_a_graph_that_is_not_the_one_that_was_written_is_rejected(forge):
    folder = forge("tfidf", b"graph")
    (folder / "model.onnx").write_bytes(b"x")
    with pytest.raises(ArtifactError, match=r"model\.onnx has 1 bytes, expected 5"):
        OnnxClassifier.from_path(folder)


def test_saved_and_exported_models_are_not_mistaken_for_each_other(exported, saved):
    with pytest.raises(ArtifactError, match=r"persistence\.load reads, not OnnxClassifier"):
        OnnxClassifier.from_path(saved["scratch"])
    with pytest.raises(ArtifactError, match=r"OnnxClassifier.from_path reads"):
        load(exported["scratch"].path)
