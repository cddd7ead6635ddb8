"""What names and values of a column tell about it."""

import pytest

from agnews_sk.datasets._profiles import (
    Profile,
    is_known_name,
    is_name_like,
    n_words,
    names_both,
    profiles_of,
    words_of,
)

SENTENCES = [f"The soup number {i} was cold" for i in range(12)]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("reviewText", "review text"),
        (" Class_Index ", "class index"),
        ("data.comment-body", "comment body"),
        ("ID", "id"),
        ("U.S.", "u.s."),
        ("", ""),
    ],
)
def test_the_words_of_a_name_are_in_lower_case(name, words):
    assert words_of(name) == words


def test_usual_names_are_known():
    assert [is_known_name(name) for name in ("Label", "SUBJECT", "reviewText", "art")] == [
        True,
        True,
        True,
        False,
    ]
    assert names_both(["id", "Text", "label"])
    assert not names_both(["Text", "title"])


def test_words_are_counted_in_scripts_without_spaces_too():
    assert n_words("The soup") == 2
    assert n_words("房间很干净") > 3
    assert n_words("") == 0


KINDS = {
    "text": (["a b", "c"], "text"),
    "numbers": (["1", "2,5", "-3.0e4"], "number"),
    "typed numbers": ([1, 2.5], "number"),
    "booleans": (["True", "false"], "boolean"),
    "typed booleans": ([True], "boolean"),
    "dates": (["2026-01-02", "2026-01-03 10:00"], "date"),
    "other dates": (["1.2.2026", "31/12/2025"], "date"),
    "texts that begin with a date": (["2026-01-02 the soup was cold"] * 3, "text"),
    "lists": ([["a"], []], "list"),
    "lists of objects": ([[{"a": 1}]], "other"),
    "objects": ([{}], "other"),
    "texts and a number": (["a", "b", 1], "text"),
    "numbers and a text": ([1, 2.5, "a"], "number"),
    "lists and an object": ([["a"], [], {}], "list"),
    "nothing": ([], "empty"),
}


@pytest.mark.parametrize(("values", "kind"), KINDS.values(), ids=list(KINDS))
def test_values_are_of_a_kind(values, kind):
    assert Profile("x", values).kind == kind


@pytest.mark.parametrize("name", ["", "id", "Unnamed: 0", "user_id", "index", "uuid", "#"])
def test_ids_are_known_by_name(name):
    assert Profile(name, SENTENCES).is_id
    assert not Profile(name, SENTENCES).can_be_text


@pytest.mark.parametrize("name", ["idea", "video", "text", "grid_text"])
def test_other_names_are_no_ids(name):
    assert not Profile(name, SENTENCES).is_id


TEXTS = {
    "sentences": (SENTENCES, True),
    "Chinese": ([f"房间很干净{i}" for i in range(12)], True),
    "words": (["good", "bad"] * 6, False),
    "few sentences": (SENTENCES[:2] * 6, False),
    "one sentence": (SENTENCES[:1] * 12, False),
    "keys": ([f"a8f{i}" for i in range(12)], False),
}


@pytest.mark.parametrize(("values", "is_text"), TEXTS.values(), ids=list(TEXTS))
def test_texts_have_several_words_and_differ(values, is_text):
    assert Profile("x", values).is_text is is_text


LABELS = {
    "words": (["good", "bad"] * 6, True),
    "spaces": (["rather good", "very bad"] * 6, True),
    "integers": ([0, 1, 2] * 4, True),
    "written floats": (["0.0", "1.0"] * 6, True),
    "booleans": ([True, False] * 6, True),
    "decimals": ([0.5, 1.0] * 6, False),
    "written decimals": (["0,5", "1,5"] * 6, False),
    "one value": (["good"] * 12, False),
    "all different": ([f"x{i}" for i in range(12)], False),
    "sentences": (SENTENCES[:2] * 6, False),
    "dates": (["2026-01-02", "2026-01-03"] * 6, False),
    "lists": ([["a"], ["b"]] * 6, False),
}


@pytest.mark.parametrize(("values", "is_label"), LABELS.values(), ids=list(LABELS))
def test_labels_are_short_and_occur_again(values, is_label):
    assert Profile("x", values).is_label is is_label


@pytest.mark.parametrize("name", ["stars", "review_count", "user id"])
def test_numbers_that_measure_or_identify_are_no_labels(name):
    assert not Profile(name, [0, 1, 2] * 4).is_label


def test_few_values_may_all_differ_by_chance():
    assert Profile("label", ["a", "b"]).can_be_label
    assert not Profile("label", [f"x{i}" for i in range(12)]).can_be_label


def test_profiles_leave_out_what_is_missing():
    rows = [{"a": "x"}, {"a": None}, {"a": " "}, {"a": float("nan")}, {"b": 1}]
    a, b = profiles_of(["a", "b", "a"], rows)
    assert (a.name, a.values, b.values) == ("a", ["x"], [1])


def test_profiles_of_very_many_columns_look_at_fewer_rows():
    rows = [dict.fromkeys(["a"], "x")] * 1_000
    (first, *_) = profiles_of(["a", *map(str, range(3_999))], rows)
    assert len(first.values) == 50


@pytest.mark.parametrize(
    ("profile", "shown"),
    [
        (Profile("a", SENTENCES), "'a' (text)"),
        (Profile("a", ["x", "y"] * 6), "'a' (2 values)"),
        (Profile("a", ["x"] * 12), "'a' (1 value)"),
        (Profile("a", [0.5, 1]), "'a' (numbers)"),
        (Profile("a", ["2026-01-02"]), "'a' (dates)"),
        (Profile("a", []), "'a' (empty)"),
        (Profile("a", [{}]), "'a' (objects)"),
        (Profile("a", [["b"]]), "'a' (lists)"),
        (Profile("a", [[], [{"b": 1, "c": 2}]]), "'a' (lists of objects with 'b', 'c')"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_profile_is_described_in_a_few_words(profile, shown):
    assert profile.describe() == shown


LATER = [[sentence, label] for sentence, label in zip(SENTENCES, ["food", "room"] * 6)]
HEADERS = {
    "above texts": (["guest", "topic"], True),
    "usual": (["text", "art"], True),
    "unknown, above texts": (["art", "was"], True),
    "value that comes again": (["art", "food"], False),
    "sentence": (["The soup was cold.", "art"], False),
    "long": (["one two three four five six seven", "art"], False),
    "number": (["art", "3"], False),
    "the same twice": (["art", "art"], False),
    "usual and a number": (["text", "3"], None),
    "blank": (["", " "], None),
}


@pytest.mark.parametrize(("fields", "expected"), HEADERS.values(), ids=list(HEADERS))
def test_a_first_record_names_columns_if_it_reads_otherwise_than_the_rest(fields, expected):
    assert is_name_like(fields, LATER) is expected


def test_a_repeated_header_is_no_value_that_comes_again():
    assert is_name_like(["was", "art"], [*LATER, ["was", "art"]]) is True


def test_short_fields_above_short_fields_are_not_certain():
    assert is_name_like(["a", "b"], [["c", "d"]]) is None
    assert is_name_like(["a", "b"], []) is None
    assert is_name_like(["a", "b"], [["c", "1"], ["d", "2"]]) is True
