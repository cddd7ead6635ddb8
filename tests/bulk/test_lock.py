"""The lock on an output: one run at a time, and none that outlives its process."""

import json
import os
import signal
import subprocess
import sys

import pytest

from agnews_sk._core.run_lock import output_lock
from agnews_sk.bulk import predict_files
from tests.bulk.conftest import N_ROWS, check_output


def test_a_second_run_names_the_first_and_changes_nothing(models, rows, tmp_path):
    output = tmp_path / "out.csv"
    with output_lock(output, models[0]):
        before = {path: path.read_bytes() for path in tmp_path.iterdir()}
        with pytest.raises(BlockingIOError, match="is being written by") as caught:
            predict_files(models[1], rows, output)
        assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert f"process {os.getpid()} on " in str(caught.value)
    assert f"model {models[0]}" in str(caught.value)
    assert predict_files(models[1], rows, output).n_predicted == N_ROWS


def test_outputs_of_one_folder_do_not_wait_for_each_other(models, rows, tmp_path):
    with output_lock(tmp_path / "out.csv", models[0]):
        assert predict_files(models[1], rows, tmp_path / "other.csv").n_predicted == N_ROWS


def test_a_link_to_the_folder_leads_to_the_same_lock(models, rows, tmp_path):
    (tmp_path / "link").symlink_to(tmp_path, target_is_directory=True)
    with (
        output_lock(tmp_path / "out.csv", models[0]),
        pytest.raises(BlockingIOError, match="is being written by"),
    ):
        predict_files(models[1], rows, tmp_path / "link" / "out.csv")


def test_a_file_that_is_not_a_lock_is_not_changed(models, rows, tmp_path):
    (tmp_path / "out.csv.lock").write_text("mine")
    with pytest.raises(ValueError, match="was not made by an earlier run"):
        predict_files(models[0], rows, tmp_path / "out.csv")
    assert (tmp_path / "out.csv.lock").read_text() == "mine"


HOLDER = """
import runpy, sys, time
from pathlib import Path
lock = runpy.run_path(sys.argv[1])
with lock["output_lock"](Path(sys.argv[2]), "model"):
    print("locked", flush=True)
    time.sleep(60)
"""


def test_a_lock_ends_with_its_process(models, rows, tmp_path):
    output = tmp_path / "out.csv"
    # A single file that imports nothing of the package, so that the process starts quickly.
    command = [
        sys.executable,
        "-c",
        HOLDER,
        output_lock.__wrapped__.__code__.co_filename,
        str(output),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "locked\n"
        with pytest.raises(BlockingIOError, match=f"process {holder.pid}"):
            predict_files(models[0], rows, output)
        holder.send_signal(signal.SIGKILL)
    assert (tmp_path / "out.csv.lock").exists()
    assert predict_files(models[0], rows, output).n_predicted == N_ROWS
    check_output(output)


def test_the_lock_file_names_its_holder_and_is_removed_with_the_lock(tmp_path):
    with output_lock(tmp_path / "deep" / "out.csv", "model"):
        held = json.loads((tmp_path / "deep" / "out.csv.lock").read_text())
        assert held["process"] == os.getpid()
        assert held["model"] == os.path.abspath("model")
    assert list((tmp_path / "deep").iterdir()) == []


def test_a_lock_is_released_if_the_block_fails(tmp_path):
    with pytest.raises(KeyError, match="x"), output_lock(tmp_path / "out.csv", "model"):
        raise KeyError("x")
    with output_lock(tmp_path / "out.csv", "model"):
        pass


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with (
        pytest.raises(OSError, match="file cannot be written to: "),
        output_lock(tmp_path / "file" / "out.csv", "model"),
    ):
        pass
