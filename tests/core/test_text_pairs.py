"""Two texts of a row become one text, and two again."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from agnews_sk._core.text_pairs import PAIR_MARK, PAIR_SEPARATOR, check_text_pairs, split_pair
from agnews_sk.cleaning import ColumnJoiner, TextCleaner

NEWS = pd.DataFrame(
    {"title": ["Oil rises", None, "Cup", " "], "description": ["By a cent.", "Hm.", "", "Rain"]}
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Oil \x1f Up", ["Oil", "Up"]),
        ("Oil\x1fUp", ["Oil", "Up"]),
        ("Oil", ["Oil"]),
        ("", [""]),
        ("Oil \x1f", ["Oil"]),
        (" \x1f Up", ["Up"]),
        (" \x1f ", [""]),
        ("Oil \x1f Up \x1f today", ["Oil", "Up   today"]),
        ("  Oil  \x1f  Up  ", ["  Oil", "Up  "]),
    ],
    ids=repr,
)
def test_a_text_is_divided_at_its_first_mark(text, expected):
    segments = split_pair(text)
    assert [segment.text for segment in segments] == expected
    for segment in segments:
        found = text[segment.start : segment.start + len(segment.text)]
        assert found.replace(PAIR_MARK, " ") == segment.text


@pytest.mark.parametrize("as_kind", [pd.DataFrame, pl.from_pandas], ids=["pandas", "polars"])
def test_a_frame_is_joined_as_the_step_of_a_pipeline_joins_it(as_kind):
    joined = check_text_pairs(as_kind(NEWS)).to_list()
    assert joined[:3] == [f"Oil rises{PAIR_SEPARATOR}By a cent.", "Hm.", "Cup"]
    step = ColumnJoiner(separator=PAIR_SEPARATOR)
    assert step.fit_transform(as_kind(NEWS)).tolist() == joined


def test_texts_stay_texts():
    assert check_text_pairs(["Oil", None]).to_list() == ["Oil", None]
    assert check_text_pairs(NEWS[["title"]]).to_list()[:2] == ["Oil rises", None]


@pytest.mark.parametrize("columns", [["a", "b", "c"], ["a", "n"]], ids=["three", "one of two"])
def test_another_number_of_text_columns_is_rejected(columns):
    frame = pd.DataFrame({c: [1] if c == "n" else ["x"] for c in columns})
    with pytest.raises(ValueError, match="X_val must have two columns of texts with text_pair=Tr"):
        check_text_pairs(frame, name="X_val")


@pytest.mark.parametrize("n_rows", [2, 200], ids=["one by one", "as a column"])
def test_no_step_of_the_cleaner_changes_the_mark(n_rows):
    cleaner = TextCleaner(
        normalize="NFKC", strip_sources=True, lowercase=True, strip_accents=True,
        strip_stop_words="english", strip_digits=True, strip_punctuation=True,
    )  # fmt: skip
    pair = f"Café, 3 <b>rise</b> www.oil.com{PAIR_SEPARATOR}Reuters - the cup &amp; (more)!"
    texts = np.array([pair, f"plain{PAIR_SEPARATOR}ASCII"] * (n_rows // 2), dtype=object)
    cleaned = cleaner.fit_transform(texts)[:2]
    assert [[text for text, _ in split_pair(row)] for row in cleaned] == [
        ["cafe rise", "cup"],
        ["plain", "ascii"],
    ]
