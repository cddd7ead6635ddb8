import pandas as pd
import pyarrow as pa
import pytest

from agnews_sk._validation import check_texts, text_columns


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()], ids=str)
def test_arrow_strings_of_pandas_are_texts(kind):
    column = pd.Series(["Oil rises", None], dtype=pd.ArrowDtype(kind))
    assert check_texts(column).to_list() == ["Oil rises", None]
    assert list(text_columns(column.to_frame("title"), None)) == ["title"]
