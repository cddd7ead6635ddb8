"""The kinds of columns beside texts."""

import datetime as dt
import re
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest

from agnews_sk._core.column_kinds import as_kind, as_polars, find_roles, kind_of

DAY = dt.datetime(2026, 1, 2)


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([1, None], dtype="Int64"),
        pd.Series([1.0, np.inf]),
        pd.Series([1, None], dtype="int64[pyarrow]"),
        pd.Series([Decimal("1.0"), None]),
        pd.Series([1, None], dtype=object),
        pd.Series([1, None], dtype="category"),
        pd.Series([" 1.0 ", ""]),
        pd.Series([True, None], dtype="boolean"),
        pd.Series([pd.Timedelta("1s"), pd.NaT]),
        pl.Series([1, None], dtype=pl.Int8),
        pl.Series([1.0, float("nan")]),
        pl.Series(["1", None], dtype=pl.Categorical),
    ],
    ids=lambda column: f"{type(column).__module__.split('.')[0]}-{column.dtype}-{column[0]}",
)
def test_equal_numbers_of_any_dtype_are_equal(column):
    assert as_kind(column, "number", name="x").to_list() == [1.0, None]


@pytest.mark.parametrize(
    "cell",
    [
        DAY, pd.Timestamp(DAY), DAY.date(), "2026-01-02", " 2026-01-02T00:00",
        "2026-01-02 00:00:00.0",
        "2026-01-02T02:00:00+02:00", "2026-01-01T19:30-0430", "2026-01-02T00:00:00Z",
        pd.Timestamp("2026-01-02T01:00", tz="Europe/Berlin"),
    ],
    ids=str,
)  # fmt: skip
def test_equal_dates_of_any_form_are_equal(cell):
    assert as_kind(pd.Series([cell, None]), "date", name="x").to_list() == [DAY, None]


def test_categories_are_equal_whole_numbers_whatever_the_dtype_and_the_other_rows():
    integers, floats = pd.Series([3, 4]), pd.Series([3.0, 4.5, None])
    assert as_kind(integers, "category", name="x").to_list() == ["3", "4"]
    assert as_kind(floats, "category", name="x").to_list() == ["3", "4.5", None]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ([[1, 0], [1.0, 0.0], ["1", "0"], ["1.0", "0.00"], [Decimal("1.00"), Decimal(0)]], "1"),
        ([[1.5, 2], [np.float32(1.5), 2], ["1.5", "2"], [Decimal("1.50"), Decimal(2)]], "1.5"),
        ([[10**17, 1], [1e17, 1], [str(10**17), "1"]], str(10**17)),
        ([[1e20, 0.1], ["1e+20", "0.1"]], "1e+20"),
        ([pd.Series([0.1], dtype=np.float32), [0.1], ["0.1"]], "0.1"),
        ([[True, False], ["True", "False"], ["true", "false"], ["TRUE", "FALSE"]], "true"),
        ([[DAY], [DAY.date()], pd.Series([DAY], dtype="M8[ms]"), ["2026-01-02"]], "2026-01-02"),
        ([["1.10"]], "1.10"),
        ([["007"]], "007"),
        ([["v1.0"]], "v1.0"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_category_is_one_whatever_the_dtype(columns, expected):
    found = [as_kind(pd.Series(cells), "category", name="x").to_list() for cells in columns]
    assert [cells[0] for cells in found] == [expected] * len(found)
    assert found == [found[0]] * len(found)


def test_a_time_of_day_is_part_of_a_category():
    times = pd.Series([DAY + dt.timedelta(hours=3), DAY + dt.timedelta(milliseconds=5)])
    found = as_kind(times, "category", name="x").to_list()
    assert found == ["2026-01-02 03:00:00", "2026-01-02 00:00:00.005"]


def test_truth_values_are_read_from_words_and_digits():
    for cells in (["yes", "No", None], ["1", "0", ""], [1.0, 0.0, None], [True, False, None]):
        assert as_kind(pd.Series(cells), "boolean", name="x").to_list() == [True, False, None]


@pytest.mark.parametrize(
    ("cells", "kind", "message"),
    [
        (["3", "much"], "number", "'number', got 'much' at position 1; convert"),
        ([2], "boolean", "got 2 at position 0; 0 and 1"),
        (["03/04/2026"], "date", "got '03/04/2026' at position 0; write dates as 2026-11-27"),
        ([7], "date", "got 7 at position 0"),
        ([DAY], "number", "got datetime.datetime.* at position 0"),
        ([DAY], "boolean", "at position 0"),
        ([[1]], "category", "got a column of object; convert it first"),
        (["a", 1], "category", "got a column of object"),
        (
            pd.period_range("2026-01", periods=2, freq="M"),
            "category",
            r"got a column of period\[M\]",
        ),
    ],
    ids=str,
)
def test_a_value_of_another_kind_is_rejected_by_position(cells, kind, message):
    with pytest.raises(ValueError, match=r"X\['x'\] must hold .*" + message):
        as_kind(pd.Series(cells), kind, name="x")


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ([1, 2], "number"), (["1", "2.5"], "number"), (["01", "2"], "category"),
        ([True], "boolean"),
        (["2026-01-02"], "date"), ([DAY], "date"), (["a"], "category"), ([None], None),
        ([b"a"], None),
        (["1", "nan"], "category"),
    ],
    ids=str,
)  # fmt: skip
def test_kinds_are_found_by_dtype_and_content(cells, kind):
    assert kind_of(as_polars(pd.Series(cells))) == kind


def roles(texts=None, **columns):
    return find_roles({name: as_polars(pd.Series(cells)) for name, cells in columns.items()}, texts)


N = 40
BODY = [f"the parcel number {i} is late" for i in range(N)]


@pytest.mark.parametrize(
    ("name", "cells", "reason"),
    [
        ("ticket_id", [7, 3] * 20, "an identifier"),
        ("ticketId", [str(i) for i in range(N)], "an identifier"),
        ("row", list(range(5, 5 + N)), "an identifier"),
        ("row", list(range(N, 0, -1)), "an identifier"),
        ("row", np.random.default_rng(0).permutation(N), "an identifier"),
        ("token", [f"x{i}" for i in range(N)], "nearly unique values"),
        ("source", ["web"] * N, "a single value"),
        ("empty", [None] * N, "of type Null"),
        ("blank", pd.Series([None] * N, dtype=float), "no values"),
        ("tags", [["a"]] * N, r"of type List\(String\)"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_columns_that_say_nothing_about_new_rows_are_left_out(name, cells, reason):
    found = roles(body=BODY, **{name: cells})
    assert found.texts == ["body"]
    assert found.kinds == {}
    assert list(found.left_out) == [name]
    assert re.fullmatch(reason, found.left_out[name])


def test_numbers_that_differ_in_each_row_are_no_identifiers():
    prices = np.random.default_rng(0).permutation(N) * 3 + 1
    assert roles(body=BODY, price=prices).kinds == {"price": "number"}


def test_short_texts_that_repeat_are_categories_and_others_texts():
    found = roles(body=BODY, queue=["billing", "late parcel"] * 20, title=BODY[::-1])
    assert (found.texts, found.kinds) == (["body", "title"], {"queue": "category"})


def test_named_texts_are_kept_and_other_texts_left_out_by_name():
    found = roles(["queue"], body=BODY, queue=["billing", "parcel"] * 20)
    assert found.texts == ["queue"]
    assert found.kinds == {}
    assert found.left_out == {"body": "texts that are not among the columns to join"}


def test_the_longest_strings_are_the_text_if_no_column_looks_like_texts():
    assert roles(word=["late", "wrong"] * 20, code=["a", "b"] * 20).texts == ["word"]
