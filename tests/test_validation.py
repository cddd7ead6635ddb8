import pandas as pd
import pyarrow as pa
import pytest

from agnews_sk._validation import check_texts, text_columns


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()], ids=str)
def test_arrow_strings_of_pandas_are_texts(kind):
    column = pd.Series(["Oil rises", None], dtype=pd.ArrowDtype(kind))
    assert check_texts(column).to_list() == ["Oil rises", None]
    assert list(text_columns(column.to_frame("title"), None)) == ["title"]


def test_cells_that_are_lists_are_refused_by_position():
    frame = pd.DataFrame({"title": ["Oil", "Cup"], "tags": [[1], [2]]})
    with pytest.raises(TypeError, match=r"X\['tags'\] must hold texts, got list \[1\] at pos"):
        text_columns(frame, None)
