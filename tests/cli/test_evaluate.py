"""`evaluate` scores a saved model as `compare` scores the pipelines that it fits."""

import json
import re

import pytest

from agnews_sk import make_tfidf_pipeline
from agnews_sk.persistence import save


@pytest.fixture
def model(run, tickets, tmp_path):
    assert run("train", "--out", tmp_path / "model", "--data", tickets).exit_code == 0
    return tmp_path / "model"


def test_a_model_is_scored_with_intervals_and_a_report(run, model, tickets, tmp_path):
    pytest.importorskip("matplotlib", reason="the plot extra is not installed")
    done = run("evaluate", model, "--data", tickets, "--out", tmp_path / "report")
    assert done.exit_code == 0, done.output
    assert "Scores on 48 test rows" in done.output
    assert "model has an accuracy of 100.00 % (95 % interval" in done.output
    written = json.loads((tmp_path / "report" / "comparison.json").read_text())
    assert list(written["scores"]) == ["model"]
    assert "Evaluation of model" in (tmp_path / "report" / "report.html").read_text()
    assert (tmp_path / "report" / "confusion_matrices.png").is_file()


def test_rows_under_other_names_are_joined_to_texts(run, model, tickets, tmp_path):
    other = tmp_path / "other.csv"
    other.write_text(tickets.read_text().replace("comment_body,queue", "message,team"))
    done = run("evaluate", model, "--data", other, "--text", "message", "--label", "team")
    assert done.exit_code == 0, done.output
    assert "accuracy of 100.00 %" in done.output


def test_the_columns_of_the_model_are_read_where_others_are_texts_too(run, tmp_path):
    import pandas as pd

    frame = pd.DataFrame({"subject": ["late parcel", "charged twice"] * 6})
    model = save(make_tfidf_pipeline().fit(frame, ["delivery", "billing"] * 6), tmp_path / "model")
    frame["note"] = ["charged twice", "late parcel"] * 6
    frame["label"] = ["delivery", "billing"] * 6
    frame.to_csv(tmp_path / "rows.csv", index=False)
    done = run("evaluate", model, "--data", tmp_path / "rows.csv")
    assert done.exit_code == 0, done.output
    assert "accuracy of 100.00 %" in done.output


def test_the_test_part_of_a_folder_is_scored(run, rows, tmp_path):
    assert run("train", "--out", tmp_path / "model", "--data", rows).exit_code == 0
    done = run("evaluate", tmp_path / "model", "--data", rows)
    assert "Scores on 40 test rows" in done.output, done.output


def test_labels_that_the_model_does_not_know_are_named(run, model, tickets, tmp_path):
    other = tmp_path / "other.csv"
    other.write_text(tickets.read_text().replace(",billing", ",complaint"))
    done = run("evaluate", model, "--data", other)
    assert done.exit_code == 0, done.output
    assert "cannot predict the labels ['complaint']" in done.output


def test_what_cannot_be_read_is_rejected(run, model, tickets, tmp_path):
    for path, data in ((tmp_path / "nowhere", tickets), (model, tmp_path / "nowhere.csv")):
        done = run("evaluate", path, "--data", data)
        assert done.exit_code == 2
        assert "nowhere" in done.output.splitlines()[-1]


@pytest.mark.parametrize("command", ["train", "compare", "tune"])
def test_rows_are_scored_by_the_column_of_the_labels_in_training(run, tickets, tmp_path, command):
    """The other column would be recognized: its name is that of a label, and has such labels."""
    options = {
        "train": ["train", "--out", tmp_path / "model"],
        "compare": ["compare", "--family", "tfidf", "--out", tmp_path],
        "tune": ["tune", "--trials", 1, "--folds", 2, "--out", tmp_path],
    }
    if command == "tune":
        pytest.importorskip("optuna", reason="the tune extra is not installed")
        pytest.importorskip("matplotlib", reason="the plot extra is not installed")
    done = run(*options[command], "--data", tickets, "--label", "queue")
    assert done.exit_code == 0, done.output
    name = {"train": "model", "compare": "tfidf", "tune": "best_pipeline"}[command]
    other = tmp_path / "other.csv"
    header, *lines = tickets.read_text().splitlines()
    other.write_text("\n".join([f"{header},label", *(f"{line},billing" for line in lines)]))
    done = run("evaluate", tmp_path / name, "--data", other)
    assert done.exit_code == 0, done.output
    assert "label: queue, 3 classes" in done.output


def test_rows_without_any_label_of_the_model_are_rejected(run, model, tickets, tmp_path):
    other = tmp_path / "other.csv"
    other.write_text(re.sub(",(billing|delivery|returns)", ",no-\\1", tickets.read_text()))
    done = run("evaluate", model, "--data", other)
    assert done.exit_code == 2
    assert "no label of the rows is a class of the model: got labels such as" in done.output
