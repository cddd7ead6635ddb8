"""Objects that a search accepts as rows and labels."""

import numpy as np
import pandas as pd
import pytest

from agnews_sk.tuning._rows import check_rows, has_columns


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ("oil", r"got a single str; wrap it in a list: \['oil'\]"),
        (b"oil", "got a single bytes"),
        (None, "got None"),
        ({"text": ["oil"]}, "got dict"),
        ({"oil"}, "got set"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_objects_without_rows_are_rejected(X, message):
    with pytest.raises(TypeError, match=f"^X must .*{message}"):
        check_rows(X)


@pytest.mark.parametrize(
    "X", [["oil"], ("oil",), np.eye(2), pd.Series(["oil"]), pd.DataFrame({"text": ["oil"]}), []]
)
def test_containers_of_rows_are_accepted(X):
    check_rows(X)


@pytest.mark.parametrize(
    ("y", "expected"),
    [
        (["a", "b"], False),
        (np.array(["a", "b"]), False),
        (np.array([["a"], ["b"]]), False),
        (np.eye(2), True),
        (pd.DataFrame({"a": [0, 1], "b": [1, 0]}), True),
        (None, False),
    ],
    ids=["list", "array", "column", "matrix", "frame", "none"],
)
def test_labels_of_several_columns_are_left_to_the_estimator(y, expected):
    assert has_columns(y) is expected
