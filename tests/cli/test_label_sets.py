"""From a file of rows with several labels to a model, with every command."""

import csv
import json
import re

import numpy as np
import pytest

from agnews_sk.cli._rows import check_classes, draw_rows
from agnews_sk.persistence import load

OTHER = ["again", "late", "morning", "page", "report", "today"]
SETS = [["oil"], ["war"], ["oil", "war"], ["cup"]] * 12


@pytest.fixture(scope="module")
def topics(tmp_path_factory):
    """A file of 48 rows with one or two of three labels in a cell."""
    rng = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("rows") / "topics.csv"
    lines = [f"{' '.join([*s, *rng.choice(OTHER, 5)])},{'|'.join(s)}" for s in SETS]
    path.write_text("\n".join(["comment,topics", *lines]) + "\n")
    return path


@pytest.fixture
def reading(topics):
    return ["--data", topics, "--text", "comment", "--label", "topics", "--label-sep", "|"]


def test_a_model_is_trained_evaluated_explained_and_predicts(run, topics, reading, tmp_path):
    pytest.importorskip("matplotlib", reason="the plot extra is not installed")
    model = tmp_path / "model"
    done = run("train", "--out", model, "--test", topics, *reading)
    assert done.exit_code == 0, done.output
    assert "3 classes, several per row" in done.output
    assert "macro_f1" in (model / "README.md").read_text()
    done = run("evaluate", model, "--data", topics, *reading[2:], "--out", tmp_path / "report")
    assert done.exit_code == 0, done.output
    names = sorted(path.name for path in (tmp_path / "report").iterdir())
    assert names == ["comparison.json", "misclassified.csv", "report.html"]
    done = run("explain", model, "oil and war", "--top", 1)
    assert done.exit_code == 0, done.output
    assert "for oil" in done.output
    assert "for war" in done.output
    assert "below their thresholds: cup" in done.output
    done = run("explain", model, "oil and war", "--top", 1, "--class", "cup")
    assert "for cup" in done.output
    assert "for oil" not in done.output
    out = tmp_path / "labels.csv"
    assert run("predict", model, "--data", topics, "--out", out).exit_code == 0
    with out.open() as file:
        found = [json.loads(row["predicted"]) for row in csv.DictReader(file)]
    assert found == load(model).predict([line.split(",")[0] for line in lines(topics)]).tolist()


def lines(path):
    return path.read_text().splitlines()[1:]


def test_models_are_compared_and_the_winner_is_saved(run, reading, tmp_path):
    done = run("compare", *reading, "--family", "tfidf", "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert "tfidf has a macro-F1 of" in done.output
    assert len(load(tmp_path / "out" / "tfidf")[-1].thresholds_) == 3


def test_parameters_are_tuned(run, reading, tmp_path):
    pytest.importorskip("matplotlib", reason="the plot extra is not installed")
    searched = ["--trials", 1, "--folds", 2, "--scoring", "f1_macro", "--out", tmp_path / "out"]
    done = run("tune", *reading, *searched, "--family", "tfidf")
    assert done.exit_code == 0, done.output
    assert "macro_f1" in (tmp_path / "out" / "best_pipeline" / "README.md").read_text()


def test_rows_are_audited(run, reading):
    done = run("audit", *reading, "--no-label-errors")
    assert done.exit_code == 0, done.output
    assert re.search(r"3 labels, from \d+ to \d+ rows", done.output)


def test_a_sample_has_its_share_of_every_label():
    y = np.empty(len(SETS), dtype=object)
    y[:] = SETS
    drawn = draw_rows(y, 16, seed=0)
    assert len(set(drawn.tolist())) == 16
    counts = [sum(label in y[i] for i in drawn) for label in ("oil", "war", "cup")]
    assert counts == pytest.approx([8, 8, 4], abs=1)
    np.testing.assert_array_equal(drawn, draw_rows(y, 16, seed=0))


def test_rows_with_the_same_labels_are_rejected():
    y = np.empty(2, dtype=object)
    y[:] = [["oil", "war"], ["war", "oil"]]
    with pytest.raises(ValueError, match=r"2 rows have the same labels, \['oil', 'war'\]"):
        check_classes(y, "2 rows have")
    y[1] = ["oil"]
    check_classes(y, "2 rows have")


def test_a_model_says_how_labels_are_read_and_whether_there_are_several(run, topics, tmp_path):
    model = tmp_path / "model"
    named = ["--text", "comment", "--label", "topics", "--label-sep", "|"]
    assert run("train", "--out", model, "--data", topics, *named).exit_code == 0
    done = run("evaluate", model, "--data", topics)
    assert done.exit_code == 0, done.output
    assert "3 classes, several per row (separated by '|')" in done.output
    single = tmp_path / "single.jsonl"
    rows = [{"comment": "oil today", "topics": "oil"}, {"comment": "war page", "topics": "war"}]
    single.write_text("".join(json.dumps(row) + "\n" for row in rows * 3))
    done = run("evaluate", model, "--data", single)
    assert done.exit_code == 0, done.output
    assert "macro-F1" in done.output


def test_a_model_of_one_label_per_row_refuses_several(run, tickets, tmp_path):
    model = tmp_path / "model"
    assert run("train", "--out", model, "--data", tickets).exit_code == 0
    lists = tmp_path / "lists.jsonl"
    row = {"comment_body": "late parcel", "queue": ["delivery"]}
    lists.write_text(json.dumps(row) + "\n" + json.dumps({**row, "queue": ["billing"]}) + "\n")
    done = run("evaluate", model, "--data", lists)
    assert done.exit_code == 0, done.output
    assert "Scores on 2 test rows" in done.output
    lists.write_text(json.dumps({**row, "queue": ["billing", "delivery"]}) + "\n")
    done = run("evaluate", model, "--data", lists)
    assert done.exit_code == 2
    assert "the model predicts one label per row, but rows have none or several" in done.output


def test_columns_of_zero_and_one_are_labels_in_training_and_evaluation(run, tmp_path):
    lines = [f"word {i % 5} {['oil', 'war'][i % 2]},{(i + 1) % 2},{i % 2}" for i in range(24)]
    flags = tmp_path / "flags.csv"
    flags.write_text("\n".join(["text,oil,war", *lines]) + "\n")
    model = tmp_path / "model"
    done = run("train", "--out", model, "--data", flags, "--label", "oil", "--label", "war")
    assert done.exit_code == 0, done.output
    said = "label: oil, war, 2 classes, several per row (columns of 0 and 1)"
    assert said in done.output
    done = run("evaluate", model, "--data", flags)
    assert done.exit_code == 0, done.output
    assert said in done.output
