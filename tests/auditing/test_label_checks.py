import numpy as np
import polars as pl
import pytest

from agnews_sk.auditing._audit import _rows
from agnews_sk.auditing._label_checks import (
    _label_scores,
    check_label_errors,
    checkable_labels,
)
from agnews_sk.auditing._rows import Rows

TEXTS = [f"{kind} {i}" for kind in ("oil barrel price", "cup final team") for i in range(20)]
CODES = np.repeat([0, 1], 20)


def test_an_improbable_label_has_a_low_score():
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.6, 0.4]])
    scores = _label_scores(np.array([0, 1, 1]), probabilities, np.array([[5, 0], [0, 5]]))
    assert scores[1] < scores[2] < scores[0]


def test_a_frequent_confusion_is_weaker_evidence():
    probabilities = np.array([[0.8, 0.1, 0.1], [0.1, 0.1, 0.8]])
    codes = np.array([1, 1])  # taken for 0, and for 2
    joint = np.array([[9, 0, 0], [8, 9, 0], [0, 0, 9]])
    often, rarely = _label_scores(codes, probabilities, joint)
    assert rarely < often


def test_an_impossible_label_has_a_finite_score():
    found = _label_scores(np.array([1]), np.array([[1.0, 0.0]]), np.eye(2, dtype=int))
    assert np.isfinite(found).all()


def test_a_planted_error_comes_first_with_its_suggestion():
    pytest.importorskip("cleanlab")
    labels = np.array(["Oil", "Cup"], dtype=object)[CODES]
    labels[5] = "Cup"
    found = check_label_errors(Rows(texts=pl.Series(TEXTS), labels=labels, test=None), 0)
    assert found.rows[0] == 5
    assert found.examples["suggested"][0] == "Oil"
    assert found.examples["p_label"][0] < 0.5


def test_labels_of_several_are_checked_each_on_its_own():
    rng = np.random.default_rng(0)
    sets = [["oil"], ["war"], ["oil", "war"], []] * 12
    texts = [" ".join([*labels, *rng.choice(["a", "be", "see"], 4)]) for labels in sets]
    sets[4], sets[7] = ["oil", "war"], ["oil"]  # texts of oil alone, and of nothing
    pytest.importorskip("cleanlab", reason="the audit extra is not installed")
    found = check_label_errors(_rows(texts, sets, None), 0)
    assert {4, 7} <= set(found.rows.tolist())
    suggested = dict(zip(found.examples["row"], found.examples["suggested"]))
    assert suggested[4] == "oil"
    assert suggested[7] == ""
    assert dict(zip(found.examples["row"], found.examples["labels"]))[4] == "oil, war"


def test_labels_that_nearly_all_rows_have_or_lack_are_not_checked():
    indicator = np.array([[1, 1, 0], [1, 1, 0], [1, 0, 0], [1, 0, 1]], dtype=bool)
    assert checkable_labels(indicator).tolist() == [False, True, False]
