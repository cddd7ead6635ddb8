import numpy as np
import polars as pl
import pytest

from agnews_sk._core.label_sets import check_label_sets
from agnews_sk.auditing._rows import Rows
from agnews_sk.auditing._text_checks import (
    check_class_balance,
    check_damage,
    check_lengths,
    check_missing,
    check_sources,
)


class Tokenizer:
    """One token for each word."""

    def transform(self, texts):
        return texts.str.split(" ")


def rows(texts, labels=None):
    labels = None if labels is None else np.array(labels, dtype=object)
    return Rows(texts=pl.Series(texts, dtype=pl.String), labels=labels, test=None)


def test_classes_below_half_of_the_mean_are_rare():
    found = check_class_balance(rows(["x"] * 10, ["a"] * 5 + ["b"] * 4 + ["c"]))
    assert found.rows.tolist() == [9]
    assert found.examples["class"].tolist() == ["a", "b", "c"]
    assert found.examples["share"].tolist() == [0.5, 0.4, 0.1]
    assert "3 classes, from 1 to 5 rows; 1 have less than half" in found.summary


def test_balanced_classes_have_no_rare_one():
    assert check_class_balance(rows(["x"] * 4, ["a", "b"] * 2)).count == 0


def test_blank_texts_are_missing():
    assert check_missing(rows(["oil", "", " \n\t", "."])).rows.tolist() == [1, 2]


def test_texts_of_one_or_two_words_are_short_and_empty_ones_are_not():
    (short,) = check_lengths(rows(["oil", "oil rises", "", "oil rises again"]), 8, None)
    assert short.rows.tolist() == [0, 1]
    assert short.examples["words"].tolist() == [1, 2]


def test_texts_above_the_maximum_length_are_truncated_the_longest_first():
    texts = ["a b c", "a b c d e", "a b c d"]
    _, truncated = check_lengths(rows(texts), 3, Tokenizer())
    assert truncated.rows.tolist() == [1, 2]
    assert truncated.examples["tokens"].tolist() == [5, 4]
    assert "more than max_length=3 tokens" in truncated.summary
    assert "the maximum 5" in truncated.summary


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("plain text", []),
        ("Cup <b>winners</b>", ["html_tags"]),
        ("Cup &lt;b&gt;winners&lt;/b&gt;", ["html_tags", "html_entities"]),
        ("oil &amp; gas", ["html_entities"]),
        ("oil #39;s", ["html_entities"]),
        ("oil\\gas", ["backslashes"]),
        ("3 < 4", []),
    ],
)
def test_damage_is_distinguished_by_kind(text, names):
    assert [found.name for found in check_damage(rows([text])) if found.count] == names


def test_a_source_of_one_class_reveals_the_label():
    texts = [f"Oil {i} (Reuters)" for i in range(20)] + [f"Cup {i} (AP)" for i in range(20)]
    labels = ["Oil"] * 20 + ["Oil", "Cup"] * 10
    found = check_sources(rows(texts, labels))
    assert found.examples["source"].tolist() == ["Reuters"]
    assert found.examples["share"].tolist() == [1.0]
    assert found.rows.tolist() == list(range(20))


def test_a_rare_source_reveals_nothing():
    texts = [f"Oil {i} (Reuters)" for i in range(19)] + [f"Cup {i}" for i in range(19)]
    assert check_sources(rows(texts, ["Oil"] * 19 + ["Cup"] * 19)).count == 0


def sets_of(texts, labels):
    sets = check_label_sets(labels)
    column = np.empty(len(texts), dtype=object)
    column[:] = [tuple(row) for row in labels]
    return Rows(texts=pl.Series(texts, dtype=pl.String), labels=column, sets=sets)


def test_a_source_of_one_label_among_several_reveals_it():
    texts = [f"Oil {i} (Reuters)" for i in range(20)] + [f"Cup {i} (AP)" for i in range(20)]
    labels = [["news", "oil"], ["news", "oil", "war"]] * 10 + [["cup", "news"], ["news"]] * 10
    found = check_sources(sets_of(texts, labels))
    assert found.rows.tolist() == list(range(20))
    assert found.examples.to_dict("records") == [
        {"source": "Reuters", "label": "oil", "rows": 20, "share": 1.0}
    ]
    assert "whose most frequent label is" in found.summary


def test_a_label_that_all_rows_have_is_revealed_by_no_source():
    texts = [f"Oil {i} (Reuters)" for i in range(40)]
    assert check_sources(sets_of(texts, [["news"]] * 40)).count == 0
    assert check_sources(sets_of(texts, [["oil"], []] * 20)).count == 0
