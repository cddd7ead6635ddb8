"""The job that parts belong to, and the folder that holds them."""

import os
import subprocess
import sys

import pytest

from agnews_sk._core.job_folder import (
    Inputs,
    Job,
    are_parts,
    delete_parts,
    prepare_parts,
    renamed_when_complete,
)

JOB = Job("0" * 64, [["rows.csv", "1" * 64]], {"columns": ["text"], "header": None})
OTHER = Job("2" * 64, JOB.inputs, JOB.options)


@pytest.fixture
def parts(tmp_path):
    return tmp_path / "out.csv.parts"


@pytest.mark.parametrize(
    "other",
    [
        OTHER,
        Job(JOB.model, [["rows.csv", "3" * 64]], JOB.options),
        Job(JOB.model, [["other.csv", "1" * 64]], JOB.options),
        Job(JOB.model, JOB.inputs, {**JOB.options, "header": False}),
        Job(JOB.model, JOB.inputs, JOB.options, version="0.0"),
    ],
    ids=["model", "content", "name", "options", "version"],
)
def test_everything_that_decides_predictions_is_in_the_key(other):
    assert other.key != JOB.key
    assert Job(JOB.model, JOB.inputs, dict(JOB.options)).key == JOB.key


def test_the_key_is_the_same_in_another_process():
    code = f"from agnews_sk._core.job_folder import Job; print({JOB!r}.key)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == JOB.key


def test_parts_of_the_same_job_are_kept(parts, recwarn):
    prepare_parts(parts, JOB)
    (parts / "000000").mkdir()
    prepare_parts(parts, JOB)
    assert (parts / "000000").exists()
    assert not recwarn.list


def test_parts_of_another_job_are_deleted_with_a_warning(parts):
    prepare_parts(parts, JOB)
    (parts / "000000").mkdir()
    (parts / "left.tmp").touch()
    with pytest.warns(UserWarning, match="holds an unfinished run with other model; it is deleted"):
        prepare_parts(parts, OTHER)
    assert [one.name for one in parts.iterdir()] == ["job.json"]


@pytest.mark.parametrize("content", ["{}", '{"format": "other"}', "no", "[]"])
def test_a_folder_that_was_not_made_by_a_run_is_rejected(parts, content):
    parts.mkdir()
    (parts / "job.json").write_text(content)
    assert not are_parts(parts)
    with pytest.raises(
        ValueError, match="was not made by an earlier run; choose another name for the output"
    ):
        prepare_parts(parts, JOB)
    assert (parts / "job.json").read_text() == content


def test_a_folder_with_an_incomplete_mark_was_made_by_a_run(parts):
    parts.mkdir()
    (parts / "job.json.0123.tmp").touch()
    prepare_parts(parts, JOB)
    assert are_parts(parts)


def test_parts_are_deleted_with_their_folder(parts):
    prepare_parts(parts, JOB)
    (parts / "000000").mkdir()
    delete_parts(parts)
    assert not parts.exists()
    assert not are_parts(parts)


def test_a_file_gets_its_name_when_it_is_complete(tmp_path):
    for content in ("first", "second"):
        with renamed_when_complete(tmp_path / "a") as unfinished:
            unfinished.write_text(content)

    def fail():
        with renamed_when_complete(tmp_path / "a") as unfinished:
            unfinished.write_text("third")
            raise ValueError("the disk is full")

    with pytest.raises(ValueError, match="the disk is full"):
        fail()
    assert (tmp_path / "a").read_text() == "second"


def test_inputs_change_with_their_content_and_not_with_their_date(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("text\noil\n")
    inputs = Inputs([path])
    os.utime(path, ns=(1, 1))
    assert not inputs.changed(path)
    path.write_text("text\ncup\n")
    assert inputs.changed(path)
