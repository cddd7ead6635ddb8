"""The formats by the endings of names."""

from pathlib import Path

import pytest

from agnews_sk.files import NamedColumns, check_format, open_rows
from agnews_sk.files._formats import READERS
from agnews_sk.files._source import COMPRESSIONS

NAMES = NamedColumns(["text"])


@pytest.mark.parametrize("name", ["rows.doc", "rows", "rows.gz", "rows.doc.gz"])
def test_an_unknown_ending_is_rejected_with_those_that_are_known(tmp_path, name):
    with pytest.raises(
        ValueError, match=rf"{name} must end with one of \.csv, \.parquet, \.jsonl.* \.gz, "
    ):
        open_rows(tmp_path / name, NAMES)


def test_endings_may_be_in_upper_case(tmp_path):
    (tmp_path / "ROWS.CSV").write_text("text\noil\n")
    assert open_rows(tmp_path / "ROWS.CSV", NAMES).column_names() == ["text"]


@pytest.mark.parametrize("ending", READERS)
def test_every_known_suffix_has_a_reader_without_columns_before_reading(ending):
    check_format(Path(f"rows{ending}"))
    assert open_rows(Path(f"rows{ending}"), NAMES).names == []


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_an_ending_may_be_followed_by_that_of_a_compression(compression):
    if compression != ".zip":
        assert check_format(Path(f"rows.TSV{compression}")) == ".tsv"


@pytest.mark.parametrize("name", ["rows.tar.gz", "rows.tar", "rows.TGZ", "rows.csv.7z"])
def test_an_archive_of_files_is_refused_with_the_way_out(name):
    with pytest.raises(
        ValueError, match=f"{name} is an archive; extract it, and pass a file in it"
    ):
        check_format(Path(name))
