"""No column is guessed, and no header is predicted."""

import json

import polars as pl
import pytest

from agnews_sk.bulk import predict_files

HEADLESS = "3,Oil prices rise,A barrel is dear.\n4,Cup final tonight,The team wins.\n"


def predicted(model, folder, *contents, **options):
    """Return the output of files with these endings and contents."""
    files = []
    for i, (ending, content) in enumerate(contents):
        files.append(folder / f"{i}.{ending}")
        if ending == "parquet":
            content.write_parquet(files[-1])
        elif ending == "arrow":
            content.write_ipc(files[-1])
        else:
            files[-1].write_text(content)
    return pl.read_csv(predict_files(model, files, folder / "out.csv", **options).output)


@pytest.mark.parametrize(
    ("content", "columns"),
    [
        ("is_spam\n1\n0\n", "'is_spam'"),
        ("headline\nOil prices rise\n", "'headline'"),
        ("id,is_spam\n1,0\n", "'id', 'is_spam'"),
        ("0,1\n17,Oil prices rise\n", "'0', '1'"),
        ("0,1,2\n3,Oil prices,rise\n", "'0', '1', '2'"),
        (",headline\n0,Oil prices rise\n", "'', 'headline'"),
        ("0,headline\n1,Oil prices rise\n", "'0', 'headline'"),
        ("label,headline,body\n3,Oil prices rise,A barrel\n", "'label', 'headline', 'body'"),
        ("World,Oil prices rise,A barrel is dear\n", "'World', 'Oil prices rise', "),
        ("id;body\n1;Oil\n", "'id', 'body'"),
        ("id\tbody\n1\tOil\n", "'id', 'body'"),
        ("a,b,c,d\n1,2,3,4\n", "'a', 'b', 'c', 'd'"),
        ("title,body\nOil,A barrel\n", "'title', 'body'"),
        ("is_spam\n", "'is_spam'"),
    ],
)
def test_a_csv_without_a_known_name_is_rejected_with_the_names_that_it_has(
    oil_or_cup, tmp_path, content, columns
):
    with pytest.raises(ValueError, match=f"--text.*--no-header.*Its columns are {columns}"):
        predicted(oil_or_cup, tmp_path, ("csv", content))
    assert [path.name for path in tmp_path.iterdir()] == ["0.csv"]


@pytest.mark.parametrize(
    ("file", "columns"),
    [
        (("jsonl", '{"body": "oil", "id": 1}\n{"body": "cup", "day": 2}\n'), "'body', 'id', 'day'"),
        (("parquet", pl.DataFrame({"body": ["oil"], "id": [1]})), "'body', 'id'"),
        (("parquet", pl.DataFrame({"body": []}, schema={"body": pl.String})), "'body'"),
    ],
    ids=["json-lines", "parquet", "empty-parquet"],
)
def test_other_formats_without_a_known_name_are_rejected_as_well(
    oil_or_cup, tmp_path, file, columns
):
    with pytest.raises(ValueError, match=f"Its columns are {columns}"):
        predicted(oil_or_cup, tmp_path, file)
    with pytest.raises(ValueError, match=f"no column 'nope'; .*{columns}"):
        predicted(oil_or_cup, tmp_path, file, columns=["nope"])


@pytest.mark.parametrize("kept", [False, True], ids=["text", "kept"])
@pytest.mark.parametrize(
    "second",
    [
        ("csv", "headline\ncup\n"),
        ("jsonl", '{"headline": "cup"}\n'),
        ("parquet", pl.DataFrame({"headline": ["cup"]})),
    ],
    ids=["csv", "json-lines", "parquet"],
)
def test_one_file_of_several_that_lacks_a_column_is_named_before_any_work(
    oil_or_cup, tmp_path, second, kept
):
    first = ("csv", "text,headline\noil,x\n")
    options = {"columns": ["headline"], "keep": ["text"]} if kept else {}
    with pytest.raises(ValueError, match=rf"1\.{second[0]} (lacks|has no) .*'headline'"):
        predicted(oil_or_cup, tmp_path, first, second, **options)
    assert not (tmp_path / "out.csv.parts").exists()


def test_files_are_read_by_the_columns_that_all_of_them_have(oil_or_cup, tmp_path):
    both = ("csv", "title,description,text\ncup,cup,oil\n")
    found = predicted(oil_or_cup, tmp_path, both, ("jsonl", '{"text": "oil"}\n'))
    assert found["predicted"].to_list() == ["Oil", "Oil"]
    assert predicted(oil_or_cup, tmp_path, both)["predicted"].to_list() == ["Cup"]


def test_every_named_column_must_exist(oil_or_cup, tmp_path):
    with pytest.raises(ValueError, match="no column 'title', 'body'"):
        predicted(oil_or_cup, tmp_path, ("csv", "title\noil\n"), columns=["title", "body"])
    found = predicted(oil_or_cup, tmp_path, ("csv", "headline\noil\n"), columns=["headline"])
    assert found["line"].to_list() == [2]


@pytest.mark.parametrize("header", ["text,text", "Text,TEXT"])
def test_a_name_that_two_columns_have_is_rejected(oil_or_cup, tmp_path, header):
    with pytest.raises(ValueError, match="has 2 columns 'text'; rename all but one"):
        predicted(oil_or_cup, tmp_path, ("csv", f"{header}\noil,cup\n"))


def test_rows_without_a_header_are_read_where_they_cannot_be_one(oil_or_cup, tmp_path):
    assert predicted(oil_or_cup, tmp_path, ("csv", HEADLESS))["line"].to_list() == [1, 2]
    found = predicted(oil_or_cup, tmp_path, ("csv", "3,Oil prices rise\n4,Cup\n"))
    assert found["predicted"].to_list() == ["Oil", "Cup"]


@pytest.mark.parametrize("content", ["oil\ncup\n", "World,oil\nSport,cup\n", "3,oil,\n4,cup,\n"])
def test_rows_that_could_be_a_header_are_read_if_requested(oil_or_cup, tmp_path, content):
    found = predicted(oil_or_cup, tmp_path, ("csv", content), header=False)
    assert found["line"].to_list() == [1, 2]
    assert found["predicted"].to_list() == ["Oil", "Cup"]


def test_a_header_that_looks_like_a_row_is_one_if_requested(oil_or_cup, tmp_path):
    content = "0,What the paper wrote\n17,oil\n"
    options = {"columns": ["what the paper wrote"]}
    assert predicted(oil_or_cup, tmp_path, ("csv", content), **options)["line"].to_list() == [2]
    with pytest.raises(ValueError, match="Its columns are '0', 'What the paper wrote'"):
        predicted(oil_or_cup, tmp_path, ("csv", content), header=True)


def test_a_repeated_header_of_an_appended_file_is_not_a_row(oil_or_cup, tmp_path):
    found = predicted(oil_or_cup, tmp_path, ("csv", "id,text\n1,oil\nid,text\n2,cup\n"))
    assert found["line"].to_list() == [2, 4]
    (skipped,) = map(json.loads, (tmp_path / "out.csv.skipped.jsonl").open())
    assert (skipped["line"], skipped["reason"]) == (3, "repeated header")


def test_an_empty_file_does_not_affect_the_columns(oil_or_cup, tmp_path):
    found = predicted(oil_or_cup, tmp_path, ("csv", ""), ("csv", "content\noil\n"))
    assert found["predicted"].to_list() == ["Oil"]


@pytest.mark.parametrize(
    ("content", "options"),
    [
        ("id;text\n1;oil, gas\n2;cup\n", {}),
        ("id\ttext\n1\toil\n2\tcup\n", {}),
        ("id^text\n1^oil\n2^cup\n", {"sep": "^"}),
        ("\ufeffsep=|\nid|text\n1|oil\n2|cup\n", {}),
    ],
    ids=["semicolon", "tab", "said", "stated"],
)
def test_other_separators_are_detected_or_said(oil_or_cup, tmp_path, content, options):
    found = predicted(oil_or_cup, tmp_path, ("csv", content), **options)
    assert found["predicted"].to_list() == ["Oil", "Cup"]


def test_the_encoding_is_said_or_suggested(oil_or_cup, tmp_path):
    content = 'text\n"oil für alle, große Öltanks"\ncup\n'.encode("cp1252")
    (tmp_path / "rows.csv").write_bytes(content)
    arguments = oil_or_cup, tmp_path / "rows.csv", tmp_path / "out.csv"
    with pytest.raises(ValueError, match=r"line 2: bytes .* pass encoding='cp1252'"):
        predict_files(*arguments)
    assert predict_files(*arguments, encoding="cp1252").n_predicted == 2


def test_a_column_of_a_file_without_a_header_is_named_by_its_number(oil_or_cup, tmp_path):
    content = "the price of oil rises,World\nthe cup final is tonight,Sports\n"
    with pytest.raises(ValueError, match=r"no column .*Its columns are 'column_1', 'column_2'"):
        predicted(oil_or_cup, tmp_path, ("csv", content), header=False)
    found = predicted(oil_or_cup, tmp_path, ("csv", content), header=False, columns=["column_1"])
    assert found["predicted"].to_list() == ["Oil", "Cup"]


def test_arrow_files_of_polars_are_predicted(oil_or_cup, tmp_path):
    rows = pl.DataFrame({"text": ["oil prices rise", "", None, "the cup"], "id": [1, 2, 3, 4]})
    found = predicted(oil_or_cup, tmp_path, ("arrow", rows))  # their texts are views
    expected = predicted(oil_or_cup, tmp_path, ("parquet", rows))
    assert found["predicted"].to_list() == expected["predicted"].to_list()
    assert len(found) == 2
