"""The loss of a fast classifier, its interval, and the threshold that bounds it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agnews_sk.ensembles._loss import loss_interval, threshold_for_loss

N_DRAWS = 200


def draw(n_rows, seed):
    """Return confidences, and what is lost: the less, the more confident."""
    rng = np.random.default_rng(seed)
    confidence = rng.uniform(size=n_rows)
    share = 0.25 * (1 - confidence)  # of the rows that only the slow classifier gets right
    u = rng.uniform(size=n_rows)
    return confidence, np.where(u < share, 1, np.where(u < share + 0.02, -1, 0))


def true_loss(threshold):
    """Return the expected loss of `draw` at a threshold."""
    t = min(max(threshold, 0.0), 1.0)
    return 0.25 * (1 - t) ** 2 / 2 - 0.02 * (1 - t)


@pytest.mark.parametrize("n_rows", [500, 5_000])
def test_the_promised_loss_is_exceeded_in_at_most_the_promised_share_of_draws(n_rows):
    losses = []
    for seed in range(N_DRAWS):
        threshold = threshold_for_loss(*draw(n_rows, seed), 0.02, 0.95, np.ones(n_rows))
        losses.append(true_loss(threshold))
    assert np.mean(np.array(losses) > 0.02) <= 0.05
    assert max(losses) > 0.01  # the promise is used, too


def test_a_higher_limit_has_a_lower_threshold():
    confidence, lost = draw(2_000, 0)
    found = [threshold_for_loss(confidence, lost, m, 0.95, np.ones(2_000)) for m in (0.01, 0.05)]
    assert found[0] > found[1]


def test_few_rows_show_no_loss_below_the_limit():
    confidence, lost = np.linspace(0, 1, 50), np.zeros(50, dtype=int)
    assert threshold_for_loss(confidence, lost, 0.01, 0.95, np.ones(50)) == np.inf


def test_rows_of_equal_confidence_are_answered_together():
    confidence = np.repeat([0.9, 0.5], 500)
    lost = np.repeat([0, 0, 1], [500, 250, 250])  # in the middle of the ties it goes wrong
    assert threshold_for_loss(confidence, lost, 0.05, 0.95, np.ones(1_000)) == 0.9


def test_weights_are_rows_of_that_number():
    confidence, lost = draw(400, 1)
    weight = np.where(np.arange(400) < 200, 1.0, 0.0)
    found = threshold_for_loss(confidence, lost, 0.05, 0.9, weight)
    assert found == threshold_for_loss(confidence[:200], lost[:200], 0.05, 0.9, np.ones(200))


@pytest.mark.parametrize(
    ("n_rows", "only_first", "only_second"),
    [(100, 0.1, 0.05), (500, 0.02, 0.01), (2_000, 0.01, 0.01), (300, 0.02, 0)],
)
def test_the_interval_covers_the_difference(n_rows, only_first, only_second):
    rng = np.random.default_rng(0)
    shares = [only_first, only_second, 1 - only_first - only_second]
    outside = 0
    for _ in range(400):
        low, high = loss_interval(rng.choice([1, -1, 0], n_rows, p=shares), 0.95, np.ones(n_rows))
        outside += not low <= only_first - only_second <= high
    assert outside / 400 <= 0.08


@given(st.lists(st.sampled_from([-1, 0, 1]), min_size=1, max_size=60))
def test_an_interval_contains_the_mean_and_turns_with_the_sign(lost):
    lost = np.array(lost)
    low, high = loss_interval(lost, 0.9, np.ones(len(lost)))
    assert -1 <= low <= lost.mean() <= high <= 1
    turned = loss_interval(-lost, 0.9, np.ones(len(lost)))
    assert turned == pytest.approx((-high, -low), abs=1e-8)


@pytest.mark.parametrize("n_rows", [137, 545])
def test_the_promise_holds_with_few_rows(n_rows):
    rng = np.random.default_rng(1)
    max_loss = 2.74 / n_rows
    broken = 0
    for _ in range(400):  # the fast classifier loses a little more than promised, at any threshold
        lost = (rng.uniform(size=n_rows) < 1.001 * max_loss).astype(int)
        confidence = np.ones(n_rows)
        found = threshold_for_loss(confidence, lost, max_loss, 0.95, np.ones(n_rows))
        broken += np.isfinite(found)
    assert broken / 400 <= 0.06


def test_the_promise_holds_for_rows_of_one_origin():
    rng = np.random.default_rng(2)
    origins, weight = np.repeat(np.arange(300), 10), np.ones(3_000)
    alone = together = 0
    for _ in range(100):
        lost = np.repeat(rng.uniform(size=300) < 0.0505, 10).astype(int)
        arguments = np.ones(3_000), lost, 0.05, 0.95, weight
        alone += np.isfinite(threshold_for_loss(*arguments))
        together += np.isfinite(threshold_for_loss(*arguments, origins))
    assert together <= 6 < alone


def test_the_promise_holds_where_heavy_rows_are_lost():
    rng = np.random.default_rng(3)
    broken = 0
    for _ in range(200):
        heavy = rng.uniform(size=2_000) < 0.05
        weight = np.where(heavy, 20.0, 1.0)
        share = 0.05 * 20 / (0.05 * 20 + 0.95)  # of the weight
        lost = (heavy & (rng.uniform(size=2_000) < 0.0202 / share)).astype(int)
        found = threshold_for_loss(np.ones(2_000), lost, 0.02, 0.95, weight)
        broken += np.isfinite(found)
    assert broken / 200 <= 0.07


@pytest.mark.parametrize("scale", [1e-200, 1e160])
def test_the_scale_of_weights_does_not_matter(scale):
    confidence, lost = draw(500, 4)
    expected = loss_interval(lost, 0.9, np.ones(500))
    assert loss_interval(lost, 0.9, np.full(500, scale)) == pytest.approx(expected)
    thresholds = [
        threshold_for_loss(confidence, lost, 0.05, 0.9, weight)
        for weight in (np.ones(500), np.full(500, scale))
    ]
    assert thresholds[0] == thresholds[1]
