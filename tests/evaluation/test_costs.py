import io
import time

import joblib
import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import StandardScaler

from agnews_sk.evaluation._costs import (
    MAX_LATENCY_CALLS,
    count_parameters,
    latencies,
    measured,
    size_bytes,
)

X, Y = np.array([[0.0, 1.0], [1.0, 0.0]]), ["a", "b"]


class Holding(BaseEstimator):
    """A fitted estimator with these attributes."""

    def __init__(self, **attributes):
        vars(self).update(attributes)

    def fit(self, X, y):
        return self


def test_time_and_memory_of_a_block_are_measured():
    with measured() as cost:
        block = np.ones(8_000_000)  # 64 MB
        until = time.perf_counter() + 0.01
        while time.perf_counter() < until:
            pass
    assert block.sum() == 8_000_000
    assert cost.seconds >= 0.01
    assert cost.cpu_seconds > 0
    assert np.isnan(cost.peak_memory_bytes) or cost.peak_memory_bytes > 32e6


def test_single_rows_are_predicted_in_turn_after_a_warm_up():
    asked = []
    found = latencies(lambda rows: asked.append(rows[0]), ["oil", "cup", "vote"])
    assert len(found) == MAX_LATENCY_CALLS
    assert (found >= 0).all()
    assert asked[:3] == ["oil", "cup", "vote"]  # warm-up
    assert asked[3:7] == ["oil", "cup", "vote", "oil"]


def test_slow_predictions_are_timed_less_often(monkeypatch):
    monkeypatch.setattr("agnews_sk.evaluation._costs.MAX_LATENCY_SECONDS", 0.0)
    assert len(latencies(len, ["oil"])) == 0


def test_the_size_is_that_of_joblib():
    fitted = LogisticRegression().fit(X, Y)
    file = io.BytesIO()
    joblib.dump(fitted, file)
    assert size_bytes(fitted, "a") == len(file.getvalue())


def test_estimators_that_cannot_be_pickled_have_an_unknown_size():
    with pytest.warns(UserWarning, match="the size of a is unknown, as it cannot be pickled"):
        assert size_bytes(lambda: None, "a") is None


@pytest.mark.parametrize(
    ("estimator", "n"),
    [
        (LogisticRegression().fit(X, Y), 3),
        (make_pipeline(StandardScaler(), LogisticRegression()).fit(X, Y), 3 + 3 * 2),
        (make_union(StandardScaler(), StandardScaler()).fit(X), 2 * 3 * 2),
        (Holding(coef_=sp.csr_array([[0, 2.0], [0, 3.0]])), 2),
        (Holding(parts_=[np.ones(2), {"a": np.ones(3)}]), 5),
        (Holding(counts_=np.ones(4, dtype=int)), 0),
        (Holding(coef=np.ones(4), _coef_=np.ones(4)), 0),
        (Holding(inner_=LogisticRegression().fit(X, Y)), 3),
    ],
    ids=["linear", "pipeline", "union", "sparse", "containers", "integers", "private", "nested"],
)
def test_learned_numbers_are_counted(estimator, n):
    assert count_parameters(estimator) == n


def test_an_array_in_two_attributes_counts_once():
    array = np.ones(4)
    assert count_parameters(Holding(a_=array, b_=array)) == 4


def test_weights_of_torch_modules_are_counted_frozen_ones_too():
    torch = pytest.importorskip("torch")
    layer = torch.nn.Linear(3, 2).requires_grad_(False)
    assert count_parameters(Holding(module_=layer)) == 8


def test_counting_leaves_the_estimator_as_it_is():
    fitted = MultinomialNB().fit([[1, 0], [0, 1]], Y)
    before = vars(fitted).copy()
    count_parameters(fitted)
    assert vars(fitted).keys() == before.keys()
