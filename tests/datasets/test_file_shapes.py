"""Files in the shapes that people have: each is read right, or refused with what to pass."""

import json
import re
import warnings

import polars as pl
import pytest

from agnews_sk.datasets import load_texts, load_train_test
from agnews_sk.files import NamedColumns, open_rows
from tests.datasets.shapes import LABELS, PLAIN, ROWS, SHAPES, TEXTS

READ = [shape for shape in SHAPES if shape.refusal is None]
REFUSED = [shape for shape in SHAPES if shape.refusal is not None]


def named(shapes):
    return pytest.mark.parametrize("shape", shapes, ids=lambda shape: shape.name)


def write(folder, shape):
    path = folder / shape.name
    path.write_bytes(shape.content)
    return path


@named(READ)
def test_a_file_is_read_as_a_person_would(tmp_path, shape):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        bunch = load_texts(write(tmp_path, shape), **shape.options)
    assert list(bunch.data.columns) == shape.text
    assert bunch.data[shape.text[-1]].to_list() == shape.texts
    assert bunch.target.tolist() == shape.labels
    assert list(map(type, bunch.target.tolist())) == list(map(type, shape.labels))
    assert bunch.summary.startswith(f"text: {', '.join(shape.text)}; label: {shape.label}, ")


@named(REFUSED)
def test_a_file_that_cannot_be_read_for_certain_is_refused_by_name(tmp_path, shape):
    with pytest.raises(ValueError, match=shape.refusal) as refused:
        load_texts(write(tmp_path, shape), **shape.options)
    assert shape.name in str(refused.value)


@named([shape for shape in READ if len(shape.labels) >= 10 and shape.labels[0] != ["room", "all"]])
def test_commands_read_the_same_rows(tmp_path, shape):
    path = write(tmp_path, shape)
    rows = load_train_test(path, **shape.options)
    found = [*rows.X_train[shape.text[-1]], *rows.X_test[shape.text[-1]]]
    assert sorted(found) == sorted(shape.texts)
    assert rows.summary == load_texts(path, **shape.options).summary


@named([shape for shape in READ if "label_sep" not in shape.options])
def test_rows_to_predict_are_read_by_the_same_reader(tmp_path, shape):
    options = {name: shape.options[name] for name in ("sep", "encoding") if name in shape.options}
    rules = NamedColumns(shape.text, header=shape.options.get("header"))
    (batch,) = open_rows(write(tmp_path, shape), rules, **options).batches(100)
    assert batch.faults == []
    assert [row[shape.text[-1]] for row in batch.rows] == shape.texts


def test_the_summary_is_one_line(tmp_path):
    (tmp_path / "rows.csv").write_text(PLAIN)
    summary = "text: text; label: label, 3 classes; 10 rows"
    assert load_texts(tmp_path / "rows.csv").summary == summary
    assert load_train_test(tmp_path / "rows.csv").summary == summary


def test_rows_without_a_label_are_left_out_on_request(tmp_path):
    text = PLAIN.replace("twice.,food", "twice.,")
    (tmp_path / "rows.csv").write_text(text)
    with pytest.warns(UserWarning, match="Skipped 1 broken row.*line 3: label is missing"):
        bunch = load_texts(tmp_path / "rows.csv", on_bad_rows="skip")
    assert bunch.target.tolist() == [LABELS[0], *LABELS[2:]]


def test_numbers_get_no_names_of_agnews(tmp_path):
    rows = "".join(f'"{i % 4 + 1}";"Title {i}";"Text {i}."\n' for i in range(12))
    (tmp_path / "rows.csv").write_text('"class";"title";"description"\n' + rows)
    assert load_texts(tmp_path / "rows.csv").target_names == [1, 2, 3, 4]


def test_files_of_agnews_get_its_names(tmp_path):
    rows = "".join(f'"{i % 4 + 1}","Title {i}","Text {i}."\n' for i in range(12))
    (tmp_path / "rows.csv").write_text(rows)
    bunch = load_texts(tmp_path / "rows.csv")
    assert bunch.target_names == ["World", "Sports", "Business", "Sci/Tech"]
    assert bunch.summary == "text: title, description; label: class, 4 classes; 12 rows"


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_columns_are_joined_in_the_order_in_which_they_are_named(tmp_path, suffix):
    frame = pl.DataFrame({"a": TEXTS, "b": TEXTS[::-1], "c": LABELS})
    path = tmp_path / f"rows.{suffix}"
    {"csv": frame.write_csv, "jsonl": frame.write_ndjson, "parquet": frame.write_parquet}[suffix](
        path
    )
    bunch = load_texts(path, text=["B", "a"], label="c")
    assert list(bunch.data.columns) == ["b", "a"]
    assert bunch.data["b"].to_list() == TEXTS[::-1]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"text": "nope"}, ValueError, r"has no column 'nope', which text= \(--text\) names"),
        ({"label": "nope"}, ValueError, r"has no column 'nope', .* columns are 'text', 'label'"),
        ({"text": "label"}, ValueError, "none is certain to hold the labels"),
        ({"text": "text", "label": "text"}, ValueError, "one column for text and label, 'text'"),
        ({"text": 3}, TypeError, "text must be the name of a column or a list of names, got 3"),
        ({"text": []}, TypeError, "text must be the name of a column or a list"),
        (
            {"label": []},
            TypeError,
            r"label must be the name of a column or a list of n",
        ),
        ({"label": [3]}, TypeError, "label must be the name of a column or a list"),
        ({"sep": ",,"}, ValueError, "sep must be one character"),
        ({"encoding": "utf-99"}, ValueError, "encoding must be one that Python knows"),
        ({"label_sep": ""}, ValueError, "label_sep must be one or more characters"),
        ({"subset": "dev"}, ValueError, "subset must be one of 'train', 'validation', 'test'"),
        ({"on_bad_rows": "drop"}, ValueError, "on_bad_rows must be one of"),
    ],
    ids=lambda value: str(value)[:30] if isinstance(value, dict) else "",
)
def test_options_that_do_not_fit_are_rejected(tmp_path, options, error, message):
    (tmp_path / "rows.csv").write_text(PLAIN)
    with pytest.raises(error, match=message):
        load_texts(tmp_path / "rows.csv", **options)


def test_a_header_may_have_any_names_if_the_caller_names_them(tmp_path):
    (tmp_path / "rows.csv").write_text("x1,x2\na b,c\nd e,f\n")
    bunch = load_texts(tmp_path / "rows.csv", text="x1", label="x2")
    assert bunch.data["x1"].to_list() == ["a b", "d e"]


def test_a_line_is_named_where_a_row_is_broken(tmp_path):
    (tmp_path / "rows.tsv").write_text("text\tlabel\nSoup\tfood\nBed\n")
    with pytest.raises(ValueError, match=r"rows\.tsv, line 3: expected 2 fields, got 1"):
        load_texts(tmp_path / "rows.tsv")


def test_quoted_line_breaks_may_lie_across_the_blocks_of_a_file(tmp_path):
    text = ("x" * 90 + "\n") * 3_000
    (tmp_path / "rows.csv").write_text(f'text,label\n"{text}",a\nshort words here,b\n' * 1)
    assert load_texts(tmp_path / "rows.csv").data["text"].to_list() == [text, "short words here"]


def test_rows_are_the_same_in_every_format(tmp_path):
    frame = pl.DataFrame(ROWS, schema=["text", "label"], orient="row")
    frame.write_parquet(tmp_path / "rows.parquet")
    (tmp_path / "rows.json").write_text(json.dumps(frame.to_dicts()))
    one, other = (load_texts(tmp_path / f"rows.{suffix}") for suffix in ("parquet", "json"))
    assert one.data.equals(other.data)
    assert re.sub("parquet", "json", one.DESCR) == other.DESCR


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"text": "b c", "label": i if i % 2 else "x"} for i in range(12)], "labels of one kind"),
        (
            [{"text": i if i == 3 else f"a b {i}", "label": "x"} for i in range(12)],
            "line 4: text m",
        ),
        (
            [{"text": f"a b {i}", "label": {} if i == 3 else "x"} for i in range(12)],
            "line 4: label",
        ),
    ],
    ids=["labels of two kinds", "a number", "an object"],
)
def test_a_value_of_another_kind_than_most_is_named_by_its_line(tmp_path, rows, message):
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    with pytest.raises(ValueError, match=message):
        load_texts(tmp_path / "rows.jsonl", text="text")


def test_a_file_of_one_column_may_have_another_separator(tmp_path):
    (tmp_path / "rows.csv").write_text("text:label\n" + "The soup was cold:food\n" * 3)
    with pytest.raises(ValueError, match=r"pass label= .* or sep= \(--sep\) if there is another"):
        load_texts(tmp_path / "rows.csv", header=True)
