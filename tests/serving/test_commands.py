import socket

import pytest
from typer.testing import CliRunner

from agnews_sk import make_tfidf_pipeline
from agnews_sk.cli import app
from agnews_sk.datasets import load_train_test
from agnews_sk.onnx import OnnxClassifier
from agnews_sk.persistence import save


def run(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)), env={"COLUMNS": "300"})


def test_serve_reports_errors_without_a_traceback(saved, tmp_path):
    nowhere = run("serve", tmp_path / "nowhere")
    assert (nowhere.exit_code, "there is no file or folder" in nowhere.output) == (2, True)
    twice = run("serve", saved, saved)
    assert (twice.exit_code, "the same name" in twice.output) == (2, True)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        busy = run("serve", saved, "--port", taken.getsockname()[1], "--workers", 2)
    assert (busy.exit_code, "in use" in busy.output) == (2, True)
    for done in (nowhere, twice, busy):
        assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(
    ("options", "variable", "message"),
    [
        (["--host", ""], None, "host must be an address, got ''"),
        (["--api-key", ""], None, "api_key (--api-key, AGNEWS_SK_API_KEY) must not be empty"),
        (["--api-key", ""], "key", "must not be empty, got an empty string"),
        ([], "", "api_key (--api-key, AGNEWS_SK_API_KEY) must not be empty"),
        ([], "key\n", "begins or ends with whitespace"),
    ],
    ids=["host", "key", "key-over-variable", "variable", "line-break"],
)
def test_an_empty_host_or_key_is_rejected_in_one_line(
    saved, monkeypatch, options, variable, message, workers
):
    if variable is not None:
        monkeypatch.setenv("AGNEWS_SK_API_KEY", variable)
    done = run("serve", saved, "--port", 0, "--workers", workers, *options)
    assert (done.exit_code, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert message in line


def test_the_key_is_read_from_the_environment(saved, monkeypatch):
    serving = pytest.importorskip("agnews_sk.serving", reason="the serve extra is not installed")
    keys = []
    monkeypatch.setattr(serving, "serve", lambda models, **options: keys.append(options["api_key"]))
    assert run("serve", saved).exit_code == 0
    monkeypatch.setenv("AGNEWS_SK_API_KEY", "of the shell")
    assert run("serve", saved).exit_code == 0
    assert run("serve", saved, "--api-key", "given").exit_code == 0
    assert keys == [None, "of the shell", "given"]


def test_two_versions_of_a_model_are_served_side_by_side(tmp_path, monkeypatch):
    serving = pytest.importorskip("agnews_sk.serving", reason="the serve extra is not installed")
    served = {}
    monkeypatch.setattr(serving, "serve", lambda models, **options: served.update(models))
    paths = [tmp_path / name for name in ("news-1.0", "news-1.1", "news-1.2.zip")]
    for path in paths:
        path.touch()
    done = run("serve", *paths)
    assert done.exit_code == 0, done.output
    assert served == dict(zip(["news-1.0", "news-1.1", "news-1.2"], paths))


def test_export_writes_a_model_that_predicts_the_same_and_prints_the_parity(tmp_path):
    pytest.importorskip("onnx", reason="the onnx extra is not installed")
    pytest.importorskip("onnxruntime", reason="the onnx extra is not installed")
    rows = load_train_test("sample")
    pipeline = make_tfidf_pipeline().fit(rows.X_train[:300], rows.y_train[:300])
    model = save(pipeline, tmp_path / "model")
    done = run("export", model, "--out", tmp_path / "out", "--data", "sample")
    assert done.exit_code == 0, done.output
    assert "| n_changed | 0 |" in done.output
    exported = OnnxClassifier.from_path(tmp_path / "out")
    assert exported.predict(["oil"]).tolist() == pipeline.predict(["oil"]).tolist()
