"""Three parts: every row once, stratified, duplicates together."""

import unicodedata
from collections import Counter
from math import ceil

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agnews_sk.datasets import train_val_test_split


def stories(n_a_class=40):
    classes = ["World", "Sports", "Business", "Sci/Tech"]
    y = np.repeat(np.array(classes, dtype=object), n_a_class)
    return [f"story {i}" for i in range(len(y))], y


def key(text):
    text = unicodedata.normalize("NFKC", text).lower().strip()
    parts = ["" if unicodedata.category(c)[0] == "P" or c.isspace() else c for c in text]
    words = "".join(c or " " for c in parts).split()
    return " ".join(words) or text


def test_float_sizes_are_shares_and_the_rest_trains():
    X, y = stories(25)
    parts = train_val_test_split(X, y, val_size=0.1, test_size=0.2, random_state=0)
    assert [len(part) for part in parts] == [70, 10, 20, 70, 10, 20]


def test_int_sizes_are_numbers_of_rows():
    X, y = stories(25)
    parts = train_val_test_split(X, y, val_size=7, test_size=13, random_state=0)
    assert [len(part) for part in parts[:3]] == [80, 7, 13]


def test_size_zero_leaves_a_part_empty():
    X, y = stories(5)
    X_train, X_val, X_test, _, y_val, _ = train_val_test_split(X, y, val_size=0, test_size=5)
    assert (len(X_train), len(X_val), len(X_test), len(y_val)) == (15, 0, 5, 0)


def test_classes_have_the_same_share_everywhere():
    y = ["a"] * 60 + ["b"] * 30 + ["c"] * 10
    X = [f"story {i}" for i in range(100)]
    *_, y_train, y_val, y_test = train_val_test_split(
        X, y, val_size=0.2, test_size=0.3, random_state=1
    )
    assert Counter(y_train) == {"a": 30, "b": 15, "c": 5}
    assert Counter(y_val) == {"a": 12, "b": 6, "c": 2}
    assert Counter(y_test) == {"a": 18, "b": 9, "c": 3}


def test_duplicates_up_to_case_punctuation_and_space_stay_together():
    X, y = stories()
    X, y = X + [f"  STORY -- {i}!" for i in range(len(X))], [*y, *y]
    for seed in range(5):
        parts = train_val_test_split(X, y, random_state=seed)[:3]
        keys = [set(map(key, part)) for part in parts]
        assert not keys[0] & keys[1]
        assert not keys[0] & keys[2]
        assert not keys[1] & keys[2]
        assert [len(part) for part in parts] == pytest.approx([224, 32, 64], abs=2)


def test_duplicates_are_drawn_into_every_part():
    X, y = stories()
    X, y = [*X, *X], [*y, *y]
    X_train, X_val, X_test, *_ = train_val_test_split(X, y, random_state=0)
    assert all(count == 2 for part in (X_train, X_val, X_test) for count in Counter(part).values())
    assert len(X_val) > 0
    assert len(X_test) > 0


def test_duplicates_may_be_split_when_not_grouped():
    y = ["a", "b"] * 10
    parts = train_val_test_split(["same"] * 20, y, group_duplicates=False, random_state=0)
    assert [len(part) for part in parts[:3]] == [14, 2, 4]


def test_rows_are_duplicates_where_a_pipeline_makes_one_text_of_them():
    frame = pd.DataFrame(
        [
            ("caf\u00e9", "x"),
            ("cafe\u0301", "x"),
            ("Oil rises", "By a cent"),
            ("Oil rises by a cent", None),
            ("\uff2fil rises", "by a cent."),
            *[(f"other {i}", "") for i in range(15)],
        ],
        columns=["title", "description"],
    )
    y = ["a", "b"] * 10
    for seed in range(5):
        parts = train_val_test_split(frame, y, val_size=5, test_size=5, random_state=seed)
        places = [set(part.index) for part in parts[:3]]
        for together in ({0, 1}, {2, 3, 4}):
            assert sum(bool(together & place) for place in places) == 1


def test_missing_texts_are_duplicates_of_each_other():
    frame = pd.DataFrame({"title": [None, "", "a", "b", "c", "d"], "n": range(6)})
    for seed in range(5):
        parts = train_val_test_split(
            frame, list("xxxyyy"), val_size=0, test_size=2, random_state=seed
        )
        assert len([part for part in parts[:3] if set(part["n"]) & {0, 1}]) == 1


CONTAINERS = {
    "list": (list, list),
    "tuple": (tuple, tuple),
    "ndarray": (lambda X: np.array(X, dtype=object), np.asarray),
    "pandas Series": (pd.Series, pd.Series),
    "polars Series": (pl.Series, pl.Series),
    "pandas frame": (lambda X: pd.DataFrame({"title": X}), pd.Series),
    "polars frame": (lambda X: pl.DataFrame({"title": X}), lambda y: pl.Series(list(y))),
}


@pytest.mark.parametrize(("make_X", "make_y"), CONTAINERS.values(), ids=list(CONTAINERS))
def test_containers_keep_their_kind(make_X, make_y):
    texts, labels = stories(5)
    X, y = make_X(texts), make_y(labels)
    parts = train_val_test_split(X, y, val_size=4, test_size=4, random_state=0)
    assert [type(part) for part in parts] == [type(X)] * 3 + [type(y)] * 3
    assert [len(part) for part in parts] == [12, 4, 4] * 2


def test_labels_and_index_stay_with_their_rows():
    texts, labels = stories(5)
    frame = pd.DataFrame({"text": texts, "label": labels}, index=range(100, 120))
    parts = train_val_test_split(frame, labels, random_state=3)
    for X, y in zip(parts[:3], parts[3:]):
        assert X["label"].to_list() == y.tolist()
        assert X.equals(frame.loc[X.index])


def test_the_seed_decides_the_rows_and_their_order():
    X, y = stories()
    first, same, other = (train_val_test_split(X, y, random_state=seed)[0] for seed in (0, 0, 1))
    assert first == same
    assert first != other
    assert first != sorted(first, key=X.index)


@given(
    rows=st.lists(
        st.tuples(st.text("aB-_ é", max_size=3), st.sampled_from(["x", "y"])),
        min_size=0,
        max_size=40,
    ),
    val_size=st.integers(0, 6),
    test_size=st.floats(0, 0.4),
    seed=st.integers(0, 99),
)
@settings(max_examples=150, deadline=None)
def test_every_row_is_there_once_and_no_text_on_two_sides(rows, val_size, test_size, seed):
    rows = rows + [(f"only {i}", label) for i in range(6) for label in "xy"]
    texts, y = map(list, zip(*rows))
    frame = pd.DataFrame({"text": texts, "row": range(len(rows))})
    parts = train_val_test_split(
        frame, y, val_size=val_size, test_size=test_size, random_state=seed
    )
    taken = [row for part in parts[:3] for row in part["row"]]
    assert sorted(taken) == list(range(len(rows)))
    sides = [{key(text) for text in part["text"]} for part in parts[:3]]
    assert sum(map(len, sides)) == len(set.union(*sides))
    assert [label for part in parts[3:] for label in part] == [y[row] for row in taken]


@given(seed=st.integers(0, 999), n_pairs=st.integers(0, 60))
@settings(max_examples=40, deadline=None)
def test_small_groups_do_not_change_sizes_and_shares(seed, n_pairs):
    X, y = stories()
    pairs = np.random.default_rng(seed).permutation(len(X))[:n_pairs]
    X, y = X + [X[i] for i in pairs], np.concatenate([y, y[pairs]])
    parts = train_val_test_split(X, y, val_size=0.15, test_size=0.25, random_state=seed)
    n_val, n_test = ceil(0.15 * len(X)), ceil(0.25 * len(X))
    assert [len(part) for part in parts[:3]] == [len(X) - n_val - n_test, n_val, n_test]
    counts = Counter(y)
    for part in map(Counter, parts[3:]):
        for label, count in counts.items():
            assert part[label] == pytest.approx(part.total() * count / len(y), abs=1.5)


def test_a_group_too_large_for_any_part_is_assigned_to_the_emptiest():
    X = ["same"] * 30 + [f"story {i}" for i in range(10)]
    y = ["a", "b"] * 20
    X_train, _, X_test, *_ = train_val_test_split(X, y, val_size=0, test_size=0.5, random_state=0)
    assert sorted([len(X_train), len(X_test)]) == [10, 30]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"val_size": 1.0}, r"val_size must be a fraction in \[0, 1\) .* got 1.0"),
        ({"val_size": -0.1}, "val_size must be"),
        ({"test_size": 160}, "test_size must be .* number of rows below 160, got 160"),
        ({"test_size": True}, "test_size must be .* got True"),
        ({"test_size": "half"}, "test_size must be .* got 'half'"),
        ({"test_size": float("nan")}, "test_size must be .* got nan"),
        ({"val_size": 0.5, "test_size": 0.5}, "take 160 of 160 rows and leave no training rows"),
    ],
    ids=["one", "negative", "all rows", "bool", "text", "nan", "nothing left"],
)
def test_sizes_out_of_range_are_rejected(options, message):
    with pytest.raises(ValueError, match=message):
        train_val_test_split(*stories(), **options)


def test_lengths_that_differ_are_rejected():
    with pytest.raises(ValueError, match="y must have one label per row of X, 3, got 2"):
        train_val_test_split(["a", "b", "c"], ["x", "y"])


@pytest.mark.parametrize("gap", [None, np.nan], ids=["None", "nan"])
def test_missing_labels_are_rejected(gap):
    with pytest.raises(ValueError, match="y has 1 missing label, at position"):
        train_val_test_split(["a", "b", "c", "d"], ["x", "x", "x", gap])


def test_a_class_too_rare_for_all_parts_is_only_in_training():
    texts = [f"text {i}" for i in range(24)]
    texts[0] = "Text 23"  # a duplicate of a row of the rare class
    y = ["a"] * 11 + ["b"] * 11 + ["rare"] * 2
    with pytest.warns(UserWarning, match="fewer rows than the 3 parts are only in .*: 'rare'\\.$"):
        parts = train_val_test_split(texts, y, val_size=4, test_size=6, random_state=0)
    assert [len(part) for part in parts[:3]] == [14, 4, 6]
    assert parts[3].count("rare") == 2
    assert "Text 23" in parts[0]


def test_as_many_rows_are_held_out_as_classes_with_enough_rows_have():
    y = ["a", "a", *(f"rare {i}" for i in range(18))]
    with pytest.warns(UserWarning, match="'rare 9' and 8 more"):
        parts = train_val_test_split(
            [f"text {i}" for i in range(20)], y, val_size=0, test_size=6, random_state=0
        )
    assert [len(part) for part in parts[:3]] == [18, 0, 2]


def test_classes_that_are_all_too_rare_are_rejected():
    with pytest.raises(ValueError, match="Every class of y has fewer rows than the 3 parts, such"):
        train_val_test_split(["a", "b", "c", "d"], ["x", "x", "y", "y"], val_size=1, test_size=1)


def test_a_part_left_empty_by_duplicates_raises_a_warning():
    with pytest.warns(UserWarning, match="duplicates of each other"):
        train_val_test_split(["Oil up"] * 20, ["Business"] * 20)


def test_label_sets_are_split_with_their_shares_and_exact_sizes():
    rng = np.random.default_rng(0)
    indicator = rng.random((200, 5)) < [0.5, 0.3, 0.2, 0.1, 0.05]
    texts = [f"text {i // 2 if i < 20 else i}" for i in range(200)]
    y = [np.flatnonzero(row).tolist() for row in indicator]
    parts = train_val_test_split(texts, y, val_size=30, test_size=50, random_state=0)
    assert [len(part) for part in parts] == [120, 30, 50] * 2
    assert not set(parts[0]) & set(parts[2])
    for part, share in zip(parts[3:], (0.6, 0.15, 0.25)):
        counts = np.bincount([label for labels in part for label in labels], minlength=5)
        assert np.abs(counts - share * indicator.sum(axis=0)).max() <= 4


def test_a_label_of_fewer_rows_than_parts_is_named():
    y = [["a", "b"], *[["a"]] * 9]
    with pytest.warns(UserWarning, match=r"labels \['b'\] of y have fewer rows than the 3 parts"):
        train_val_test_split([f"text {i}" for i in range(10)], y, random_state=0)
