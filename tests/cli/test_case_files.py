"""Files of `files.py` in AGNEWS_SK_CASES are read as its `expected.json` says, by every reader.

Without that variable, the script is looked for in `shared/cases` beside the checkout.
"""

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from rich.console import Console

from agnews_sk import make_tfidf_pipeline
from agnews_sk.bulk import predict_files
from agnews_sk.cli._model_rows import load_test_rows
from agnews_sk.cli._rows import RowOptions, load_rows
from agnews_sk.datasets import load_texts
from agnews_sk.persistence import save

BESIDE = Path(__file__).parents[3] / "shared" / "cases"
# What the message of a refusal must hold, by the beginning of "refuse" in `expected.json`.
WAYS_OUT = {
    "names line 6": ["line 6", "--on-bad-rows skip"],
    "or read with a stated": ["the first line reads as a row", "--no-header"],
    "names the column": ["more than once", "'text'"],
    "says that it is a pointer": ["Git LFS pointer"],
    "says that it is a web page": ["web page"],
    "lists the keys": ["'data.text'", "'annotations'"],
    "not said": ["line ", "encoding=", "--encoding"],
    "says that it is empty": ["it is empty"],
    "says that it has no rows": ["No rows", "'text', 'label'"],
}
# What has to be said of files that are refused otherwise, and then are read.
SAID = {
    "cp1252.csv": {"encoding": "cp1252"},
    "no_header.csv": {"header": False},
}


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    """The folder of the files, and what is expected of each by its name."""
    script = Path(os.environ.get("AGNEWS_SK_CASES") or BESIDE) / "files.py"
    if not script.is_file():
        pytest.skip("AGNEWS_SK_CASES names no folder with files.py, which writes the files")
    folder = tmp_path_factory.mktemp("cases")
    subprocess.run([sys.executable, script, folder], check=True, capture_output=True)
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    assert len(expected) >= 30
    return folder, expected


def failures(cases, check):
    """Return what is wrong by the name of each file that a check does not pass."""
    folder, expected = cases
    found = {}
    for name, wanted in expected.items():
        try:
            check(folder / name, wanted, SAID.get(name, {}))
        except (AssertionError, ValueError, TypeError, OSError, typer.BadParameter) as error:
            found[name] = f"{type(error).__name__}: {error}"
    return found


def texts_of(wanted):
    return [wanted["text"]] if isinstance(wanted["text"], str) else wanted["text"]


def is_refused(path, wanted, said):
    return "refuse" in wanted or (path.name == "cp1252.csv" and not said)


def check_refusal(read, wanted):
    """Check that reading fails and says why and what to pass."""
    reason = wanted.get("refuse", "not said")
    (parts,) = [parts for begin, parts in WAYS_OUT.items() if reason.startswith(begin)]
    pattern = "".join(f"(?=.*{re.escape(part)})" for part in parts)
    with pytest.raises((ValueError, typer.BadParameter), match=f"(?s)^{pattern}"):
        read()


def check_rows(data, labels, text_names, label_name, wanted, *, has_names=True):
    """Check the columns, the number of rows, and the labels with their types."""
    if has_names:
        assert (list(text_names), label_name) == (texts_of(wanted), wanted["label"])
    assert len(data) == len(labels) == wanted["rows"]
    found = sorted(set(labels))
    assert (found, list(map(type, found))) == (wanted["labels"], list(map(type, wanted["labels"])))


def check_load_texts(path, wanted, said):
    if is_refused(path, wanted, {}):
        check_refusal(lambda: load_texts(path), wanted)
        if not said:
            return
    bunch = load_texts(path, **said)
    has_names = said.get("header") is not False
    check_rows(
        bunch.data, bunch.target.tolist(), bunch.text_names, bunch.label_name, wanted,
        has_names=has_names,
    )  # fmt: skip
    if wanted["text"] == "text" and has_names:
        assert bunch.data["text"].to_list()[-2:] == ["None", "NA"]


def test_the_case_files_are_read_by_load_texts(cases):
    assert failures(cases, check_load_texts) == {}


def check_command(path, wanted, said, **options):
    """Check the rows of `load_rows`, by which train, compare, tune and audit read them."""
    given = RowOptions(str(path), **said)
    if is_refused(path, wanted, {}):
        plain = RowOptions(str(path))
        check_refusal(lambda: load_rows(plain, Console(file=io.StringIO()), **options), wanted)
        if not said:
            return
    rows = load_rows(given, Console(file=io.StringIO()), **options)
    data = [*rows.X_train.index, *([] if rows.X_test is None else rows.X_test.index)]
    labels = [*rows.y_train.tolist(), *rows.y_test.tolist()]
    has_names = said.get("header") is not False
    check_rows(data, labels, rows.texts, rows.label_name, wanted, has_names=has_names)


def test_the_case_files_are_read_by_commands_that_hold_out_rows(cases):
    assert failures(cases, check_command) == {}


def test_the_case_files_are_read_by_train(cases):
    assert failures(cases, lambda *case: check_command(*case, test_size=0)) == {}


@pytest.fixture(scope="module")
def model(cases, tmp_path_factory):
    """A pipeline fitted on one of the files, and the folder where it is saved."""
    folder, _ = cases
    bunch = load_texts(folder / "plain.csv")
    pipeline = make_tfidf_pipeline().fit(bunch.data, bunch.target)
    return pipeline, save(pipeline, tmp_path_factory.mktemp("saved") / "model")


def check_evaluate(path, wanted, said, model):
    """Check the rows of `load_test_rows`, by which evaluate and export read them."""
    given = RowOptions(str(path), **said)
    if is_refused(path, wanted, {}) and "names the column" not in wanted.get("refuse", ""):
        plain = RowOptions(str(path))
        check_refusal(lambda: load_test_rows(plain, model, Console(file=io.StringIO())), wanted)
        if not said:
            return
    elif "refuse" in wanted:
        check_refusal(lambda: load_test_rows(given, model, Console(file=io.StringIO())), wanted)
        return
    rows = load_test_rows(given, model, Console(file=io.StringIO()))
    check_rows(rows.X_test, rows.y_test.tolist(), [], "", wanted, has_names=False)
    assert len(model.predict(rows.X_test)) == wanted["rows"]


def test_the_case_files_are_read_by_evaluate(cases, model):
    assert failures(cases, lambda *case: check_evaluate(*case, model[0])) == {}


def check_predict(path, wanted, said, model, out):
    """Check how many rows are predicted of the columns that hold the texts."""
    columns = ["column_1"] if said.get("header") is False else texts_of(wanted)
    report = predict_files(model, [path], out / f"{path.name}.csv", columns=columns, **said)
    assert report.n_predicted == wanted["rows"]
    assert report.n_skipped == 0


def test_the_case_files_are_predicted(cases, model, tmp_path):
    folder, expected = cases
    # Rows to predict need no label, and a nested text has a name of its own.
    with_rows = {
        name: {**wanted, "text": "data.text"} if name == "nested.jsonl" else wanted
        for name, wanted in expected.items()
        if "rows" in wanted and name != "twice_the_name.csv"
    }
    cases = (folder, with_rows)
    assert failures(cases, lambda *case: check_predict(*case, model[1], tmp_path)) == {}
