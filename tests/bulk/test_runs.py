"""One run at a time per output, and how an unfinished one is resumed."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl
import pytest

from agnews_sk.bulk import predict_files
from agnews_sk.bulk._predictor import checked_model
from agnews_sk.onnx import load_model
from tests.bulk.conftest import LABELS, N_ROWS, check_output, write_texts

# Waits for a line of input, then for a moment before each prediction.
CONTENDER = """
import random, sys, time
from agnews_sk.bulk import predict_files
model, rows, output, seed = sys.argv[1:]
draw = random.Random(seed)
def pause(n_rows): time.sleep(draw.uniform(0, 0.01))
print("ready", flush=True)
for line in sys.stdin:
    pause(0)
    try:
        predict_files(model, rows, output, rows_per_part=10, progress=pause)
        print("done", flush=True)
    except BlockingIOError as error:
        print(error, flush=True)
"""


def interrupted(model, rows, output, **options):
    """Start predicting, and end as by Ctrl-C after the first part."""

    def stop(n_rows):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        predict_files(model, rows, output, rows_per_part=10, progress=stop, **options)
    assert list(output.with_name(f"{output.name}.parts").rglob("*.predicted.parquet"))


def test_two_models_in_one_process_never_mix_in_one_output(models, rows, tmp_path):
    output = tmp_path / "out.csv"
    draw = random.Random(0)

    def pause(n_rows=0):
        time.sleep(draw.uniform(0, 0.01))

    def run(model):
        pause()
        try:
            predict_files(model, rows, output, rows_per_part=10, progress=pause)
        except BlockingIOError as error:
            return str(error)
        return "done"

    said = []
    with ThreadPoolExecutor(2) as pool:
        for _ in range(12):
            output.unlink(missing_ok=True)
            said += pool.map(run, models)
            check_output(output)
    assert {"done"} < set(said)
    assert all("is being written by another run" in one for one in said if one != "done")


@pytest.mark.slow
def test_two_processes_with_two_models_never_mix_in_one_output(models, rows, tmp_path):
    output = tmp_path / "out.csv"
    contenders = [
        subprocess.Popen(
            [sys.executable, "-c", CONTENDER, str(model), str(rows), str(output), str(i)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for i, model in enumerate(models)
    ]
    said = []
    try:
        assert [one.stdout.readline() for one in contenders] == ["ready\n"] * 2
        for _ in range(20):
            output.unlink(missing_ok=True)
            for one in contenders:
                print("go", file=one.stdin, flush=True)
            said += [one.stdout.readline().strip() for one in contenders]
            check_output(output)
    finally:
        for one in contenders:
            one.stdin.close()
            one.wait(20)
    rejected = [line for line in said if line != "done"]
    assert rejected
    assert all("is being written by another run" in line for line in rejected)
    assert any(f"process {one.pid}" in line for line in rejected for one in contenders)


def replace(model, path):
    """Put another model in place of one, with the same sizes and times."""
    before = {one.name: one.stat() for one in path.iterdir()}
    for one in model.iterdir():
        shutil.copyfile(one, path / one.name)
        assert one.stat().st_size == before[one.name].st_size
        os.utime(path / one.name, ns=(before[one.name].st_atime_ns, before[one.name].st_mtime_ns))


def test_a_model_replaced_without_a_trace_predicts_all_rows_again(models, rows, tmp_path):
    model = Path(shutil.copytree(models[0], tmp_path / "model"))
    interrupted(model, rows, tmp_path / "out.csv")
    replace(models[1], model)
    with pytest.warns(UserWarning, match="with other model; it is deleted"):
        report = predict_files(model, rows, tmp_path / "out.csv", rows_per_part=10)
    found = pl.read_csv(report.output)["predicted"]
    assert (len(found), set(found)) == (N_ROWS, LABELS[1])


def test_rows_replaced_without_a_trace_are_all_predicted_again(oil_or_cup, rows, tmp_path):
    interrupted(oil_or_cup, rows, tmp_path / "out.csv")
    before = rows.stat()
    write_texts(rows, ["cup", "oil"] * (N_ROWS // 2))
    os.utime(rows, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert rows.stat().st_size == before.st_size
    with pytest.warns(UserWarning, match="with other inputs"):
        report = predict_files(oil_or_cup, rows, tmp_path / "out.csv", rows_per_part=10)
    assert pl.read_csv(report.output)["predicted"].to_list() == ["Cup", "Oil"] * (N_ROWS // 2)


@pytest.mark.parametrize("option", [{"columns": ["body"]}, {"keep": ["body"]}, {"header": True}])
def test_parts_of_other_options_are_not_reused(oil_or_cup, tmp_path, option):
    rows = tmp_path / "rows.csv"
    pl.DataFrame({"text": ["oil"] * 20, "body": ["cup"] * 20}).write_csv(rows)
    interrupted(oil_or_cup, rows, tmp_path / "out.csv")
    with pytest.warns(UserWarning, match="with other options"):
        report = predict_files(oil_or_cup, rows, tmp_path / "out.csv", rows_per_part=10, **option)
    whole = predict_files(oil_or_cup, rows, tmp_path / "whole.csv", **option)
    assert report.output.read_bytes() == whole.output.read_bytes()


def test_the_same_content_under_another_date_is_resumed(oil_or_cup, rows, tmp_path, recwarn):
    interrupted(oil_or_cup, rows, tmp_path / "out.csv")
    (part,) = (tmp_path / "out.csv.parts").rglob("*.predicted.parquet")
    made = part.stat().st_ino
    os.utime(rows)
    model = shutil.copytree(oil_or_cup, tmp_path / "moved")
    kept = []
    predict_files(
        model, rows, tmp_path / "out.csv", rows_per_part=10,
        progress=lambda n_rows: kept.append(part.stat().st_ino),
    )  # fmt: skip
    assert set(kept) == {made}
    assert not [one for one in recwarn if "predicted again" in str(one.message)]


def test_parts_that_a_worker_of_another_run_leaves_late_are_not_joined(models, rows, tmp_path):
    interrupted(models[0], rows, tmp_path / "out.csv")
    (stale,) = (tmp_path / "out.csv.parts").rglob("*.predicted.parquet")
    content = stale.read_bytes()

    def write_late(n_rows):
        stale.write_bytes(content)

    with pytest.warns(UserWarning, match="with other model"):
        report = predict_files(
            models[1], rows, tmp_path / "out.csv", rows_per_part=10, progress=write_late
        )
    assert set(pl.read_csv(report.output)["predicted"]) == LABELS[1]
    assert report.n_predicted == N_ROWS


def test_a_file_that_changes_while_it_is_read_is_rejected(oil_or_cup, rows, tmp_path):
    def append(n_rows):
        with rows.open("a") as file:
            file.write("oil\n")

    with pytest.raises(ValueError, match="was changed while it was being read"):
        predict_files(oil_or_cup, rows, tmp_path / "out.csv", progress=append)
    assert not list((tmp_path / "out.csv.parts").rglob("*.parquet"))
    with pytest.warns(UserWarning, match="with other inputs"):
        assert predict_files(oil_or_cup, rows, tmp_path / "out.csv").n_predicted == N_ROWS + 1


def test_a_file_that_is_touched_while_it_is_read_is_accepted(oil_or_cup, rows, tmp_path):
    def touch(n_rows):
        os.utime(rows)

    assert (
        predict_files(oil_or_cup, rows, tmp_path / "out.csv", progress=touch).n_predicted == N_ROWS
    )


def test_a_model_that_is_replaced_while_it_is_loaded_is_rejected(
    models, rows, tmp_path, monkeypatch
):
    model = Path(shutil.copytree(models[0], tmp_path / "model"))
    replace(models[1], model)

    def open_late(path):
        replace(models[0], model)
        return load_model(path)

    monkeypatch.setattr("agnews_sk.bulk._predictor.load_model", open_late)
    checked_model.cache_clear()
    with pytest.raises(ValueError, match="was replaced by another model during the run"):
        predict_files(model, rows, tmp_path / "out.csv")


@pytest.mark.parametrize("left", ["thesis.txt", "job.json"])
def test_a_folder_of_parts_with_other_files_is_not_deleted(oil_or_cup, rows, tmp_path, left):
    parts = tmp_path / "out.csv.parts"
    parts.mkdir()
    (parts / left).write_text("of years")
    with pytest.raises(ValueError, match="not made by an earlier run"):
        predict_files(oil_or_cup, rows, tmp_path / "out.csv")
    assert (parts / left).read_text() == "of years"


COMMAND = """
import sys, time
import agnews_sk.bulk._predictor as predictor
from agnews_sk.bulk import predict_files
from agnews_sk.cli import app
predict_files.__kwdefaults__["rows_per_part"] = 500
gather = predictor.RowPredictor.predict
def slowly(*arguments):
    print("part", flush=True)
    time.sleep(0.2)
    return gather(*arguments)
predictor.RowPredictor.predict = slowly
app()
"""


def test_ctrl_c_ends_the_command_with_130_and_keeps_the_finished_parts(oil_or_cup, tmp_path):
    rows = write_texts(tmp_path / "rows.csv", ["oil", "cup"] * 1_500)
    command = ["predict", str(oil_or_cup), "--data", str(rows), "--out"]
    with subprocess.Popen(
        [sys.executable, "-c", COMMAND, *command, str(tmp_path / "out.csv")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        for _ in range(3):
            assert process.stdout.readline() == "part\n"
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert (process.returncode, "Traceback" in said) == (130, False)
    kept = [path.name for path in (tmp_path / "out.csv.parts").rglob("*.predicted.parquet")]
    assert 2 <= len(kept) <= 4
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.csv.parts", "rows.csv"]
    resumed = predict_files(oil_or_cup, rows, tmp_path / "out.csv", rows_per_part=500)
    whole = predict_files(oil_or_cup, rows, tmp_path / "whole.csv")
    assert resumed.output.read_bytes() == whole.output.read_bytes()
