"""Downloads from a server on this machine: checksums, mirrors, cache and messages."""

import hashlib
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from agnews_sk.datasets import _fetch, fetch_agnews, get_data_home

TRAIN = b'"3","Oil rises","Crude is up."\n"1","Truce holds","Talks go on."\n'
TEST = b'"2","Cup final","They won it."\n'


class Site:
    """The response of each path, and which paths were requested."""

    def __init__(self):
        self.files = {f"/{mirror}/train.csv": TRAIN for mirror in "ab"}
        self.files |= {f"/{mirror}/test.csv": TEST for mirror in "ab"}
        self.asked = []


@pytest.fixture
def site(monkeypatch):
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            site.asked.append(self.path)
            body = site.files.get(self.path)
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr(_fetch, "_MIRRORS", (address + "/a/{file}", address + "/b/{file}"))
    sums = {"train": hashlib.sha256(TRAIN).hexdigest(), "test": hashlib.sha256(TEST).hexdigest()}
    monkeypatch.setattr(_fetch, "_SHA256", sums)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    yield site
    server.shutdown()
    server.server_close()
    thread.join()


def kept(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_fetch_gives_rows_labels_and_class_names(site, tmp_path):
    bunch = fetch_agnews(data_home=tmp_path)
    assert list(bunch.data.columns) == ["title", "description"]
    assert bunch.data["title"].to_list() == ["Oil rises", "Truce holds"]
    assert bunch.target.tolist() == ["Business", "World"]
    assert bunch.target.dtype == object
    assert bunch.target_names == ["World", "Sports", "Business", "Sci/Tech"]
    assert "AG News" in bunch.DESCR


def test_all_is_train_then_test(site, tmp_path):
    X, y = fetch_agnews(subset="all", data_home=tmp_path, return_X_y=True)
    assert X["title"].to_list() == ["Oil rises", "Truce holds", "Cup final"]
    assert y.tolist() == ["Business", "World", "Sports"]


def test_a_kept_file_is_not_fetched_again(site, tmp_path):
    fetch_agnews(subset="test", data_home=tmp_path)
    fetch_agnews(subset="test", data_home=tmp_path, download_if_missing=False)
    assert site.asked == ["/a/test.csv"]


def test_only_the_requested_subset_is_fetched(site, tmp_path):
    fetch_agnews(subset="test", data_home=tmp_path)
    assert kept(tmp_path) == {"test.csv": TEST}


@pytest.mark.parametrize("damaged", [TRAIN[:-20], TRAIN.upper(), b""], ids=["half", "other", "0"])
def test_a_damaged_kept_file_is_fetched_again(site, tmp_path, damaged):
    fetch_agnews(data_home=tmp_path)
    path = next(tmp_path.rglob("train.csv"))
    path.write_bytes(damaged)
    assert fetch_agnews(data_home=tmp_path).target.tolist() == ["Business", "World"]
    assert path.read_bytes() == TRAIN
    assert len(site.asked) == 2


def test_a_damaged_kept_file_is_not_used_when_downloads_are_off(site, tmp_path):
    fetch_agnews(data_home=tmp_path)
    next(tmp_path.rglob("train.csv")).write_bytes(TRAIN[:-20])
    with pytest.raises(OSError, match="download_if_missing is False"):
        fetch_agnews(data_home=tmp_path, download_if_missing=False)


@pytest.mark.parametrize("response", [None, TRAIN[:-20], b"<html>"], ids=["404", "half", "page"])
def test_the_second_mirror_is_tried_if_the_first_fails(site, tmp_path, response):
    site.files["/a/train.csv"] = response
    assert len(fetch_agnews(data_home=tmp_path).data) == 2
    assert site.asked == ["/a/train.csv", "/b/train.csv"]
    assert kept(tmp_path) == {"train.csv": TRAIN}


def test_an_unreachable_mirror_is_skipped(site, tmp_path, monkeypatch):
    monkeypatch.setattr(_fetch, "_MIRRORS", ("http://127.0.0.1:1/{file}", *_fetch._MIRRORS))
    assert len(fetch_agnews(data_home=tmp_path).data) == 2


def test_nothing_is_left_behind_when_every_mirror_fails(site, tmp_path):
    site.files = {"/a/train.csv": TRAIN[:-20]}
    with pytest.raises(OSError, match="every mirror failed") as caught:
        fetch_agnews(data_home=tmp_path)
    message = str(caught.value)
    assert f"at {tmp_path / 'ag_news_csv' / 'train.csv'}" in message
    assert _fetch._SHA256["train"] in message
    assert "/a/train.csv" in message
    assert "/b/train.csv" in message
    assert kept(tmp_path) == {}


def test_a_file_placed_by_hand_is_found(site, tmp_path):
    path = tmp_path / "ag_news_csv" / "train.csv"
    path.parent.mkdir()
    path.write_bytes(TRAIN)
    assert len(fetch_agnews(data_home=tmp_path, download_if_missing=False).data) == 2
    assert site.asked == []


def test_the_error_for_a_missing_file_says_which_file_to_place_where(tmp_path):
    with pytest.raises(OSError, match=r"Put the file from https://.*/train.csv") as caught:
        fetch_agnews(data_home=tmp_path, download_if_missing=False)
    assert str(tmp_path / "ag_news_csv" / "train.csv") in str(caught.value)
    assert kept(tmp_path) == {}


@pytest.mark.parametrize("in_terminal", [True, False], ids=["terminal", "pipe"])
def test_a_download_shows_its_progress_in_a_terminal(
    site, tmp_path, capsys, monkeypatch, in_terminal
):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: in_terminal)
    fetch_agnews(data_home=tmp_path)
    assert ("100%" in capsys.readouterr().err) == in_terminal


def test_unknown_subset_is_rejected(tmp_path):
    with pytest.raises(ValueError, match="subset must be one of 'train', 'test', 'all', got 'dev'"):
        fetch_agnews(subset="dev", data_home=tmp_path)


def test_data_home_is_the_argument_then_the_environment_then_the_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("AGNEWS_SK_HOME", str(tmp_path / "env"))
    assert get_data_home(tmp_path / "given") == tmp_path / "given"
    assert get_data_home() == tmp_path / "env"
    monkeypatch.delenv("AGNEWS_SK_HOME")
    assert "agnews_sk" in get_data_home().parts


def test_data_home_expands_the_users_home(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert get_data_home("~/news") == tmp_path / "news"


def test_every_mirror_names_the_file_or_its_sum():
    urls = _fetch._urls("train.csv", "train")
    assert len(urls) >= 2
    assert all(url.startswith("https://") for url in urls)
    assert all(url.endswith("train.csv") or _fetch._SHA256["train"] in url for url in urls)
