"""Label cells as texts: of rows, of whole columns, and several in a cell."""

import polars as pl
import pytest

from agnews_sk.datasets._label_cells import is_label, label_texts, label_texts_of, split_labels

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
    assert label_texts_of(column, "label", None) == (["a", "b", "a"], "text")


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
    assert found == (['["a", "b"]', '["c"]', "[]", None, None], "list")
