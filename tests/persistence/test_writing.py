"""A model is written completely or not at all, and replaces only models."""

import os
import signal
import subprocess
import sys
import zipfile

import pytest

from agnews_sk.persistence import _writing as writing
from agnews_sk.persistence import load, save

KILLED = """
import os, signal, sys
from agnews_sk.persistence import _writing, load, save

def die_in(moment):
    original = getattr(_writing, moment)
    def die(*args):
        result = original(*args) if moment == "_exchange" else None
        os.kill(os.getpid(), signal.SIGKILL)
        return result
    setattr(_writing, moment, die)

# A fork before the first use of Polars spares each moment an import of its own.
model, *targets = sys.argv[1:]
for target in targets:
    if pid := os.fork():
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    else:
        die_in(os.path.basename(target))
        save(load(model), target)
        os._exit(0)
"""
MOMENTS = ["_sync", "_replace_folder", "_exchange"]


def test_a_process_killed_while_it_saves_leaves_a_whole_model(saved, tmp_path):
    targets = [save(load(saved["tfidf"]), tmp_path / moment) for moment in MOMENTS]
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(saved["characters"]), *map(str, targets)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split() == [str(-signal.SIGKILL)] * len(MOMENTS)
    units = [load(target).named_steps["vectorize"].units_ for target in targets]
    assert units == ["words", "words", "both"]


def test_a_disk_that_is_full_leaves_the_old_model_and_nothing_else(saved, tmp_path, monkeypatch):
    target = save(load(saved["tfidf"]), tmp_path / "model")

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        save(load(saved["characters"]), target)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert load(target).named_steps["vectorize"].units_ == "words"


@pytest.mark.parametrize("can", [True, False], ids=["exchange", "two renames"])
@pytest.mark.parametrize("name", ["model", "model.zip"])
def test_a_saved_model_is_replaced(saved, tmp_path, monkeypatch, can, name):
    if not can:
        monkeypatch.setattr(writing, "_exchange", lambda a, b: False)
    save(load(saved["tfidf"]), tmp_path / name)
    save(load(saved["characters"]), tmp_path / name)
    assert load(tmp_path / name).named_steps["vectorize"].units_ == "both"
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["notes", "notes.zip"])
def test_other_files_than_a_model_are_not_replaced(saved, tmp_path, name):
    path = tmp_path / name
    if name == "notes":
        path.mkdir()
        (path / "diary.txt").write_text("mine")
    else:
        path.write_text("mine")
    with pytest.raises(FileExistsError, match="exists and is not a saved model"):
        save(load(saved["tfidf"]), path)
    assert "mine" in ((path / "diary.txt") if path.is_dir() else path).read_text()


def test_an_archive_of_data_is_not_replaced(saved, tmp_path):
    path = tmp_path / "tickets.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tickets.csv", "text,label")
    with pytest.raises(FileExistsError, match="exists and is not a saved model"):
        save(load(saved["tfidf"]), path)
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["tickets.csv"]


def test_a_system_that_cannot_exchange_names_is_not_asked_to(tmp_path, monkeypatch):
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(writing.sys, "platform", "win32")
    monkeypatch.setattr(writing.ctypes, "CDLL", None)  # on Windows it needs a name
    assert not writing._exchange(tmp_path / "old", tmp_path / "new")


def test_a_missing_model_is_reported_as_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match="neither a folder nor a zip"):
        load(tmp_path / "nothing")
