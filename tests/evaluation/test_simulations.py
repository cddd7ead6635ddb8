"""Tests keep their level, and intervals hold the truth, on a thousand simulated comparisons."""

import importlib
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def simulation():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(BENCHMARKS)
        yield importlib.import_module("bench_statistics")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_tests_on_rows_keep_their_level_and_intervals_hold_the_truth(simulation):
    positives, coverage = simulation.simulate_rows(1000)
    assert max(positives.values()) <= 0.06, positives
    overall = ["accuracy", "balanced_accuracy", "macro_f1", "log_loss", "brier", "roc_auc"]
    assert all(0.93 <= coverage[name] <= 0.97 for name in overall), coverage


@pytest.mark.slow
def test_the_corrected_t_test_keeps_its_level_where_the_plain_one_does_not(simulation):
    corrected, plain = simulation.simulate_folds(1000)
    assert corrected <= 0.06 < plain
