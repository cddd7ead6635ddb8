import numpy as np
import pytest
from torch import nn

from agnews_sk.nn import module_with_weights


def test_a_module_of_endless_parts_is_given_up_before_it_is_whole():
    def make():
        return nn.Sequential(*[nn.Linear(1, 1) for _ in range(10_000)])

    with pytest.raises(ValueError, match="more than 104 parameters"):
        module_with_weights(make, {"0.weight": np.ones((1, 1), dtype=np.float32)})
