import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sp

from agnews_sk._core.appending import append_rows

FRAME = pd.DataFrame({"title": ["a", "b"], "n": [1, 2]}, index=[7, 9])
MORE = pd.DataFrame({"id": [0], "n": [3], "title": [None]})


@pytest.mark.parametrize(
    ("first", "second"),
    [(list, pd.Series), (tuple, list), (np.array, pl.Series), (pd.Series, np.array)],
)
def test_texts_of_two_containers_become_a_list(first, second):
    found = append_rows(first(["a", "b"]), second(["c"]), name="more")
    assert list(map(str, found)) == ["a", "b", "c"]


@pytest.mark.parametrize("to", [pd.DataFrame, pl.from_pandas, pa.Table.from_pandas])
def test_frames_are_matched_by_the_columns_of_the_first(to):
    found = append_rows(to(FRAME.reset_index(drop=True)), to(MORE), name="more")
    assert list(found.columns) == ["title", "n"]
    assert list(found["n"]) == [1, 2, 3]
    assert list(found["title"])[:2] == ["a", "b"]


def test_row_labels_of_a_frame_are_not_repeated():
    assert append_rows(FRAME, FRAME, name="more").index.is_unique


@pytest.mark.parametrize("to", [np.asarray, sp.csr_array, sp.csc_matrix])
def test_matrices_are_appended(to):
    found = append_rows(to(np.eye(2)), to(np.ones((1, 2))), name="more")
    assert sp.issparse(found) == sp.issparse(to(np.eye(2)))
    np.testing.assert_array_equal(
        found.todense() if sp.issparse(found) else found, [[1, 0], [0, 1], [1, 1]]
    )


@pytest.mark.parametrize(
    ("X", "more", "error", "message"),
    [
        (
            FRAME,
            MORE[["n"]],
            ValueError,
            r"the columns of X, .*it lacks \['title'\]",
        ),
        (FRAME, pl.from_pandas(MORE), TypeError, "DataFrame of pandas, got DataFrame of polars"),
        (FRAME, ["a"], TypeError, "DataFrame of pandas, got list of builtins"),
        (np.eye(2), np.eye(3), ValueError, r"shape \(2, 2\), got shape \(3, 3\)"),
        (np.eye(2), ["a"], ValueError, r"shape \(2, 2\), got shape \(1,\)"),
    ],
    ids=["columns", "libraries", "texts", "width", "dimensions"],
)
def test_rows_of_another_kind_are_rejected(X, more, error, message):
    with pytest.raises(error, match=message):
        append_rows(X, more, name="more")
