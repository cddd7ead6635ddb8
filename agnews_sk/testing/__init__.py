"""Checks for any estimator that takes texts, as `check_estimator` is for one that takes numbers."""

from agnews_sk._core.public import publish
from agnews_sk.testing._run import (
    check_text_estimator,
    parametrize_with_text_checks,
    text_checks,
    text_checks_generator,
)

__all__ = [
    "check_text_estimator",
    "parametrize_with_text_checks",
    "text_checks",
    "text_checks_generator",
]

publish(__name__)
