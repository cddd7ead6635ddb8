"""Files that can be opened as the journal of a study."""

import os

import optuna
import pytest

from agnews_sk.tuning import PipelineSearchCV, open_storage

RECORD = '{"op_code":0,"worker_id":"w","study_name":"kept","directions":[2]}\n'
FOREIGN = {
    "text": "my notes\n",
    "text without an end": "my notes",
    "rows": "text,label\na,x\n",
    "blank line": "\n",
    "number": "1\n",
    "other lines of JSON": '{"text": "a", "label": "x"}\n',
    "record without an end": RECORD[:-1],
    "unknown operation": RECORD.replace(":0", ":99", 1),
    "damaged later": RECORD + "my notes\n" + RECORD.replace("kept", "other"),
    "incomplete later": RECORD + "{}\n",
}


@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN)
def test_a_file_that_is_not_a_journal_is_rejected_by_name_and_left_as_it_is(content, tmp_path):
    path = tmp_path / "mine.txt"
    path.write_text(content)
    with pytest.raises(
        ValueError, match=r"^storage must name an Optuna journal.*mine\.txt: .*use another"
    ):
        open_storage(f"journal:{path}")
    assert path.read_text() == content
    assert os.listdir(tmp_path) == ["mine.txt"]


def test_a_file_of_bytes_is_rejected_by_a_search_and_left_as_it_is(tmp_path, pipeline, news):
    path = tmp_path / "best.zip"
    path.write_bytes(b"\x80PK\xff" * 9)
    search = PipelineSearchCV(pipeline, {"classify__C": [1.0]}, storage=f"journal:{path}")
    with pytest.raises(ValueError, match=r"best\.zip: its first line is not a record"):
        search.fit(*news)
    assert path.read_bytes() == b"\x80PK\xff" * 9


@pytest.mark.parametrize("storage", ["journal:", "journal://"])
def test_a_journal_without_a_path_is_rejected(storage):
    with pytest.raises(ValueError, match=f"^storage must be journal:PATH.*got '{storage}'"):
        open_storage(storage)


def test_a_folder_and_a_pipe_are_rejected(tmp_path):
    with pytest.raises(ValueError, match=f"got {tmp_path}: it is a folder"):
        open_storage(f"journal:{tmp_path}")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match="pipe: it is not a regular file"):
        open_storage(f"journal:{tmp_path / 'pipe'}")


def test_a_journal_that_cannot_be_made_is_rejected_by_its_path(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=r"^storage: the journal .*below cannot be opened: "):
        open_storage(f"journal:{tmp_path / 'file' / 'below'}")


def test_the_file_of_a_study_s_name_is_checked_too(tmp_path, monkeypatch):
    monkeypatch.setenv("AGNEWS_SK_HOME", str(tmp_path))
    (tmp_path / "studies").mkdir()
    (tmp_path / "studies" / "mine.journal").write_text("my notes")
    with pytest.raises(ValueError, match=r"mine\.journal: its first line is not a record"):
        open_storage(None, "mine")


def test_a_new_an_empty_and_an_earlier_journal_are_opened(tmp_path):
    (tmp_path / "empty").touch()
    for path in (tmp_path / "folder" / "new", tmp_path / "empty"):
        optuna.create_study(storage=open_storage(f"journal:{path}"), study_name="x" * 999)
        (study,) = open_storage(f"journal:{path}").get_all_studies()
        assert study.study_name == "x" * 999
