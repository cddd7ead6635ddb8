"""Which checks apply to an estimator, and how their errors are translated."""

from unittest import SkipTest

import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from agnews_sk.sampling import EDAAugmenter, LengthFilter
from agnews_sk.testing import _registry
from agnews_sk.testing._registry import (
    checks_for,
    has,
    is_deterministic,
    is_sampler,
    is_simple,
    keeps_rows,
    requires_fit,
    takes_random_state,
    takes_sample_weight,
    text_check,
)
from tests.testing.estimators import TextSize, WordBayes, WordCounter


@pytest.mark.parametrize(
    ("condition", "meets", "fails"),
    [
        (is_sampler, LengthFilter(), WordCounter()),
        (keeps_rows, WordCounter(), LengthFilter()),
        (requires_fit, WordCounter(), TextSize()),
        (is_deterministic, WordCounter(), None),
        (takes_sample_weight, WordBayes(), WordCounter()),
        (takes_random_state, make_pipeline(LogisticRegression()), LengthFilter()),
        (takes_random_state, EDAAugmenter(), WordCounter()),
        (is_simple, WordCounter(), make_pipeline(WordCounter())),
        (has("transform"), WordCounter(), WordBayes()),
    ],
)
def test_conditions_distinguish_estimators(condition, meets, fails):
    assert condition(meets)
    assert fails is None or not condition(fails)


@pytest.fixture
def registered(monkeypatch):
    """A registry of its own."""
    monkeypatch.setattr(_registry, "REGISTERED", {})
    return _registry.REGISTERED


def test_a_check_applies_where_all_its_conditions_hold(registered):
    @text_check(keeps_rows, has("predict"))
    def check_a(name, estimator):
        """A claim."""

    @text_check()
    def check_b(name, estimator):
        """Another claim."""

    assert checks_for(WordBayes()) == [check_a, check_b]
    assert checks_for(WordCounter()) == [check_b]


def failing_check(error):
    @text_check()
    def check(name, estimator):
        """It works.

        In general.
        """
        raise error

    return check


@pytest.mark.parametrize(
    ("error", "happened"),
    [(AssertionError("it is late"), "it is late."), (KeyError("a"), "KeyError: 'a'")],
    ids=["assertion", "crash"],
)
def test_an_error_names_the_estimator_the_claim_and_what_happened(registered, error, happened):
    with pytest.raises(AssertionError, match=f"^Words: It works. Instead, {happened}") as raised:
        failing_check(error)("Words", WordCounter())
    assert raised.value.__cause__ is error


def test_a_skip_stays_a_skip(registered):
    with pytest.raises(SkipTest, match="no frames"):
        failing_check(SkipTest("no frames"))("Words", WordCounter())
