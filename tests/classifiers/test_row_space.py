"""Logistic regression with a factor per row."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.linear_model import LogisticRegression

from agnews_sk._core import products as _products
from agnews_sk.classifiers import CalibratedLogisticRegression
from agnews_sk.classifiers._losses import Sigmoid, Softmax
from agnews_sk.classifiers._row_space import fit_rows, has_few_rows

RNG = np.random.default_rng(0)
N_ROWS, N_FEATURES = 60, 600
# Most features are those of one row or none, as in a small corpus.
X = sp.random_array((N_ROWS, N_FEATURES), density=0.02, rng=RNG, dtype=np.float64, format="csr")
Y = np.arange(N_ROWS) % 3
WEIGHT = RNG.uniform(0.5, 3, (N_ROWS, 1))
LOSSES = {
    "softmax": Softmax(np.eye(3)[Y], WEIGHT),
    "sigmoid": Sigmoid(np.eye(3)[Y][:, 1:2], WEIGHT),
}


def fit(X, loss, n_jobs=1, **options):
    with _products.threads(X, n_jobs) as run:
        return fit_rows(X, run, loss, **({"C": 10.0, "tol": 1e-8, "max_iter": 200} | options))


@pytest.mark.parametrize("to_kind", [sp.csr_array, lambda X: X.toarray()], ids=["csr", "dense"])
@pytest.mark.parametrize("scale", [1, 40])
@pytest.mark.parametrize("loss", LOSSES)
def test_the_optimum_is_that_of_scikit_learn(loss, scale, to_kind):
    y = Y if loss == "softmax" else (Y == 1).astype(int)
    C = 10 / scale**2
    reference = LogisticRegression(C=C, tol=1e-9, max_iter=5000)
    reference.fit(X * scale, y, sample_weight=WEIGHT[:, 0])
    found = fit(to_kind(X * scale), LOSSES[loss], C=C)
    expected = reference.coef_.T
    np.testing.assert_allclose(found.coef, expected, atol=1e-2 * abs(expected).max())
    if loss == "sigmoid":
        assert found.intercept[0] == pytest.approx(reference.intercept_[0], abs=1e-2)


def test_margins_are_those_of_the_coefficients(monkeypatch):
    monkeypatch.setattr("agnews_sk.classifiers._row_space._COLUMNS", 2)
    found = fit(X, LOSSES["softmax"])
    others = sp.random_array((7, N_FEATURES), density=0.1, rng=RNG, format="csr")
    expected = others @ found.coef + found.intercept
    np.testing.assert_allclose(found.margins(others), expected, rtol=1e-4, atol=1e-5)


def test_a_start_at_the_optimum_takes_no_step():
    found = fit(X, LOSSES["softmax"])
    again = fit(X, LOSSES["softmax"], tol=1e-4, start=(found.of_rows, found.intercept))
    assert found.n_iter > 3
    assert again.n_iter == 0
    np.testing.assert_allclose(again.coef, found.coef, rtol=1e-5, atol=1e-7)


def test_the_result_does_not_depend_on_the_number_of_threads(monkeypatch):
    monkeypatch.setattr(_products, "_FEWEST_FOR_THREADS", 1)
    monkeypatch.setattr(_products, "_ROWS", 16)
    fits = [fit(X, LOSSES["softmax"], n_jobs=n) for n in (1, 2, 5)]
    assert all(np.array_equal(fits[0].coef, other.coef) for other in fits[1:])


def test_rows_are_few_by_their_features():
    assert has_few_rows(X)
    assert not has_few_rows(X[:, :400])
    assert not has_few_rows(np.ones((20, 200)))  # the products take most of the time
    assert has_few_rows(np.ones((10, 160)))


def test_the_classifier_starts_the_final_fit_at_the_one_of_a_part_of_the_rows():
    wide = sp.csr_array(X / sp.linalg.norm(X, axis=1)[:, None])
    plain = CalibratedLogisticRegression(C=10, tol=1e-6, calibration_fraction=None).fit(wide, Y)
    reference = LogisticRegression(C=10, tol=1e-9, max_iter=5000).fit(wide, Y)
    np.testing.assert_allclose(plain.coef_, reference.coef_, atol=1e-2)
    calibrated = CalibratedLogisticRegression(C=10, tol=1e-6, random_state=0).fit(wide, Y)
    np.testing.assert_allclose(calibrated.coef_, reference.coef_, atol=1e-2)
    assert calibrated.n_iter_ < plain.n_iter_


@pytest.mark.parametrize("to_kind", [np.asarray, sp.csr_array], ids=["dense", "csr"])
def test_products_by_columns_are_the_same(to_kind):
    values = RNG.normal(size=(N_ROWS, 3)).astype(np.float32)
    rows = to_kind(X.toarray())
    by_row, by_column = (_products.Products(rows, order=order) for order in ("C", "F"))
    for squared in (False, True):
        found = by_column.with_transpose(values, squared=squared)
        assert found.flags.f_contiguous
        assert np.array_equal(found, by_row.with_transpose(values, squared=squared))
        expected = (X / by_row.scale).toarray() ** (2 if squared else 1)
        np.testing.assert_allclose(found, expected.T @ values, rtol=1e-4, atol=1e-6)
    coef = RNG.normal(size=(X.shape[1], 3)).astype(np.float32)
    assert by_column.with_rows(coef).flags.f_contiguous
    assert np.array_equal(by_column.with_rows(coef), by_row.with_rows(coef))


@pytest.mark.parametrize("axis", ["column", "row"])
@pytest.mark.parametrize("to_kind", [np.asarray, sp.csr_array], ids=["dense", "csr"])
def test_rows_have_no_factors_where_a_column_or_row_outweighs_the_others(axis, to_kind):
    even = np.ones((10, 160))
    outweighed = even.copy()
    outweighed[(slice(None), 3) if axis == "column" else 3] = 20
    assert has_few_rows(to_kind(even))
    assert not has_few_rows(to_kind(outweighed))


def test_a_long_column_beside_texts_is_fitted_to_the_optimum():
    lengths = 50 + 10 * RNG.integers(0, 9, (N_ROWS, 1)).astype(float)
    both = sp.csr_array(sp.hstack([X, lengths], format="csr"))
    settings = {"C": 10.0, "tol": 1e-6, "max_iter": 1000}
    found = CalibratedLogisticRegression(calibration_fraction=None, **settings).fit(both, Y)
    assert found.score(both, Y) == 1


@pytest.mark.parametrize("scale", [1e-30, 1e-20, 1e19, 1e30])
def test_scales_whose_squares_are_not_representable_are_fitted(scale):
    classifier = CalibratedLogisticRegression(C=100 / scale**2, calibration_fraction=None)
    assert classifier.fit(X * scale, Y).score(X * scale, Y) == 1
