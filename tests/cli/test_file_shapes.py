"""Commands read files of every shape as `load_texts` does, or refuse them in one line."""

import io

import pytest
import typer
from rich.console import Console

from agnews_sk.cli._rows import RowOptions, load_rows, read_texts
from agnews_sk.datasets import load_texts
from tests.datasets.shapes import SHAPES

SHAPES = [shape for shape in SHAPES if not isinstance(shape.labels[0], list)]
READ = [shape for shape in SHAPES if shape.refusal is None and len(shape.labels) >= 10]
REFUSED = [shape for shape in SHAPES if shape.refusal is not None]
COMMANDS = {
    "audit": ["audit", "--no-label-errors", "--data"],
    "compare": ["compare", "--family", "tfidf", "--data"],
    "evaluate": ["evaluate", "MODEL", "--data"],
    "export": ["export", "MODEL", "--out", "OUT", "--data"],
    "train": ["train", "--out", "OUT", "--data"],
    "tune": ["tune", "--data"],
}


def named(shapes):
    return pytest.mark.parametrize("shape", shapes, ids=lambda shape: shape.name)


def options_for(folder, shape):
    path = folder / shape.name
    path.write_bytes(shape.content)
    return RowOptions(str(path), **shape.options)


@named(READ)
def test_a_file_is_read_and_what_was_recognized_is_said_in_one_line(tmp_path, shape):
    printed = io.StringIO()
    options = options_for(tmp_path, shape)
    rows = load_rows(options, Console(file=printed))
    assert list(rows.X_train.columns) == shape.text
    assert {*rows.y_train.tolist(), *rows.y_test.tolist()} == set(shape.labels)
    said = f"Read: {load_texts(options.path, **shape.options).summary}\n"
    assert said in printed.getvalue()
    assert read_texts(options.data, options).target.tolist() == shape.labels


@named(REFUSED)
def test_a_file_that_cannot_be_read_for_certain_is_refused(tmp_path, shape):
    options = options_for(tmp_path, shape)
    with pytest.raises(typer.BadParameter, match=shape.refusal) as refused:
        load_rows(options, Console(file=io.StringIO()))
    assert refused.value.param_hint == "--data"
    with pytest.raises(typer.BadParameter, match=shape.refusal):
        read_texts(options.data, options)


@pytest.fixture
def places(run, tickets, tmp_path):
    """The words of `COMMANDS` that stand for paths."""
    assert run("train", "--out", tmp_path / "model", "--data", tickets).exit_code == 0
    return {"MODEL": tmp_path / "model", "OUT": tmp_path / "out"}


def test_every_command_reads_a_file_as_its_options_say(run, tickets, places, tmp_path):
    path = tmp_path / "latin.txt"
    lines = tickets.read_text().replace("Charged", "Überzahlt").replace("?", "").splitlines()
    path.write_text("\n".join(lines[1:]).replace('",', '"|'), encoding="cp1252")
    options = ["--no-header", "--sep", "|", "--encoding", "cp1252"]
    options += ["--text", "column_1", "--label", "column_2"]
    extra = {"tune": ["--trials", 1, "--folds", 2], "export": []}
    for name, words in COMMANDS.items():
        if name == "export":
            pytest.importorskip("onnxruntime", reason="the onnx extra is not installed")
        arguments = [places.get(word, word) for word in words]
        done = run(*arguments, path, *options, *extra.get(name, []))
        assert done.exit_code == 0, done.output
        assert "Read: text: column_1; label: column_2, 3 classes; 48 rows" in done.output, name


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_refuses_a_file_without_a_header(run, tickets, places, tmp_path, command):
    path = tmp_path / "no_header.csv"
    path.write_text(tickets.read_text().partition("\n")[2])
    done = run(*[places.get(word, word) for word in COMMANDS[command]], path)
    assert done.exit_code == 2
    line = done.output.splitlines()[-1]
    assert line.startswith("Error: ")
    assert "the first line reads as a row" in line
    assert "(--no-header)" in line
    assert not places["OUT"].exists()
