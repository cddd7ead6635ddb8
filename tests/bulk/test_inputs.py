"""Input files are never overwritten."""

import os

import pytest

from agnews_sk.bulk import find_files, predict_files
from tests.bulk.conftest import write_texts


@pytest.fixture
def folder(tmp_path):
    for name in ("a.csv", "b.csv"):
        write_texts(tmp_path / name, ["oil", "cup"])
    return tmp_path


def content(folder):
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def linked(folder):
    (folder / "link.csv").symlink_to(folder / "b.csv")
    return [folder / "a.csv", folder / "link.csv"], folder / "b.csv"


def linked_output(folder):
    (folder / "out.csv").symlink_to(folder / "b.csv")
    return [folder / "b.csv"], folder / "out.csv"


def hard_linked(folder):
    (folder / "hard.csv").hardlink_to(folder / "b.csv")
    return [folder / "hard.csv"], folder / "b.csv"


def in_a_linked_folder(folder):
    (folder / "there").symlink_to(folder, target_is_directory=True)
    return [folder / "there" / "b.csv"], folder / "b.csv"


def skipped_before(folder):
    (folder / "out.csv.skipped.jsonl").write_text('{"text": "oil"}\n')
    return [folder / "a.csv", folder / "out.csv.skipped.jsonl"], folder / "out.csv"


def among_the_parts(folder):
    (folder / "out.csv.parts").mkdir()
    write_texts(folder / "out.csv.parts" / "b.csv", ["oil"])
    return [folder / "out.csv.parts" / "b.csv"], folder / "out.csv"


@pytest.mark.parametrize(
    "named",
    [
        lambda folder: ([folder / "a.csv", folder / "b.csv"], folder / "b.csv"),
        lambda folder: (folder / "b.csv", folder / "b.csv"),
        lambda folder: (str(folder / "*.csv"), folder / "b.csv"),
        lambda folder: (str(folder / "**" / "[ab].csv"), folder / "b.csv"),
        lambda folder: (folder / ".." / folder.name / "b.csv", folder / "b.csv"),
        lambda folder: (folder / "b.csv", os.path.relpath(folder / "b.csv")),
        linked,
        linked_output,
        hard_linked,
        in_a_linked_folder,
        skipped_before,
        among_the_parts,
    ],
    ids=[
        "one-of-two",
        "the-only-one",
        "pattern",
        "deep-pattern",
        "dots",
        "relative",
        "link",
        "output-is-link",
        "hard-link",
        "linked-folder",
        "skipped-rows",
        "parts",
    ],
)
def test_an_output_that_is_an_input_is_rejected_before_anything_is_written(
    oil_or_cup, folder, named
):
    files, output = named(folder)
    before = content(folder)
    with pytest.raises(ValueError, match=r"would overwrite the input"):
        predict_files(oil_or_cup, files, output)
    assert content(folder) == before


def test_an_output_that_differs_only_in_case_is_an_input_on_a_case_insensitive_disk(
    oil_or_cup, folder
):
    if not (folder / "B.CSV").exists():
        # A case-sensitive disk has two files here, and both stay.
        report = predict_files(oil_or_cup, folder / "b.csv", folder / "B.csv")
        assert (report.n_predicted, len((folder / "b.csv").read_text().splitlines())) == (2, 3)
        return
    with pytest.raises(ValueError, match="written over"):
        predict_files(oil_or_cup, folder / "b.csv", folder / "B.csv")


@pytest.mark.parametrize("kind", ["output", "skipped"])
def test_an_output_that_is_a_folder_is_rejected_before_any_work(oil_or_cup, folder, kind):
    name = {"output": "out.csv", "skipped": "out.csv.skipped.jsonl"}[kind]
    (folder / name).mkdir()
    with pytest.raises(ValueError, match="is a folder; choose another name for the output"):
        predict_files(oil_or_cup, folder / "a.csv", folder / "out.csv")
    assert not (folder / "out.csv.parts").exists()


def test_an_output_that_cannot_be_written_is_rejected_before_any_work(oil_or_cup, folder):
    with pytest.raises(OSError, match=r"a\.csv cannot be written to: "):
        predict_files(oil_or_cup, folder / "a.csv", folder / "a.csv" / "out.csv")


def test_an_output_within_the_model_is_rejected(oil_or_cup, folder):
    before = content(oil_or_cup)
    with pytest.raises(ValueError, match="would be a file of the model"):
        predict_files(oil_or_cup, folder / "a.csv", oil_or_cup / "out.csv")
    assert content(oil_or_cup) == before


def test_a_folder_is_rejected_and_the_message_says_how_to_name_its_files(oil_or_cup, folder):
    with pytest.raises(ValueError, match=r"is a folder; name its files, such as .*\*\.csv"):
        predict_files(oil_or_cup, folder, folder / "out.csv")
    (folder / "notes.doc").touch()
    with pytest.raises(ValueError, match=r"notes\.doc must end with one of"):
        predict_files(oil_or_cup, str(folder / "*"), folder / "out.csv")
    assert not (folder / "out.csv.parts").exists()


def test_a_file_with_several_names_is_read_once(folder):
    (folder / "link.csv").symlink_to(folder / "a.csv")
    names = [folder / "a.csv", folder / "link.csv", folder / ".." / folder.name / "a.csv"]
    assert find_files(names) == [folder / "a.csv"]


@pytest.mark.parametrize("parameter", ["columns", "keep"])
def test_a_single_name_is_not_read_as_a_list_of_letters(oil_or_cup, folder, parameter):
    with pytest.raises(TypeError, match=f"{parameter} must be a sequence of names, got 'text'"):
        predict_files(oil_or_cup, folder / "a.csv", folder / "out.csv", **{parameter: "text"})
