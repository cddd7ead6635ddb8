"""Limits are positive numbers."""

from dataclasses import FrozenInstanceError, fields

import pytest

from agnews_sk.serving import Limits


@pytest.mark.parametrize("name", [field.name for field in fields(Limits)])
@pytest.mark.parametrize("value", [0, -1, float("nan")], ids=str)
def test_a_limit_that_would_reject_every_request_is_rejected(name, value):
    with pytest.raises(ValueError, match=rf"{name} must be more than 0, got {value}"):
        Limits(**{name: value})


def test_limits_cannot_be_changed_while_a_service_uses_them():
    with pytest.raises(FrozenInstanceError, match="max_texts"):
        Limits().max_texts = 1
