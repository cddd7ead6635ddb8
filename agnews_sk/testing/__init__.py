"""Check estimators that take texts, as scikit-learn's `check_estimator` checks those of numbers."""

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
