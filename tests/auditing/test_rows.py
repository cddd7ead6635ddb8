import numpy as np
import pandas as pd
import polars as pl

from agnews_sk.auditing._rows import N_EXAMPLES, Rows, shorten

TEXTS = pl.Series([f"text {i}" for i in range(8)])
ROWS = Rows(texts=TEXTS, labels=np.array(list("abcdefgh"), dtype=object), test=None)


def test_the_first_rows_are_the_examples_with_their_labels_and_columns():
    found = ROWS.finding("short_texts", "Short.", np.array([7, 0, 1, 2, 3, 4]), words=np.arange(6))
    assert len(found.examples) == N_EXAMPLES == 5
    assert found.examples["row"].tolist() == [7, 0, 1, 2, 3]
    assert found.examples["text"].tolist()[0] == "text 7"
    assert found.examples["label"].tolist()[:2] == ["h", "a"]
    assert found.examples["words"].tolist() == [0, 1, 2, 3, 4]
    assert (found.count, found.n_rows) == (6, 8)


def test_a_mask_is_accepted_in_place_of_positions():
    mask = np.array([False, True] * 4)
    assert ROWS.finding("x", "", mask).rows.tolist() == [1, 3, 5, 7]


def test_without_labels_none_are_shown():
    unlabelled = Rows(texts=TEXTS, labels=None, test=None)
    assert list(unlabelled.show(np.array([0]))) == ["row", "text"]


def test_a_table_replaces_the_examples():
    table = pd.DataFrame({"class": ["a"]})
    found = ROWS.table("class_imbalance", "Rare.", np.arange(8) == 3, table)
    assert found.rows.tolist() == [3]
    assert found.examples is table


def test_long_texts_are_cut_and_missing_ones_empty():
    short, long, missing = shorten(pl.Series(["x" * 160, "x" * 161, None]))
    assert short == "x" * 160
    assert long == "x" * 159 + "…"
    assert missing == ""
