import numpy as np
import pytest

from agnews_sk.nn import sinusoidal_positions


def test_sinusoidal_positions_follow_the_formula():
    table = sinusoidal_positions(50, 16).numpy()
    position, i = 37, 5
    angle = position / 10_000 ** (2 * i / 16)
    np.testing.assert_allclose(table[position, 2 * i], np.sin(angle), atol=1e-5)
    np.testing.assert_allclose(table[position, 2 * i + 1], np.cos(angle), atol=1e-5)


def test_a_longer_table_begins_with_the_shorter_one():
    np.testing.assert_array_equal(sinusoidal_positions(9, 4)[:3], sinusoidal_positions(3, 4))


def test_an_odd_width_is_rejected():
    with pytest.raises(ValueError, match="d_model must be even for sinusoidal positions, got 7"):
        sinusoidal_positions(4, 7)
