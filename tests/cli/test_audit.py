import json

import pandas as pd
import pytest

from agnews_sk import make_tfidf_pipeline
from agnews_sk.auditing import TextReference
from agnews_sk.datasets import make_news
from agnews_sk.persistence import load, save, saved_reference, store_reference
from tests.rows import write_rows


def test_audit_prints_its_findings_and_writes_them(run, tmp_path):
    out = tmp_path / "report"
    done = run("audit", "--data", "sample", "--no-label-errors", "--out", out)
    assert done.exit_code == 0, done.output
    assert "exact_duplicates" in done.output
    findings = json.loads((out / "audit.json").read_text())["findings"]
    assert findings["exact_duplicates"]["count"] > 0
    assert "exact duplicates" in (out / "audit.html").read_text()


def test_an_audit_of_one_file_says_that_rows_were_held_out(run, tickets, tmp_path):
    columns = ["--text", "comment_body", "--label", "queue"]
    audit = ["audit", "--data", tickets, *columns, "--no-label-errors", "--out", tmp_path / "out"]
    done = run(*audit)
    assert done.exit_code == 0, done.output
    assert f"Data: {tickets}: 38 training rows, 10 test rows held out at random\n" in done.output
    assert "Held out: 10 of 48 rows, drawn at random, as test rows. Only the other" in done.output
    assert "test rows held out at random" in (tmp_path / "out" / "audit.html").read_text()
    written = json.loads((tmp_path / "out" / "audit.json").read_text())
    assert written["n_rows"] == 38
    assert written["source"].endswith("10 test rows held out at random")
    whole = run(*audit, "--test-size", 0)
    assert whole.exit_code == 0, whole.output
    assert "Audit of 48 rows" in whole.output
    assert "eld out" not in whole.output
    assert "exact_leakage" not in (tmp_path / "out" / "audit.json").read_text()


def test_an_audit_of_training_and_test_files_holds_nothing_out(run, rows):
    done = run("audit", "--data", rows, "--no-label-errors")
    assert done.exit_code == 0, done.output
    assert f"Data: {rows}: 160 training rows, 40 test rows\n" in done.output
    assert "eld out" not in done.output


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The path of a saved model, and files of texts without labels."""
    folder = tmp_path_factory.mktemp("against")
    X, y = make_news(700, random_state=0, return_X_y=True)
    model = save(make_tfidf_pipeline().fit(X[:200], y[:200]), folder / "model")
    X[200:500].to_csv(folder / "held_out.csv", index=False)
    X[500:].to_csv(folder / "alike.csv", index=False)
    X[500:].apply(lambda column: column.str.upper()).to_csv(folder / "upper.csv", index=False)
    return folder, model


def test_a_model_without_a_reference_says_how_to_make_one_and_then_audits(run, files):
    folder, model = files
    done = run("audit", "--against", model, "--data", folder / "alike.csv")
    assert done.exit_code == 2
    assert "--set-reference" in done.output
    stored = run("audit", "--against", model, "--data", folder / "held_out.csv", "--set-reference")
    assert stored.exit_code == 0, stored.output
    assert "of 150 texts" in stored.output
    alike = run("audit", "--against", model, "--data", folder / "alike.csv")
    assert "No significant difference" in alike.output, alike.output
    out = folder / "report"
    upper = run("audit", "--against", model, "--data", folder / "upper.csv", "--out", out)
    assert "do not look like" in upper.output, upper.output
    findings = json.loads((out / "audit.json").read_text())["findings"]
    assert list(findings) == ["unknown_words", "confidence", "rare_ngrams"]
    assert load(model).predict(["the price of oil"]).shape == (1,)


def test_a_reference_needs_enough_rows(run, files, tmp_path):
    pd.DataFrame({"title": ["a"], "description": ["b"]}).to_csv(tmp_path / "one.csv", index=False)
    done = run("audit", "--against", files[1], "--data", tmp_path / "one.csv", "--set-reference")
    assert done.exit_code == 2
    assert "100 rows or more" in done.output


def test_a_reference_belongs_to_a_model(run):
    done = run("audit", "--data", "sample", "--set-reference")
    assert done.exit_code == 2
    assert "--against MODEL" in done.output


def test_train_stores_a_reference_of_its_test_rows(run, tmp_path):
    write_rows(tmp_path / "news", 200, 120)
    model = tmp_path / "model"
    done = run("train", "--data", tmp_path / "news", "--out", model)
    assert done.exit_code == 0, done.output
    assert TextReference.from_dict(saved_reference(model)).n_texts == 120


@pytest.mark.parametrize("int8", [False, True])
def test_an_export_keeps_the_reference_unless_confidences_change(run, tmp_path, monkeypatch, int8):
    for module in ("onnx", "onnxruntime", "skl2onnx"):
        pytest.importorskip(module, reason="the onnx extra is not installed")
    import agnews_sk.onnx

    export = agnews_sk.onnx.export_onnx
    monkeypatch.setattr(  # n-grams have no products of matrices to quantize
        agnews_sk.onnx, "export_onnx", lambda *a, quantize, **options: export(*a, **options)
    )
    X, y = make_news(160, random_state=0, return_X_y=True)
    model = save(make_tfidf_pipeline().fit(X, y), tmp_path / "model")
    store_reference(model, {"format": 1})
    write_rows(tmp_path / "news", 20, 20)
    options = ["--out", tmp_path / "x", "--data", tmp_path / "news"]
    done = run("export", model, *options, *(["--int8"] if int8 else []))
    assert done.exit_code == 0, done.output
    assert saved_reference(tmp_path / "x") == (None if int8 else {"format": 1})
    assert (f"--against {tmp_path / 'x'} --data FILE --set-reference" in done.output) == int8
