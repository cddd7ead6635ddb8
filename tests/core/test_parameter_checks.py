"""Parameters are checked once per combination of values."""

import pytest

from agnews_sk._core import parameter_checks
from agnews_sk._core.parameter_checks import check_params
from agnews_sk.cleaning import TextCleaner


def test_equal_parameters_are_checked_once(monkeypatch):
    cleaner = TextCleaner(strip_digits=True, strip_tags=False, strip_sources=True)
    check_params(cleaner)
    monkeypatch.setattr(parameter_checks, "validate_parameter_constraints", None)
    check_params(cleaner)


@pytest.mark.parametrize("value", [1, "yes", None])
def test_a_wrong_value_is_rejected_each_time_though_it_may_equal_a_right_one(value):
    check_params(TextCleaner(strip_urls=True))
    for _ in range(2):
        with pytest.raises(ValueError, match="strip_urls' parameter of TextCleaner must be"):
            check_params(TextCleaner(strip_urls=value))


def test_values_without_a_hash_are_checked_too():
    check_params(TextCleaner(strip_stop_words=["the"]))
    with pytest.raises(ValueError, match="strip_stop_words' parameter of TextCleaner must be"):
        check_params(TextCleaner(strip_stop_words={"the": 1}))
