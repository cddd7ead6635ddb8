"""Joining texts and keeping other columns."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest

from agnews_sk._core.mixed_rows import MixedRows
from agnews_sk.cleaning import MixedColumnJoiner, TextCleaner

N = 24
FRAME = pd.DataFrame(
    {
        "subject": [f"Parcel number {i} is late" for i in range(N)],
        "id": range(N),
        "queue": ["billing", "delivery", "returns"] * 8,
        "amount": [i % 7 + 0.5 for i in range(N)],
        "urgent": [True, False] * 12,
        "opened": pd.date_range("2026-01-01", periods=N, freq="31h"),
        "body": [f"It is the {i}. time that I ask" for i in range(N)],
    }
)
Y = ["a", "a", "b", "b"] * 6
KINDS = {"queue": "category", "amount": "number", "urgent": "boolean", "opened": "date"}


def test_auto_uses_all_columns_and_says_how():
    joiner = MixedColumnJoiner().fit(FRAME, Y)
    assert joiner.columns_ == ["subject", "body"]
    assert joiner.column_kinds_ == KINDS
    assert joiner.left_out_ == {"id": "an identifier"}
    assert joiner.summary_ == (
        "text: subject, body; category: queue; number: amount; boolean: urgent; date: opened; "
        "left out: id (an identifier)"
    )


@pytest.mark.parametrize("others", [True, "auto", KINDS, list(KINDS)], ids=repr)
def test_columns_may_be_found_listed_or_given_with_their_kinds(others):
    texts = None if others in (True, "auto") else ["subject", "body"]
    joiner = MixedColumnJoiner(columns=texts, others=others).fit(FRAME, Y)
    rows = joiner.transform(FRAME.iloc[:2])
    assert joiner.column_kinds_ == KINDS
    assert rows.texts[0] == "Parcel number 0 is late It is the 0. time that I ask"
    assert rows.columns["urgent"].to_list() == [True, False]
    assert joiner.get_feature_names_out().tolist() == ["text", *KINDS]


def test_a_named_column_of_strings_is_not_joined():
    joiner = MixedColumnJoiner(others=["queue"]).fit(FRAME, Y)
    assert joiner.columns_ == ["subject", "body"]
    assert joiner.left_out_ == dict.fromkeys(["id", "amount", "urgent", "opened"], "not named")


def test_the_line_is_printed_with_verbose_only(capsys):
    MixedColumnJoiner().fit(FRAME)
    assert capsys.readouterr().out == ""
    joiner = MixedColumnJoiner(verbose=True).fit(FRAME)
    assert capsys.readouterr().out == f"[MixedColumnJoiner] {joiner.summary_}\n"


def test_every_container_and_order_gives_the_same_rows():
    joiner = MixedColumnJoiner().fit(FRAME)
    expected = joiner.transform(FRAME)
    as_polars = pl.from_pandas(FRAME)
    as_cells = pd.DataFrame({c: FRAME[c].astype(str) for c in reversed(FRAME.columns)})
    for X in (as_polars, as_polars.to_arrow(), FRAME.convert_dtypes(), as_cells.assign(more=1)):
        rows = joiner.transform(X)
        assert rows.texts.tolist() == expected.texts.tolist()
        assert rows.columns.equals(expected.columns)


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        (FRAME[["subject", "body"]], ValueError, r"X lacks the columns \['queue', 'amount', 'urg"),
        (FRAME.drop(columns="body"), ValueError, r"X lacks the columns \['body'\]"),
        (
            ["Late"],
            ValueError,
            r"uses the columns \['queue', .*, got a list without them",
        ),
        (FRAME.iloc[0], TypeError, "got one row of the frame as a Series"),
        (FRAME.assign(amount="much"), ValueError, r"X\['amount'\] .* got 'much' at position 0"),
    ],
    ids=["texts", "no-text", "list", "row", "value"],
)
def test_rows_without_the_columns_are_rejected_by_name(X, error, message):
    joiner = MixedColumnJoiner().fit(FRAME)
    with pytest.raises(error, match=message):
        joiner.transform(X)


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"others": "all"}, ValueError, "must be 'auto', a list of names, or a dict .* got 'all'"),
        ({"others": False}, ValueError, "got False"),
        ({"others": {"amount": "float"}}, ValueError, "must be among .*got {'amount': 'float'}"),
        ({"others": ["price"]}, ValueError, r"X lacks the columns \['price'\]"),
        ({"others": ["body"], "columns": ["body"]}, ValueError, r"\['body'\] are joined as texts"),
        ({"others": {"queue": "number"}}, ValueError, "got 'billing' at position 0"),
    ],
    ids=repr,
)
def test_columns_that_cannot_be_used_are_rejected(params, error, message):
    with pytest.raises(error, match=message):
        MixedColumnJoiner(**params).fit(FRAME)


def test_a_listed_column_of_no_kind_is_rejected():
    with pytest.raises(ValueError, match=r"X\['tags'\] must hold numbers, .* leave it out"):
        MixedColumnJoiner(others=["tags"]).fit(FRAME.assign(tags=[["a"]] * N))


def test_columns_need_names_of_str():
    with pytest.raises(TypeError, match="must have names of str beside texts, got 7; rename"):
        MixedColumnJoiner().fit(FRAME.rename(columns={"id": 7}))


def test_listed_columns_need_a_frame():
    with pytest.raises(ValueError, match=r"X must be a frame with the columns \['a'\].*got texts"):
        MixedColumnJoiner(others=["a"]).fit(["Late"])


@pytest.mark.parametrize("cells", [Y, [label == "a" for label in Y]], ids=["text", "boolean"])
def test_a_column_that_equals_the_labels_is_rejected(cells):
    with pytest.raises(ValueError, match=r"X\['queue'\] holds the labels"):
        MixedColumnJoiner().fit(FRAME.assign(queue=cells), cells)


@pytest.mark.parametrize("others", ["auto", ["amount"]], ids=repr)
def test_a_column_with_one_value_per_label_gives_a_warning(others):
    codes = [3.5 if label == "a" else 8.5 for label in Y]
    with pytest.warns(UserWarning, match=r"X\['amount'\] has one value per label"):
        MixedColumnJoiner(others=others).fit(FRAME.assign(amount=codes), Y)


def test_texts_alone_are_joined_as_by_a_column_joiner():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        joiner = MixedColumnJoiner().fit(["Late", None])
    assert joiner.transform(["Late", None]).tolist() == ["Late", ""]
    assert joiner.transform(FRAME[["body"]]).tolist() == FRAME["body"].tolist()


def test_a_second_fit_leaves_no_trace():
    joiner = MixedColumnJoiner().fit(FRAME)
    joiner.fit(["Late"])
    assert vars(joiner) == vars(MixedColumnJoiner().fit(["Late"]))


def test_the_cleaner_cleans_the_texts_and_keeps_the_columns():
    rows = MixedRows(["A  b", None], pl.DataFrame({"amount": [1.0, None]}))
    cleaned = TextCleaner(lowercase=True).fit(rows).transform(rows)
    assert cleaned.texts.tolist() == ["a b", ""]
    assert cleaned.columns.equals(rows.columns)
    assert rows.texts == ["A  b", None]


@pytest.mark.parametrize("kind", [np.asarray, pd.DataFrame, list], ids=lambda kind: kind.__name__)
def test_a_column_that_is_one_of_several_labels_is_rejected(kind):
    text = [f"the parcel number {i} is late" for i in range(8)]
    late, lost = np.array([1, 0, 0, 1] * 2), np.array([1, 1, 0, None] * 2)
    frame = pd.DataFrame({"text": text, "late": late.astype(bool), "lost": lost})
    y = np.column_stack([1 - late, late, np.ones(8, int)])
    with pytest.raises(ValueError, match=r"X\['late'\] holds a label: it says which rows have 1\."):
        MixedColumnJoiner().fit(frame, kind(y))
    MixedColumnJoiner(others=["late"]).fit(frame, kind(y))
    MixedColumnJoiner().fit(frame.assign(late=late[::-1] != late), kind(y))
