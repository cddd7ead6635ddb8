"""Each check catches the fault it is meant for, and lets correct estimators pass."""

import re

import pytest

from agnews_sk.testing import check_text_estimator, parametrize_with_text_checks, text_checks
from tests.testing.estimators import CORRECT
from tests.testing.faulty import FAULTY


def copy_by_pickle(estimator):
    import pickle

    return pickle.loads(pickle.dumps(estimator))


def faulty_estimator(name):
    faulty, _ = FAULTY[name]
    return faulty(min_words=2) if hasattr(faulty, "fit_resample") else faulty()


@parametrize_with_text_checks(CORRECT, round_trip=copy_by_pickle)
def test_a_correct_estimator_passes(estimator, check):
    check(estimator)


@pytest.mark.parametrize("name", FAULTY)
def test_a_faulty_estimator_is_caught_by_the_check_meant_for_it(name):
    estimator, check_name = faulty_estimator(name), FAULTY[name][1]
    claim = text_checks(estimator)[check_name].__doc__.splitlines()[0]
    with pytest.raises(AssertionError, match=f"^{name}: {re.escape(claim)} Instead, "):
        text_checks(estimator)[check_name](name, estimator)


@pytest.mark.parametrize("name", FAULTY)
def test_a_faulty_estimator_is_not_passed(name):
    with pytest.raises(AssertionError, match=f"^{name}: "):
        check_text_estimator(faulty_estimator(name))


def test_there_are_more_than_twenty_five_faults_of_different_kinds():
    assert len({check for _, check in FAULTY.values()}) == len(FAULTY) > 25
