import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import polars as pl
import pytest

from agnews_sk import make_tfidf_pipeline
from agnews_sk.bulk import find_files, predict_files
from agnews_sk.persistence import save

STORIES = pl.DataFrame(
    {
        "id": ["a", "b", "c", "d"],
        "title": ["Oil prices rise", "Bank shares fall", "Cup final, tonight", 'Coach "resigns"'],
        "description": ["A barrel is dear.", "Profit\nwas weak.", "The team wins.", "A loss."],
    }
)
PIPELINE = make_tfidf_pipeline().fit(STORIES[["title", "description"]], list("BBSS"))
PROBABILITIES = ["p_B", "p_S"]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save(PIPELINE, tmp_path_factory.mktemp("models") / "tfidf")


def write(frame, path):
    {
        ".csv": frame.write_csv,
        ".jsonl": frame.write_ndjson,
        ".parquet": frame.write_parquet,
    }[path.suffix](path)
    return path


def read(path):
    return {".csv": pl.read_csv, ".jsonl": pl.read_ndjson, ".parquet": pl.read_parquet}[
        path.suffix
    ](path)


@pytest.mark.parametrize("written", [".csv", ".jsonl", ".parquet"])
@pytest.mark.parametrize("asked", [".csv", ".jsonl", ".parquet"])
def test_every_input_and_output_format_gives_the_pipelines_predictions(
    model, tmp_path, asked, written
):
    rows = write(STORIES, tmp_path / f"rows{asked}")
    report = predict_files(model, rows, tmp_path / f"out{written}", keep=["id"], rows_per_part=3)
    found = read(report.output)
    assert (report.n_predicted, report.n_skipped, report.skipped) == (4, 0, None)
    assert found["id"].to_list() == STORIES["id"].to_list()
    assert found["predicted"].to_list() == list("BBSS")
    expected = PIPELINE.predict_proba(STORIES[["title", "description"]])
    np.testing.assert_allclose(found[PROBABILITIES].to_numpy(), expected, atol=1e-9)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([rows.name, f"out{written}"])


def test_the_official_csv_without_a_header_and_one_of_any_case_are_read(model, tmp_path):
    (tmp_path / "official.csv").write_text('"3","Oil prices rise","A ""dear"" barrel."\n')
    (tmp_path / "kaggle.csv").write_text("Class Index,Title,Description\n3,Oil prices rise,\n")
    report = predict_files(model, str(tmp_path / "*.csv"), tmp_path / "out.jsonl")
    found = read(report.output)
    assert found["line"].to_list() == [2, 1]  # kaggle.csv comes first, its header is a line
    assert found["predicted"].to_list() == ["B", "B"]


@pytest.mark.parametrize("fitted", [str.title, str.lower])
def test_names_that_differ_only_in_case_stay_distinct(tmp_path, fitted):
    frame = STORIES[["title", "description"]].rename(fitted)
    pipeline = make_tfidf_pipeline().fit(frame, list("BBSS"))
    rows = write(frame.rename(str.title), tmp_path / "rows.csv")
    report = predict_files(
        save(pipeline, tmp_path / "model"), rows, tmp_path / "out.csv", keep=["TITLE", "title"]
    )
    found = read(report.output)
    expected = pipeline.predict_proba(frame)
    np.testing.assert_allclose(found[PROBABILITIES].to_numpy(), expected, atol=1e-9)
    assert found["TITLE"].to_list() == found["title"].to_list() == STORIES["title"].to_list()


def test_columns_that_the_model_does_not_know_are_joined_too(model, tmp_path):
    rows = write(STORIES.rename({"description": "body"}), tmp_path / "rows.csv")
    report = predict_files(model, rows, tmp_path / "out.csv", columns=["body", "title"])
    expected = PIPELINE.predict_proba(STORIES[["title", "description"]])
    found = read(report.output)[PROBABILITIES].to_numpy()
    np.testing.assert_allclose(found, expected, atol=1e-9)


BAD_CSV = (
    b"title,description\n"
    b"Oil,dear\n"
    b'open "quote,x\n'
    b"Cup,final\n"
    b'"never closed,x\n'
    b"one field\n"
    b"bytes \xff,x\n"
    b",\n"
    b"Coach,resigns\n"
)


def test_bad_rows_of_a_csv_are_skipped_with_line_and_reason(model, tmp_path):
    (tmp_path / "rows.csv").write_bytes(BAD_CSV)
    report = predict_files(model, tmp_path / "rows.csv", tmp_path / "out.csv")
    skipped = {row["line"]: row["reason"] for row in map(json.loads, report.skipped.open())}
    assert read(report.output)["line"].to_list() == [2, 3, 4, 9]
    assert skipped.keys() == {5, 6, 7, 8}
    assert "broken quotes" in skipped[5]
    assert "expected 2 fields, got 1" in skipped[6]
    assert "not Unicode" in skipped[7]
    assert "no text" in skipped[8]


def test_bad_rows_of_json_lines_and_parquet_are_skipped(model, tmp_path):
    lines = ['{"text": "oil"}', "{", "[1]", '{"text": 3}', '{"other": "x"}', '{"text": null}', ""]
    lines += ['{"text": "\\ud800"}', "[" * 100_000, '{"text": "cup"}']
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    pl.DataFrame({"text": ["oil", None, ""]}).write_parquet(tmp_path / "b.parquet")
    files = [tmp_path / "a.jsonl", tmp_path / "b.parquet"]
    report = predict_files(model, files, tmp_path / "out.parquet", rows_per_part=2)
    assert read(report.output)["line"].to_list() == [1, 10, 1]
    skipped = [json.loads(line) for line in report.skipped.open()]
    assert [row["line"] for row in skipped] == [2, 3, 4, 5, 6, 8, 9, 2, 3]
    assert all(row["reason"] for row in skipped)


def test_a_row_with_a_parquet_cell_that_is_not_a_text_is_skipped(model, tmp_path):
    pa = pytest.importorskip("pyarrow")
    bytes_ = pa.array([b"oil", b"\xff\xfe", b"cup"], pa.binary())
    texts = pa.Array.from_buffers(pa.string(), 3, bytes_.buffers())
    pa.parquet.write_table(pa.table({"text": texts}), tmp_path / "rows.parquet")
    report = predict_files(model, tmp_path / "rows.parquet", tmp_path / "out.csv")
    assert read(report.output)["line"].to_list() == [1, 3]
    (skipped,) = map(json.loads, report.skipped.open())
    assert (skipped["line"], "utf-8" in skipped["reason"]) == (2, True)


@pytest.mark.parametrize("ending", [".csv", ".jsonl"])
def test_an_empty_file_gives_an_output_with_the_columns_and_no_rows(model, tmp_path, ending):
    (tmp_path / f"rows{ending}").touch()
    report = predict_files(model, tmp_path / f"rows{ending}", tmp_path / "out.parquet")
    assert read(report.output).columns == ["file", "line", "predicted", *PROBABILITIES]
    assert report.n_predicted == 0


def test_unknown_formats_missing_files_and_clashing_columns_are_rejected(model, tmp_path):
    rows = write(STORIES, tmp_path / "rows.csv")
    with pytest.raises(ValueError, match=r"output must end with one of \.csv"):
        predict_files(model, rows, tmp_path / "out.xlsx")
    with pytest.raises(FileNotFoundError, match="there is no file"):
        predict_files(model, tmp_path / "none*.csv", tmp_path / "out.csv")
    with pytest.raises(ValueError, match="keep has"):
        predict_files(model, rows, tmp_path / "out.csv", keep=["predicted"])
    with pytest.raises(ValueError, match="keep has"):
        predict_files(model, rows, tmp_path / "out.csv", keep=["p_B"])
    (tmp_path / "bad.parquet").write_bytes(b"PAR1")
    with pytest.raises(ValueError, match="not a readable Parquet file"):
        predict_files(model, tmp_path / "bad.parquet", tmp_path / "out.csv")


def test_a_pattern_matches_its_files_in_order_and_each_once(tmp_path):
    for name in ("b.csv", "a.csv"):
        (tmp_path / name).touch()
    found = find_files([str(tmp_path / "*.csv"), tmp_path / "a.csv"])
    assert [path.name for path in found] == ["a.csv", "b.csv"]


SLOW_RUN = """
import sys, time
from agnews_sk.bulk import predict_files
predict_files(*sys.argv[1:], rows_per_part=50, progress=lambda n: time.sleep(0.1))
"""


def test_a_killed_run_is_resumed_and_gives_each_row_once(model, tmp_path):
    many = pl.DataFrame({"text": [f"oil and cup {i}" for i in range(1_000)]})
    rows = write(many, tmp_path / "rows.csv")
    command = [sys.executable, "-c", SLOW_RUN, str(model), str(rows), str(tmp_path / "out.csv")]
    process = subprocess.Popen(command)
    parts = tmp_path / "out.csv.parts" / "000000"
    deadline = time.monotonic() + 60
    while len(list(parts.glob("*.predicted.parquet"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    kept = sorted(parts.glob("*.predicted.parquet"))
    times = {path.name: path.stat().st_mtime_ns for path in kept}
    assert 3 <= len(kept) < 20
    assert not (tmp_path / "out.csv").exists()

    seen = []

    def note(n_rows):
        seen.append({p.name: p.stat().st_mtime_ns for p in kept})

    report = predict_files(model, rows, tmp_path / "out.csv", rows_per_part=50, progress=note)
    assert seen[-1] == times  # existing parts are not made again
    whole = predict_files(model, rows, tmp_path / "whole.csv", rows_per_part=50)
    assert report.output.read_bytes() == whole.output.read_bytes()
    assert read(report.output)["line"].to_list() == list(range(2, 1_002))


def test_a_run_that_ends_while_it_joins_its_parts_leaves_nothing_else(model, tmp_path, monkeypatch):
    rows = write(STORIES, tmp_path / "rows.csv")

    def broken(task, kind):
        yield pl.DataFrame({"a": [1]})
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("agnews_sk.bulk._predictor.Task.parts", broken)
        with pytest.raises(KeyboardInterrupt):
            predict_files(model, rows, tmp_path / "out.csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.csv.parts", "rows.csv"]
    assert predict_files(model, rows, tmp_path / "out.csv").n_predicted == 4
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.csv", "rows.csv"]


def test_a_pattern_does_not_read_the_parts_of_a_run_that_ended_early(model, tmp_path):
    (tmp_path / "deep").mkdir()
    write(STORIES, tmp_path / "deep" / "rows.parquet")

    def stop(n_rows):
        raise KeyboardInterrupt

    arguments = model, str(tmp_path / "**" / "*.parquet"), tmp_path / "out.parquet"
    with pytest.raises(KeyboardInterrupt):
        predict_files(*arguments, progress=stop, rows_per_part=2)
    (part,) = (tmp_path / "out.parquet.parts").rglob("*.predicted.parquet")
    made = part.stat().st_mtime_ns

    def note(n_rows):
        assert part.stat().st_mtime_ns == made

    report = predict_files(*arguments, progress=note, rows_per_part=2)
    assert (report.n_files, report.n_predicted) == (1, 4)


def test_a_folder_that_was_not_made_by_a_run_is_not_changed(model, tmp_path):
    rows = write(STORIES, tmp_path / "rows.csv")
    (tmp_path / "out.csv.parts").mkdir()
    (tmp_path / "out.csv.parts" / "thesis.txt").write_text("of years")
    with pytest.raises(ValueError, match="not made by an earlier run"):
        predict_files(model, rows, tmp_path / "out.csv")
    assert (tmp_path / "out.csv.parts" / "thesis.txt").read_text() == "of years"


def test_parts_of_other_rows_are_not_reused(model, tmp_path):
    rows = write(pl.DataFrame({"text": ["oil", "cup"]}), tmp_path / "rows.csv")

    def stop(n_rows):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        predict_files(model, rows, tmp_path / "out.csv", progress=stop)
    write(pl.DataFrame({"text": ["cup", "cup", "oil"]}), rows)
    with pytest.warns(UserWarning, match="with other inputs"):
        assert predict_files(model, rows, tmp_path / "out.csv").n_predicted == 3


def test_a_dask_cluster_gives_the_output_of_one_process(model, tmp_path):
    distributed = pytest.importorskip("distributed", reason="the dask extra is not installed")
    for i in range(3):
        write(STORIES[i : i + 2], tmp_path / f"rows{i}.parquet")
    files = str(tmp_path / "rows*.parquet")
    with distributed.Client(
        processes=False, n_workers=1, threads_per_worker=2, dashboard_address=None
    ) as client:
        report = predict_files(model, files, tmp_path / "dask.csv", client=client)
    alone = predict_files(model, files, tmp_path / "alone.csv")
    assert report.n_files == 3
    assert report.output.read_bytes() == alone.output.read_bytes()
