"""Runs on disk are added up in ranges of keys, whatever fits in memory."""

import numpy as np
import polars as pl
import pytest

from agnews_sk.streaming._folder import WorkFolder
from agnews_sk.streaming._runs import add_up


@pytest.fixture
def runs(tmp_path):
    draw = np.random.default_rng(0)
    paths = []
    for number in range(5):
        words = pl.Series([f"w{i}" for i in draw.zipf(1.4, 300) % 90] + ["ä", "日本"]).sort()
        frame = pl.DataFrame({"key": words}).group_by("key").agg(pl.len().alias("rows"))
        paths.append(tmp_path / f"{number}.run")
        frame.with_columns(pl.col("rows").cast(pl.Int64)).sort("key").write_parquet(paths[-1])
    return paths


@pytest.mark.parametrize("entries", [20, 70, 10_000])
def test_sums_are_those_of_all_runs_in_order_of_keys(runs, tmp_path, entries):
    seen = []
    found = add_up(
        runs, WorkFolder(tmp_path).stage("sums"), keep=pl.col("rows") >= 4,
        report=lambda *done: seen.append(done), entries=entries,
    )  # fmt: skip
    whole = pl.concat(map(pl.read_parquet, runs)).group_by("key").agg(pl.col("rows").sum())
    expected = whole.filter(pl.col("rows") >= 4).sort("key")
    assert pl.concat(map(pl.read_parquet, found)).equals(expected)
    assert seen == [(i, len(found)) for i in range(len(found))]
    n_entries = sum(len(pl.read_parquet(run)) for run in runs)
    assert len(found) >= n_entries / entries / 2


def test_ranges_that_are_there_are_not_added_up_again(runs, tmp_path):
    folder, seen = WorkFolder(tmp_path).stage("sums"), []
    options = {"keep": pl.lit(True), "report": lambda *done: seen.append(done), "entries": 60}
    found = add_up(runs, folder, **options)
    expected = pl.concat(map(pl.read_parquet, found))
    found[1].unlink()
    for run in runs[1:]:
        assert run.exists()
    seen.clear()
    again = add_up(runs, folder, **options)
    assert seen == [(1, len(found))]
    assert pl.concat(map(pl.read_parquet, again)).equals(expected)


def test_a_file_is_complete_or_absent(tmp_path):
    folder = WorkFolder(tmp_path)
    folder.write_arrays(3, "rows", [np.arange(4), np.zeros((0, 2))])
    first, second = folder.read_arrays(3, "rows")
    assert (first.tolist(), second.shape) == ([0, 1, 2, 3], (0, 2))
    with pytest.raises(TypeError, match="not JSON serializable"):
        folder.write_json("state", object())
    assert folder.read_json("state") is None
    folder.discard("rows")
    assert not folder.has(3, "rows")
