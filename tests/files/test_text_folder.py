"""A folder per class with a text file per row."""

import pytest
from sklearn.datasets import load_files

from agnews_sk.datasets import load_texts, load_train_test
from agnews_sk.files import class_files


def write(folder, **classes):
    for name, texts in classes.items():
        (folder / name).mkdir(parents=True)
        for i, text in enumerate(texts):
            (folder / name / f"{i}.txt").write_text(text, encoding="utf-8")
    return folder


def test_texts_and_labels_are_those_of_load_files(tmp_path):
    folder = write(tmp_path / "reviews", neg=["bad", "worse\nstill"], pos=["gut, schön", "fine"])
    (folder / "README.md").write_text("notes")
    (folder / "neg" / ".hidden").write_text("no text")
    bunch = load_texts(folder)
    assert bunch.summary == "text: text; label: label, 2 classes; 4 rows"
    (folder / "neg" / ".hidden").unlink()
    expected = load_files(folder, encoding="utf-8", shuffle=False)
    assert bunch.data["text"].to_list() == expected.data
    assert bunch.target.tolist() == [expected.target_names[i] for i in expected.target]


def test_parts_have_folders_of_classes(tmp_path):
    write(tmp_path / "train", neg=["bad", "worse"], pos=["good", "fine"])
    write(tmp_path / "test", neg=["poor"], pos=["nice"])
    rows = load_train_test(tmp_path)
    assert rows.X_train["text"].to_list() == ["bad", "worse", "good", "fine"]
    assert rows.X_test["text"].to_list() == ["poor", "nice"]


def test_files_that_cannot_be_decoded_are_named(tmp_path):
    folder = write(tmp_path / "reviews", neg=["bad"], pos=["good"])
    (folder / "pos" / "latin.txt").write_bytes("très élégant, déjà vu".encode("cp1252"))
    with pytest.raises(ValueError, match=r"line 3: .*latin\.txt, line 1: bytes .*--encoding"):
        load_texts(folder)
    assert load_texts(folder, encoding="cp1252").data["text"].to_list()[-1].startswith("très")


def test_other_folders_are_none_of_classes(tmp_path):
    write(tmp_path / "one", neg=["bad"])
    write(tmp_path / "parts", train=["a"], test=["b"])
    write(tmp_path / "tables", a=["x"], b=["y"])
    for name in "ab":
        (tmp_path / "tables" / name / "rows.csv").write_text("text,label\n")
    assert class_files(tmp_path / "tables") == class_files(tmp_path / "nowhere") == {}
    for name in ("one", "parts", "tables"):
        with pytest.raises(FileNotFoundError, match=r"and no folders of classes with a \.txt file"):
            load_texts(tmp_path / name)
