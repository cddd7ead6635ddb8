import numpy as np
import pytest

from agnews_sk._core.effective_size import effective_size, effective_sizes, weights_of_origins


@pytest.mark.parametrize("scale", [1e-200, 1, 1e200])
def test_copies_and_their_weight_are_the_same_row(scale):
    copies = effective_size(np.full(6, scale), np.array(["a", "b", "b", "b", "c", "c"]))
    assert copies == pytest.approx(effective_size(scale * np.array([1.0, 3, 2])))
    assert copies == pytest.approx(36 / 14)


def test_rows_without_weight_are_not_there():
    assert effective_size(np.array([1.0, 0, 1, 0]), np.array([0, 0, 1, 2])) == 2
    assert effective_size(np.zeros(3)) == 0


def test_a_share_of_heavy_rows_has_their_variance():
    weight = np.array([1.0, 1, 1, 1, 4])
    of_origin = weights_of_origins(weight, None)
    light, heavy = (np.arange(5) == row for row in (0, 4))
    sizes = [effective_sizes(one, weight, of_origin, of_prefix=False)[-1] for one in (light, heavy)]
    assert sizes == [64 / 20, 2]


def test_sizes_of_prefixes_are_those_of_their_rows():
    weight, counted = np.array([1.0, 2, 1, 3]), np.array([True, False, True, True])
    sizes = effective_sizes(counted, weight, weight, of_prefix=True)
    for end in range(1, 5):
        part = slice(end)
        of_part = effective_sizes(counted[part], weight[part], weight[part], of_prefix=False)
        assert sizes[end - 1] == pytest.approx(of_part[-1])
