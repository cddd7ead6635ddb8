"""Options and functions that the commands share."""

import io
from dataclasses import replace

import numpy as np
import pytest
import typer
from rich.console import Console

from agnews_sk.cli._rows import (
    RowOptions,
    check_classes,
    draw_rows,
    draw_training_rows,
    load_rows,
)
from agnews_sk.datasets import load_train_test

Y = np.array(["oil"] * 30 + ["cup"] * 10)


def test_a_sample_is_stratified_sorted_and_repeats():
    drawn = draw_rows(Y, 8, seed=3)
    assert drawn.tolist() == sorted(set(drawn.tolist()))
    assert Y[drawn].tolist().count("oil") == 6
    np.testing.assert_array_equal(drawn, draw_rows(Y, 8, seed=3))
    assert drawn.tolist() != draw_rows(Y, 8, seed=4).tolist()


@pytest.mark.parametrize("n_wanted", [40, 100])
def test_all_rows_are_taken_by_default(n_wanted):
    assert draw_rows(Y, n_wanted, seed=0).tolist() == list(range(40))


def test_a_sample_of_training_rows_keeps_labels_and_test_rows():
    rows = load_train_test("sample")
    assert draw_training_rows(rows, None, seed=0) is rows
    drawn = draw_training_rows(rows, 40, seed=0)
    assert len(drawn.X_train) == len(drawn.y_train) == 40
    assert drawn.X_test is rows.X_test
    positions = drawn.X_train.index
    np.testing.assert_array_equal(drawn.y_train, np.asarray(rows.y_train)[positions])


def test_one_class_is_rejected():
    check_classes(Y, "the rows have")
    with pytest.raises(ValueError, match=r"^the rows have only one class, 'oil'; two are needed"):
        check_classes(Y[:5], "the rows have")


def test_rows_that_cannot_be_loaded_are_a_bad_option():
    with pytest.raises(typer.BadParameter, match="nowhere") as rejected:
        load_rows(RowOptions("nowhere.csv"), Console(file=io.StringIO()))
    assert rejected.value.param_hint == "--data"


def test_the_source_is_printed():
    printed = io.StringIO()
    rows = load_rows(RowOptions("sample"), Console(file=printed))
    assert f"Data: {rows.source}" in printed.getvalue()


def test_rows_without_a_label_are_left_out_on_request(tmp_path):
    rows = [f"The soup number {i} was cold,{['a', 'b'][i % 2]}" for i in range(20)]
    (tmp_path / "rows.csv").write_text("\n".join(["text,label", "No label here,", *rows]))
    options = RowOptions(str(tmp_path / "rows.csv"))
    with pytest.raises(typer.BadParameter, match=r"line 2: label is missing.*--on-bad-rows skip"):
        load_rows(options, Console(file=io.StringIO()))
    with pytest.warns(UserWarning, match="Skipped 1 broken row;"):
        rows = load_rows(replace(options, on_bad_rows="skip"), Console(file=io.StringIO()))
    assert rows.summary == "text: text; label: label, 2 classes; 20 rows"
