"""Logistic regressions of several labels, with one product for all of them."""

import numpy as np
import pytest
import scipy.sparse as sp

from agnews_sk._core.products import Products, threads
from agnews_sk.classifiers._label_descents import fit_labels
from agnews_sk.classifiers._losses import Sigmoid
from agnews_sk.classifiers._quasi_newton import fit_logistic

RNG = np.random.default_rng(0)
X = sp.random_array((400, 60), density=0.2, rng=RNG, dtype=np.float64, format="csr")
# From a rare label that is hard to separate to a frequent one that is easy.
ODDS = X @ RNG.normal(size=(60, 5)) * [1, 2, 4, 8, 16] + [-4, -3, -2, 0, 1]
INDICATOR = ODDS + RNG.logistic(size=(400, 5)) > 0
WEIGHT = RNG.uniform(0.5, 3, (400, 5))
SETTINGS = {"C": 10.0, "tol": 1e-4}


def losses():
    return [Sigmoid(INDICATOR[:, [i]], WEIGHT[:, [i]]) for i in range(5)]


class CountedProducts(Products):
    """Products that note their numbers of columns."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.columns = []

    def with_rows(self, coef):
        self.columns.append(coef.shape[1])
        return super().with_rows(coef)


@pytest.mark.parametrize("to_kind", [sp.csr_array, lambda X: X.toarray()], ids=["csr", "dense"])
@pytest.mark.parametrize("max_iter", [1, 100])
def test_each_label_takes_the_steps_it_would_take_alone(to_kind, max_iter):
    products = Products(to_kind(X), order="F")
    starts = None
    for _ in range(2):  # from 0, and from there with another weight of the penalty
        found = fit_labels(products, losses(), starts=starts, max_iter=max_iter, **SETTINGS)
        for ours, loss, start in zip(found, losses(), starts or [None] * 5):
            alone = fit_logistic(products, loss, start=start, max_iter=max_iter, **SETTINGS)
            assert ours.n_iter == alone.n_iter
            assert ours.converged == alone.converged == (max_iter > 1)
            assert ours.objective == pytest.approx(alone.objective, rel=1e-5)
            np.testing.assert_allclose(ours.coef, alone.coef, rtol=1e-2, atol=1e-2)
            assert ours.intercept == pytest.approx(alone.intercept, abs=1e-2)
        if max_iter == 1:
            break
        starts = [one._replace(coef=one.coef / 2) for one in found]


def test_labels_share_products_until_they_have_converged():
    products = CountedProducts(X, order="F")
    found = fit_labels(products, losses(), max_iter=100, **SETTINGS)
    n_iter = [one.n_iter for one in found]
    assert len(set(n_iter)) > 1
    assert products.columns == [sum(n > i for n in n_iter) for i in range(max(n_iter))]


def test_coefficients_do_not_depend_on_the_number_of_threads(monkeypatch):
    monkeypatch.setattr("agnews_sk._core.products._FEWEST_FOR_THREADS", 0)
    fits = []
    for n_jobs in (1, 2, 3):
        with threads(X, n_jobs) as run:
            products = Products(X, run, order="F")
            found = fit_labels(products, losses(), max_iter=50, **SETTINGS)
        fits.append(np.hstack([one.coef for one in found]))
    assert np.array_equal(fits[0], fits[1])
    assert np.array_equal(fits[0], fits[2])
