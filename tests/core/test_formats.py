"""Numbers and lists as tables and messages show them."""

import numpy as np
import pytest

from agnews_sk._core import formats

SHOWN = [
    (formats.percent, 0.98765, "98.77"),
    (formats.percent, np.nan, "–"),
    (formats.points, 0.0123, "+1.23"),
    (formats.points, -0.0123, "−1.23"),
    (formats.points, None, "–"),
    (formats.number, 1234567.4, "1,234,567"),
    (formats.number, -5, "−5"),
    (formats.number, np.nan, "–"),
    (formats.p_value, 0.0412, "0.041"),
    (formats.p_value, 0.00099, "< 0.001"),
    (formats.p_value, 0.001, "0.001"),
    (formats.p_value, np.nan, "–"),
    (formats.seconds, 0.0123, "0.012"),
    (formats.seconds, 1234.56, "1,234.6"),
    (formats.seconds, np.nan, "–"),
    (formats.megabytes, 1_500_000, "1.50"),
    (formats.megabytes, None, "–"),
    (formats.listed, [], ""),
    (formats.listed, ["a"], "a"),
    (formats.listed, ["a", "b"], "a and b"),
    (formats.listed, ["a", "b", "c"], "a, b and c"),
]


@pytest.mark.parametrize(("show", "value", "shown"), SHOWN)
def test_values_are_shown(show, value, shown):
    assert show(value) == shown


def test_a_number_has_the_requested_decimals():
    assert formats.number(1234.5678, 2) == "1,234.57"
