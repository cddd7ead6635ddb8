import pytest
import torch
from torch import nn

from agnews_sk.training import explain_out_of_memory
from agnews_sk.training._hardware import (
    fast_inference,
    random_state_of,
    set_random_state,
    use_bfloat16,
)


@pytest.mark.parametrize(("precision", "expected"), [("bf16", True), ("fp32", False)])
def test_a_named_precision_is_used(precision, expected):
    assert use_bfloat16(precision, "cpu") is expected


@pytest.mark.parametrize("capability", ["avx512_bf16", "amx_bf16", "avx2"])
def test_auto_is_bfloat16_on_processors_that_compute_it(capability, monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {capability: True})
    assert use_bfloat16("auto", "cpu") is (capability != "avx2")


@pytest.mark.parametrize("compiled", [False, True])
def test_fast_inference_agrees_with_torch_and_has_no_gradients(compiled):
    layer, x = nn.Linear(4, 3), torch.randn(2, 4)
    with fast_inference("cpu", compiled=compiled):
        found = layer(x)
    torch.testing.assert_close(found.clone(), layer(x).detach())
    assert not found.requires_grad


def test_other_dtypes_use_the_kernel_of_torch():
    layer, x = nn.Linear(4, 3).double(), torch.randn(2, 4).double()
    with fast_inference("cpu"):
        assert layer(x).dtype == torch.float64


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("can't allocate memory: 1 TB"),
        RuntimeError("rank 1 failed with OutOfMemoryError: CUDA out of memory"),
    ],
    ids=["accelerator", "CPU", "another process"],
)
def test_too_little_memory_is_a_memory_error_with_advice(error):
    with (
        pytest.raises(MemoryError, match="ran out of memory; lower batch_size"),
        explain_out_of_memory("lower batch_size"),
    ):
        raise error


def test_other_errors_stay_as_they_are():
    with pytest.raises(RuntimeError, match="shapes"), explain_out_of_memory("lower batch_size"):
        raise RuntimeError("shapes do not match")


def test_a_random_state_is_restored():
    before = torch.get_rng_state()
    try:
        state = random_state_of("cpu")
        drawn = torch.rand(3)
        set_random_state("cpu", state)
        assert torch.equal(torch.rand(3), drawn)
    finally:
        torch.set_rng_state(before)
