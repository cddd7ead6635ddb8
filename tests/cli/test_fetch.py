"""`fetch` downloads AG News into the data home, or says what to place where."""

import hashlib

import pytest

from agnews_sk.datasets import _fetch


@pytest.fixture
def no_network(monkeypatch):
    """Mirrors that cannot be reached."""
    monkeypatch.setattr(_fetch, "_MIRRORS", ("http://127.0.0.1:9/{file}",))


def test_files_that_are_there_are_not_downloaded_again(run, no_network, monkeypatch, tmp_path):
    folder = tmp_path / "ag_news_csv"
    folder.mkdir()
    content = b'"3","Oil","A barrel."\n'
    for part in ("train", "test"):
        (folder / f"{part}.csv").write_bytes(content)
        monkeypatch.setitem(_fetch._SHA256, part, hashlib.sha256(content).hexdigest())
    done = run("fetch", "--data-home", tmp_path)
    assert (done.exit_code, done.stdout) == (0, f"AG News: {folder}\n")


def test_without_a_network_the_error_says_what_to_do(run, no_network, monkeypatch, tmp_path):
    monkeypatch.setenv("AGNEWS_SK_HOME", str(tmp_path))
    done = run("fetch")
    assert done.exit_code == 2
    line = done.output.splitlines()[-1]
    assert line.startswith(f"Error: AG News' train.csv is not in {tmp_path}")
    assert "http://127.0.0.1:9/train.csv (cannot be reached)" in line
    assert f"at {tmp_path / 'ag_news_csv' / 'train.csv'}" in line
