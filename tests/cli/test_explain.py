"""`explain` shows the words of a prediction, in colour in a terminal."""

import io
import re

import pandas as pd
import pytest
from rich.console import Console
from typer.testing import CliRunner

from agnews_sk import make_tfidf_pipeline
from agnews_sk.cli import app
from agnews_sk.cli._explaining import coloured, explain_best
from agnews_sk.persistence import save


@pytest.fixture
def model(headlines, tmp_path):
    return save(make_tfidf_pipeline().fit(*headlines), tmp_path / "model")


def test_a_prediction_is_shown_with_its_words(run, model):
    done = run("explain", model, "oil prices rise", "cup final")
    assert done.exit_code == 0, done.output
    first, second = done.output.split("\n\n")[:2]
    assert first.startswith("Business ")
    assert second.startswith("Sports ")
    assert "oil prices rise" in first
    assert "for Business" in first
    assert "Method: linear" in done.output


def test_another_class_can_be_explained(run, model):
    done = run("explain", model, "oil prices rise", "--class", "Sports", "--top", 1)
    assert done.exit_code == 0, done.output
    assert "for Sports" in done.output
    word, value = re.search(r"^(\w+) +([+-][\d.]+) *$", done.output, re.MULTILINE).groups()
    assert word in {"oil", "prices", "rise"}
    assert float(value) < 0


def test_a_text_is_read_from_a_pipe_and_a_page_is_written(model, tmp_path):
    arguments = ["explain", str(model), "-", "--out", str(tmp_path / "page.html")]
    done = CliRunner().invoke(app, arguments, input="coach resigns\n", env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    assert done.output.startswith("Sports ")
    assert "coach" in (tmp_path / "page.html").read_text()


def test_a_network_is_explained_by_what_is_installed(saved, run, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "captum", None)
    monkeypatch.setitem(sys.modules, "captum.attr", None)
    done = run("explain", saved["finetune"], "oil prices")
    assert done.exit_code == 0, done.output
    assert "Method: occlusion" in done.output


def test_an_unknown_class_and_model_are_rejected(run, model, tmp_path):
    done = run("explain", model, "oil", "--class", "World")
    assert done.exit_code == 2
    assert "--class: 'World' is no class of the model; its classes are Business, Sports." in (
        done.output
    )
    assert run("explain", tmp_path / "nowhere", "oil").exit_code == 2


def shown(text, words):
    console = Console(file=io.StringIO(), force_terminal=True, color_system="truecolor", width=80)
    console.print(coloured(text, words))
    return console.file.getvalue()


def test_words_are_coloured_by_sign_and_strength():
    words = pd.DataFrame(
        {
            "start": [0, 4, 8, -1],
            "end": [3, 7, 11, -1],
            "word": ["oil", "cup", "the", "long"],
            "contribution": [1.0, -0.4, 0.01, 2.0],
        }
    )
    text = shown("oil cup the", words.iloc[:3])
    assert "48;2;0;114;178moil" in text  # the strongest, in full blue
    assert "\x1b[4;" in text.partition("cup")[0]  # against the class: underlined
    assert text.rstrip().endswith("the")  # too weak for a colour
    assert shown("oil cup the", words).count("oil") == 1  # what is not in the text is left out


def test_a_text_without_words_is_shown_as_it_is(headlines):
    model = make_tfidf_pipeline().fit(*headlines)
    explanation = explain_best(model, [""])
    assert coloured("", explanation.of(0, "Sports")).plain == ""


def test_names_of_classes_are_shown_literally(run, headlines, tmp_path):
    X, y = headlines
    names = {label: f"[/{label}]" for label in set(y)}
    model = save(make_tfidf_pipeline().fit(X, [names[one] for one in y]), tmp_path / "named")
    done = run("explain", model, "oil prices rise")
    assert done.exit_code == 0, done.output
    assert "for [/Business]" in done.output
