"""Blocks of labelled rows are together what `load_texts` loads."""

import polars as pl
import pytest

from agnews_sk.datasets import (
    codes_of_labels,
    find_training_files,
    labels_of_block,
    load_texts,
    make_news,
    parts_of_files,
    reading_of,
)


def tables_of(paths, n_rows=7, **options):
    parts = parts_of_files(paths, reading_of(**options), n_rows)
    return [block.load() for part in parts for block in part.blocks()]


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "tsv", "jsonl", "parquet", "arrow"])
@pytest.mark.parametrize("label", ["class", "topic"])
def test_blocks_are_together_the_rows_of_load_texts(tmp_path, ending, label):
    X, y = make_news(40, random_state=0, missing=0.3, return_X_y=True)
    frame, path = X.assign(**{label: y}), tmp_path / f"news.{ending}"
    if "csv" in ending or ending == "tsv":
        frame.to_csv(path, index=False, sep="\t" if ending == "tsv" else ",")
    elif ending == "jsonl":
        frame.to_json(path, orient="records", lines=True)
    else:
        frame = pl.from_pandas(frame.astype({label: str}))
        frame.write_parquet(path) if ending == "parquet" else frame.write_ipc(path)
    expected = load_texts(path)
    tables = tables_of([path])
    assert [len(table.labels) for table in tables] == [7, 7, 7, 7, 7, 5]
    rows = pl.concat([table.rows for table in tables])
    assert rows.equals(pl.from_pandas(expected.data))
    classes, codes = codes_of_labels([labels_of_block(table) for table in tables])
    found = [classes[codes[text]] for table in tables for text in table.labels]
    assert found == expected.target.tolist()


def test_the_columns_of_the_first_file_are_those_of_all(tmp_path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_text("kind,text\nx,oil is up again\ny,cup was won\n")
    (tmp_path / "c.csv").write_text("text,other\noil is up again,x\n")
    assert len(tables_of([tmp_path / "a.csv", tmp_path / "b.csv"], text="text", label="kind")) == 2
    with pytest.raises(ValueError, match=r"c\.csv has no column 'kind'"):
        tables_of([tmp_path / "a.csv", tmp_path / "c.csv"], text="text", label="kind")


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["1", "2.5"] * 9, "must hold classes, got numbers such as 2.5"),
        (["1"] * 9 + ["1.0"] * 8 + ["x"], "two spellings|one spelling"),
    ],
    ids=["decimals", "spellings"],
)
def test_labels_of_all_blocks_are_checked_together(tmp_path, labels, message):
    path = tmp_path / "a.csv"
    pl.DataFrame({"text": ["oil up"] * len(labels), "label": labels}).write_csv(path)
    tables = tables_of([path], text="text", label="label")
    with pytest.raises(ValueError, match=message):
        codes_of_labels([labels_of_block(table) for table in tables])


def test_more_labels_than_classes_can_be_are_refused(tmp_path, monkeypatch):
    path = tmp_path / "a.parquet"
    rows = {"text": ["oil up"] * 30, "label": [f"id {i}" for i in range(30)]}
    pl.DataFrame(rows).write_parquet(path)
    (table,) = tables_of([path], n_rows=100, text="text", label="label")
    monkeypatch.setattr("agnews_sk.datasets._blocks.MOST_CLASSES", 20)
    with pytest.raises(ValueError, match="label has more than 20 different labels"):
        labels_of_block(table)


def test_a_folder_of_classes_is_refused(tmp_path):
    for name in ("neg", "pos"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "0.txt").write_text("oil")
    with pytest.raises(ValueError, match="a folder with a folder per class; write its texts"):
        find_training_files(tmp_path)
