"""Invalid input is reported in one line, before any work."""

import sys
import warnings

import pytest

from agnews_sk import make_tfidf_pipeline
from agnews_sk.cli import _audit_run
from agnews_sk.persistence import save

COMMANDS = ["audit", "compare"]


@pytest.fixture
def model(headlines, tmp_path):
    return save(make_tfidf_pipeline().fit(*headlines), tmp_path / "model")


def assert_rejected(done, message):
    assert done.exit_code == 2
    (line,) = [line for line in done.output.splitlines() if line]
    assert line.startswith("Error: ")
    assert message in line


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "no file for subset='train'"),
        ({"train": "text,label\na,x\nb,y\n"}, "no file for subset='test'"),
        ({"train": "text,label\na,x\nb,x\n", "test": "text,label\nc,x\n"}, "only one class, 'x'"),
        ({"train": "text,label\na,x\nb,y\n", "test": "text,label\n"}, "No rows in"),
        ({"train": "", "test": "text,label\nc,x\n"}, "No rows in"),
        (
            {"train": "text,label\na,x\nb,y\n", "test": "title,label\nc,x\n"},
            "has no column 'text', which text= (--text) names",
        ),
        ({"train": "text,label\na,x\nb,\n", "test": "text,label\nc,x\n"}, "label is missing"),
        ({"train": "text,label\na,0.5\nb,1\n", "test": "text,label\nc,1\n"}, "must hold classes"),
    ],
    ids=["empty", "no test", "one class", "no test rows", "no rows", "columns", "label", "numbers"],
)
def test_rows_that_cannot_be_learned_from_are_rejected(run, tmp_path, command, files, message):
    for part, content in files.items():
        (tmp_path / f"{part}.csv").write_text(content)
    options = ["--family", "tfidf"] if command == "compare" else []
    done = run(command, "--data", tmp_path, "--out", tmp_path / "out", *options)
    assert_rejected(done, message)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_missing_path_is_rejected(run, tmp_path, command):
    assert_rejected(run(command, "--data", tmp_path / "nowhere.csv"), "there is no")


@pytest.mark.parametrize("command", COMMANDS)
def test_an_output_that_cannot_be_written_is_rejected_before_rows_are_read(run, tmp_path, command):
    (tmp_path / "file").write_text("mine")
    for out in (tmp_path / "file", tmp_path / "file" / "below"):
        done = run(command, "--data", tmp_path / "nowhere.csv", "--out", out)
        assert_rejected(done, f"--out: cannot write into {out}: ")
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("options", [[], ["--train-rows", "60"]], ids=["measured", "given"])
@pytest.mark.parametrize("kind", ["nowhere", "empty", "without weights"])
def test_a_model_that_cannot_be_loaded_is_rejected_before_rows_are_read(
    run, tmp_path, kind, options
):
    folder = tmp_path / "model"
    if kind != "nowhere":
        folder.mkdir()
    if kind == "without weights":
        (folder / "config.json").write_text('{"model_type": "bert"}')
    done = run("compare", "--data", tmp_path / "nowhere.csv", "--model", folder, *options)
    assert_rejected(done, str(folder))


@pytest.mark.parametrize(
    ("module", "arguments", "extra"),
    [
        ("cleanlab", ["audit"], "audit"),
        ("matplotlib", ["compare", "--family", "tfidf", "--out", "OUT"], "plot"),
        ("onnx", ["export", "MODEL", "--out", "OUT"], "onnx"),
        ("onnxruntime", ["export", "MODEL", "--out", "OUT"], "onnx"),
    ],
)
def test_a_missing_extra_is_named_before_any_work(
    run, monkeypatch, model, tmp_path, module, arguments, extra
):
    monkeypatch.setitem(sys.modules, module, None)
    places = {"OUT": tmp_path / "out", "MODEL": model}
    done = run(*[places.get(word, word) for word in arguments], "--data", tmp_path / "nowhere.csv")
    assert_rejected(done, f"needs {module}; install agnews_sk[{extra}] with `pip install")
    assert not (tmp_path / "out").exists()


def test_export_rejects_what_it_cannot_read_or_write(run, model, tmp_path):
    (tmp_path / "file").write_text("mine")
    assert_rejected(run("export", tmp_path / "nowhere", "--out", tmp_path / "out"), "nowhere")
    done = run("export", model, "--out", tmp_path / "file" / "out", "--data", "sample")
    assert_rejected(done, "--out: cannot write")
    assert_rejected(
        run("export", model, "--out", tmp_path / "out", "--data", tmp_path / "no.csv"), "no.csv"
    )


def test_too_few_rows_for_two_classes_are_rejected(run, tmp_path):
    lines = [*(f"text {i},common" for i in range(99)), "text,rare"]
    for part in ("train", "test"):
        (tmp_path / f"{part}.csv").write_text("text,label\n" + "\n".join(lines) + "\n")
    done = run("compare", "--data", tmp_path, "--family", "tfidf", "--train-rows", 8)
    assert done.exit_code == 2
    assert done.output.splitlines()[-1].startswith("Error: 8 training rows have only one class")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["compare", "--beauty"], "No such option"),
        (["comparison"], "No such command 'comparison'"),
        (["compare", "--epochs", "none"], "--epochs"),
        (["export"], "Missing"),
    ],
)
def test_an_invalid_argument_is_an_error_in_one_line(run, arguments, message):
    assert_rejected(run(*arguments), message)


def test_help_is_shown_on_request_and_without_a_command(run):
    shown = run("compare", "--help")
    assert (shown.exit_code, "--train-rows" in shown.output) == (0, True)
    assert "audit" in run("--help").output
    assert "Error" not in run().output


def test_a_warning_takes_one_line(run, monkeypatch):
    def warn_and_reject(*args, **options):
        warnings.warn("first line\nsecond line", UserWarning, stacklevel=2)
        raise ValueError("bad\nrows")

    monkeypatch.setattr(_audit_run, "audit_rows", warn_and_reject)
    done = run("audit", "--data", "sample", "--no-label-errors")
    assert done.exit_code == 2
    assert done.output.splitlines()[-2:] == ["Warning: first line second line", "Error: bad rows"]


def test_a_bug_of_the_package_is_not_hidden(run, monkeypatch):
    def fail(*args, **options):
        raise ZeroDivisionError("ours")

    monkeypatch.setattr(_audit_run, "audit_rows", fail)
    done = run("audit", "--data", "sample", "--no-label-errors")
    assert isinstance(done.exception, ZeroDivisionError)
