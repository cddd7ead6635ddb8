import numpy as np
import pytest
import torch
from torch import nn

from agnews_sk.nn import TextTransformer, module_with_weights, weights_of


def make():
    return TextTransformer(20, 3, d_model=8, n_heads=2, n_layers=1)


def test_weights_survive_a_round_trip():
    net = make().eval()
    again = module_with_weights(make, weights_of(net)).eval()
    ids = torch.tensor([[4, 5, 6]])
    torch.testing.assert_close(again(ids), net(ids), rtol=0, atol=0)


def test_the_module_shares_no_memory_with_the_arrays():
    weights = {"weight": np.ones((1, 2), dtype=np.float32)}
    module = module_with_weights(lambda: nn.Linear(2, 1, bias=False), weights)
    weights["weight"][:] = 5
    assert module.weight.tolist() == [[1, 1]]


def test_building_a_module_does_not_advance_the_global_generator():
    before = torch.get_rng_state()
    module_with_weights(make, weights_of(make()))
    make_once = torch.get_rng_state()
    torch.set_rng_state(before)
    make()
    assert torch.equal(torch.get_rng_state(), make_once)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: w.pop("norm.bias"), r"1 weights do not fit.*'norm.bias'.*got none"),
        (
            lambda w: w.update(extra=np.ones(1)),
            r"'extra' must be absent, got \(\(1,\), 'float64'\)",
        ),
        (lambda w: w.update({"norm.bias": np.ones(9, np.float32)}), r"got \(\(9,\), 'float32'\)"),
        (lambda w: w.update({"norm.bias": np.ones(8)}), r"'float32'\), got \(\(8,\), 'float64'\)"),
    ],
    ids=["missing", "additional", "shape", "dtype"],
)
def test_weights_that_do_not_fit_are_named(change, message):
    weights = weights_of(make())
    change(weights)
    with pytest.raises(ValueError, match=message):
        module_with_weights(make, weights)


def test_a_huge_computed_table_is_rejected_before_it_is_made():
    def huge():
        return TextTransformer(20, 3, d_model=8, n_heads=2, n_layers=1, max_length=2**25)

    with pytest.raises(ValueError, match=f"would compute tables of {2**25 * 8 * 4} bytes"):
        module_with_weights(huge, weights_of(make()))


def test_a_module_with_too_many_parameters_is_rejected_while_it_is_built():
    def make():
        return nn.Sequential(*[nn.Linear(1, 1) for _ in range(10_000)])

    with pytest.raises(ValueError, match="more than 104 parameters"):
        module_with_weights(make, {"0.weight": np.ones((1, 1), dtype=np.float32)})
