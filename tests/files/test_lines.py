"""Lines with their numbers, records of bounded length, and going back within one."""

import csv
import io
from contextlib import suppress

import pytest

from agnews_sk.files import NamedColumns, open_rows
from agnews_sk.files._lines import Lines, open_lines

NAMES = NamedColumns(["text"])


def test_lines_keep_their_ends_and_have_numbers():
    lines = Lines(io.StringIO("a\r\nb\rc\nd", newline=""), 100)
    assert [(line, lines.number) for line in lines] == [
        ("a\r\n", 1),
        ("b\r", 2),
        ("c\n", 3),
        ("d", 4),
    ]


def test_a_record_can_be_read_again_after_its_first_line():
    lines = Lines(io.StringIO("a\nb\nc\nd\n"), 100)
    assert lines.begin_record() == 1
    assert [next(lines), next(lines), next(lines)] == ["a\n", "b\n", "c\n"]
    assert lines.first_line == "a\n"
    lines.retry_after_first_line()
    assert lines.begin_record() == 2
    assert list(lines) == ["b\n", "c\n", "d\n"]
    assert lines.number == 4


@pytest.mark.parametrize(("record", "fits"), [("x" * 9 + "\n", True), ("é" * 5 + "\n", False)])
def test_the_length_of_a_record_is_counted_in_bytes(record, fits):
    lines = Lines(io.StringIO(record), 10)
    if fits:
        assert next(lines) == record
    else:
        with pytest.raises(csv.Error, match="more than 10 bytes in one record"):
            next(lines)


def test_the_length_is_that_of_all_lines_of_a_record():
    lines = Lines(io.StringIO("aaaa\nbbbb\ncccc\n"), 10)
    lines.begin_record()
    assert [next(lines), next(lines)] == ["aaaa\n", "bbbb\n"]
    with pytest.raises(csv.Error, match="more than 10 bytes"):
        next(lines)
    lines.retry_after_first_line()
    lines.begin_record()
    assert [next(lines), next(lines)] == ["bbbb\n", "cccc\n"]


def test_only_the_beginning_of_a_line_that_is_too_long_is_kept():
    lines = Lines(io.StringIO("x" * 35 + "\nnext\n"), 10)
    lines.begin_record()
    with pytest.raises(csv.Error, match="more than 10 bytes"):
        next(lines)
    assert lines.first_line == "x" * 10 + "\n"
    lines.begin_record()
    assert (next(lines), lines.number) == ("next\n", 2)


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
@pytest.mark.parametrize("length", [8, 9, 10, 11])
def test_a_line_end_at_the_limit_counts_as_one(length, end):
    lines = Lines(io.StringIO(f"{'x' * length}{end}a{end}{end}b{end}", newline=""), 10)
    with suppress(csv.Error):
        lines.begin_record()
        next(lines)
    found = []
    while not found or found[-1][1].strip() != "b":
        lines.begin_record()
        found.append((lines.number + 1, next(lines)))
    assert [(number, line.strip()) for number, line in found] == [(2, "a"), (3, ""), (4, "b")]


@pytest.mark.parametrize("letter", ["x", "ж"])
@pytest.mark.parametrize("ending", [".jsonl", ".csv"])
def test_a_line_that_is_too_long_is_one_fault(tmp_path, ending, letter):
    long = letter * 1_200_000
    path = tmp_path / f"rows{ending}"
    if ending == ".csv":
        path.write_text(f"text\n{long}\ncup\n")
    else:
        path.write_text(f'{{"text": "head"}}\n{{"text": "{long}"}}\n{{"text": "cup"}}\n')
    (batch,) = open_rows(path, NAMES).batches(10)
    assert [fault.line for fault in batch.faults] == [2]
    assert batch.lines[-1] == 3


def test_bytes_that_are_not_utf8_become_surrogates_and_the_mark_is_left_out(tmp_path):
    (tmp_path / "rows.csv").write_bytes(b"\xef\xbb\xbfa\xff\n")
    with open_lines(tmp_path / "rows.csv", 100) as lines:
        assert list(lines) == ["a\udcff\n"]
