"""`serve` passes its options on, and rejects models before anything is loaded."""

import pytest

pytest.importorskip("fastapi", reason="the serve extra is not installed")

import pandas as pd

from agnews_sk import make_tfidf_pipeline, serving
from agnews_sk.persistence import save


@pytest.fixture
def served(monkeypatch):
    """What the command passed to `serve`."""
    calls = []
    monkeypatch.setattr(serving, "serve", lambda models, **options: calls.append((models, options)))
    return calls


@pytest.fixture
def models(tmp_path):
    for name in ("news", "other/news", "sports"):
        (tmp_path / name).mkdir(parents=True)
    return tmp_path


def test_models_are_served_under_the_names_of_their_folders(run, served, models):
    done = run("serve", models / "news", models / "sports", "--max-wait-ms", 5, "--workers", 2)
    assert done.exit_code == 0, done.output
    ((named, options),) = served
    assert named == {"news": models / "news", "sports": models / "sports"}
    assert (options["max_wait"], options["workers"], options["api_key"]) == (0.005, 2, None)


@pytest.mark.parametrize(
    ("option", "variable", "key"),
    [([], None, None), ([], "a", "a"), ([], "", ""), (["--api-key", "b"], "a", "b")],
    ids=["none", "variable", "empty variable", "option wins"],
)
def test_the_key_is_that_of_the_option_or_of_the_variable(
    run, served, models, monkeypatch, option, variable, key
):
    monkeypatch.delenv("AGNEWS_SK_API_KEY", raising=False)
    if variable is not None:
        monkeypatch.setenv("AGNEWS_SK_API_KEY", variable)
    run("serve", models / "news", *option)
    assert served[0][1]["api_key"] == key


@pytest.mark.parametrize(
    ("host", "url"), [("::1", "http://[::1]:80"), ("localhost", "http://localhost:80")]
)
def test_the_address_is_printed_once_the_port_is_bound(run, models, monkeypatch, host, url):
    monkeypatch.setattr(serving, "serve", lambda models, on_start, **options: on_start(80))
    assert f"Listening on {url}\n" in run("serve", models / "news", "--host", host).stdout


def test_missing_models_and_equal_names_are_rejected(run, served, models):
    done = run("serve", models / "news", models / "nowhere")
    assert (done.exit_code, "there is no file or folder" in done.stderr) == (2, True)
    done = run("serve", models / "news", models / "other" / "news")
    assert (done.exit_code, "two models have the same name" in done.stderr) == (2, True)
    assert served == []


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Models of two columns of text, of texts, and of texts beside a number."""
    folder = tmp_path_factory.mktemp("models")
    texts = ["Oil prices rise", "Bank shares fall", "Cup final tonight", "Coach resigns"] * 3
    labels = ["Business", "Business", "Sports", "Sports"] * 3
    frame = pd.DataFrame({"Subject": texts, "body": texts})
    beside = pd.DataFrame({"subject": texts, "amount": range(12)})
    return {
        "columns": save(make_tfidf_pipeline().fit(frame, labels), folder / "columns"),
        "texts": save(make_tfidf_pipeline().fit(texts, labels), folder / "texts"),
        "beside": save(
            make_tfidf_pipeline(columns={"amount": "number"}).fit(beside, labels), folder / "beside"
        ),
    }


CSV = "id,subject,BODY\n1,Oil,dear\n2,,\n3,Cup,\n"


@pytest.mark.parametrize(
    ("model", "name", "content", "samples"),
    [
        ("texts", "a.txt", "\ufeffOil, dear\n\n  Cup \n", ["Oil, dear", "Cup"]),
        (
            "columns",
            "a.csv",
            CSV,
            [{"Subject": "Oil", "body": "dear"}, {"Subject": "Cup", "body": ""}],
        ),
        ("texts", "a.csv", "title,description\nOil,dear\nCup,\n", ["Oil dear", "Cup"]),
        ("columns", "a.jsonl", '{"text": "Oil"}\n{"text": null}\n', ["Oil"]),
        ("beside", "a.jsonl", '{"Subject": 7, "amount": 2}', [{"subject": "7", "amount": 2}]),
        ("beside", "a.csv", "text,amount\nOil,2\n", [{"subject": "Oil", "amount": "2"}]),
    ],
    ids=["lines", "columns", "joined", "text", "beside", "text beside"],
)
def test_samples_are_read_from_files(run, served, saved, tmp_path, model, name, content, samples):
    (tmp_path / name).write_text(content, encoding="utf-8")
    done = run("serve", saved[model], "--samples", tmp_path / name)
    assert done.exit_code == 0, done.output
    assert served[0][1]["samples"] == samples
    assert "Samples" not in done.output


@pytest.mark.parametrize("name", ["many.txt", "many.csv"])
def test_the_first_samples_are_taken_and_that_is_said(run, served, saved, tmp_path, name):
    lines = [f"text {i}" for i in range(100)]
    path = tmp_path / name
    path.write_text("\n".join(["text"] * (name == "many.csv") + lines))
    done = run("serve", saved["texts"], "--samples", path)
    assert served[0][1]["samples"] == lines[:8]
    assert f"Samples: the first 8 texts of {path}, which has more.\n" in done.stdout


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.txt", b"\n \n", "has no text"),
        ("a.csv", b"text\n", "has no text"),
        ("a.txt", b"\xff\xfe\xfa", "must be a text in UTF-8"),
        ("a.csv", b"comment,queue\nOil,prices\n", "has no column 'Subject', 'body' or"),
        ("a.docx", b"", "must end with one of"),
        ("a.txt", None, "a.txt"),
    ],
    ids=["blank", "no row", "bytes", "columns", "format", "missing"],
)
def test_invalid_samples_are_rejected_in_one_line(
    run, served, saved, tmp_path, name, content, reason
):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    done = run("serve", saved["columns"], "--samples", tmp_path / name)
    assert (done.exit_code, served) == (2, [])
    (line,) = done.stderr.splitlines()
    assert line.startswith("Error: ")
    assert reason in line
