import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from agnews_sk import load, make_tfidf_pipeline
from agnews_sk._core.joining import column_kinds
from agnews_sk.cli import _compare_run
from agnews_sk.cli._families import COMPOSED
from agnews_sk.cli._rows import draw_rows
from agnews_sk.datasets import TrainTest
from agnews_sk.evaluation import ComparisonResult, evaluate_fitted


def test_compare_reports_costs_and_writes_numbers_and_plots(run, rows, tiny_model, tmp_path):
    pytest.importorskip("matplotlib", reason="the plot extra is not installed")
    out = tmp_path / "report"
    done = run(
        "compare", "--data", rows, "--train-rows", 40, "--epochs", 1, "--model", tiny_model,
        "--out", out,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "160 training rows, 40 test rows" in done.output.replace("\n", "")
    comparison = json.loads((out / "comparison.json").read_text())
    names = ["tfidf (40)", "tfidf (160)", "finetune (40)"]
    assert list(comparison["scores"]) == names
    assert (out / "confusion_matrices.png").read_bytes().startswith(b"\x89PNG")


def test_compare_reports_the_number_of_rows_that_the_time_allows(run, rows, tiny_model):
    done = run("compare", "--data", rows, "--epochs", 1, "--model", tiny_model)
    assert done.exit_code == 0, done.output
    assert "Training rows: 160 of 160" in done.output
    assert "tfidf (" not in done.output


def test_compare_marks_the_sample_as_generated(run, tiny_model):
    done = run(
        "compare", "--data", "sample", "--train-rows", 60, "--epochs", 1, "--model", tiny_model
    )
    assert "say nothing about AG News" in done.output.replace("\n", " ")


@pytest.mark.parametrize(("data", "chosen"), [("sample", "128 of 3,000"), ("", "160 of 160")])
def test_the_sample_is_trained_on_for_a_shorter_time_than_files(
    run, rows, tiny_model, monkeypatch, data, chosen
):
    monkeypatch.setattr(_compare_run, "SAMPLE_NET_SECONDS", 0.0)
    done = run("compare", "--data", data or rows, "--epochs", 1, "--model", tiny_model)
    assert done.exit_code == 0, done.output
    assert f"Training rows: {chosen}, " in done.output


@pytest.mark.parametrize("n_wanted", [1, 7, 9, 10, 11])
def test_any_number_of_rows_can_be_drawn(n_wanted):
    y = pd.Series(list("aaabbbbccc"))
    rows = draw_rows(y, n_wanted, seed=0)
    assert len(set(rows)) == min(n_wanted, 10)
    assert (np.diff(rows) > 0).all()


OTHER_DATA = re.compile(r"\bnews\b|\bstor(?:y|ies)\b|\bheadlines?\b|\bAG\b", re.IGNORECASE)


class _Visible(HTMLParser):
    """The text of a page, without styles and scripts."""

    def __init__(self):
        super().__init__()
        self.inside, self.text = "", []

    def handle_starttag(self, tag, attrs):
        self.inside = tag

    def handle_data(self, data):
        if self.inside not in ("style", "script"):
            self.text.append(data)


def visible(page):
    parser = _Visible()
    parser.feed(page)
    return " ".join(parser.text)


def test_models_of_every_family_are_saved_with_the_report_and_the_winner_is_named(
    run, tickets, tiny_model, tmp_path
):
    pytest.importorskip("matplotlib", reason="the plot extra is not installed")
    out = tmp_path / "out"
    done = run("compare", "--data", tickets, "--epochs", 1, "--model", tiny_model, "--out", out)
    assert done.exit_code == 0, done.output
    assert {path.name for path in out.iterdir()} == {
        "tfidf", "finetune", "report.html", "comparison.json", "confusion_matrices.png",
    }  # fmt: skip
    assert f"Winner: {out / 'tfidf'}\n" in done.output
    assert f"Saved too: {out / 'finetune'}\n" in done.output
    assert f"Next: agnews-sk serve {out / 'tfidf'}\n" in done.output
    for family in ("tfidf", "finetune"):
        assert load(out / family).named_steps["join"].columns_ == ["comment_body"]
        card = (out / family / "README.md").read_text()
        assert re.search(r"\| accuracy \| \d\.\d{4} \| \d\.\d{4} to \d\.\d{4} \|", card)
        assert "comment_body" in card
        assert OTHER_DATA.findall(card) == []
    page = visible((out / "report.html").read_text())
    assert "comment_body" in page
    assert OTHER_DATA.findall(page) == []


def write_numbers(result, evaluations, rows, seed, folder, console):
    result.to_json(folder / "comparison.json")
    return ["comparison.json"]


def test_saved_models_are_replaced_and_the_model_of_most_rows_is_kept(
    run, tickets, tmp_path, monkeypatch
):
    monkeypatch.setattr(_compare_run, "_write", write_numbers)
    out = tmp_path / "out"
    for n_rows in (9, 12):
        options = ["--train-rows", n_rows, "--family", "tfidf", "--out", out]
        done = run("compare", "--data", tickets, *options)
        assert done.exit_code == 0, done.output
    assert f"Saved: {out / 'tfidf'}\n" in done.output
    comparison = json.loads((out / "comparison.json").read_text())
    names = list(comparison["scores"])
    assert names[0] == "tfidf (12)"
    assert "Fitted on 38 of the training rows." in (out / "tfidf" / "README.md").read_text()
    accuracy = comparison["scores"][names[1]]["accuracy"]
    assert f"| accuracy | {accuracy:.4f} |" in (out / "tfidf" / "README.md").read_text()
    assert {path.name for path in out.iterdir()} == {"tfidf", "comparison.json"}


def test_a_class_of_one_row_is_only_in_training(run, tickets):
    with tickets.open("a") as file:
        file.write("Somebody else used my account,fraud\n")
    done = run("compare", "--data", tickets, "--family", "tfidf")
    assert done.exit_code == 0, done.output
    assert "4 classes" in done.output
    assert "fewer rows than the 2 parts are only in the training part: 'fraud'." in done.output


def test_columns_are_used_by_families_that_can_and_said_of_others(
    run, tiny_model, tmp_path, monkeypatch
):
    monkeypatch.setattr(_compare_run, "_write", write_numbers)
    lines = [
        f"parcel {i % 7} call,{i % 2 * 90 + i % 7},{['low', 'high'][i % 2]}" for i in range(60)
    ]
    data = tmp_path / "orders.csv"
    data.write_text("\n".join(["message,amount,priority", *lines]) + "\n")
    options = ["--family", "tfidf", "--family", "finetune", "--model", tiny_model, "--epochs", 1]
    named = ["--text", "message", "--label", "priority", "--columns", "amount"]
    done = run("compare", "--data", data, *named, *options, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert "beside: amount" in done.output
    assert "finetune use texts only." in done.output
    assert column_kinds(load(tmp_path / "out" / "tfidf")) == {"amount": "number"}
    scores = json.loads((tmp_path / "out" / "comparison.json").read_text())["scores"]
    assert scores["tfidf"]["accuracy"] == 1 > scores["finetune"]["accuracy"]
    assert load(tmp_path / "out" / "finetune").predict(["parcel 1"]).shape == (1,)


def test_something_else_in_the_place_of_a_model_is_kept(run, tickets, tmp_path):
    (tmp_path / "tfidf").mkdir()
    (tmp_path / "tfidf" / "notes.txt").write_text("mine")
    done = run("compare", "--data", tickets, "--family", "tfidf", "--out", tmp_path)
    assert done.exit_code == 2
    assert "--out: " in done.output
    assert "tfidf exists and is not a saved model; remove it first." in done.output
    assert (tmp_path / "tfidf" / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize(("seconds", "n_rows"), [(1e-9, 8), (1e9, 1)], ids=["fast", "slow"])
def test_slow_classifiers_explain_fewer_rows(seconds, n_rows):
    texts = [f"{word} {i}" for i in range(12) for word in ("oil", "cup")]
    y = ["Oil", "Cup"] * 12
    evaluation = evaluate_fitted("tfidf", make_tfidf_pipeline().fit(texts, y), texts, y)
    evaluation = replace(evaluation, predict_seconds=seconds)
    predictions = {"tfidf": y, "constant": ["Oil"] * 24}
    result = ComparisonResult.from_predictions(y, predictions, random_state=0)
    rows = TrainTest(None, texts, np.empty(0), np.array(y), "texts")
    explanations = _compare_run._explanations(result, [evaluation], rows)
    assert len(explanations["tfidf"].texts) == n_rows


@pytest.mark.parametrize("family", sorted(COMPOSED))
def test_what_is_made_of_pipelines_is_compared_saved_and_loaded(
    run, rows, tiny_model, tmp_path, monkeypatch, family
):
    monkeypatch.setattr(_compare_run, "_write", write_numbers)
    out = tmp_path / "out"
    options = ["--data", rows, "--epochs", 1, "--model", tiny_model, "--out", out]
    done = run("compare", *options, "--family", "tfidf", "--family", family)
    assert done.exit_code == 0, done.output
    assert "Training rows: 160 of 160" in done.output
    saved = load(out / family)
    texts = ["Oil prices rise again", "The team wins the cup"]
    predicted = saved.predict(pd.DataFrame({"title": texts, "description": texts}))
    assert set(predicted) <= set(saved.classes_.tolist())


@pytest.mark.parametrize("family", sorted(COMPOSED))
@pytest.mark.parametrize("command", ["compare", "train"])
def test_families_of_one_label_reject_several_before_any_fit(
    run, tmp_path, tiny_model, family, command
):
    path = tmp_path / "sets.csv"
    lines = [f"text number {i},{['red', 'red;blue', 'blue'][i % 3]}" for i in range(30)]
    path.write_text("\n".join(["text,label", *lines]) + "\n")
    options = ["--data", path, "--label-sep", ";", "--family", family, "--model", tiny_model]
    if command == "train":
        options += ["--out", tmp_path / "model"]
    done = run(command, *options)
    assert done.exit_code == 2
    assert f"{family} takes one label per row, got several" in done.output
    assert not (tmp_path / "model").exists()
