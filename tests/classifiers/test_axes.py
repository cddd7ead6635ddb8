"""Principal axes of dense rows."""

import numpy as np
import pytest
import scipy.sparse as sp

from agnews_sk._core import products as _products
from agnews_sk.classifiers import CalibratedLogisticRegression, _axes
from agnews_sk.classifiers._axes import Axes, principal_axes

RNG = np.random.default_rng(0)
SHAPES = {"few features": (90, 12), "few rows": (8, 12)}
COEF, INTERCEPT = RNG.normal(size=(3, 12)), RNG.normal(size=3)


def correlated(n_rows, n_features, seed=0):
    """Rows whose features have a few large factors in common, and a mean."""
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(n_rows, 3)) @ rng.normal(size=(3, n_features)) * 5
    return factors + rng.normal(size=(n_rows, n_features)) + 2


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_axes_keep_distances_and_make_features_uncorrelated(shape):
    X = correlated(*shape)
    rotated = principal_axes(X).of(X)
    assert rotated.shape == (shape[0], min(shape))
    between = np.linalg.norm(X[:, None] - X, axis=2)
    np.testing.assert_allclose(np.linalg.norm(rotated[:, None] - rotated, axis=2), between)
    products = rotated.T @ rotated
    np.testing.assert_allclose(products, np.diag(np.diag(products)), atol=1e-9 * products.max())


@pytest.mark.parametrize("axes", [principal_axes(correlated(99, 12)), Axes()], ids=["axes", "none"])
def test_coefficients_of_axes_give_the_same_margins(axes):
    X = correlated(40, 12, seed=1)
    coef, intercept = axes.from_features(COEF, INTERCEPT)
    expected = X @ COEF.T + INTERCEPT
    np.testing.assert_allclose(axes.of(X) @ coef.T + intercept, expected)
    coef, intercept = axes.to_features(coef, intercept)
    np.testing.assert_allclose(coef, COEF)
    np.testing.assert_allclose(intercept, INTERCEPT)


def test_some_of_many_rows_suffice_for_the_axes():
    X = correlated(5000, 12)
    products = np.cov(principal_axes(X).of(X).T)
    diagonal = np.sqrt(np.diag(products))
    correlations = products / np.outer(diagonal, diagonal) - np.eye(12)
    assert np.abs(correlations).max() < 0.3
    assert np.abs(np.corrcoef(X.T) - np.eye(12)).max() > 0.9


@pytest.mark.parametrize(
    "X",
    [sp.csr_array(np.eye(3)), np.ones((3, 2)), np.outer([1.7e308, -1.7e308], [1, 1]), np.eye(5)],
    ids=["sparse", "constant", "too large", "too many"],
)
def test_other_rows_keep_their_features(X, monkeypatch):
    monkeypatch.setattr(_axes, "_MOST_AXES", 4)
    axes = principal_axes(X)
    assert axes == Axes()
    assert axes.of(X) is X


def test_coordinates_do_not_depend_on_the_number_of_threads(monkeypatch):
    monkeypatch.setattr(_products, "_FEWEST_FOR_THREADS", 1)
    monkeypatch.setattr(_axes, "_ROWS", 64)
    X = correlated(300, 12).astype(np.float32)
    axes = principal_axes(X)
    found = [axes.of(X, n_jobs) for n_jobs in (1, 2, 5)]
    assert found[0].dtype == np.float32
    assert all(np.array_equal(found[0], other) for other in found[1:])


def objective(fitted, X, Y, C):
    """Return the objective of each label, ndarray of shape (n_labels,)."""
    margins = np.where(Y, 1, -1) * (X @ fitted.coef_.T + fitted.intercept_)
    return np.logaddexp(0, -margins).sum(axis=0) + (fitted.coef_**2).sum(axis=1) / (2 * C)


def test_correlated_features_take_few_steps_to_the_optimum():
    X = correlated(400, 30)
    Y = X @ RNG.normal(size=(30, 40)) / 10 + RNG.logistic(size=(400, 40)) > 0
    Y[5:, 7] = False  # a rare label
    ours = CalibratedLogisticRegression(C=10, calibration_fraction=None).fit(X, Y.astype(int))
    exact = CalibratedLogisticRegression(C=10, calibration_fraction=None, tol=1e-8, max_iter=1000)
    exact.fit(X, Y.astype(int))
    assert ours.n_iter_ < 60
    assert (objective(ours, X, Y, 10) < 1.05 * objective(exact, X, Y, 10)).all()
