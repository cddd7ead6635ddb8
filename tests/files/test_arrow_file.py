"""Arrow files as streams and files, and datasets of the Hugging Face library."""

import json

import pyarrow as pa
import pytest

from agnews_sk.datasets import load_texts, load_train_test
from agnews_sk.files import NamedColumns, is_dataset, open_rows
from agnews_sk.files import _arrow as arrow

NAMES = NamedColumns(["text"])
TEXTS = [f"The soup number {i} was cold" for i in range(10)]
LABELS = [i % 2 for i in range(10)]
INFO = {"info": {"features": {"label": {"names": ["bad", "good"], "_type": "ClassLabel"}}}}


def write(path, *, as_file=False, n_rows=4, **columns):
    """Write columns in record batches, with names of labels as the `datasets` library has them."""
    table = pa.table(columns or {"text": TEXTS, "label": LABELS})
    table = table.replace_schema_metadata({"huggingface": json.dumps(INFO)})
    new = pa.ipc.new_file if as_file else pa.ipc.new_stream
    path.parent.mkdir(exist_ok=True)
    with new(str(path), table.schema) as writer:
        writer.write_table(table, max_chunksize=n_rows)
    return path


def save_to_disk(folder, **columns):
    """Write the folder of a saved dataset."""
    write(folder / "data-00000-of-00001.arrow", **columns)
    state = {"_data_files": [{"filename": "data-00000-of-00001.arrow"}]}
    (folder / "state.json").write_text(json.dumps(state))
    (folder / "dataset_info.json").write_text("{}")


@pytest.mark.parametrize("as_file", [False, True], ids=["stream", "file"])
@pytest.mark.parametrize("n_rows", [3, 100])
def test_rows_are_read_in_order_and_only_wanted_columns(tmp_path, monkeypatch, as_file, n_rows):
    monkeypatch.setattr(arrow, "_N_ROWS", n_rows)
    reader = open_rows(write(tmp_path / "rows.arrow", as_file=as_file), NAMES)
    (batch,) = reader.batches(100)
    assert batch.rows == [{"text": text} for text in TEXTS]
    assert batch.lines == list(range(1, 11))
    assert reader.column_names() == ["text", "label"]


def test_names_of_labels_are_read_from_the_metadata(tmp_path):
    bunch = load_texts(write(tmp_path / "rows.arrow"))
    assert bunch.target.tolist() == ["bad", "good"] * 5
    assert bunch.summary == "text: text; label: label, 2 classes; 10 rows"


@pytest.mark.parametrize("content", [b"", b"ARROW1", b"no"])
def test_a_file_that_is_not_arrow_is_rejected_by_name(tmp_path, content):
    (tmp_path / "rows.arrow").write_bytes(content)
    with pytest.raises(ValueError, match=r"rows\.arrow is not a readable Arrow file: "):
        open_rows(tmp_path / "rows.arrow", NAMES).column_names()


def test_the_folder_of_a_saved_dataset_is_read(tmp_path):
    save_to_disk(tmp_path / "saved")
    bunch = load_texts(tmp_path / "saved")
    assert bunch.data["text"].to_list() == TEXTS
    rows = load_train_test(tmp_path / "saved")
    assert (len(rows.y_train), len(rows.y_test)) == (8, 2)


def test_the_folder_of_a_saved_dict_of_datasets_has_parts(tmp_path):
    for split, n_rows in {"train": 6, "test": 3, "validation": 2, "unsupervised": 1}.items():
        save_to_disk(tmp_path / split, text=TEXTS[:n_rows], label=LABELS[:n_rows])
    splits = ["train", "test", "validation", "unsupervised"]
    (tmp_path / "dataset_dict.json").write_text(json.dumps({"splits": splits}))
    assert len(load_texts(tmp_path, subset="test").target) == 3
    assert len(load_texts(tmp_path, subset="all").target) == 11
    rows = load_train_test(tmp_path)
    assert (len(rows.y_train), len(rows.y_validation), len(rows.y_test)) == (6, 2, 3)


@pytest.mark.parametrize("name", ["state.json", "dataset_dict.json"])
def test_a_folder_with_a_broken_description_is_rejected_by_name(tmp_path, name):
    (tmp_path / name).write_text("{")
    with pytest.raises(ValueError, match=rf"{name} is not that of a saved dataset"):
        load_texts(tmp_path)


def test_datasets_of_the_library_are_read():
    datasets = pytest.importorskip("datasets", reason="the datasets library is not installed")
    labels = datasets.ClassLabel(names=["bad", "good"])
    features = datasets.Features({"text": datasets.Value("string"), "label": labels})
    rows = {"text": TEXTS, "label": LABELS}
    dataset = datasets.Dataset.from_dict(rows, features=features)
    assert load_texts(dataset).target.tolist() == ["bad", "good"] * 5
    assert load_texts(dataset.select([1, 0])).target.tolist() == ["good", "bad"]
    assert load_texts(dataset.to_iterable_dataset()).data["text"].to_list() == TEXTS
    parts = datasets.DatasetDict({"train": dataset, "test": dataset.select([0, 1])})
    found = load_train_test(parts)
    assert found.y_test.tolist() == ["bad", "good"]
    assert found.source == "the dataset: 10 training rows, 2 test rows"


def test_other_objects_are_no_datasets():
    assert not is_dataset("rows.csv")
    with pytest.raises(TypeError, match=r"path must be a file, a folder, .* got int"):
        load_texts(3)
    with pytest.raises(TypeError, match=r"path must be a dict of datasets .* got list for 'train'"):
        load_texts({"train": []})
