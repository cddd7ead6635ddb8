"""Labels of files stay as they are, and AG News' names are given to AG News' files only."""

import json

import numpy as np
import polars as pl
import pytest

from agnews_sk.datasets import load_agnews, load_texts, load_train_test

NAMES = {"World", "Sports", "Business", "Sci/Tech"}
OFFICIAL = "".join(f'"{label}","Title {label}","Text {label}."\n' for label in (3, 1, 4, 2))


@pytest.fixture
def write(tmp_path):
    def write(content, name="rows.csv"):
        path = tmp_path / name
        path.write_text(content)
        return path

    return write


def table(header, labels, form='"{label}","Title","Text."'):
    return "\n".join([header, *(form.format(label=label) for label in labels)]).lstrip("\n") + "\n"


def text_and_label(labels):
    return table("text,label", labels, "The text,{label}")


OTHERS = {
    "numbers from 1 to 3": (text_and_label([1, 2, 3]), [1, 2, 3]),
    "numbers from 1 to 4": (text_and_label([1, 2, 3, 4]), [1, 2, 3, 4]),
    "zero and one": (text_and_label([0, 1]), [0, 1]),
    "numbers from 0 to 3": (text_and_label([0, 1, 2, 3]), [0, 1, 2, 3]),
    "numbers below zero": (text_and_label([-1, 1]), [-1, 1]),
    "whole floats": (text_and_label([1.0, 0.0]), [1, 0]),
    "spaces around numbers": (text_and_label([" 1", "2 "]), [1, 2]),
    "booleans": (text_and_label([True, False]), [True, False]),
    "codes": (text_and_label(["01", "02"]), ["01", "02"]),
    "more than 64 bits": (text_and_label([10**20, 1]), [str(10**20), "1"]),
    "words": (text_and_label(["spam", "ham"]), ["spam", "ham"]),
    "AG News' words in another case": (text_and_label(["world", "sports"]), ["world", "sports"]),
    "words and numbers": (text_and_label(["spam", 1]), ["spam", "1"]),
    "official form, class 5": (table("", [1, 2, 3, 4, 5]), [1, 2, 3, 4, 5]),
    "official form, class 0": (table("", [0, 1, 2, 3, 4]), [0, 1, 2, 3, 4]),
    "official form, two classes": (table("", [1, 2, 2]), [1, 2, 2]),
    "official form, three classes": (table("", [1, 2, 3]), [1, 2, 3]),
    "official form with a header": (table("class,title,description", [1, 2, 3, 4]), [1, 2, 3, 4]),
    "no quotes": (table("", [1, 2, 3, 4], "{label},Title,Text"), [1, 2, 3, 4]),
    "numbers without quotes": (table("", [1, 2, 3, 4], '{label},"Title","Text"'), [1, 2, 3, 4]),
    "two columns": (table("", [1, 2, 3, 4], '"{label}","Text"'), [1, 2, 3, 4]),
    "Kaggle's header, class 5": (table("Class Index,Title,Description", [1, 2, 3, 4, 5]), None),
}


@pytest.mark.parametrize(("content", "labels"), OTHERS.values(), ids=list(OTHERS))
def test_labels_of_others_stay_as_they_are(write, content, labels):
    bunch = load_agnews(write(content))
    labels = labels or [1, 2, 3, 4, 5]
    assert bunch.target.tolist() == labels
    assert [type(label) for label in bunch.target.tolist()] == [type(label) for label in labels]
    assert bunch.target_names == sorted(set(labels))
    assert len(bunch.data) == len(labels)


@pytest.mark.parametrize(
    "content",
    [
        OFFICIAL,
        OFFICIAL.replace("\n", "\r\n"),
        "\ufeff" + OFFICIAL,
        OFFICIAL.replace("Text 3.", "Text\n3."),
        "Class Index,Title,Description\n" + OFFICIAL,
    ],
    ids=["official", "CRLF", "byte order mark", "line break", "Kaggle"],
)
def test_files_of_agnews_get_its_names(write, content):
    bunch = load_agnews(write(content))
    assert bunch.target.tolist() == ["Business", "World", "Sci/Tech", "Sports"]
    assert bunch.target_names == ["World", "Sports", "Business", "Sci/Tech"]


def test_numbers_in_another_column_get_no_names_of_agnews(write):
    content = "".join(f'"{i}","The soup {i} was cold","{i % 4 + 1}"\n' for i in range(24))
    assert load_texts(write(content), header=False, label="column_3").target_names == [1, 2, 3, 4]


def test_files_of_a_folder_have_one_meaning_of_labels(write, tmp_path):
    write(OFFICIAL + '"5","Title","Text."\n', "train.csv")
    write(OFFICIAL, "test.csv")
    assert load_agnews(tmp_path, subset="test").target.tolist() == [3, 1, 4, 2]
    rows = load_train_test(tmp_path)
    assert set(rows.y_test) <= set(rows.y_train) == {1, 2, 3, 4, 5}


def test_a_small_part_gets_the_names_that_the_folder_has(write, tmp_path):
    write(OFFICIAL, "train.csv")
    write('"2","Cup","Won."\n', "test.csv")
    assert load_agnews(tmp_path, subset="test").target.tolist() == ["Sports"]
    assert load_train_test(tmp_path).y_test.tolist() == ["Sports"]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([0, 1], [0, 1]),
        (["0", "1"], ["0", "1"]),
        ([1, 2.0], [1, 2]),
        ([True, False], [True, False]),
        ([1.0, 2.0], [1, 2]),
    ],
    ids=["numbers", "digits in texts", "integers and floats", "booleans", "floats"],
)
def test_json_lines_keep_the_kind_of_labels(write, labels, expected):
    lines = [json.dumps({"text": "x", "label": label}) for label in labels]
    assert load_agnews(write("\n".join(lines), "rows.jsonl")).target.tolist() == expected


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([2, "1", 1], "got a number on line 1 and a text on line 2;"),
        (["1", "2", 1], "got a text on line 1 and a number on line 3;"),
        ([None, "", 1.0, True], "got a number on line 3 and a boolean on line 4;"),
        (["spam", False], "got a text on line 1 and a boolean on line 2;"),
    ],
    ids=["number and digits", "digits and number", "number and boolean", "word and boolean"],
)
def test_json_lines_with_labels_of_two_kinds_are_rejected(write, labels, message):
    lines = [json.dumps({"text": "x", "label": label}) for label in labels]
    path = write("\n".join(lines), "rows.jsonl")
    with pytest.raises(ValueError, match=rf"rows\.jsonl: label must hold .* {message}"):
        load_agnews(path, on_bad_rows="skip")


def test_a_missing_label_of_json_lines_has_no_kind(write):
    lines = [json.dumps({"text": "x", "label": label}) for label in (1, "", None, 2)]
    path = write("\n".join(lines), "rows.jsonl")
    with pytest.warns(UserWarning, match="Skipped 2 broken rows"):
        assert load_agnews(path, on_bad_rows="skip").target.tolist() == [1, 2]


WIDE = {
    "19 digits": (pl.Series([1, 2**63 - 1]), np.int64),
    "19 digits below zero": (pl.Series([-(2**63), 1]), np.int64),
    "unsigned": (pl.Series([1, 2**64 - 1], dtype=pl.UInt64), np.uint64),
}


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize(("labels", "dtype"), WIDE.values(), ids=list(WIDE))
def test_integers_of_64_bits_are_integers(tmp_path, ending, labels, dtype):
    write_labels(tmp_path / f"rows.{ending}", labels)
    bunch = load_agnews(tmp_path / f"rows.{ending}")
    assert bunch.target.dtype == dtype
    assert bunch.target.tolist() == bunch.target_names == labels.to_list()


def test_integers_of_64_bits_need_no_header(write):
    content = "".join(f'"{label}","Title","Text."\n' for label in (2**63 - 1, 1))
    assert load_agnews(write(content)).target.tolist() == [2**63 - 1, 1]


@pytest.mark.parametrize("labels", [[-1, 2**64 - 1], [1, 2**64]], ids=["both ends", "beyond"])
def test_integers_that_no_array_holds_stay_texts(write, labels):
    assert load_agnews(write(text_and_label(labels))).target.tolist() == list(map(str, labels))


def write_labels(path, labels):
    frame = pl.DataFrame({"text": [f"Text {i}." for i in range(len(labels))], "label": labels})
    kinds = {".csv": frame.write_csv, ".jsonl": frame.write_ndjson, ".parquet": frame.write_parquet}
    kinds[path.suffix](path)


TWO_KINDS = {
    "floats and digits": ("parquet", [1.0, 2.0], "jsonl", ["1", "2"], "number 1.0", "text '1'"),
    "integers and digits": ("jsonl", [1, 2], "parquet", ["1", "2"], "number 1", "text '1'"),
    "booleans and words": ("parquet", [True], "jsonl", ["True"], "boolean true", "text 'True'"),
    "booleans and numbers": ("parquet", [True], "jsonl", [1], "boolean true", "number 1"),
    "numbers and words": ("parquet", [1, 2], "csv", ["spam"], "number 1", "text 'spam'"),
    "numbers and written booleans": ("csv", [0, 1], "csv", ["true"], "number 0", "boolean true"),
}


@pytest.mark.parametrize(
    ("ending", "labels", "other_ending", "other_labels", "shown", "other_shown"),
    TWO_KINDS.values(),
    ids=list(TWO_KINDS),
)
@pytest.mark.parametrize("parts", [("train", "test"), ("test", "train")], ids=["train", "test"])
def test_files_with_labels_of_two_kinds_are_rejected(
    tmp_path, parts, ending, labels, other_ending, other_labels, shown, other_shown
):
    write_labels(tmp_path / f"{parts[0]}.{ending}", labels)
    write_labels(tmp_path / f"{parts[1]}.{other_ending}", other_labels)
    with pytest.raises(ValueError, match="Labels must be of one kind in all files") as rejection:
        load_train_test(tmp_path)
    first_line = {"csv": 2, "jsonl": 1, "parquet": 1}
    for part, kind, found in [(parts[0], ending, shown), (parts[1], other_ending, other_shown)]:
        path = tmp_path / f"{part}.{kind}"
        assert f"the {found} in {path}, line {first_line[kind]}" in str(rejection.value)


SPELLINGS = {
    "point": ("1", "1.0"),
    "zero": ("01", "1"),
    "sign": ("+1", "1"),
    "exponent": ("1e16", "1e+16"),
    "case of booleans": ("True", "true"),
    "space before": (" 1", "1"),
    "space after": ("spam", "spam "),
    "two forms of an accent": ("caf\u00e9", "cafe\u0301"),
}


@pytest.mark.parametrize(("one", "other"), SPELLINGS.values(), ids=list(SPELLINGS))
@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_a_label_with_two_spellings_is_rejected(tmp_path, ending, one, other):
    write_labels(tmp_path / "train.jsonl", ["b", one])
    write_labels(tmp_path / f"test.{ending}", ["b", other])
    with pytest.raises(ValueError, match="A label must have one spelling, got") as rejection:
        load_train_test(tmp_path)
    line = 3 if ending == "csv" else 2
    assert f"{one!r} in {tmp_path / 'train.jsonl'}, line 2" in str(rejection.value)
    assert f"{other!r} in {tmp_path / f'test.{ending}'}, line {line}" in str(rejection.value)


def test_a_label_with_two_spellings_in_a_file_is_rejected(write):
    with pytest.raises(ValueError, match=r"'1' in .*, line 3, and '1\.0' in .*, line 4"):
        load_agnews(write(text_and_label(["spam", "1", "1.0"])))


@pytest.mark.parametrize(
    ("ending", "labels", "other_ending", "other_labels", "expected"),
    [
        ("parquet", [1.0, 2.0], "jsonl", [1, 2], [1, 2]),
        ("parquet", [1.0, 2.0], "csv", ["1", " 2"], [1, 2]),
        ("parquet", [True, False], "csv", ["True", "FALSE"], [True, False]),
        ("csv", [1, 2], "jsonl", ["1", "2"], ["1", "2"]),
        ("csv", ["spam", "1"], "csv", ["1", "spam"], ["1", "spam"]),
        ("jsonl", ["1.1", "1.10"], "parquet", ["1.10", "1.1"], ["1.1", "1.10"]),
        ("csv", ["News", "news"], "csv", ["news", "News"], ["News", "news"]),
    ],
    ids=["floats", "floats and CSV", "booleans", "digits", "words", "versions", "case"],
)
def test_labels_mean_the_same_in_each_file(
    tmp_path, ending, labels, other_ending, other_labels, expected
):
    write_labels(tmp_path / f"train.{ending}", labels)
    write_labels(tmp_path / f"test.{other_ending}", other_labels)
    rows = load_train_test(tmp_path)
    for found in (rows.y_train, rows.y_test):
        assert sorted(found.tolist()) == sorted(expected)
        assert set(map(type, found.tolist())) == {type(expected[0])}


@pytest.mark.parametrize(
    ("ending", "labels", "shown"),
    [("jsonl", ["Sports", "World"], "'3' and 'Sports'"), ("csv", [5, 6], "3 and 5")],
    ids=["names and numbers", "other numbers"],
)
def test_training_and_test_rows_without_a_common_label_are_rejected(
    write, tmp_path, ending, labels, shown
):
    write(OFFICIAL.replace("Title", "The title").replace("Text", "The text"), "train.csv")
    path = tmp_path / f"test.{ending}"
    frame = pl.DataFrame({"label": labels, "title": ["x", "y"], "description": ["z", "z"]})
    frame.write_csv(path) if ending == "csv" else frame.write_ndjson(path)
    with pytest.raises(ValueError, match=f"must have labels in common, got labels such as {shown}"):
        load_train_test(tmp_path)


def test_decimals_are_named_with_their_file(write, tmp_path):
    write(text_and_label([1, 2]), "train.csv")
    write(text_and_label([0.5]), "test.csv")
    with pytest.raises(ValueError, match=r"test\.csv: label must hold .* such as 0\.5"):
        load_agnews(tmp_path)


def test_a_number_that_is_infinite_is_not_a_class(write):
    lines = '{"text": "x", "label": Infinity}\n{"text": "y", "label": 1}\n'
    with pytest.raises(ValueError, match="label must hold classes, got numbers such as inf"):
        load_agnews(write(lines, "rows.jsonl"))


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (pl.Series([0, 3], dtype=pl.UInt8), [0, 3]),
        (pl.Series(["0", "1"]), ["0", "1"]),
        (pl.Series(["b", "a"], dtype=pl.Categorical), ["b", "a"]),
        (pl.Series([True, False]), [True, False]),
        (pl.Series([1.0, 2.0]), [1, 2]),
    ],
    ids=["integers", "digits in texts", "categories", "booleans", "whole floats"],
)
def test_parquet_keeps_the_kind_of_labels(tmp_path, labels, expected):
    path = tmp_path / "rows.parquet"
    pl.DataFrame({"text": ["x", "y"], "label": labels}).write_parquet(path)
    target = load_agnews(path).target
    assert target.tolist() == expected
    assert target.dtype == (object if isinstance(expected[0], str) else np.asarray(expected).dtype)


def test_parquet_of_the_hub_has_the_names_in_its_metadata(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    label = {"names": ["neg", "pos"], "_type": "ClassLabel"}
    metadata = {"huggingface": json.dumps({"info": {"features": {"label": label}}})}
    columns = pa.table({"text": ["bad", "good", "?"], "label": [0, 1, -1]})
    pq.write_table(columns.replace_schema_metadata(metadata), tmp_path / "rows.parquet")
    with pytest.raises(ValueError, match="line 3: label is missing"):
        load_agnews(tmp_path / "rows.parquet")
    pq.write_table(columns[:2].replace_schema_metadata(metadata), tmp_path / "rows.parquet")
    assert load_agnews(tmp_path / "rows.parquet").target.tolist() == ["neg", "pos"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (text_and_label([0.5, 1]), "label must hold classes, got numbers such as 0.5"),
        (table("", range(100, 112)), "each of its 12 rows has a different number"),
        (
            "The parcel is late,delivery\nThe zip broke,returns\n",
            "line 1: class must be an integer",
        ),
        (
            "comment,queue\nThe zip broke,returns\n",
            "line 1: class must be an integer .* got 'comment'",
        ),
        ("id,text,text,label\n1,a,b,spam\n", r"more than once, \['text', 'text'\]"),
        (text_and_label(["spam", ""]), "line 3: label is missing"),
    ],
    ids=["decimals", "row numbers", "no header", "unknown header", "twice", "missing"],
)
def test_files_without_classes_are_rejected(write, content, message):
    with pytest.raises(ValueError, match=message):
        load_agnews(write(content))


def test_labels_of_parquet_that_are_lists_of_decimals_are_rejected(tmp_path):
    pl.DataFrame({"text": ["x"], "label": [[1.5, 2]]}).write_parquet(tmp_path / "rows.parquet")
    with pytest.raises(ValueError, match="integers or booleans, got List"):
        load_agnews(tmp_path / "rows.parquet")


def test_a_missing_float_is_not_a_class(tmp_path):
    frame = pl.DataFrame({"text": ["x", "y"], "label": [1.0, float("nan")]})
    frame.write_parquet(tmp_path / "rows.parquet")
    with pytest.raises(ValueError, match="line 2: label is missing"):
        load_agnews(tmp_path / "rows.parquet")


@pytest.mark.parametrize("first", ["5", "0", "17"])
def test_a_row_is_not_a_header_for_any_class(write, first):
    content = f'"{first}","Target","Stores open."\n"2","Cup","Won."\n'
    assert load_agnews(write(content)).target.tolist() == [int(first), 2]


def test_a_header_may_begin_with_a_number(write):
    assert load_agnews(write("0,label,text\n0,spam,x\n1,ham,y\n")).target.tolist() == [
        "spam",
        "ham",
    ]


def test_training_and_test_rows_with_other_columns_are_rejected(write, tmp_path):
    write("label,text\nspam,x\nham,y\n", "train.csv")
    write("label,title,description\nspam,x,z\nham,y,z\n", "test.csv")
    with pytest.raises(ValueError, match=r"test\.csv has no column 'text', .* 'title'"):
        load_train_test(tmp_path)


def write_json(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


SEVERAL = [{"text": f"text {i}", "tags": ["a", "b"][: 1 + i % 2]} for i in range(6)]
SINGLE = [{"text": f"text {i}", "tags": "ab"[i % 2]} for i in range(6)]


def test_whether_rows_have_several_labels_is_decided_by_the_training_rows(tmp_path):
    train = write_json(tmp_path / "several.jsonl", SEVERAL)
    for name, rows in (("one.jsonl", SINGLE), ("more.jsonl", SEVERAL)):
        test = write_json(tmp_path / name, rows)
        rows = load_train_test(train, test=test, validation=test)
        assert [*map(type, rows.y_test), *map(type, rows.y_validation)] == [list] * 12
    (tmp_path / "cells.csv").write_text("text,tags\na b,a\nc d,b\n")
    rows = load_train_test(train, test=tmp_path / "cells.csv")
    assert rows.y_test.tolist() == [["a"], ["b"]]


def test_lists_of_one_label_are_labels_where_training_rows_have_one(tmp_path):
    train = write_json(tmp_path / "single.jsonl", SINGLE)
    test = write_json(tmp_path / "lists.jsonl", [{"text": "x y", "tags": ["b"]}] * 2)
    assert load_train_test(train, test=test).y_test.tolist() == ["b", "b"]
    test = write_json(tmp_path / "several.jsonl", SEVERAL)
    with pytest.raises(ValueError, match=r"several.jsonl, line 2: rows must have one label each"):
        load_train_test(train, test=test)


def test_numbers_become_lists_of_numbers(tmp_path):
    train = write_json(
        tmp_path / "a.jsonl", [{"text": f"t {i}", "tags": [i % 3, 7]} for i in range(6)]
    )
    (tmp_path / "b.csv").write_text("text,tags\na b,7\nc d,1\n")
    assert load_train_test(train, test=tmp_path / "b.csv").y_test.tolist() == [[7], [1]]
