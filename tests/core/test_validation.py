import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from agnews_sk._core.validation import check_labels, check_texts, take_rows, text_columns


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()], ids=str)
def test_arrow_strings_of_pandas_are_texts(kind):
    column = pd.Series(["Oil rises", None], dtype=pd.ArrowDtype(kind))
    assert check_texts(column).to_list() == ["Oil rises", None]
    assert list(text_columns(column.to_frame("title"), None)) == ["title"]


def test_cells_that_are_not_texts_are_rejected_by_position():
    frame = pd.DataFrame({"title": ["Oil", "Cup"], "tags": ["a", [2]]})
    with pytest.raises(TypeError, match=r"X\['tags'\] must hold texts, got list \[2\] at pos"):
        text_columns(frame, None)


@pytest.mark.parametrize("kind", [pd.array, pd.Index, pa.array], ids=["array", "Index", "Arrow"])
def test_rows_are_taken_of_any_container_of_texts(kind):
    taken = take_rows(kind(["a", "b", "c"]), np.array([2, 0]))
    assert check_texts(taken).to_list() == ["c", "a"]


def test_two_columns_of_one_name_are_rejected():
    frame = pd.DataFrame([["a", "b"]], columns=["text", "text"])
    with pytest.raises(ValueError, match="more than one column text"):
        text_columns(frame, None)


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA])
def test_a_missing_label_is_rejected(missing):
    with pytest.raises(ValueError, match="1 missing label, at position 1"):
        check_labels(["a", missing])
