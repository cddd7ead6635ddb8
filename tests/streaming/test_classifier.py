"""A fit on blocks of rows minimizes what a fit on all rows minimizes, and computes no sum twice."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning

from agnews_sk.classifiers import (
    CalibratedLogisticRegression,
    KeptInMemory,
    RowBlock,
    RowBlocks,
)
from agnews_sk.streaming._classifier import fit_blocks


def make_rows(n_classes, n_rows=900, n_features=60, seed=0):
    draw = np.random.default_rng(seed)
    codes = draw.integers(n_classes, size=n_rows)
    X = sp.random_array((n_rows, n_features), density=0.15, rng=draw, format="csr")
    center = draw.standard_normal((n_classes, n_features))
    dense = X.toarray() * (1 + np.exp(center[codes] / 2))
    return sp.csr_array(dense), codes, draw.random(n_rows)


def in_blocks(X, codes, places, n_classes, size=130, loaded=None):
    def load(number):
        if loaded is not None:
            loaded.append(number)
        rows = slice(number * size, (number + 1) * size)
        return RowBlock(sp.csr_array(X[rows], dtype=np.float32), codes[rows], places[rows])

    scale = float(np.sqrt(X.power(2).sum() / X.shape[0]))
    n_of_class = np.bincount(codes, minlength=n_classes)
    return RowBlocks(n_of_class, X.shape[1], -(-X.shape[0] // size), scale, load)


@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("class_weight", [None, "balanced", {0: 3.0}], ids=str)
def test_without_calibration_the_coefficients_are_those_of_fit(n_classes, class_weight):
    X, codes, places = make_rows(n_classes)
    params = {"C": 5.0, "tol": 1e-9, "max_iter": 500, "class_weight": class_weight}
    expected = CalibratedLogisticRegression(calibration_fraction=None, **params).fit(X, codes)
    found = CalibratedLogisticRegression(calibration_fraction=None, **params)
    fit_blocks(found, in_blocks(X, codes, places, n_classes), np.arange(n_classes), KeptInMemory())
    np.testing.assert_allclose(found.coef_, expected.coef_, atol=0.01)
    np.testing.assert_allclose(found.intercept_, expected.intercept_, atol=0.01)
    np.testing.assert_allclose(found.predict_proba(X), expected.predict_proba(X), atol=2e-3)
    assert found.temperature_ == 1.0


@pytest.mark.parametrize("n_classes", [2, 4])
def test_without_calibration_the_steps_are_those_of_fit(n_classes):
    X, codes, places = make_rows(n_classes)
    expected = CalibratedLogisticRegression(calibration_fraction=None).fit(X, codes)
    found = CalibratedLogisticRegression(calibration_fraction=None)
    fit_blocks(found, in_blocks(X, codes, places, n_classes), np.arange(n_classes), KeptInMemory())
    assert found.n_iter_ == expected.n_iter_
    np.testing.assert_allclose(found.coef_, expected.coef_, atol=1e-4 * abs(expected.coef_).max())


@pytest.mark.parametrize("n_classes", [2, 4])
def test_rows_are_held_out_to_calibrate_as_fit_does(n_classes):
    X, codes, places = make_rows(n_classes, n_rows=3_600)
    expected = CalibratedLogisticRegression(random_state=0).fit(X, codes)
    found = CalibratedLogisticRegression()
    fit_blocks(found, in_blocks(X, codes, places, n_classes), np.arange(n_classes), KeptInMemory())
    assert found.temperature_ == pytest.approx(expected.temperature_, rel=0.2)
    assert found.score(X, codes) == pytest.approx(expected.score(X, codes), abs=0.02)


def test_what_is_kept_is_not_computed_again_and_gives_the_same_model():
    X, codes, places = make_rows(3)
    kept, loaded = KeptInMemory(), []
    rows = in_blocks(X, codes, places, 3, loaded=loaded)
    first, second = CalibratedLogisticRegression(), CalibratedLogisticRegression()
    fit_blocks(first, rows, np.arange(3), kept)
    n_sums = sum(name.startswith("all") for name in kept.arrays)
    n_folds = sum(name.startswith("fold") for name in kept.arrays)
    assert len(loaded) == 1 + n_folds + n_sums * rows.n_blocks
    loaded.clear()
    fit_blocks(second, rows, np.arange(3), kept)
    assert loaded == [0]  # which shows how many values a block has
    np.testing.assert_array_equal(first.coef_, second.coef_)


def test_threads_do_not_change_the_sums():
    X, codes, places = make_rows(3, n_rows=40_000, n_features=80)
    fitted = []
    for n_jobs in (1, 2):
        found = CalibratedLogisticRegression(n_jobs=n_jobs)
        fit_blocks(found, in_blocks(X, codes, places, 3, size=40_000), np.arange(3), KeptInMemory())
        fitted.append(found.coef_)
    np.testing.assert_array_equal(*fitted)


def test_a_fit_that_stops_early_and_a_class_that_is_not_held_out_are_warned_of():
    X, codes, places = make_rows(3)
    codes = np.where(codes == 2, 0, codes)
    codes[0], places[0] = 2, 0.999
    rows = in_blocks(X, codes, places, 3)
    with (
        pytest.warns(ConvergenceWarning, match="stopped after 1 step"),
        pytest.warns(UserWarning, match=r"without the classes \['c'\]"),
    ):
        fit_blocks(
            CalibratedLogisticRegression(max_iter=1, calibration_fraction=0.5),
            rows,
            np.array(["a", "b", "c"]),
            KeptInMemory(),
        )
