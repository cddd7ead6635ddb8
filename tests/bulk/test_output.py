"""Many frames in one file of any format."""

import polars as pl
import pytest

from agnews_sk.bulk._output import write_frames

FRAMES = [
    pl.DataFrame({"text": ["oil", None], "p": [0.5, 1.0]}),
    pl.DataFrame({"text": [], "p": []}, schema={"text": pl.String, "p": pl.Float64}),
    pl.DataFrame({"text": ['a "cup",\nwon'], "p": [0.25]}),
]
READ = {
    ".csv": pl.read_csv,
    ".jsonl": pl.read_ndjson,
    ".ndjson": pl.read_ndjson,
    ".parquet": pl.read_parquet,
}


@pytest.mark.parametrize("ending", READ)
def test_frames_are_read_back_as_one(tmp_path, ending):
    path, n_rows = write_frames(iter(FRAMES), tmp_path / f"out{ending}", tmp_path)
    assert n_rows == 3
    assert READ[ending](path).equals(pl.concat(FRAMES))


@pytest.mark.parametrize("ending", READ)
def test_the_file_is_temporary_until_it_is_renamed(tmp_path, ending):
    (tmp_path / "scratch").mkdir()
    output = tmp_path / f"out{ending}"
    path, _ = write_frames(FRAMES, output, tmp_path / "scratch")
    assert path.parent == tmp_path / "scratch"
    assert not output.exists()


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_frames_without_rows_give_a_file_with_the_columns(tmp_path, ending):
    path, n_rows = write_frames([FRAMES[1]], tmp_path / f"out{ending}", tmp_path)
    assert (n_rows, READ[ending](path).columns) == (0, ["text", "p"])


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＠"])
def test_a_text_that_a_spreadsheet_would_evaluate_gets_an_apostrophe(tmp_path, start):
    formula = f"{start}1+1"
    frame = pl.DataFrame({"text": [formula, f"a{formula}"], "-p": [-0.5, 0.5]})
    path, _ = write_frames([frame], tmp_path / "out.csv", tmp_path, escape_formulas=True)
    found = pl.read_csv(path)
    assert found["text"].to_list() == [f"'{formula}", f"a{formula}"]
    assert found.columns == ["text", "'-p"]
    assert found["'-p"].to_list() == [-0.5, 0.5]
