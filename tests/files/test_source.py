"""The bytes of files: compression, kinds, and encodings."""

import bz2
import gzip
import lzma
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest

from agnews_sk.files._source import (
    check_kind,
    check_utf8,
    codec_for,
    detect_encoding,
    format_of,
    likely_encoding,
    open_bytes,
    read_head,
    seekable,
)

CONTENT = b"text,label\nCold soup,food\n" * 50
COMPRESSED = {
    ".gz": lambda content: gzip.compress(content, mtime=0),
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": lambda content: pa.Codec("zstd").compress(content, asbytes=True),
}


@pytest.mark.parametrize("ending", COMPRESSED)
def test_compressed_files_are_read_as_what_they_hold(tmp_path, ending):
    path = tmp_path / f"rows.csv{ending}"
    path.write_bytes(COMPRESSED[ending](CONTENT))
    with open_bytes(path) as file:
        assert file.read() == CONTENT
    assert read_head(path) == CONTENT
    assert seekable(path).read() == CONTENT
    assert format_of(path) == ".csv"


@pytest.mark.parametrize("ending", COMPRESSED)
def test_damaged_compressed_files_are_rejected_by_name(tmp_path, ending):
    path = tmp_path / f"rows.csv{ending}"
    path.write_bytes(COMPRESSED[ending](CONTENT)[:-12])
    with (
        pytest.raises(ValueError, match=r"rows\.csv.* cannot be decompressed"),
        open_bytes(path) as f,
    ):
        f.read()


def test_the_only_file_of_a_zip_archive_is_read(tmp_path):
    path = tmp_path / "rows.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("folder/", "")
        archive.writestr("folder/rows.TSV", CONTENT)
        archive.writestr("__MACOSX/._rows.TSV", "x")
        archive.writestr("folder/.DS_Store", "x")
    assert format_of(path) == ".tsv"
    with open_bytes(path) as file:
        assert file.read() == CONTENT


@pytest.mark.parametrize("names", [[], ["a.csv", "b.csv"]], ids=["none", "two"])
def test_a_zip_archive_must_hold_one_file(tmp_path, names):
    path = tmp_path / "rows.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, CONTENT)
    with pytest.raises(ValueError, match=f"rows.zip must hold one file, got {len(names)}"):
        format_of(path)


def test_a_file_that_is_no_zip_archive_is_rejected_by_name(tmp_path):
    (tmp_path / "rows.zip").write_bytes(CONTENT)
    with pytest.raises(ValueError, match=r"rows\.zip is not a readable zip archive"):
        format_of(tmp_path / "rows.zip")


@pytest.mark.parametrize("name", ["rows.csv", "rows.csv.gz"])
def test_a_missing_file_is_no_damaged_one(tmp_path, name):
    with pytest.raises(FileNotFoundError, match=name), open_bytes(tmp_path / name):
        pass


def test_a_file_that_is_not_compressed_is_read_in_place(tmp_path):
    (tmp_path / "rows.parquet").write_bytes(CONTENT)
    assert seekable(tmp_path / "rows.parquet") == str(tmp_path / "rows.parquet")


KINDS = {
    b"version https://git-lfs.github.com/spec/v1\n": "is a Git LFS pointer .* `git lfs pull`",
    b"\xef\xbb\xbf\n <!DOCTYPE HTML><html>": "is a web page",
    b"<html>": "is a web page",
    b"<?xml version='1.0'?>": "is a web page",
    b"\x1f\x8b\x08": "is compressed with gzip; let its name end with .gz",
    b"PK\x03\x04": "is a zip archive or an Excel workbook",
    b"PAR1": "is a Parquet file",
    b"%PDF-1.7": "is a PDF document",
}


@pytest.mark.parametrize(("head", "message"), KINDS.items(), ids=list(KINDS.values()))
def test_files_that_are_something_else_are_named(head, message):
    with pytest.raises(ValueError, match=f"rows.csv {message}"):
        check_kind(Path("rows.csv"), head)


@pytest.mark.parametrize("head", [b"", b"<b>bold</b>,x\n", b"BZhang,x\n", b"version 1\n"])
def test_texts_are_no_other_kind(head):
    check_kind(Path("rows.csv"), head)


def test_a_binary_format_may_begin_as_it_does():
    check_kind(Path("rows.parquet"), b"PAR1", is_text=False)
    with pytest.raises(ValueError, match="pointer"):
        check_kind(Path("rows.parquet"), next(iter(KINDS)), is_text=False)


TEXTS = ["text,label\nCold soup,food\n" * 9, "标题,标签\n房间很干净,房间\n早餐太冷了,食物\n" * 9]


@pytest.mark.parametrize("text", TEXTS, ids=["Latin", "Chinese"])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
def test_unicode_is_detected_with_and_without_a_mark(text, encoding):
    head = text.encode(encoding)
    found = detect_encoding(head)
    assert head.decode(found) == text
    assert found == encoding


@pytest.mark.parametrize(
    "head", [b"", b"\x00", b"a\x00b\n", b"\x00" * 100, b"ab\x00" * 40, b"caf\xe9\n" * 9]
)
def test_other_bytes_are_taken_for_utf8(head):
    assert detect_encoding(head) == "utf-8"


@pytest.mark.parametrize(
    ("encoding", "mark", "codec"),
    [
        ("utf8", b"\xef\xbb\xbf", "utf-8-sig"),
        ("UTF-16-LE", b"\xff\xfe", "utf-16"),
        ("cp1252", b"\xef\xbb\xbf", "cp1252"),
        ("latin-1", b"a", "iso8859-1"),
        (None, b"\xff\xfe", "utf-16"),
    ],
)
def test_a_byte_order_mark_is_left_out_under_a_given_encoding(encoding, mark, codec):
    assert codec_for(mark, encoding) == codec


RUSSIAN = "В номере было чисто и тепло, но завтрак подавали холодным.\n" * 20


@pytest.mark.parametrize(
    ("text", "encoding"),
    [(RUSSIAN, "cp1251"), ("房间很干净，但是早餐太冷了，前台没有人。\n" * 20, "gb18030")],
    ids=["Russian", "Chinese"],
)
def test_the_encoding_of_a_file_that_is_not_utf8_is_guessed_for_a_message(tmp_path, text, encoding):
    path = tmp_path / "rows.csv"
    path.write_bytes(b"text,label\n" * 9_000 + text.encode(encoding))
    assert text.encode(encoding).decode(likely_encoding(path)) == text


def test_nothing_is_guessed_for_ascii(tmp_path):
    (tmp_path / "rows.csv").write_bytes(CONTENT)
    assert likely_encoding(tmp_path / "rows.csv") is None


@pytest.mark.parametrize(
    "head",
    [b"text\n" * 9, "Öl für alle".encode(), "Öl für alle".encode()[:-1] + b"\xff\xff\xff"[:2]],
    ids=["ASCII", "UTF-8", "few bytes"],
)
def test_utf8_and_damage_of_it_is_no_other_encoding(tmp_path, head):
    check_utf8(tmp_path / "rows.csv", head)


def test_a_character_that_is_cut_is_no_damage(tmp_path):
    head = ("ö" * 9).encode()
    for length in range(len(head)):
        check_utf8(tmp_path / "rows.csv", head[:length])


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_file_in_another_encoding_is_rejected_with_its_line_and_the_encoding(tmp_path, end):
    head = end.join(["text,label", "a,b", "größer als früher,c", ""]).encode("cp1252")
    (tmp_path / "rows.csv").write_bytes(head)
    with pytest.raises(ValueError, match=r"csv, line 3: bytes .* \(--encoding cp1252\) if it is\."):
        check_utf8(tmp_path / "rows.csv", head)
