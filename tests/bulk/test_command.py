import polars as pl
import pytest
from typer.testing import CliRunner

from agnews_sk import make_tfidf_pipeline
from agnews_sk.cli import app
from agnews_sk.persistence import save


@pytest.fixture
def model(headlines, tmp_path):
    return save(make_tfidf_pipeline().fit(*headlines), tmp_path / "model")


def run(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)), env={"COLUMNS": "300"})


def test_predict_writes_labels_and_says_how_many(model, tmp_path):
    (tmp_path / "rows.csv").write_text("id,body\n7,oil prices\n8,\n9,the cup\n")
    done = run(
        "predict", model, "--input", tmp_path / "*.csv", "--output", tmp_path / "labels.parquet",
        "--column", "body", "--keep", "id",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "2 rows of 1 files" in done.output
    assert "1 rows set aside" in done.output
    found = pl.read_parquet(tmp_path / "labels.parquet")
    assert found["id"].to_list() == ["7", "9"]
    assert found["predicted"].to_list() == ["Business", "Sports"]


@pytest.mark.parametrize("output", ["labels.xlsx", "labels.csv"])
def test_predict_refuses_without_a_traceback(model, tmp_path, output):
    done = run("predict", model, "--input", tmp_path / "no.csv", "--output", tmp_path / output)
    assert done.exit_code == 2
    assert "Traceback" not in done.output
