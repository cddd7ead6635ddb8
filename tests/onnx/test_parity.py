"""Reports of how an export differs from its original."""

import numpy as np
import pytest

from agnews_sk.onnx import ParityError, ParityReport
from agnews_sk.onnx._parity import check_parity, compare

CLASSES = np.array(["a", "b"])
EXPECTED = np.array([[0.6, 0.4], [0.1, 0.9], [0.50001, 0.49999]])


def test_equal_probabilities_have_no_difference():
    report = compare(EXPECTED, EXPECTED, CLASSES, ["a", "b", "b"])
    assert report == ParityReport(3, 0.0, 0, pytest.approx(2 / 3), pytest.approx(2 / 3))


def test_the_largest_difference_and_changed_labels_are_counted():
    found = np.array([[0.4, 0.6], [0.2, 0.8], [0.50001, 0.49999]])
    report = compare(EXPECTED, found, CLASSES, ["a", "b", "a"])
    assert report.max_difference == pytest.approx(0.2)
    assert report.n_changed == 1
    assert report.accuracy == 1
    assert report.exported_accuracy == pytest.approx(2 / 3)


def test_a_label_of_a_tie_may_change():
    found = EXPECTED.copy()
    found[2] = 0.49999, 0.50001
    assert compare(EXPECTED, found, CLASSES).n_changed == 0


def test_without_labels_there_is_no_accuracy():
    report = compare(EXPECTED, EXPECTED, CLASSES)
    assert report.accuracy is None
    assert report.exported_accuracy is None
    check_parity(report, max_difference=0.0, max_accuracy_drop=-1.0)


def test_a_changed_label_exceeds_any_difference_that_is_allowed():
    report = ParityReport(10, 0.01, 1, None, None)
    with pytest.raises(ParityError, match=r"differs by up to 0\.01 .* changes 1 of 10 labels"):
        check_parity(report, max_difference=1.0, max_accuracy_drop=1.0)
    check_parity(report, max_difference=None, max_accuracy_drop=1.0)


def test_a_drop_of_the_accuracy_is_bounded():
    report = ParityReport(200, 0.01, 1, 0.9, 0.88)
    check_parity(report, max_difference=None, max_accuracy_drop=0.021)
    message = r"accuracy is 0\.0200 below the original's 0\.9000 on 200 rows \(allowed 0\.01\)"
    with pytest.raises(ParityError, match=message):
        check_parity(report, max_difference=None, max_accuracy_drop=0.01)


@pytest.mark.parametrize("bound", [1e-4, None])
def test_probabilities_that_are_not_finite_exceed_every_bound(bound):
    report = compare(np.array([[0.6, 0.4]]), np.array([[np.nan, np.nan]]), CLASSES)
    with pytest.raises(ParityError, match="probabilities that are not finite"):
        check_parity(report, max_difference=bound, max_accuracy_drop=1.0)


def test_a_report_is_a_table_of_a_model_card():
    report = ParityReport(10, 0.01, 1, None, None)
    lines = report.as_markdown().splitlines()
    assert lines[0] == "## Parity with the original"
    assert lines[2:5] == ["| measure | value |", "|---|---|", "| n_rows | 10 |"]
    assert report.as_dict()["n_changed"] == 1


def test_the_numbers_0_and_1_are_labels_if_the_model_was_fitted_on_such():
    known = {"thresholds": np.array([0.5, 0.5]), "label_format": "lists"}
    report = compare(EXPECTED[:2], EXPECTED[:2], np.array([0, 1]), [[0, 1], [0, 1]], **known)
    assert report.accuracy == 0
    report = compare(EXPECTED[:2], EXPECTED[:2], np.array([0, 1]), [[0], [1]], **known)
    assert report.accuracy == 1
