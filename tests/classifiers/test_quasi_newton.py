"""Minimization of log losses by a quasi-Newton method."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import check_grad
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression

from agnews_sk._core import products as _products
from agnews_sk.classifiers._losses import Sigmoid, Softmax
from agnews_sk.classifiers._quasi_newton import fit_logistic

RNG = np.random.default_rng(0)
X = sp.random_array((300, 40), density=0.2, rng=RNG, dtype=np.float64, format="csr")
Y = (X @ RNG.normal(size=(40, 3)) * 2 + RNG.gumbel(size=(300, 3))).argmax(axis=1)
WEIGHT = RNG.uniform(0.5, 3, (300, 1))


def softmax_loss(weight=WEIGHT, y=Y):
    return Softmax(np.eye(3)[y], weight)


def fit(X, loss, n_jobs=1, **options):
    options = {"C": 10.0, "tol": 1e-7, "max_iter": 200} | options
    with _products.threads(X, n_jobs) as run:
        return fit_logistic(_products.Products(X, run), loss, **options)


@pytest.mark.parametrize("to_kind", [sp.csr_array, sp.csc_array, lambda X: X.toarray()])
@pytest.mark.parametrize("C", [0.1, 10, 1000])
def test_the_optimum_is_that_of_scikit_learn(C, to_kind):
    reference = LogisticRegression(C=C, tol=1e-8, max_iter=5000)
    reference.fit(X.toarray(), Y, sample_weight=WEIGHT[:, 0])
    found = fit(to_kind(X), softmax_loss(), C=C)
    ours = found.coef - found.coef.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(ours.T, reference.coef_, atol=2e-2 * abs(reference.coef_).max())


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
@pytest.mark.parametrize("C", [0.3, pytest.param(10, marks=pytest.mark.slow)])
def test_sparse_optima_are_those_of_scikit_learn(C, l1_ratio):
    reference = LogisticRegression(
        C=C, l1_ratio=l1_ratio, solver="saga", tol=1e-7, max_iter=20_000, random_state=0
    ).fit(X.toarray(), Y, sample_weight=WEIGHT[:, 0])
    found = fit(X, softmax_loss(), C=C, l1_ratio=l1_ratio, max_iter=500)

    def objective(coef, intercept):
        margins = X @ coef + intercept
        loss = (WEIGHT[:, 0] * (logsumexp(margins, axis=1) - margins[np.arange(300), Y])).sum()
        penalty = (1 - l1_ratio) * (coef**2).sum() / 2 + l1_ratio * np.abs(coef).sum()
        return loss + penalty / C

    expected = objective(reference.coef_.T, reference.intercept_)
    assert objective(found.coef, found.intercept) < 1.001 * expected
    assert found.objective == pytest.approx(objective(found.coef, found.intercept), rel=1e-4)
    if C == 0.3:
        zeros = (found.coef == 0).T
        assert zeros.mean() > 0.1
        assert (zeros == (reference.coef_ == 0)).mean() > 0.95


def test_labels_are_fitted_as_each_alone():
    indicator = np.stack([Y == 0, Y != 1, X.toarray()[:, 0] > 0.1], axis=1)
    weight = np.stack([WEIGHT[:, 0], WEIGHT[:, 0] * 2, np.ones(300)], axis=1)
    found = fit(X, Sigmoid(indicator, weight))
    for label, (y, w) in enumerate(zip(indicator.T, weight.T)):
        reference = LogisticRegression(C=10, tol=1e-8, max_iter=5000).fit(X, y, sample_weight=w)
        np.testing.assert_allclose(found.coef[:, label], reference.coef_[0], atol=0.1)
        assert found.intercept[label] == pytest.approx(reference.intercept_[0], abs=0.1)


@pytest.mark.parametrize("loss", [Softmax, Sigmoid])
@pytest.mark.parametrize("scale", [1, 30])
def test_residuals_are_the_derivatives_of_the_loss(loss, scale):
    target = RNG.dirichlet(np.ones(3), 5)
    of = loss(target, RNG.uniform(0.5, 2, (5, 1)))  # in double precision, for the differences

    def value(flat):
        return of.of(flat.reshape(5, 3), slice(0, 5))[0]

    def gradient(flat):
        return of.of(flat.reshape(5, 3), slice(0, 5))[1].ravel()

    at = RNG.normal(size=15) * scale
    assert check_grad(value, gradient, at) < 1e-5 * (1 + np.linalg.norm(gradient(at)))


@pytest.mark.parametrize("loss", [Softmax, Sigmoid])
def test_curvatures_are_the_derivatives_of_the_residuals(loss):
    target = RNG.dirichlet(np.ones(3), 5)
    of = loss(target, np.array([[0.0], [1], [2], [0.5], [1]]))
    rows, margins, step = slice(0, 5), RNG.normal(size=(5, 3)), 1e-6
    curvature = of.curvature(of.of(margins, rows)[1], rows)
    for c in range(3):
        moved = margins.copy()
        moved[:, c] += step
        change = (of.of(moved, rows)[1] - of.of(margins, rows)[1])[:, c] / step
        np.testing.assert_allclose(curvature[:, c], change, atol=1e-5)


def test_a_weight_is_a_number_of_copies():
    copies = RNG.integers(0, 4, 300)
    repeated = np.repeat(np.arange(300), copies)
    weighted = fit(X, softmax_loss(copies[:, None].astype(float)))
    copied = fit(X[repeated], softmax_loss(np.ones((len(repeated), 1)), Y[repeated]))
    np.testing.assert_allclose(weighted.coef, copied.coef, atol=0.02)


@pytest.mark.parametrize("to_kind", [sp.csr_array, lambda X: X.toarray()], ids=["sparse", "dense"])
def test_the_result_does_not_depend_on_the_number_of_threads(to_kind, monkeypatch):
    monkeypatch.setattr(_products, "_FEWEST_FOR_THREADS", 1)
    monkeypatch.setattr(_products, "_ROWS", 64)
    fits = [fit(to_kind(X), softmax_loss(), n_jobs=n) for n in (1, 2, 5)]
    assert all(np.array_equal(fits[0].coef, other.coef) for other in fits[1:])


@pytest.mark.parametrize("to_kind", [sp.csr_array, lambda X: X.toarray()], ids=["sparse", "dense"])
@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("most_values", [1, 10**6], ids=["by features", "by rows"])
def test_products_of_blocks_are_those_of_the_matrix(most_values, squared, to_kind, monkeypatch):
    monkeypatch.setattr(_products, "_ROWS", 64)
    monkeypatch.setattr(_products, "_VALUES_PER_FEATURE", most_values)
    products, values = _products.Products(to_kind(X)), RNG.normal(size=(300, 2)).astype(np.float32)
    scaled = X.toarray() / products.scale
    expected = (scaled**2 if squared else scaled).T @ values
    np.testing.assert_allclose(products.with_transpose(values, squared), expected, atol=1e-5)
    coef = RNG.normal(size=(X.shape[1], 2)).astype(np.float32)
    np.testing.assert_allclose(products.with_rows(coef), scaled @ coef, atol=1e-5)


def test_a_start_at_the_optimum_takes_no_step():
    loss = softmax_loss()
    found = fit(X, loss, tol=1e-5)
    again = fit(X, loss, tol=1e-4, start=found)
    assert again.n_iter == 0
    assert np.array_equal(again.coef, found.coef)


def test_a_rare_label_marked_by_a_feature_is_fitted():
    # Steps of full length are far too short at first, and later far too long.
    features, y = np.zeros((2000, 40)), np.zeros((2000, 1))
    features[np.arange(2000), np.random.default_rng(0).integers(0, 39, 2000)] = 1
    features[:10], y[:10] = 0, 1
    features[:10, 39] = 1
    found = fit(sp.csr_array(features), Sigmoid(y, np.ones((2000, 1))), C=3)
    reference = LogisticRegression(C=3, tol=1e-8, max_iter=5000).fit(features, y.ravel())
    np.testing.assert_allclose(found.coef[:, 0], reference.coef_[0], atol=0.05)


def test_steps_are_limited():
    assert fit(X, softmax_loss(), max_iter=3).n_iter == 3


def test_margins_that_are_all_right_stay_finite():
    found = fit(sp.eye_array(3, format="csr") * 1e3, softmax_loss(np.ones((3, 1)), np.arange(3)))
    assert np.isfinite(found.coef).all()
    assert found.objective < 1e-2


def test_a_matrix_without_values_leaves_the_shares():
    found = fit(sp.csr_array((300, 4)), softmax_loss(np.ones((300, 1))))
    assert not found.coef.any()
    share = np.exp(found.intercept) / np.exp(found.intercept).sum()
    np.testing.assert_allclose(share, np.bincount(Y) / 300, atol=1e-2)
