"""Label cells as texts: of rows, of whole columns, and several in a cell."""

import polars as pl
import pytest

from agnews_sk.datasets._label_cells import (
    is_label,
    label_texts,
    label_texts_of,
    labels_of_indicators,
    list_in,
    lists_in_cells,
    split_labels,
)

NAMES = ["neg", "pos"]
COLUMNS = {
    "texts": (["a", None, " "], None, ["a", None, " "], "text"),
    "blank texts": (["", None], None, ["", None], None),
    "integers": ([1, None, 2], None, ["1", None, "2"], "number"),
    "floats": ([1.0, float("nan"), 2.5], None, ["1.0", None, "2.5"], "number"),
    "booleans": ([True, False, None], None, ["true", "false", None], "boolean"),
    "lists": ([["ä", "b"], [], None], None, ['["ä", "b"]', "[]", None], "list"),
    "names": ([1, 0, -1, None], NAMES, ["pos", "neg", None, None], "text"),
    "names in lists": ([[1, 0], [], [2]], NAMES, ['["pos", "neg"]', "[]", None], "list"),
    "decimals with names": ([0.0, 1.5], NAMES, ["0.0", "1.5"], "number"),
    "nothing": ([None, None], NAMES, [None, None], None),
}


@pytest.mark.parametrize(("cells", "names", "texts", "kind"), COLUMNS.values(), ids=list(COLUMNS))
def test_cells_are_converted_alike_by_row_and_by_column(cells, names, texts, kind):
    by_row = label_texts(cells, range(1, len(cells) + 1), "label", names)
    by_column = label_texts_of(pl.Series(cells), "label", names)
    assert (by_row.texts, by_row.kind) == (texts, kind)
    assert (by_column.texts, by_column.kind) == (texts, kind)


def test_categories_are_texts():
    column = pl.Series(["a", "b", "a"], dtype=pl.Categorical)
    assert label_texts_of(column, "label", None)[:2] == (["a", "b", "a"], "text")


def test_labels_of_two_kinds_are_rejected_with_their_lines():
    with pytest.raises(
        ValueError, match=r"rows: label must .* a number on line 3 and a list on li"
    ):
        label_texts([None, 1, ["a"]], [2, 3, 4], "rows: label", None)


@pytest.mark.parametrize("cell", ["a", 1, 1.5, True, None, [], ["a", 1]])
def test_scalars_and_lists_of_scalars_can_be_labels(cell):
    assert is_label(cell)


@pytest.mark.parametrize("cell", [{}, [1.5], [["a"]], [None], b"a"])
def test_other_cells_cannot_be_labels(cell):
    assert not is_label(cell)


def test_several_labels_in_a_cell_are_split():
    found = split_labels(["a, b", "c", " , ", "", None], ",")
    assert found[:2] == (['["a", "b"]', '["c"]', "[]", None, None], "list")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('["a", "b c"]', ["a", "b c"]),
        ("['a', 'b']", ["a", "b"]),
        ("['a' 'b'\n 'c']", ["a", "b", "c"]),
        ("[1, -2]", [1, -2]),
        ("[1 2]", [1, 2]),
        (" [] ", []),
        ("['a',]", ["a"]),
        ("[\"it's\", 'x\\'y']", ["it's", "x'y"]),
        ('["\\u00fc\\/"]', ["\u00fc/"]),
        ("[a, b]", None),
        ("['a'", None),
        ("['a']['b']", None),
        ("[__import__('os')]", None),
        ("[['a']]", None),
        ("[1.5]", None),
        ("['\\x']", None),
        (f"[{'1,' * 6000}]", None),
    ],
    ids=str,
)
def test_lists_in_texts_are_parsed_and_nothing_is_run(text, found):
    assert list_in(text) == found


def test_a_column_is_one_of_lists_if_most_texts_are():
    labels = lists_in_cells(["['a']", "", None, "[]"], [2, 3, 4, 5], "rows.csv: tags")
    assert labels == (['["a"]', None, None, "[]"], "list", "lists in cells")
    assert lists_in_cells(["a [1]", "b", "['c']"], [2, 3, 4], "rows.csv: tags") is None
    with pytest.raises(ValueError, match=r"rows.csv: tags must hold lists such as .* got 'b' on l"):
        lists_in_cells(["['a']", "b", "['c']"], [2, 3, 4], "rows.csv: tags")


def test_columns_of_zero_and_one_are_label_sets():
    cells = {"rude": ["1", "0", "", "1.0"], "spam": [True, False, 1, 1]}
    labels = labels_of_indicators(cells, [2, 3, 4, 5], "rows.csv")
    assert labels.texts == ['["rude", "spam"]', "[]", None, '["rude", "spam"]']
    with pytest.raises(ValueError, match=r"rows.csv, line 3: rude must be 0 or 1, .* got '7'"):
        labels_of_indicators({"rude": ["1", "7"]}, [2, 3], "rows.csv")
