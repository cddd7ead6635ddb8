"""The folder of downloads and studies, and the user's rows, by the environment."""

from pathlib import Path

import pytest

from agnews_sk._core.home import data_path, home_folder
from agnews_sk.datasets import get_data_home


def test_the_environment_names_the_home_folder_unless_one_is_given(tmp_path, monkeypatch):
    monkeypatch.setenv("AGNEWS_SK_HOME", str(tmp_path / "home"))
    assert home_folder() == get_data_home() == tmp_path / "home"
    assert home_folder(tmp_path / "other") == tmp_path / "other"
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("value", [None, ""])
def test_the_cache_of_the_user_is_the_home_folder_otherwise(monkeypatch, value):
    monkeypatch.delenv("AGNEWS_SK_HOME", raising=False)
    if value is not None:
        monkeypatch.setenv("AGNEWS_SK_HOME", value)
    assert home_folder().name.startswith("agnews_sk") or "agnews_sk" in home_folder().parts
    assert home_folder().is_absolute()


def test_the_home_folder_is_absolute_and_may_be_in_that_of_the_user(monkeypatch):
    monkeypatch.setenv("AGNEWS_SK_HOME", "~/news")
    assert home_folder() == Path.home() / "news"
    assert home_folder("news") == Path.cwd() / "news"


@pytest.mark.parametrize(("value", "path"), [("rows.csv", "rows.csv"), ("", None), (None, None)])
def test_the_environment_names_the_rows(monkeypatch, value, path):
    monkeypatch.delenv("AGNEWS_SK_DATA", raising=False)
    if value is not None:
        monkeypatch.setenv("AGNEWS_SK_DATA", value)
    assert data_path() == path
