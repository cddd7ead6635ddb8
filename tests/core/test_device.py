import pytest

from agnews_sk._core.device import choose_device

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("device", ["cpu", "cuda:1", "meta"])
def test_a_named_device_is_used(device):
    assert choose_device(device) == device


def test_auto_is_a_device_that_torch_can_compute_on():
    device = choose_device("auto")
    assert torch.ones(1, device=device).item() == 1
    if not torch.accelerator.is_available():
        assert device == "cpu"


def test_nets_and_embedders_compute_on_the_same_device():
    from agnews_sk.training import _make_net
    from agnews_sk.vectorization import _embedder

    assert _make_net.choose_device is choose_device
    assert _embedder.choose_device is choose_device
