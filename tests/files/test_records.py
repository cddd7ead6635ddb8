"""Records of separated text in several dialects, and the csv module's limit."""

import csv
import io
import threading

import pytest

from agnews_sk.files import Fault
from agnews_sk.files._lines import Lines
from agnews_sk.files._records import Dialect, Record, fields_of_any_length, read_records


def records(text, dialect, n_bytes=1_000):
    return list(read_records(Lines(io.StringIO(text, newline=""), n_bytes), dialect))


@pytest.mark.parametrize(
    ("text", "dialect", "fields"),
    [
        ('"a ""b""",c\n', Dialect(), ['a "b"', "c"]),
        ('"a\tb"\tc\n', Dialect("\t"), ["a\tb", "c"]),
        ('"a"b\tc\n', Dialect("\t", has_quotes=False), ['"a"b', "c"]),
        ('a \\"b\\"\tc\n', Dialect("\t", has_quotes=False, escape="\\"), ['a "b"', "c"]),
        ('"a \\"b\\"",c\n', Dialect(escape="\\"), ['a "b"', "c"]),
        ('"a", "b, c"\n', Dialect(skips_spaces=True), ["a", "b, c"]),
    ],
    ids=["doubled", "tab", "no quotes", "escaped", "escaped in quotes", "spaces"],
)
def test_fields_are_split_as_the_dialect_says(text, dialect, fields):
    assert records(text, dialect) == [Record(1, fields)]


def test_lines_before_the_first_record_are_counted():
    assert records("sep=;\n#\na;b\n", Dialect(";", n_before=2)) == [Record(3, ["a", "b"])]


def test_broken_quotes_are_a_fault_or_text():
    text = '"a" b\tc\nd\te\n'
    fault, record = records(text, Dialect("\t"))
    assert (fault.line, record) == (1, Record(2, ["d", "e"]))
    lenient = Dialect("\t", splits_broken_quotes=True)
    assert records(text, lenient) == [Record(1, ['"a" b', "c"]), Record(2, ["d", "e"])]


def test_a_record_that_is_too_long_is_a_fault_in_any_dialect():
    lenient = Dialect("\t", splits_broken_quotes=True)
    fault, record = records("x" * 50 + "\na\tb\n", lenient, n_bytes=20)
    assert fault == Fault(1, "broken quotes, more than 20 bytes in one record")
    assert record.fields == ["a", "b"]


def test_records_that_begin_as_those_of_agnews_are_marked():
    text = '"3","Oil"\n3,Oil\n'
    assert [record.is_quoted for record in records(text, Dialect())] == [True, False]


def test_the_limit_of_the_csv_module_is_restored_by_the_last_reader_of_all_threads():
    limit = csv.field_size_limit()
    inside, leave = threading.Event(), threading.Event()

    def hold():
        with fields_of_any_length():
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    inside.wait(10)
    with fields_of_any_length():
        pass
    assert csv.field_size_limit() > limit
    leave.set()
    thread.join()
    assert csv.field_size_limit() == limit
