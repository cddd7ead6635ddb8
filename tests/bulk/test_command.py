import csv
import json
import os
import signal

import polars as pl
import pytest
from typer.testing import CliRunner

from agnews_sk import make_tfidf_pipeline
from agnews_sk.cli import _predict_run, app
from agnews_sk.persistence import save
from tests.bulk.conftest import write_texts


@pytest.fixture
def model(headlines, tmp_path):
    return save(make_tfidf_pipeline().fit(*headlines), tmp_path / "model")


def run(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)), env={"COLUMNS": "300"})


def test_predict_writes_labels_and_reports_how_many(model, tmp_path):
    (tmp_path / "rows.csv").write_text("id,body\n7,oil prices\n8,\n9,the cup\n")
    done = run(
        "predict", model, "--data", tmp_path / "*.csv", "--out", tmp_path / "labels.parquet",
        "--text", "body", "--keep", "id",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "2 rows of 1 file:" in done.output
    assert "1 row skipped" in done.output
    found = pl.read_parquet(tmp_path / "labels.parquet")
    assert found["id"].to_list() == ["7", "9"]
    assert found["predicted"].to_list() == ["Business", "Sports"]


def test_predict_rejects_in_one_line_without_a_traceback(model, tmp_path):
    rows = write_texts(tmp_path / "rows.csv", ["oil"])
    (tmp_path / "empty").mkdir()
    for arguments, message in [
        ([model, "--data", tmp_path / "no.csv", "--out", "out.csv"], "there is no file"),
        ([model, "--data", rows, "--out", tmp_path / "out.xlsx"], "output must end with"),
        ([model, "--data", rows, "--out", rows], "would overwrite the input"),
        ([model, "--data", rows, "--out", rows / "out.csv"], "cannot be written to"),
        ([model, "--data", rows, "--out", "out.csv", "--text", "no"], "columns are 'text'"),
        ([tmp_path / "no", "--data", rows, "--out", "out.csv"], "there is no file or folder"),
        ([tmp_path / "empty", "--data", rows, "--out", "out.csv"], "manifest.json is missing"),
    ]:
        done = run("predict", *arguments)
        assert (done.exit_code, done.stdout.strip()) == (2, "")
        assert message in done.stderr
        assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "content", "columns"),
    [
        ("rows.csv", "", "none"),
        ("rows.csv", "id,text\n", "'id', 'text'"),
        ("rows.csv", "id,text\n1,\n2\n", "'id', 'text'"),
        ("rows.jsonl", "\n\n", "none"),
        ("rows.jsonl", '{"text": null, "id": 1}\n', "'text', 'id'"),
    ],
    ids=["empty", "header-alone", "no-text", "empty-json-lines", "null"],
)
def test_predict_fails_where_nothing_is_predicted_and_names_the_columns(
    model, tmp_path, name, content, columns
):
    (tmp_path / name).write_text(content)
    done = run("predict", model, "--data", tmp_path / name, "--out", tmp_path / "out.csv")
    assert done.exit_code == 1
    assert f"no row was predicted; the columns of the files: {columns}." in done.stderr


def test_predict_ends_as_interrupted_even_if_a_library_turns_it_into_an_error(
    model, tmp_path, monkeypatch
):
    def predict_files(*args, **options):
        try:
            os.kill(os.getpid(), signal.SIGINT)
        except KeyboardInterrupt as stop:
            raise OSError("worker lost") from stop

    monkeypatch.setattr(_predict_run, "predict_files", predict_files)
    done = run("predict", model, "--data", "rows.csv", "--out", tmp_path / "out.csv")
    assert (done.exit_code, done.stderr) == (130, "Interrupted.\n")


def test_predict_warns_in_one_line_of_parts_that_it_deletes(model, tmp_path):
    rows = write_texts(tmp_path / "rows.csv", ["oil"])
    (tmp_path / "out.csv.parts").mkdir()
    mark = {"format": "agnews_sk bulk parts"}
    (tmp_path / "out.csv.parts" / "job.json").write_text(json.dumps(mark))
    done = run("predict", model, "--data", rows, "--out", tmp_path / "out.csv")
    assert done.exit_code == 0
    (line,) = done.stderr.splitlines()
    assert line.startswith("Warning: ")
    assert "with other model, inputs, options, version; it is deleted" in line


def test_rows_without_a_header_are_predicted_if_requested(model, tmp_path):
    (tmp_path / "rows.csv").write_text("oil\ncup\n")
    options = ["--data", tmp_path / "rows.csv", "--out", tmp_path / "out.jsonl"]
    assert "--no-header" in run("predict", model, *options).stderr
    assert run("predict", model, *options, "--no-header").exit_code == 0
    assert len(pl.read_ndjson(tmp_path / "out.jsonl")) == 2


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"]


@pytest.mark.parametrize("escape", [False, True])
def test_formulas_are_escaped_in_csv_if_requested(model, tmp_path, escape):
    kept = [*FORMULAS, "a=1", "", "'=1", None]
    rows = pl.DataFrame({"text": ["oil"] * len(kept), "=id": kept})
    rows.write_parquet(tmp_path / "rows.parquet")
    options = ["--data", tmp_path / "rows.parquet", "--keep", "=id"]
    done = run(
        "predict", model, *options, "--out", tmp_path / "out.csv",
        *(["--escape-formulas"] if escape else []),
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    mark = "'" if escape else ""
    with (tmp_path / "out.csv").open(newline="") as file:
        header, *found = csv.reader(file)
    assert header[2] == f"{mark}=id"
    expected = [*(mark + one for one in FORMULAS), "a=1", "", "'=1", ""]
    assert [row[2] for row in found] == expected
    assert all(float(cell) > 0 for row in found for cell in row[4:])


def test_formulas_are_escaped_in_csv_only(model, tmp_path):
    rows = write_texts(tmp_path / "rows.csv", ["oil"])
    done = run(
        "predict", model, "--data", rows, "--out", tmp_path / "out.jsonl", "--escape-formulas"
    )
    assert (done.exit_code, "for an output in CSV" in done.stderr) == (2, True)


def test_a_sheet_is_named(model, tmp_path):
    pytest.importorskip("python_calamine", reason="the excel extra is not installed")
    from tests.files.test_excel import write

    rows = write(tmp_path / "rows.xlsx", Notes=[["text"], ["the cup"]], More=[["text"]])
    command = ["predict", model, "--data", rows, "--out", tmp_path / "labels.csv"]
    assert "(--sheet)" in run(*command).stderr
    done = run(*command, "--sheet", "Notes")
    assert done.exit_code == 0, done.output
    assert pl.read_csv(tmp_path / "labels.csv")["predicted"].to_list() == ["Sports"]
