import numpy as np
import polars as pl
import pytest
from scipy.special import softmax

from agnews_sk.auditing._label_probabilities import label_probabilities, pool

TEXTS = [f"{kind} {i}" for kind in ("oil barrel price", "cup final team") for i in range(20)]
CODES = np.repeat([0, 1], 20)


def test_probabilities_come_from_models_that_did_not_see_the_text():
    flipped = CODES.copy()
    flipped[5] = 1
    found = label_probabilities(pl.Series(TEXTS), flipped, 0)
    assert found.shape == (40, 2)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    assert found[5, 0] > 0.5  # its own, wrong label would have won


def test_copies_of_a_text_are_not_evidence_for_its_label():
    flipped = CODES.copy()
    flipped[5] = 1
    found = label_probabilities(
        pl.Series([*TEXTS, *[TEXTS[5]] * 5]), np.append(flipped, [1] * 5), 0
    )
    assert found[5, 0] > 0.5


def test_a_class_of_one_text_keeps_its_label():
    found = label_probabilities(pl.Series([*TEXTS, "snow", "SNOW"]), np.append(CODES, [2, 2]), 0)
    assert found[-2:].tolist() == [[0, 0, 1]] * 2


def test_labels_of_several_are_probable_each_on_its_own():
    indicator = np.column_stack([CODES == 0, CODES == 1, np.arange(40) % 2 == 0])
    flipped = indicator.copy()
    flipped[5] = [False, True, False]
    found = label_probabilities(pl.Series(TEXTS), flipped, 0)
    assert found.shape == (40, 3)
    assert found[5, 0] > 0.5 > found[5, 1]


def opinions(seed=0, n=400):
    """Labels, an opinion that knows much of them, and one that knows nothing."""
    rng = np.random.default_rng(seed)
    margins = rng.normal(size=(n, 3))
    codes = np.array([rng.choice(3, p=row) for row in softmax(2 * margins, axis=1)])
    return codes, softmax(2 * margins, axis=1), rng.random((n, 3))


def log_loss_of(probabilities, codes):
    return -np.log(probabilities[np.arange(len(codes)), codes]).mean()


def test_an_opinion_without_information_hardly_counts():
    codes, informed, ignorant = opinions()
    found = pool(informed, ignorant, codes)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    assert np.abs(found - informed).max() < 0.1


def test_votes_that_know_more_count_more():
    codes, informed, ignorant = opinions()
    ignorant /= ignorant.sum(axis=1, keepdims=True)
    found = pool(ignorant, 1000 * informed, codes)
    assert log_loss_of(found, codes) < log_loss_of(ignorant, codes) - 0.2
    assert log_loss_of(found, codes) == pytest.approx(log_loss_of(informed, codes), abs=0.02)


def test_too_high_a_confidence_is_corrected():
    codes, informed, _ = opinions()
    sure = informed**4 / (informed**4).sum(axis=1, keepdims=True)
    found = pool(sure, np.zeros_like(sure), codes)
    assert np.abs(found - informed).max() < 0.15


def test_probabilities_of_zero_leave_the_pool_finite():
    found = pool(np.eye(2)[CODES], np.zeros((40, 2)), CODES)
    assert np.isfinite(found).all()
    assert (found.argmax(axis=1) == CODES).all()


def test_powers_are_chosen_on_some_of_many_rows(monkeypatch):
    codes, informed, ignorant = opinions(n=2_000)
    of_all = pool(informed, ignorant, codes)
    monkeypatch.setattr("agnews_sk.auditing._label_probabilities._ROWS_TO_POOL_ON", 500)
    of_some = pool(informed, ignorant, codes)
    assert 0 < np.abs(of_some - of_all).max() < 0.1
