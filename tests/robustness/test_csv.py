"""The loaders on any bytes: the rows of Python's own readers, or an error that names the file."""

import contextlib
import csv
import io
import json
import re
import warnings

import polars as pl
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from agnews_sk.datasets import load_agnews, load_texts
from tests.robustness.strategies import unless_rejected, valid_text

WHOLE = re.compile(r"(0|-?[1-9]\d{0,17})(\.0)?")
# With "\n" the module leaves a lone "\r" without quotes, and reads it as a line's end.
DIALECTS = [(csv.QUOTE_ALL, "\n"), (csv.QUOTE_ALL, "\r\n"), (csv.QUOTE_MINIMAL, "\r\n")]
# fmt: off
PIECES = st.sampled_from([
    '"', '""', ",", "\n", "\r", "\r\n", "1", "2,", '"3"', "oil", "\\", " ", "\x00", "\ufeff", "é",
    "\u2028", "\x85", "class,title,description\n", '"1","a","b"\n',
])
# fmt: on
pieces = st.lists(PIECES | st.text(max_size=3), max_size=20).map("".join)
any_bytes = st.builds(
    lambda parts: b"".join(parts),
    st.lists(
        st.binary(max_size=6) | pieces.map(lambda t: t.encode("utf-8", "surrogatepass")), max_size=5
    ),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("news")


def load(path, *, loader=load_agnews, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return loader(path, **options)


def labels_of(bunch):
    lists = (label if isinstance(label, list) else [label] for label in bunch.target.tolist())
    return {label for labels in lists for label in labels}


def rows_of(bunch):
    return [list(row) for row in zip(bunch.target, *(bunch.data[c] for c in bunch.data.columns))]


def rows_by_csv(text):
    """Return class and texts of each good row, as the csv module splits the whole file."""
    records = [r for r in csv.reader(io.StringIO(text, newline=""), strict=True) if r]
    widths = [len(record) for record in records]
    width = 2 if widths.count(2) > widths.count(3) else 3
    return [
        [int(number[1]), *record[1:]]
        for record in records
        if len(record) == width and (number := WHOLE.fullmatch(record[0].strip()))
    ]


@given(
    st.lists(st.tuples(st.integers(1, 3), valid_text, valid_text), min_size=1, max_size=6),
    st.sampled_from(DIALECTS),
    st.booleans(),
)
def test_files_written_by_the_csv_module_are_read(folder, rows, dialect, with_mark):
    file = io.StringIO(newline="")
    quoting, line_end = dialect
    csv.writer(file, quoting=quoting, lineterminator=line_end).writerows(rows)
    path = folder / "news.csv"
    path.write_bytes((b"\xef\xbb\xbf" if with_mark else b"") + file.getvalue().encode())
    assert rows_of(load(path)) == list(map(list, rows))


@given(pieces)
@example('"1","a","b"\n2,c')
@example("1,a,b\r2,c,d\r")
def test_any_text_gives_the_valid_rows_of_the_csv_module(folder, text):
    with contextlib.suppress(csv.Error):
        expected = rows_by_csv(text.removeprefix("\ufeff"))
        assume("class" not in text)  # a header: columns by name
        path = folder / "news.csv"
        path.write_bytes(text.encode("utf-8"))
        if expected:
            assert rows_of(load(path, on_bad_rows="skip")) == expected
        else:
            with pytest.raises(ValueError, match="No rows in"):
                load(path, on_bad_rows="skip")


@given(any_bytes)
@pytest.mark.parametrize("loader", [load_agnews, load_texts])
@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "json"])
def test_any_bytes_give_rows_or_an_error_that_names_the_file(folder, suffix, loader, content):
    path = folder / f"news.{suffix}"
    path.write_bytes(content)
    for on_bad_rows in ("error", "skip"):
        with unless_rejected(path.name):
            bunch = load(path, loader=loader, on_bad_rows=on_bad_rows)
            assert len(bunch.data) == len(bunch.target) > 0
            assert labels_of(bunch) == set(bunch.target_names)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=3), children)
    ),
    max_leaves=5,
)
named_values = st.dictionaries(
    st.sampled_from(["label", "class", "title", "text", "description", "Text", "x"]),
    json_values | st.integers(0, 4),
    max_size=4,
)


@given(st.lists(named_values, min_size=1, max_size=4))
def test_any_json_gives_rows_or_an_error_that_names_the_file(folder, found):
    path = folder / "news.jsonl"
    path.write_text("\n".join(map(json.dumps, found)))
    with unless_rejected(path.name):
        bunch = load(path, on_bad_rows="skip")
        assert len(bunch.data) == len(bunch.target) <= len(found)


@pytest.fixture(scope="module")
def parquet():
    file = io.BytesIO()
    pl.DataFrame({"text": ["oil", "cup", "é"] * 5, "label": [0, 1, 2] * 5}).write_parquet(file)
    return file.getvalue()


@given(st.data())
def test_damaged_parquet_gives_rows_or_an_error_that_names_the_file(folder, parquet, data):
    spoiled = bytearray(parquet)
    for at in data.draw(st.lists(st.integers(0, len(parquet) - 1), max_size=4), "places"):
        spoiled[at] = data.draw(st.integers(0, 255), "byte")
    end = data.draw(st.sampled_from([len(parquet), data.draw(st.integers(0, len(parquet)))]), "end")
    path = folder / "news.parquet"
    path.write_bytes(spoiled[:end])
    with unless_rejected(path.name):
        bunch = load(path, on_bad_rows="skip")
        assert len(bunch.data) == len(bunch.target) > 0
