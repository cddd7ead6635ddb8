"""Runs that were killed go on from the last block, and give the same model."""

import json
import os
import signal
import subprocess
import sys

import polars as pl
import pytest

from agnews_sk import load, make_tfidf_pipeline
from agnews_sk._core.run_lock import output_lock
from agnews_sk.datasets import FilePart
from agnews_sk.sampling import DuplicateFilter
from tests.streaming.conftest import (
    as_frame,
    assert_same_model,
    assert_same_vocabulary,
    make_quick,
    train,
)

# Kills itself without warning before a block, and writes which blocks it worked on.
RUN = """
import json, os, signal, sys
from agnews_sk import make_tfidf_pipeline, save
from agnews_sk.classifiers import _block_sums
from agnews_sk.sampling import DuplicateFilter
from agnews_sk.streaming import _vectors, fit_files

_block_sums._SAVE_AFTER = _vectors._SAVE_AFTER = 0.0
path, folder, log, out, kill_in, kill_at = sys.argv[1:]
left = int(kill_at)

def progress(stage, n_done, n_blocks):
    global left
    stage = stage.split(", held")[0]
    with open(log, "a") as file:
        file.write(json.dumps([stage, n_done]) + "\\n")
    if stage.startswith(kill_in):
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)

pipeline = fit_files(
    make_tfidf_pipeline(filter=DuplicateFilter(), classify__calibration_fraction=0.5), path,
    text=["title", "description"], label="label", rows_per_block=200, work_folder=folder,
    progress=progress,
)
save(pipeline, out)
"""


def run(file, tmp_path, name, kill_in="never", kill_at=1):
    log = tmp_path / f"{name}.log"
    arguments = [file, tmp_path / "work", log, tmp_path / name, kill_in, kill_at]
    done = subprocess.run([sys.executable, "-c", RUN, *map(str, arguments)], capture_output=True)
    return done, [tuple(json.loads(line)) for line in log.read_text().splitlines()]


@pytest.fixture(scope="module")
def few(news, tmp_path_factory):
    path = tmp_path_factory.mktemp("files") / "few.parquet"
    as_frame(news[0][:500], news[1][:500]).write_parquet(path)
    return path


@pytest.fixture(scope="module")
def uninterrupted(few):
    pipeline = make_tfidf_pipeline(filter=DuplicateFilter(), classify__calibration_fraction=0.5)
    return train(pipeline, few, rows_per_block=200)


@pytest.mark.parametrize(
    ("kill_in", "kill_at"),
    [
        pytest.param("reading rows", 2, marks=pytest.mark.slow),
        pytest.param("finding n-grams (word)", 2, marks=pytest.mark.slow),
        pytest.param("counting n-grams", 3, marks=pytest.mark.slow),
        pytest.param("fitting on all but fold 1: pass 4", 2, marks=pytest.mark.slow),
        ("fitting on all rows: pass 2", 2),
    ],
)
def test_a_run_that_is_killed_does_nothing_twice_but_its_last_block(
    few, tmp_path, uninterrupted, kill_in, kill_at
):
    done, first = run(few, tmp_path, "first", kill_in, kill_at)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    done, second = run(few, tmp_path, "second")
    assert done.returncode == 0, done.stderr.decode()
    assert len(first) == len(set(first))
    assert len(second) == len(set(second))
    assert set(first) & set(second) == {first[-1]}
    assert_same_vocabulary(load(tmp_path / "second"), uninterrupted)
    assert_same_model(load(tmp_path / "second"), uninterrupted)
    assert not (tmp_path / "work").exists()


def stop_at(name):
    def progress(stage, n_done, n_blocks):
        if stage.startswith(name):
            raise KeyboardInterrupt

    return progress


@pytest.mark.parametrize(
    ("change", "named"),
    [("pipeline", "model"), ("content", "inputs"), ("options", "options")],
)
def test_work_of_another_run_is_not_used(news, file, tmp_path, change, named):
    path, folder = tmp_path / "a.parquet", tmp_path / "work"
    frame = pl.read_parquet(file)
    frame.write_parquet(path)
    with pytest.raises(KeyboardInterrupt):
        train(make_quick(), path, work_folder=folder, progress=stop_at("counting"))
    pipeline, options = make_quick(), {}
    if change == "pipeline":
        pipeline.set_params(clean__lowercase=True)
    elif change == "content":
        frame.reverse().write_parquet(path)
    else:
        options["rows_per_block"] = 200
    seen = []
    with pytest.warns(UserWarning, match=f"with other {named}; it is deleted, and the training"):
        found = train(
            pipeline, path, work_folder=folder, progress=lambda *d: seen.append(d), **options
        )
    assert ("reading rows", 0, None) in seen
    assert_same_model(found, train(pipeline, path, **options))


def test_the_same_content_under_another_date_is_resumed(file, tmp_path):
    path = tmp_path / "a.parquet"
    path.write_bytes(file.read_bytes())
    with pytest.raises(KeyboardInterrupt):
        train(make_quick(), path, work_folder=tmp_path / "w", progress=stop_at("weigh"))
    os.utime(path, ns=(1, 1))
    seen = []
    train(
        make_quick(), path, work_folder=tmp_path / "w",
        progress=lambda *done: seen.append(done[0]),
    )  # fmt: skip
    assert not {"reading rows", "counting n-grams"} & set(seen)


def test_one_run_at_a_time_uses_a_work_folder(file, tmp_path):
    with (
        output_lock(tmp_path / "w", "model"),
        pytest.raises(BlockingIOError, match="is being written by another run"),
    ):
        train(make_quick(), file, work_folder=tmp_path / "w")


def test_a_folder_that_no_run_made_is_left_alone(file, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ValueError, match="was not made by an earlier run"):
        train(make_quick(), file, work_folder=tmp_path)
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_a_file_that_changes_while_it_is_read_is_rejected(file, tmp_path):
    path = tmp_path / "a.csv"
    pl.read_parquet(file).write_csv(path)

    def append(stage, n_done, n_blocks):
        if n_done == 1:
            with path.open("a") as rows:
                rows.write("Oil up,Oil,World\n")

    with pytest.raises(ValueError, match="was changed while it was being read"):
        train(make_quick(), path, work_folder=tmp_path / "w", progress=append)
    assert not (tmp_path / "w").exists()


def test_without_a_work_folder_nothing_is_left(file, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    train(make_quick(), file)
    assert not list(tmp_path.iterdir())


def test_parts_of_files_that_are_done_are_not_read_again(news, tmp_path, monkeypatch):
    frame, paths = as_frame(news[0][:300], news[1][:300]), []
    for i in range(3):
        paths.append(tmp_path / f"{i}.csv")
        frame[100 * i : 100 * (i + 1)].write_csv(paths[-1])
    options = {"rows_per_block": 50, "work_folder": tmp_path / "work"}
    seen = []

    def stop(stage, n_done, n_blocks):
        if n_done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(make_quick(), paths, progress=stop, **options)
    blocks = FilePart.blocks

    def watched(part):
        seen.append(part.file)
        return blocks(part)

    monkeypatch.setattr(FilePart, "blocks", watched)
    found = train(make_quick(), paths, **options)
    assert seen == [2]
    assert_same_model(found, train(make_quick(), paths, rows_per_block=50))


def test_a_segmenter_that_changes_during_a_run_is_rejected(tmp_path):
    path = tmp_path / "a.jsonl"
    rows = {"text": ["石油价格上涨", "决赛今晚举行"] * 10, "label": ["a", "b"] * 10}
    pl.DataFrame(rows).write_ndjson(path)
    options = {"text": "text", "rows_per_block": 5, "work_folder": tmp_path / "work"}
    with pytest.raises(KeyboardInterrupt):
        train(make_quick(), path, progress=stop_at("adding up"), **options)
    for one in (tmp_path / "work").glob("*/word-*/00000002.json"):
        one.write_text(json.dumps([json.loads(one.read_text())[0], "another 1.0"]))
    with pytest.raises(ValueError, match=r"the same segmenter, got another 1\.0 and .*delete the"):
        train(make_quick(), path, **options)
