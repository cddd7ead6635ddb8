"""Files of every format, whole and broken."""

import csv
import json
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agnews_sk.datasets import load_agnews

OFFICIAL = (
    '"3","Oil ""soars""","Crude is up.\\Again."\n"1","Truce holds","Talks go on."\n'
    '"2","Cup",""\n"4","Probe lands","It sends pictures."\n'
)
NAMES = ["Business", "World", "Sports", "Sci/Tech"]


@pytest.fixture
def write(tmp_path):
    def write(content, name="news.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_official_file_keeps_doubled_quotes_backslashes_and_empty_fields(write):
    bunch = load_agnews(write(OFFICIAL))
    assert bunch.data["title"].to_list() == ['Oil "soars"', "Truce holds", "Cup", "Probe lands"]
    assert bunch.data["description"].to_list()[:3] == ["Crude is up.\\Again.", "Talks go on.", ""]
    assert bunch.target.tolist() == NAMES
    assert bunch.target_names == ["World", "Sports", "Business", "Sci/Tech"]
    assert "news.csv" in bunch.DESCR


def test_rows_and_labels_alone_on_request(write):
    X, y = load_agnews(str(write(OFFICIAL)), return_X_y=True)
    assert isinstance(X, pd.DataFrame)
    assert isinstance(y, np.ndarray)
    assert y.dtype == object
    assert len(X) == len(y) == 4


def test_two_fields_are_class_and_text(write):
    bunch = load_agnews(write('"4","Probe lands on a moon"\n"1","Truce holds"\n'))
    assert list(bunch.data.columns) == ["text"]
    assert bunch.target.tolist() == [4, 1]


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        ("class index,title,description", ["title", "description"]),
        ("class,title,text", ["title", "description"]),
        ("class_index,headline,content", ["title", "description"]),
        ("Category,Title,Description", ["title", "description"]),
        ("label,text,other", ["text"]),
    ],
)
def test_columns_of_a_csv_with_header_are_found_by_name(write, header, columns):
    lines = [header] + [f"{label},head {label},body {label}" for label in "3241"]
    bunch = load_agnews(write("\n".join(lines)))
    assert list(bunch.data.columns) == columns
    assert bunch.target.tolist() == [3, 2, 4, 1]
    assert bunch.data[columns[0]].to_list() == [f"head {label}" for label in "3241"]


def test_columns_may_be_in_any_order_and_others_are_ignored(write):
    bunch = load_agnews(write("id,text,label\n7,Truce holds,0\n8,Cup final,1\n"))
    assert list(bunch.data.columns) == ["text"]
    assert bunch.target.tolist() == [0, 1]


def test_an_empty_field_under_a_header_is_missing(write):
    data = load_agnews(write("class,title,description\n1,,Talks go on\n2,Cup final,\n")).data
    assert data.isna().to_numpy().tolist() == [[True, False], [False, True]]


def test_a_title_that_is_a_column_name_is_not_a_header(write):
    assert load_agnews(write('"3","Target","Stores open."\n')).data["title"].to_list() == ["Target"]


def test_columns_of_parquet_are_found_by_name(tmp_path):
    path = tmp_path / "news.parquet"
    pl.DataFrame({"text": ["Cup final", None], "label": [1, 3]}).write_parquet(path)
    bunch = load_agnews(path)
    assert bunch.target.tolist() == [1, 3]
    assert bunch.data["text"].isna().tolist() == [False, True]


def test_columns_of_json_lines_are_found_by_name(write):
    rows = [
        {"label": "World", "title": "Truce", "description": None},
        {"description": "They won.", "title": "Cup \u2028 final", "label": "Sports"},
    ]
    path = write("\n\n".join(map(json.dumps, rows)) + "\n", "news.jsonl")
    bunch = load_agnews(path)
    assert bunch.target.tolist() == ["World", "Sports"]
    assert bunch.data["title"].to_list() == ["Truce", "Cup \u2028 final"]
    assert bunch.data["description"].isna().tolist() == [True, False]


def test_crlf_byte_order_mark_and_blank_lines_are_ignored(write):
    path = write('\ufeff"3","Oil","Up"\r\n\r\n"2","Cup","Won\r\nit"\r\n')
    bunch = load_agnews(path)
    assert bunch.target.tolist() == [3, 2]
    assert bunch.data["description"].to_list() == ["Up", "Won\r\nit"]


GOOD = b'"3","Oil","Up\nagain\nand again"\n'
BROKEN = {
    "few fields": (b'"1","Truce"\n', "expected 3 fields, got 2"),
    "many fields": (b'"1","Truce","holds","on"\n', "expected 3 fields, got 4"),
    "class 1.5": (b'"1.5","Truce","holds"\n', "class must be an integer .* got '1.5'"),
    "class World": (b'"World","Truce","holds"\n', "class must be .* got 'World'.*a header"),
    "no class": (b'"","Truce","holds"\n', "class is missing, got ''"),
    "blank class": (b'" ","Truce","holds"\n', "class is missing, got ' '"),
    "bytes": (b'"1","Truce \xff\xfe","holds"\n', "bytes or escapes that are not Unicode"),
    "bytes in class": (b'"\xff","Truce","holds"\n', "bytes or escapes that are not Unicode"),
    "open quote": (b'"1","Truce","holds\n', "broken quotes"),
    "text after quote": (b'"1","Truce"x,"holds"\n', "broken quotes"),
}


@pytest.mark.parametrize(("row", "why"), BROKEN.values(), ids=list(BROKEN))
def test_broken_row_is_an_error_with_file_and_line(write, row, why):
    path = write(GOOD + row + GOOD)
    with pytest.raises(ValueError, match=rf"news\.csv, line 4: .*{why}"):
        load_agnews(path)


@pytest.mark.parametrize(("row", "why"), BROKEN.values(), ids=list(BROKEN))
def test_broken_rows_are_skipped_and_counted_once(write, row, why):
    path = write(GOOD + row + GOOD + row)
    with pytest.warns(UserWarning, match=f"Skipped 2 broken rows.*line 4.*{why}") as caught:
        bunch = load_agnews(path, on_bad_rows="skip")
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert bunch.data["title"].to_list() == ["Oil", "Oil"]


def test_the_first_row_may_be_the_broken_one(write):
    path = write(b'"1","Truce"\n' + GOOD * 2)
    with pytest.raises(ValueError, match="line 1: expected 3 fields, got 2"):
        load_agnews(path)


def test_the_first_fault_in_the_file_is_the_one_reported(write):
    path = write(b'"x","a","b"\n"1","c"\n"y","d","e"\n')
    with pytest.raises(ValueError, match="line 1: "):
        load_agnews(path)


def test_an_open_quote_in_an_unquoted_file_costs_one_row(write):
    path = write('1,Truce,holds\n2,Cup,"won\n3,Oil,up\n4,Probe,lands\n')
    with pytest.warns(UserWarning, match="Skipped 1 broken row"):
        bunch = load_agnews(path, on_bad_rows="skip")
    assert bunch.target.tolist() == [1, 3, 4]


def test_a_long_field_of_a_file_with_a_flaw_is_read_and_the_csv_module_left_as_it_was(write):
    limit = csv.field_size_limit()
    long = "oil " * 50_000
    path = write(f'1,Truce,holds\n3,Oil,"{long}"\n')
    assert load_agnews(path).data["description"].to_list() == ["holds", long]
    assert csv.field_size_limit() == limit


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", "not JSON"),
        ("[1]", "expected a JSON object"),
        ('{"label": [4.5], "text": "x"}', r"label must be a string, a number, .*, got \[4\.5\]"),
        ('{"text": "x"}', "label is missing, got None"),
        ('{"label": NaN, "text": "x"}', "label is missing, got None"),
        ('{"label": 1, "text": 7}', "text must be a string or null, got 7"),
        ('{"label": 1, "text": "\\ud800"}', "bytes or escapes that are not Unicode"),
    ],
    ids=["syntax", "array", "list", "no label", "NaN", "number", "surrogate"],
)
def test_broken_json_line_is_an_error_with_its_line(write, line, why):
    path = write('{"label": 0, "text": "Truce"}\n' + line, "news.jsonl")
    with pytest.raises(ValueError, match=f"news.jsonl, line 2: {why}"):
        load_agnews(path)


def test_json_lines_that_are_all_broken_are_named_by_line(write):
    path = write('{"label": 1, "text": 7}\n{', "news.jsonl")
    with pytest.raises(ValueError, match=r"news\.jsonl, line 1: text must be a string or null"):
        load_agnews(path)


def test_json_lines_without_rows_are_rejected(write):
    with pytest.raises(ValueError, match="No rows in"):
        load_agnews(write("\n", "news.jsonl"))


def test_broken_parquet_row_is_an_error_with_its_number(tmp_path):
    path = tmp_path / "news.parquet"
    pl.DataFrame({"text": ["Cup", "Oil"], "class": [2, None]}).write_parquet(path)
    with pytest.raises(ValueError, match=r"line 2: class is missing, got None"):
        load_agnews(path)


def test_a_file_that_is_not_parquet_is_rejected(write):
    with pytest.raises(ValueError, match=r"news\.parquet is not a readable Parquet file"):
        load_agnews(write("no", "news.parquet"))


def test_parquet_without_texts_is_rejected(tmp_path):
    path = tmp_path / "news.parquet"
    pl.DataFrame({"text": [1.5], "class": [2]}).write_parquet(path)
    with pytest.raises(ValueError, match="text must hold texts, got Float64"):
        load_agnews(path)


@pytest.mark.parametrize("header", ["label,body", "class,id"])
def test_columns_without_a_known_name_are_listed(write, header):
    with pytest.raises(ValueError, match=f"has the columns .*{header.split(',')[1]}.*it needs"):
        load_agnews(write(header + "\n1,x\n"))


@pytest.mark.parametrize("content", [b"", b"\n\n"], ids=["empty", "blank"])
def test_a_file_without_rows_is_rejected(write, content):
    with pytest.raises(ValueError, match="No rows in"):
        load_agnews(write(content))


def test_a_folder_has_one_file_per_subset(write, tmp_path):
    write('"1","Truce","holds"\n', "train.csv")
    write('"2","Cup","won"\n', "test.csv")
    write('"3","Oil rises"\n', "train_joined.csv")
    assert load_agnews(tmp_path).target.tolist() == [1]
    assert load_agnews(tmp_path, subset="test").target.tolist() == [2]
    assert load_agnews(tmp_path, subset="all").target.tolist() == [1, 2]


def test_all_reads_the_files_that_a_folder_has(write, tmp_path):
    write('"1","Truce","holds"\n', "train.csv")
    assert load_agnews(tmp_path, subset="all").target.tolist() == [1]


def test_parquet_shards_of_a_folder_are_read_in_order(tmp_path):
    for i, name in enumerate(["train-00000-of-00002", "train-00001-of-00002"]):
        frame = pl.DataFrame({"text": [f"story {i}"], "label": [i]})
        frame.write_parquet(tmp_path / f"{name}.parquet")
    bunch = load_agnews(tmp_path)
    assert bunch.data["text"].to_list() == ["story 0", "story 1"]


def test_faults_of_all_files_of_a_folder_are_counted_together(write, tmp_path):
    write(GOOD + b'"x","a","b"\n', "train.csv")
    write(GOOD + b'"y","a","b"\n', "test.csv")
    with pytest.warns(UserWarning, match="Skipped 2 broken rows") as caught:
        load_agnews(tmp_path, subset="all", on_bad_rows="skip")
    assert len(caught) == 1


def test_a_folder_without_the_subset_is_rejected_with_the_expected_name(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"subset='test', such as test\.csv"):
        load_agnews(tmp_path, subset="test")


def test_a_missing_path_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no .*nothing"):
        load_agnews(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"subset": "dev"}, "subset must be one of"),
        ({"on_bad_rows": "drop"}, "on_bad_rows must be one of 'error', 'skip', got 'drop'"),
    ],
    ids=["subset", "on_bad_rows"],
)
def test_unknown_choice_is_rejected(write, options, message):
    with pytest.raises(ValueError, match=message):
        load_agnews(write(OFFICIAL), **options)


def test_an_unknown_ending_is_rejected(write):
    with pytest.raises(ValueError, match=r"news\.doc must end with one of \.csv, "):
        load_agnews(write("x", "news.doc"))


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@given(st.lists(st.tuples(st.integers(1, 4), TEXTS, TEXTS), min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_any_text_survives_the_official_format(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("news") / "news.csv"
    fields = [[str(c), title, text] for c, title, text in rows]
    quoted = [",".join('"' + f.replace('"', '""') + '"' for f in row) for row in fields]
    path.write_bytes(("\n".join(quoted) + "\n").encode())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        X = load_agnews(path).data
    assert X.to_numpy().tolist() == [[title, text] for _, title, text in rows]
