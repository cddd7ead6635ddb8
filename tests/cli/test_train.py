"""`train` fits a pipeline of any family on all rows, scores and saves it with a card."""

import json

import polars as pl
import pytest

from agnews_sk.cli._families import NETS, Family, make_pipeline
from agnews_sk.cli._train_run import _validation, _value
from agnews_sk.datasets import TrainTest
from agnews_sk.persistence import load


def readme(folder):
    return (folder / "README.md").read_text()


def test_all_rows_of_a_file_are_trained_on_and_the_card_says_so(run, tickets, tmp_path):
    out = tmp_path / "model"
    done = run("train", "--out", out, "--data", tickets)
    assert done.exit_code == 0, done.output
    assert "comment_body" in done.output  # what was recognized
    assert "Fitted: tfidf on 48 rows" in done.output
    assert "There are no test rows" in done.output
    assert f"Next: agnews-sk serve {out}" in done.output
    assert load(out).named_steps["join"].columns_ == ["comment_body"]
    assert "48 training rows" in readme(out)
    assert "## Scores\n\nNot stated." in readme(out)


def test_test_rows_give_scores_with_intervals_in_the_card(run, tickets, tmp_path):
    out = tmp_path / "model.zip"
    done = run("train", "--out", out, "--data", tickets, "--test", tickets, "--validation", tickets)
    assert done.exit_code == 0, done.output
    assert "Accuracy on 48 validation rows: 1.0000." in done.output
    assert "Scores on 48 test rows" in done.output
    out = tmp_path / "folder"
    run("train", "--out", out, "--data", tickets, "--test", tickets, "--validation", tickets)
    assert "| accuracy | 1.0000 | 0.9" in readme(out)
    assert "Measured on 48 test rows, with 95 % intervals" in readme(out)
    assert "Accuracy on 48 validation rows: 1.0000." in readme(out)


def test_the_test_part_of_a_folder_is_scored(run, rows, tmp_path):
    done = run("train", "--out", tmp_path / "model", "--data", rows)
    assert done.exit_code == 0, done.output
    assert "Fitted: tfidf on 160 rows" in done.output
    assert "Scores on 40 test rows" in done.output


@pytest.mark.parametrize("shape", ["train.csv", "saved"])
def test_all_rows_of_a_folder_without_test_rows_are_trained_on(run, tickets, tmp_path, shape):
    data = tmp_path / "data"
    data.mkdir()
    frame = pl.read_csv(tickets)
    if shape == "saved":
        frame.write_ipc(data / "data-00000-of-00001.arrow")
        state = {"_data_files": [{"filename": "data-00000-of-00001.arrow"}]}
        (data / "state.json").write_text(json.dumps(state))
    else:
        frame.write_csv(data / "train.csv")
    done = run("train", "--out", tmp_path / "model", "--data", data)
    assert done.exit_code == 0, done.output
    assert "Fitted: tfidf on 48 rows" in done.output
    assert "There are no test rows" in done.output


@pytest.mark.parametrize("family", [family for family in Family if family is not Family.TFIDF])
def test_every_family_can_be_trained(run, tickets, tiny_model, tmp_path, family):
    out = tmp_path / "model"
    options = [] if family is Family.TRANSFORMER else ["--model", tiny_model]
    done = run(
        "train", "--out", out, "--data", tickets, "--family", family, "--epochs", 1, *options
    )
    assert done.exit_code == 0, done.output
    assert len(load(out).predict(["late parcel"])) == 1
    training = json.loads((out / "manifest.json").read_text())["training"]
    assert family not in NETS or training["epochs"] == "1"


def test_a_network_chooses_its_epoch_by_the_validation_rows(run, tickets, tmp_path):
    out = tmp_path / "model"
    done = run(
        "train", "--out", out, "--data", tickets, "--family", "transformer",
        "--validation", tickets, "--epochs", 2, "--set", "classify__d_model=16",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert ", by which the epoch was chosen: " in readme(out)
    assert "patience=2" in readme(out)


@pytest.mark.parametrize(("family", "patience"), [("finetune", None), ("transformer", 2)])
def test_patience_is_set_unless_the_classifier_chooses_it(family, patience):
    pipeline = make_pipeline(Family(family))
    texts, labels = ["oil up", "cup won"] * 4, ["a", "b"] * 4
    _validation(pipeline, TrainTest(texts, None, labels, None, "here", "", "", texts, labels))
    assert pipeline.get_params()["classify__patience"] == patience


def test_parameters_are_set_by_name(run, tickets, tmp_path):
    option = "vectorize__words__ngram_range=(1, 1)"
    done = run("train", "--out", tmp_path / "model", "--data", tickets, "--set", option)
    assert done.exit_code == 0, done.output
    vectorizer = load(tmp_path / "model").named_steps["vectorize"]
    assert vectorizer.get_params()["words__ngram_range"] == (1, 1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--set", "vectorize"], "--set: NAME=VALUE is needed, got 'vectorize'"),
        (["--set", "beauty__C=1"], "--set: "),
        (["--set", "clean__lowercase__x=1"], "--set: there is no such parameter within a step"),
        (["--test", "nowhere.csv"], "--test: "),
        (["--validation", "nowhere.csv"], "--validation: "),
        (["--family", "forest"], "--family"),
        (["--family", "finetune", "--model", "./nowhere"], "nowhere"),
    ],
    ids=[
        "no value",
        "unknown parameter",
        "within a value",
        "test",
        "validation",
        "family",
        "model",
    ],
)
def test_what_cannot_be_trained_is_rejected_by_its_option(run, tickets, tmp_path, options, message):
    done = run("train", "--out", tmp_path / "model", "--data", tickets, *options)
    assert done.exit_code == 2
    assert done.output.splitlines()[-1].startswith("Error: ")
    assert message in done.output.splitlines()[-1]
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("option", ["--test", "--validation"])
def test_further_rows_must_have_the_columns_of_the_training_rows(
    run, tickets, rows, tmp_path, option
):
    done = run("train", "--out", tmp_path / "model", "--data", tickets, option, rows / "test.csv")
    assert done.exit_code == 2
    assert f"{option}: " in done.output
    assert "has no column 'comment_body'" in done.output


def test_something_else_at_the_output_is_kept(run, tickets, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    done = run("train", "--out", tmp_path / "mine", "--data", tickets)
    assert done.exit_code == 2
    assert "--out: " in done.output
    assert "exists and is not a saved model; remove it first." in done.output


@pytest.mark.parametrize("text", ["{[]: 1}", "-" * 100_000 + "1", "1 +"], ids=lambda text: text[:7])
def test_what_is_no_literal_is_a_text(text):
    assert _value(text) == text
