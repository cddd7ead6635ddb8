"""Only plain files of known names are read, from folders and zips alike."""

import os
import zipfile

import pytest

from agnews_sk.persistence import ArtifactError
from agnews_sk.persistence._reading import check_name, check_stored, open_source

FILES = {"manifest.json": b"{}", "classify/tokenizer/tokenizer.json": b"[]"}


def make_folder(path, files=FILES):
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


def make_zip(path, files=FILES, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def test_a_folder_and_a_zip_hold_the_same_files(tmp_path):
    folder = make_folder(tmp_path / "model")
    for path in (folder, make_zip(tmp_path / "model.zip")):
        source = open_source(path)
        assert source.sizes == {name: len(content) for name, content in FILES.items()}
        assert {name: source.read(name) for name in FILES} == FILES


def test_files_are_opened_as_bytes_where_systems_distinguish_them_from_text(tmp_path, monkeypatch):
    source = open_source(make_folder(tmp_path / "model"))
    opened, real = [], os.open
    monkeypatch.setattr(os, "O_BINARY", os.O_APPEND, raising=False)
    monkeypatch.setattr(os, "open", lambda path, flags: opened.append(flags) or real(path, flags))
    assert {name: source.read(name) for name in FILES} == FILES
    assert all(flags & os.O_BINARY for flags in opened)
    assert len(opened) == len(FILES)


def test_hidden_files_at_the_top_are_ignored(tmp_path):
    folder = make_folder(tmp_path, {**FILES, ".git/config": b"", ".gitattributes": b""})
    assert open_source(folder).sizes.keys() == FILES.keys()


def test_hidden_files_further_down_are_rejected(tmp_path):
    make_folder(tmp_path, {"classify/.cache": b""})
    with pytest.raises(ArtifactError, match=r"'classify/\.cache' is not a file of a saved model"):
        open_source(tmp_path)


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_links_are_not_followed(tmp_path, kind):
    outside = make_folder(tmp_path / "outside")
    folder = make_folder(tmp_path / "model")
    if kind == "file":
        (folder / "config.json").symlink_to(outside / "manifest.json")
    else:
        (folder / "other").symlink_to(outside, target_is_directory=True)
    with pytest.raises(ArtifactError, match="is a link or a special file"):
        open_source(folder)


def test_a_file_that_becomes_a_link_is_not_followed(tmp_path):
    source = open_source(make_folder(tmp_path / "model"))
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "model" / "manifest.json").unlink()
    (tmp_path / "model" / "manifest.json").symlink_to(tmp_path / "secret")
    with pytest.raises(OSError, match="manifest"):
        source.read("manifest.json")


def test_a_file_that_grew_is_read_one_byte_too_long_and_no_further(tmp_path):
    source = open_source(make_folder(tmp_path))
    (tmp_path / "manifest.json").write_bytes(b"{}" + b" " * 1_000)
    assert source.read("manifest.json") == b"{} "


def test_a_linked_folder_can_itself_be_a_model(tmp_path):
    make_folder(tmp_path / "model")
    (tmp_path / "latest").symlink_to(tmp_path / "model", target_is_directory=True)
    assert open_source(tmp_path / "latest").sizes.keys() == FILES.keys()


@pytest.mark.parametrize(
    "name",
    [
        "../manifest.json", "/manifest.json", "a/../manifest.json", "a//manifest.json",
        "run.py", "model.pkl", "a b/manifest.json", "a/" * 9 + "manifest.json", "manifest.json/",
        "", "ä/manifest.json", "a\\manifest.json",
    ],
    ids=repr,
)  # fmt: skip
def test_names_that_no_saved_model_has_are_rejected(name):
    with pytest.raises(ArtifactError, match="is not a file of a saved model"):
        check_name(name)


def test_a_compressed_zip_is_rejected(tmp_path):
    path = make_zip(tmp_path / "bomb.zip", {"manifest.json": b" " * 10**6}, zipfile.ZIP_DEFLATED)
    with pytest.raises(ArtifactError, match=r"'manifest\.json' is compressed"):
        open_source(path)


def test_a_zip_with_a_name_twice_is_rejected(tmp_path):
    path = tmp_path / "twice.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("manifest.json", b"{}")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("manifest.json", b"[]")
    with pytest.raises(ArtifactError, match=r"'manifest\.json' is listed twice"):
        open_source(path)


def test_entries_that_claim_more_than_the_zip_are_rejected(tmp_path):
    with zipfile.ZipFile(make_zip(tmp_path / "model.zip")) as archive:
        assert check_stored(archive, 4) == {name: len(content) for name, content in FILES.items()}
        with pytest.raises(ArtifactError, match="are larger than the whole zip"):
            check_stored(archive, 3)


@pytest.mark.parametrize("content", [b"", b"no zip"], ids=["empty", "text"])
def test_a_file_that_is_not_a_zip_is_rejected_by_name(tmp_path, content):
    (tmp_path / "model.zip").write_bytes(content)
    with pytest.raises(ArtifactError, match=r"model\.zip is damaged or forged"):
        open_source(tmp_path / "model.zip")


def test_a_special_file_is_neither_a_folder_nor_a_zip(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", "nowhere"):
        with pytest.raises(FileNotFoundError, match=f"{name} is neither a folder nor a zip file"):
            open_source(tmp_path / name)
