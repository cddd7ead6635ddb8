"""The checks of several labels per row catch the faults they are meant for."""

import re

import pytest
from sklearn.pipeline import make_pipeline

from agnews_sk.testing import check_text_estimator, text_checks
from agnews_sk.testing._checks import label_sets
from tests.testing.estimators import WordBayes, WordCounter
from tests.testing.set_estimators import FAULTY_SETS, SetBayes

OF_SETS = [name for name in vars(label_sets) if name in text_checks()]


def test_a_correct_classifier_of_several_labels_passes_all_checks():
    results = check_text_estimator(SetBayes())
    assert set(OF_SETS) <= {result["check_name"] for result in results}


@pytest.mark.parametrize("faulty", FAULTY_SETS, ids=lambda faulty: faulty.__name__)
def test_a_faulty_classifier_is_caught_by_the_check_meant_for_it(faulty):
    check = text_checks(faulty())[FAULTY_SETS[faulty]]
    claim = check.__doc__.splitlines()[0]
    with pytest.raises(AssertionError, match=f"^a: {re.escape(claim)} Instead, "):
        check("a", faulty())


def test_every_check_has_a_fault_of_its_own():
    assert sorted(FAULTY_SETS.values()) == sorted(OF_SETS)


def test_classifiers_of_one_label_are_not_given_these_checks():
    assert not set(OF_SETS) & set(text_checks(WordBayes()))
    assert not set(OF_SETS) & set(text_checks(WordCounter()))


def test_a_pipeline_has_the_checks_of_its_last_step():
    assert set(OF_SETS) <= set(text_checks(make_pipeline(SetBayes())))
