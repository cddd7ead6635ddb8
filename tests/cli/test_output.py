"""Outputs appear completely or not at all."""

import io
import os
import re
import zipfile

import pytest
import typer
from rich.console import Console

from agnews_sk.cli._output import (
    check_is_model,
    check_model_path,
    check_writable,
    output_folder,
    print_written,
)


def write_and_fail(out, error):
    with output_folder(out) as folder:
        (folder / "a.json").write_text("new")
        raise error


def test_files_appear_at_the_end_of_the_block(tmp_path):
    out = tmp_path / "new" / "out"
    with output_folder(out) as folder:
        (folder / "a.json").write_text("{}")
        assert not (out / "a.json").exists()
    assert [path.name for path in out.iterdir()] == ["a.json"]


def test_files_of_an_earlier_run_are_replaced_and_others_kept(tmp_path):
    (tmp_path / "a.json").write_text("old")
    (tmp_path / "mine.txt").write_text("mine")
    with output_folder(tmp_path) as folder:
        (folder / "a.json").write_text("new")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "a.json": "new",
        "mine.txt": "mine",
    }


@pytest.mark.parametrize("error", [ValueError("bad"), KeyboardInterrupt("bad")], ids=repr)
def test_a_block_that_fails_leaves_nothing_and_removes_new_folders(tmp_path, error):
    with pytest.raises(type(error), match="bad"):
        write_and_fail(tmp_path / "new" / "out", error)
    assert list(tmp_path.iterdir()) == []


def test_a_block_that_fails_keeps_a_folder_that_existed(tmp_path):
    (tmp_path / "a.json").write_text("old")
    with pytest.raises(ValueError, match="bad"):
        write_and_fail(tmp_path, ValueError("bad"))
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


def test_without_a_folder_nothing_is_written():
    with output_folder(None) as folder:
        assert folder is None


def test_a_file_in_the_place_of_the_folder_is_rejected(tmp_path):
    (tmp_path / "file").write_text("mine")
    for out in (tmp_path / "file", tmp_path / "file" / "below"):
        with (
            pytest.raises(typer.BadParameter, match=f"cannot write into {out}: "),
            output_folder(out),
        ):
            pytest.fail("the block must not run")
    assert (tmp_path / "file").read_text() == "mine"


def test_checking_a_writable_path_leaves_no_files(tmp_path):
    check_writable(tmp_path / "a" / "b" / "model.zip")
    assert list(tmp_path.iterdir()) == []


def test_a_path_below_a_file_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(typer.BadParameter, match=r"cannot write .*model: ") as caught:
        check_writable(tmp_path / "file" / "model")
    assert caught.value.param_hint == "--out"


def test_paths_are_printed_literally(tmp_path):
    console = Console(file=io.StringIO(), width=200)
    folder = tmp_path / "[bold]"
    print_written(console, folder, "a.json", "b.png")
    shown = console.file.getvalue()
    assert f"Written: {folder}{os.sep}a.json, {folder}{os.sep}b.png" in shown


def test_a_folder_replaces_the_folder_of_an_earlier_run(tmp_path):
    for name in ("old", "new"):
        with output_folder(tmp_path) as folder:
            (folder / "model").mkdir()
            (folder / "model" / f"{name}.txt").write_text(name)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert [path.name for path in (tmp_path / "model").iterdir()] == ["new.txt"]


def test_a_model_may_replace_a_model_or_an_empty_folder_only(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "manifest.json").touch()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").touch()
    (tmp_path / "file").touch()
    (tmp_path / "file.zip").touch()
    for name in ("manifest.json", "tickets.csv"):
        with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as archive:
            archive.writestr(name, "{}")
    for name in ("empty", "model", "manifest.json.zip", "new", "new.zip"):
        check_model_path(tmp_path / name)
    for name in ("other", "file", "file.zip", "tickets.csv.zip"):
        with pytest.raises(typer.BadParameter, match="is not a saved model; remove it first"):
            check_model_path(tmp_path / name)


def test_an_export_may_replace_an_export_only(tmp_path):
    for name in ("export", "pipeline"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").touch()
    (tmp_path / "export" / "model.onnx").touch()
    for name in ("export", "new"):
        check_model_path(tmp_path / name, exported=True)
    with pytest.raises(typer.BadParameter, match="pipeline is a saved pipeline, which its export"):
        check_model_path(tmp_path / "pipeline", exported=True)


def test_a_folder_of_models_is_not_a_model(tmp_path):
    for name in ("tfidf", "finetune"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").touch()
    check_is_model(tmp_path / "tfidf")
    message = f"{tmp_path} is not a model but holds 2; name one, such as {tmp_path / 'finetune'}"
    with pytest.raises(typer.BadParameter, match=re.escape(message)):
        check_is_model(tmp_path)
    with pytest.raises(FileNotFoundError, match="there is no file or folder"):
        check_is_model(tmp_path / "nowhere")
