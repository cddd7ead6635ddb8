"""Parquet as a stream: wanted columns, types, and cells that cannot be converted."""

import gzip
import json

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from agnews_sk.datasets import load_agnews, load_texts
from agnews_sk.files import NamedColumns, open_rows
from agnews_sk.files import _arrow as arrow

NAMES = NamedColumns(["text"])


@pytest.fixture
def path(tmp_path):
    return tmp_path / "rows.parquet"


def write(path, **columns):
    pl.DataFrame(columns).write_parquet(path)
    return open_rows(path, NAMES)


def test_only_wanted_columns_are_read_and_all_are_named(path):
    reader = write(path, text=["oil"], id=[1])
    (batch,) = reader.batches(10)
    assert batch.rows == [{"text": "oil"}]
    assert reader.names == reader.column_names() == ["text", "id"]


def test_all_columns_are_read_if_none_is_wanted(path):
    (batch,) = write(path, body=["oil"], id=[1]).batches(10)
    assert batch.rows == [{"body": "oil", "id": 1}]


def test_rows_are_numbered_through_the_pieces_that_are_converted(path, monkeypatch):
    monkeypatch.setattr(arrow, "_N_ROWS", 3)
    reader = write(path, text=[str(i) for i in range(8)])
    batches = list(reader.batches(5))
    assert [batch.lines for batch in batches] == [[1, 2, 3, 4, 5], [6, 7, 8]]
    assert [row["text"] for batch in batches for row in batch.rows] == list("01234567")


def write_bad_text(path, **others):
    """Write a column of texts, the second of which has undecodable bytes."""
    raw = pa.array([b"oil", b"\xff\xfe", b"cup"], pa.binary())
    texts = pa.Array.from_buffers(pa.string(), 3, raw.buffers())
    pq.write_table(pa.table({"text": texts, **others}), path)


def test_a_cell_that_is_not_text_is_a_fault_of_its_row(path):
    write_bad_text(path)
    (batch,) = open_rows(path, NAMES).batches(10)
    assert (batch.lines, [fault.line for fault in batch.faults]) == ([1, 3], [2])
    assert "utf-8" in batch.faults[0].reason


def test_loading_names_the_row_of_a_cell_that_is_not_text(path):
    write_bad_text(path, label=[1, 2, 3])
    with pytest.raises(ValueError, match=r"rows\.parquet, line 2: 'utf-8' codec"):
        load_agnews(path)
    with pytest.warns(UserWarning, match="Skipped 1 broken row;"):
        assert load_agnews(path, on_bad_rows="skip").target.tolist() == [1, 3]


@pytest.mark.parametrize("content", [b"", b"PAR1", b"no"])
def test_a_file_that_is_not_parquet_is_rejected_by_name(path, content):
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"rows\.parquet is not a readable Parquet file: "):
        open_rows(path, NAMES).column_names()
    with pytest.raises(ValueError, match=r"rows\.parquet is not a readable Parquet file: "):
        list(open_rows(path, NAMES).batches(10))


def test_types_that_fit_no_text_or_no_label_are_named(path):
    reader = write(path, text=["oil"], views=[0.5], parts=[[0.5]], label=[1], tags=[["a"]])
    assert reader.wrong_type("label", ["text"]) is None
    assert reader.wrong_type("views", ["text"]) is None
    assert reader.wrong_type("label", ["text", "views"]) == "views must hold texts, got Float64"
    assert reader.wrong_type("tags", ["text"]) is None
    assert reader.wrong_type("parts", ["text"]) == (
        "the class must hold texts, integers or booleans, got List(Float64)"
    )


METADATA = {
    "names": ({"names": ["neg", "pos"]}, ["neg", "pos"]),
    "numbers for names": ({"names": [0, 1]}, None),
    "no names": ({"dtype": "int64"}, None),
    "no object": (7, None),
}


@pytest.mark.parametrize(("label", "names"), METADATA.values(), ids=list(METADATA))
def test_names_of_labels_are_read_from_the_metadata_of_the_hub(path, label, names):
    written = {"huggingface": json.dumps({"info": {"features": {"label": label}}})}
    table = pa.table({"text": ["good"], "label": [1]})
    pq.write_table(table.replace_schema_metadata(written), path)
    reader = open_rows(path, NAMES)
    assert reader.label_names("label") == names
    assert reader.label_names("other") is None


@pytest.mark.parametrize("labels", [[0.0, 1.7], [0.0, -0.5], [0.0, float("inf")]])
def test_numbers_that_are_no_integers_get_no_names(path, labels):
    names = {"info": {"features": {"label": {"names": ["neg", "pos"]}}}}
    table = pa.table({"text": ["good", "bad"], "label": labels})
    pq.write_table(table.replace_schema_metadata({"huggingface": json.dumps(names)}), path)
    with pytest.raises(ValueError, match="got numbers such as"):
        load_agnews(path)


def test_a_name_that_is_there_twice_is_refused_only_where_it_is_used(path):
    cells = [pa.array(["a b", "c d"]), pa.array([1, 2]), pa.array([3, 4]), pa.array(["x", "y"])]
    pq.write_table(pa.Table.from_arrays(cells, names=["text", "n", "n", "label"]), path)
    assert load_texts(path).target.tolist() == ["x", "y"]
    pq.write_table(pa.Table.from_arrays(cells, names=["text", "n", "label", "label"]), path)
    with pytest.raises(ValueError, match=r"has a column more than once, \['label', 'label'\]"):
        load_texts(path)


@pytest.mark.parametrize("sizes", [[3], [1, 1, 1, 2], [2, 5], [], [0, 4, 0]], ids=str)
@pytest.mark.parametrize("n_rows", [1, 2, 7])
def test_batches_are_cut_at_the_same_rows_however_tables_are(sizes, n_rows):
    numbers = iter(range(sum(sizes)))
    tables = [
        pa.table({"x": pa.array([next(numbers) for _ in range(n)], pa.int64())}) for n in sizes
    ]
    found = [table["x"].to_pylist() for table in arrow._recut(iter(tables), n_rows)]
    everything = list(range(sum(sizes)))
    assert found == [everything[i : i + n_rows] for i in range(0, len(everything), n_rows)]


@pytest.mark.parametrize("rows_per_group", [1, 3, 4, 10, 50])
@pytest.mark.parametrize("n_rows", [1, 4, 7, 23, 30])
def test_ranges_of_rows_are_the_batches_of_the_file(path, rows_per_group, n_rows):
    frame = pl.DataFrame({"text": [str(i) for i in range(23)], "id": range(23)})
    pq.write_table(frame.to_arrow(), path, row_group_size=rows_per_group)
    reader = open_rows(path, NAMES)
    whole = list(reader.batches(n_rows))
    ranges = reader.row_ranges(n_rows)
    parts = [list(reader.batches(n_rows, rows)) for rows in ranges]
    assert len(ranges) == min(-(-23 // n_rows), -(-23 // rows_per_group))
    assert [len(part) for part in parts] == [-(-len(rows) // n_rows) for rows in ranges]
    found = [batch for part in parts for batch in part]
    assert [batch.lines for batch in found] == [batch.lines for batch in whole]
    assert [batch.rows for batch in found] == [batch.rows for batch in whole]


def test_of_a_range_no_other_row_group_is_read(path, monkeypatch):
    pq.write_table(pa.table({"text": [str(i) for i in range(40)]}), path, row_group_size=10)
    reader, read = open_rows(path, NAMES), []
    iterate = pq.ParquetFile.iter_batches

    def watched(self, n_rows, row_groups, columns):
        read.append(list(row_groups))
        return iterate(self, n_rows, row_groups=row_groups, columns=columns)

    monkeypatch.setattr(pq.ParquetFile, "iter_batches", watched)
    for rows in reader.row_ranges(8):
        list(reader.batches(8, rows))
    assert read == [[0, 1], [1, 2], [2, 3], [3]]


def test_a_file_without_rows_and_a_compressed_one_are_read_as_a_whole(path, tmp_path):
    assert write(path, text=[]).row_ranges(5) == [None]
    packed = tmp_path / "packed.parquet.gz"
    write(path, text=["oil"] * 9)
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert open_rows(packed, NAMES).row_ranges(5) == [None]
