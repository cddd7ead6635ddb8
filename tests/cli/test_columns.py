"""Models that use columns beside texts are trained, evaluated and predict by column name."""

import csv
import json
import re

import pytest

from agnews_sk._core.joining import column_kinds, row_joiner
from agnews_sk.persistence import load


@pytest.fixture(scope="module")
def orders(tmp_path_factory):
    """A file in which the amount decides on the label, and the text does not."""
    path = tmp_path_factory.mktemp("rows") / "orders.csv"
    words = ["late parcel", "wrong size", "please call", "two boxes", "blue one"]
    lines = [
        f"{words[i % 5]} number {i},{'' if i % 11 == 0 else i % 2 * 90 + i % 7},"
        f"{['DE', 'FR', 'US'][i % 3]},{['low', 'high'][i % 2]}"
        for i in range(60)
    ]
    path.write_text("\n".join(["message,amount,country,priority", *lines]) + "\n")
    return path


@pytest.fixture
def reading():
    return ["--text", "message", "--label", "priority"]


def test_a_model_of_mixed_columns_is_trained_evaluated_and_predicts(run, orders, reading, tmp_path):
    model = tmp_path / "model"
    done = run("train", "--out", model, "--data", orders, *reading, "--columns", "auto")
    assert done.exit_code == 0, done.output
    assert "label: priority, 2 classes; beside: amount, country; 60 rows" in done.output
    assert "Columns: text: message; number: amount; category: country" in done.output
    assert column_kinds(load(model)) == {"amount": "number", "country": "category"}
    done = run("evaluate", model, "--data", orders, "--label", "priority")
    assert done.exit_code == 0, done.output
    assert "Scores on 60 test rows" in done.output
    out = tmp_path / "labels.csv"
    assert run("predict", model, "--data", orders, "--out", out).exit_code == 0
    with orders.open() as rows, out.open() as found:
        expected = [row["priority"] for row in csv.DictReader(rows)]
        right = [row["predicted"] == y for row, y in zip(csv.DictReader(found), expected)]
    assert sum(right) > 50


def test_columns_are_named_and_test_rows_have_them_too(run, orders, reading, tmp_path):
    named = ["--columns", "amount", "--test", orders, "--validation", orders]
    done = run("train", "--out", tmp_path / "model", "--data", orders, *reading, *named)
    assert done.exit_code == 0, done.output
    assert column_kinds(load(tmp_path / "model")) == {"amount": "number"}
    done = run(
        "train", "--out", tmp_path / "other", "--data", orders, *reading, *named[:2], *named[4:]
    )
    assert "Accuracy on 60 validation rows" in done.output


def test_texts_under_another_name_are_read_beside_the_columns(run, orders, reading, tmp_path):
    model = tmp_path / "model"
    assert (
        run("train", "--out", model, "--data", orders, *reading, "--columns", "amount").exit_code
        == 0
    )
    other = tmp_path / "other.csv"
    other.write_text(orders.read_text().replace("message,", "note,"))
    done = run("evaluate", model, "--data", other, "--text", "note", "--label", "priority")
    assert done.exit_code == 0, done.output
    other.write_text(orders.read_text().replace("amount,", "sum,"))
    done = run("evaluate", model, "--data", other, "--label", "priority")
    assert done.exit_code == 2
    assert "has no column 'amount'" in done.output


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--columns", "auto", "--family", "transformer"], "transformer use texts only"),
        (["--columns", "weight"], "has no column 'weight', which columns= (--columns) names"),
        (["--columns", "priority"], "has 'priority' for text or label and beside them"),
    ],
    ids=["family", "unknown", "label"],
)
def test_columns_that_cannot_be_used_are_rejected(run, orders, reading, tmp_path, options, message):
    done = run("train", "--out", tmp_path / "model", "--data", orders, *reading, *options)
    assert done.exit_code == 2
    assert message in done.output


def test_wrong_predictions_are_listed(run, orders, reading, tmp_path):
    pytest.importorskip("matplotlib", reason="the plot extra is not installed")
    model, report = tmp_path / "model", tmp_path / "report"
    assert run("train", "--out", model, "--data", orders, *reading).exit_code == 0
    done = run("evaluate", model, "--data", orders, "--label", "priority", "--out", report)
    assert done.exit_code == 0, done.output
    assert "misclassified.csv" in done.output
    accuracy = json.loads((report / "comparison.json").read_text())["scores"]["model"]["accuracy"]
    with (report / "misclassified.csv").open() as file, orders.open() as rows:
        wrong, given = list(csv.DictReader(file)), list(csv.DictReader(rows))
    assert len(wrong) == round((1 - accuracy) * 60)
    for one in wrong:
        assert given[int(one["row"]) - 1]["message"] == one["message"]
        assert one["predicted"] != one["true"] == given[int(one["row"]) - 1]["priority"]


def test_wrong_predictions_hold_no_formulas(run, tickets, tmp_path):
    pytest.importorskip("matplotlib", reason="the plot extra is not installed")
    assert run("train", "--out", tmp_path / "model", "--data", tickets).exit_code == 0
    rows = tmp_path / "rows.csv"
    rows.write_text("comment_body,queue\n=HYPERLINK(1) zip broke,billing\nthe zip broke,returns\n")
    done = run("evaluate", tmp_path / "model", "--data", rows, "--out", tmp_path / "report")
    assert done.exit_code == 0, done.output
    assert ",'=HYPERLINK" in "," + (tmp_path / "report" / "misclassified.csv").read_text()


@pytest.fixture
def mixed(run, orders, reading, tmp_path):
    """A saved model of the texts and both columns beside them."""
    done = run(
        "train", "--out", tmp_path / "mixed", "--data", orders, *reading, "--columns", "auto"
    )
    assert done.exit_code == 0, done.output
    return tmp_path / "mixed"


def test_a_text_is_explained_with_cells_or_without(run, mixed):
    shares = []
    for cells in ([], ["--cell", "amount=95"], ["--cell", "amount=1", "--cell", "country=DE"]):
        done = run("explain", mixed, "two boxes", *cells)
        assert done.exit_code == 0, done.output
        shares.append(done.output.splitlines()[0])
    assert shares[1].startswith("high")
    assert shares[2].startswith("low")
    for cell in ("amount", "colour=blue"):
        done = run("explain", mixed, "two boxes", "--cell", cell)
        assert done.exit_code == 2
        assert "--cell: NAME=VALUE with a column beside texts is needed" in done.output
    done = run("explain", mixed, "two boxes", "--cell", "amount=many")
    assert done.exit_code == 2
    assert "amount" in done.output.splitlines()[-1]


def test_columns_may_differ_in_case(run, mixed, orders, tmp_path):
    other = tmp_path / "other.csv"
    header, _, lines = orders.read_text().partition("\n")
    other.write_text(f"{header.upper()}\n{lines}")
    shown = [run("evaluate", mixed, "--data", path).output for path in (orders, other)]
    scores = [re.search(r"accuracy of [\d.]+", text)[0] for text in shown]
    assert scores[0] == scores[1]


def test_a_model_of_mixed_columns_is_exported(run, mixed, orders, tmp_path):
    for module in ("onnx", "onnxruntime"):
        pytest.importorskip(module, reason="the onnx extra is not installed")
    done = run("export", mixed, "--out", tmp_path / "exported", "--data", orders)
    assert done.exit_code == 0, done.output
    done = run("evaluate", tmp_path / "exported", "--data", orders)
    assert done.exit_code == 0, done.output
    assert "label: priority" in done.output
    done = run("export", mixed, "--out", mixed, "--data", orders)
    assert "is a saved pipeline, which its export would replace" in done.output


def test_a_cascade_uses_columns_in_its_cheap_part(run, orders, reading, tmp_path, tiny_model):
    model = tmp_path / "model"
    options = ["--columns", "amount", "--family", "cascade", "--model", tiny_model, "--epochs", 1]
    done = run("train", "--out", model, "--data", orders, *reading, *options)
    assert done.exit_code == 0, done.output
    cheap, dear = load(model).estimators_
    assert column_kinds(cheap) == {"amount": "number"}
    assert dear["join"].columns_ == ["message"]
    out = tmp_path / "labels.csv"
    done = run("predict", model, "--data", orders, "--out", out)
    assert done.exit_code == 0, done.output
    assert len(out.read_text().splitlines()) == 61


def test_a_cascade_joins_the_columns_of_a_row_in_the_order_of_its_parts(
    run, rows, tmp_path, tiny_model
):
    model = tmp_path / "model"
    options = ["--family", "cascade", "--model", tiny_model, "--epochs", 1]
    done = run("train", "--out", model, "--data", rows, *options)
    assert done.exit_code == 0, done.output
    assert json.loads((model / "manifest.json").read_text())["columns"] == ["title", "description"]
    join = row_joiner(load(model), ["description", "title"])
    assert join({"description": "By a cent.", "title": "Oil rises"}) == "Oil rises By a cent."
