"""Hundreds of fits and predictions in one process do not leak memory."""

import gc

import numpy as np
import psutil
import pytest

from agnews_sk import make_tfidf_pipeline, make_transformer_pipeline
from agnews_sk.datasets import make_news

KIB = 1024
TINY = {
    "classify__d_model": 16,
    "classify__n_heads": 2,
    "classify__n_layers": 1,
    "classify__max_epochs": 1,
    "random_state": 0,
}


@pytest.fixture
def frozen():
    """Spare the collector all that was there before, which is much after a thousand tests."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def growth(action, turns, warm_up):
    """Return by how many KiB per cycle the process grows once it is warm."""
    process = psutil.Process()
    memory = []
    for turn in range(turns):
        action(turn)
        gc.collect()
        memory.append(process.memory_info().rss / KIB)
    # The median of many slopes: a pool that grows once does not count, a leak does.
    memory = np.array(memory[warm_up:])
    half = len(memory) // 2
    return float(np.median(memory[-half:] - memory[:half])) / (len(memory) - half)


def test_a_leak_would_be_detected(frozen):
    kept = []  # arrays of 2 MiB: small ones may fit into memory that earlier tests have freed
    assert growth(lambda turn: kept.append(np.ones(256 * KIB)), turns=40, warm_up=10) > 400


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "turns", "most"),
    [(make_tfidf_pipeline, 300, 32), (lambda: make_transformer_pipeline(**TINY), 150, 64)],
    ids=["tfidf", "transformer"],
)
def test_fits_and_predictions_do_not_leak_memory(frozen, make, turns, most):
    """The texts alone have 50 KiB, and their matrix more: one kept per cycle is detected."""
    bunch = make_news(200, random_state=0)

    def fit_and_ask(turn):
        # Few sets of rows: torch keeps what it prepared for a shape of batch, up to 1,024 of them.
        rows = np.random.default_rng(turn % 3).permutation(len(bunch.target))[:150]
        pipeline = make().fit(bunch.data.iloc[rows], bunch.target[rows])
        assert pipeline.predict_proba(bunch.data).shape == (len(bunch.target), 4)

    assert growth(fit_and_ask, turns, warm_up=turns // 3) < most
