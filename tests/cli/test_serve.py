"""`serve` passes its options on, and rejects models before anything is loaded."""

import pytest

pytest.importorskip("fastapi", reason="the serve extra is not installed")

from agnews_sk import serving


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
