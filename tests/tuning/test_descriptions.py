"""Descriptions of settings: short, the same in every process, and compared by content."""

import numpy as np
import pytest

from agnews_sk.tuning._descriptions import describe, differences, without_hash


def shift(x):
    return x + 1


def test_only_the_digest_of_a_description_is_compared():
    assert differences({"a": "{'x', 'y'}#5ae0"}, {"a": "{'y', 'x'}#5ae0"}) == ""
    assert differences({"a": "{'x'}#5ae0"}, {"a": "{'y'}#ff21"}) == "a was {'x'}, is {'y'}"


def test_a_description_is_short_and_shows_no_address():
    assert describe(0.5) == "0.5"
    assert describe("oil") == "'oil'"
    shown = describe(shift)
    assert shown.startswith("<function shift>#")
    assert without_hash(shown) == "<function shift>"
    assert len(describe(["oil"] * 1000)) < 60


@pytest.mark.parametrize(
    ("value", "other"),
    [([1, 2], (1, 2)), (1, 1.0), (1, True), (["oil"] * 50, ["oil"] * 49 + ["cup"]), ("1", 1)],
    ids=["list", "float", "bool", "long", "str"],
)
def test_values_that_differ_are_described_differently(value, other):
    assert describe(value) != describe(other)
    assert differences({"a": describe(value)}, {"a": describe(other)}) != ""


def test_numbers_of_numpy_are_described_like_those_of_python():
    assert describe(np.float64(0.5)) == "0.5"
    assert describe(np.int32(3)) == "3"


def test_added_and_removed_settings_are_named():
    assert differences({"a": "1"}, {"b": "1"}) == "a is absent; b was absent"


def test_only_the_first_differences_are_named():
    before, now = ({f"p{i}": str(i + n) for i in range(7)} for n in (0, 1))
    found = differences(before, now, n_named=2)
    assert found == "p0 was 0, is 1; p1 was 1, is 2; and 5 more"
