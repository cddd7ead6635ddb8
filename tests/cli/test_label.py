"""`label` reads texts of any file, serves the page, and offers to train on the labels."""

import csv
import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pytest

pytest.importorskip("fastapi", reason="the serve extra is not installed")

from agnews_sk import serving
from agnews_sk.cli import _label_run

TFIDF = ["--family", "tfidf", "--no-browser"]


@pytest.fixture
def labelled(monkeypatch):
    """Label by the queue that the text is of, instead of a user; return the sessions."""
    sessions = []

    def serve(session, *, port, on_start, n=12):
        sessions.append(session)
        on_start("http://127.0.0.1:1/#key")
        for _ in range(n):
            row = session.current().row
            text = " ".join(column[row] for column in session.texts.values())
            words = {"parcel": "delivery", "courier": "delivery", "Charged": "billing"}
            name = next((label for word, label in words.items() if word in text), "other")
            if name not in session.classes:
                session.add_class(name)
            session.label(row, name)
            session.wait()
        return True

    monkeypatch.setattr(serving, "serve_labelling", serve)
    return sessions


def lines_of(path):
    with open(path, encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_texts_are_labelled_and_the_next_command_trains_on_them(run, tickets, labelled, tmp_path):
    out = tmp_path / "labels.csv"
    done = run(
        "label", tickets, "--text", "comment_body", "--class", "delivery", "--out", out, *TFIDF
    )
    assert done.exit_code == 0, done.output
    assert f"Data: {tickets}, comment_body: 48 texts\n" in done.output
    assert "Page: http://127.0.0.1:1/#key\n" in done.output
    assert "Labelled: 12 of 48 texts (delivery: " in done.output
    assert "Estimate: accuracy" in done.output
    (command,) = [line for line in done.output.splitlines() if line.startswith("Next: ")]
    assert labelled[0].classes[0] == "delivery"
    lines = lines_of(out)
    assert len(lines) == 12
    trained = run(*command.removeprefix("Next: agnews-sk ").split())
    assert trained.exit_code == 0, trained.output
    assert "Fitted: tfidf on 12 rows" in trained.output
    assert (tmp_path / "labels_model" / "manifest.json").is_file()


def test_a_second_run_continues(run, tickets, labelled, tmp_path):
    out = tmp_path / "labels.csv"
    for n in (12, 24):
        done = run("label", tickets, "--text", "comment_body", "--out", out, *TFIDF)
        assert done.exit_code == 0, done.output
        assert len({line["row"] for line in lines_of(out)}) == n
    assert f"Labels: {out}, 12 so far\n" in done.output


def test_labels_of_a_column_are_imported_once(run, tmp_path, labelled):
    path = tmp_path / "part.csv"
    rows = [f"parcel {i},{'delivery' if i < 5 else ''}" for i in range(20)]
    path.write_text("\n".join(["Text,Queue", *rows]))
    out = tmp_path / "labels.csv"
    done = run("label", path, "--label", "queue", "--out", out, *TFIDF)
    assert done.exit_code == 0, done.output
    assert "Imported: 5 labels\n" in done.output
    assert [line["chosen_by"] for line in lines_of(out)][:6] == ["imported"] * 5 + ["random"]


def test_labels_of_formats_with_types_are_imported(run, tmp_path, labelled):
    path = tmp_path / "part.jsonl"
    labels = ['"billing"', "NaN", "null", '["delivery"]', "[]", "3", *["null"] * 14]
    lines = [f'{{"text": "parcel {i}", "label": {label}}}' for i, label in enumerate(labels)]
    path.write_text("\n".join(lines))
    done = run("label", path, "--label", "label", "--out", tmp_path / "labels.csv", *TFIDF)
    assert done.exit_code == 0, done.output
    assert labelled[0].classes == ["billing", "delivery", "3"]
    path.write_text("\n".join([*lines, '{"text": "parcel", "label": ["a", "b"]}']))
    failed = run("label", path, "--label", "label", "--out", tmp_path / "other.csv", *TFIDF)
    assert failed.exit_code == 2
    assert "row 21: there must be one label per text, got ['a', 'b']" in failed.stderr


def test_exports_of_annotation_tools_are_read(run, tmp_path, labelled):
    path = tmp_path / "project.json"
    tasks = [{"data": {"body": f"parcel {i}"}} for i in range(15)]
    choice = {"type": "choices", "value": {"choices": ["delivery"]}}
    tasks[3]["annotations"] = [{"result": [choice]}]
    path.write_text(json.dumps(tasks))
    out = tmp_path / "labels.csv"
    done = run("label", path, "--out", out, *TFIDF)
    assert done.exit_code == 0, done.output
    assert f"Data: {path}, body: 15 texts\n" in done.output
    assert lines_of(out)[0]["row"] == "4"


def test_columns_of_an_export_are_chosen(run, tmp_path, labelled):
    path = tmp_path / "project.json"
    data = [{"Body": f"parcel {i}", "url": "http://example.com"} for i in range(15)]
    path.write_text(json.dumps([{"data": cells} for cells in data]))
    done = run("label", path, "--text", "body", "--out", tmp_path / "labels.csv", *TFIDF)
    assert done.exit_code == 0, done.output
    assert list(labelled[0].texts) == ["Body"]
    failed = run("label", path, "--text", "title", "--out", tmp_path / "other.csv", *TFIDF)
    assert failed.exit_code == 2
    assert "has no column 'title' of texts; it has Body, url." in failed.stderr


def test_the_default_output_is_named_after_the_file(run, tickets, labelled, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run("label", tickets, "--text", "comment_body", *TFIDF)
    assert len(lines_of(tmp_path / "tickets_labels.csv")) == 12


def test_a_browser_is_opened_unless_it_is_not_wanted(run, tickets, labelled, tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr(
        _label_run.webbrowser, "open", lambda url: opened.append((url, page_of(url).read_text()))
    )
    options = ["--text", "comment_body", "--out", tmp_path / "labels.csv"]
    run("label", tickets, *options, *TFIDF)
    assert opened == []
    done = run("label", tickets, *options, "--family", "tfidf")
    assert done.exit_code == 0, done.output
    ((url, content),) = opened
    assert (page_of(url).parent, page_of(url).exists()) == (tmp_path, False)
    assert "http://127.0.0.1:1/#key" in content


def page_of(url):
    """Return the file that a browser was opened with."""
    return Path(url2pathname(urlsplit(url).path))


def test_a_page_that_cannot_be_opened_is_said(run, tickets, labelled, tmp_path, monkeypatch):
    def fail(**options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.mkstemp", fail)
    monkeypatch.setattr(_label_run.webbrowser, "open", pytest.fail)
    options = ["--text", "comment_body", "--out", tmp_path / "labels.csv"]
    done = run("label", tickets, *options, "--family", "tfidf")
    assert done.exit_code == 0, done.output
    assert "No browser was opened, as no file can be written beside the labels" in done.output
    assert "Page: http://127.0.0.1:1/#key\n" in done.output


BROWSER = """\
import pathlib, sys
(path,) = pathlib.Path(sys.argv[0]).parent.glob("label-texts-*.html")
content = " ".join(path.read_text().split())
print(sys.argv[1], oct(path.stat().st_mode), content, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there are no modes of files")
def test_the_key_is_in_no_process_arguments_and_sigterm_leaves_no_file(tickets, tmp_path):
    (tmp_path / "browser.py").write_text(BROWSER)
    browser = shlex.join([sys.executable, str(tmp_path / "browser.py"), "%s"])
    options = ["--text", "comment_body", "--family", "tfidf", "--out", "labels.csv"]
    process = subprocess.Popen(
        [sys.executable, "-m", "agnews_sk", "label", str(tickets), *options],
        env={**os.environ, "BROWSER": browser, "COLUMNS": "200"},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        lines = [process.stdout.readline() for _ in range(5)]
        (address,) = [line.split()[1] for line in lines if line.startswith("Page:")]
        url, mode, content = lines[-1].split(maxsplit=2)
        assert url.startswith("file://")
        assert address.partition("#")[2] not in url
        assert mode == "0o100600"
        process.send_signal(signal.SIGTERM)
        output, errors = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert address in content
    assert (process.returncode, errors.splitlines()[-1]) == (143, "Terminated.")
    assert "Labelled: 0 of 48 texts" in output
    assert list(tmp_path.glob("*.html")) == []


def test_the_options_reach_the_learner(run, tickets, labelled, tmp_path):
    options = ["--strategy", "diverse", "--target-accuracy", "0.8", "--seed", 3]
    run("label", tickets, "--text", "comment_body", "--out", tmp_path / "a.csv", *options, *TFIDF)
    params = labelled[0].learner.get_params(deep=False)
    assert (params["strategy"], params["target_accuracy"]) == ("diverse", 0.8)
    assert params["random_state"] == 3


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["nowhere.csv"], "nowhere.csv"),
        (["{tickets}"], "has no column 'title', 'description'"),
        (["{tickets}", "--text", "nothing"], "has no column 'nothing'"),
        (["{tickets}", "--text", "comment_body", "--class", "=a"], "must not begin with '='"),
        (["{tickets}", "--text", "comment_body", "--out", "{tickets}"], "is the file of the texts"),
        (["{empty}"], "has no rows to label"),
        (["{broken}"], "one label per text, got"),
    ],
    ids=["file", "columns", "text", "class", "output", "empty", "several"],
)
def test_errors_are_one_line(run, tickets, labelled, tmp_path, monkeypatch, arguments, reason):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.csv").write_text("text\n")
    entry = {"text": "a", "label": ["b", "c"]}
    (tmp_path / "broken.jsonl").write_text(json.dumps(entry))
    names = {"{tickets}": tickets, "{empty}": "empty.csv", "{broken}": "broken.jsonl"}
    done = run("label", *[names.get(word, word) for word in arguments], *TFIDF)
    assert done.exit_code == 2
    assert len(done.stderr.splitlines()) == 1
    assert reason in done.stderr
    assert labelled == []


def test_broken_rows_are_left_out_and_counted(run, tmp_path, labelled):
    path = tmp_path / "rows.csv"
    rows = [f"parcel {i},{i}" for i in range(15)]
    path.write_text("\n".join(["text,n", *rows, "a,b,c"]))
    done = run("label", path, "--out", tmp_path / "labels.csv", *TFIDF)
    assert "1 rows cannot be read, and are left out." in done.output
    assert "15 texts" in done.output
