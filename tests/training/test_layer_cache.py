import numpy as np
import pytest
import torch

from agnews_sk.nn import RaggedDataset, RaggedLoader, TextTransformer
from agnews_sk.training._layer_cache import LayerCache

WIDTH = 8
LENGTHS = [3, 0, 5, 1]
N_TOKENS = 10  # a text without tokens is one padding token
BYTES = N_TOKENS * WIDTH * 4


@pytest.fixture
def dataset():
    values = np.random.default_rng(0).integers(1, 10, sum(LENGTHS))
    return RaggedDataset(values, np.concatenate([[0], np.cumsum(LENGTHS)]))


@pytest.fixture
def module():
    torch.manual_seed(0)
    return TextTransformer(10, 2, d_model=WIDTH, n_heads=2, n_layers=2).eval()


class Counted(torch.nn.Module):
    """A layer that counts its calls."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer
        self.n_calls = 0

    def forward(self, *args):
        self.n_calls += 1
        return self.layer(*args)


def run(module, cache, loader):
    with torch.no_grad():
        for rows in loader.batches:
            inputs, _ = loader.batch(rows)
            with cache.shortcut(rows):
                yield rows, module(**inputs)


def outputs(module, cache, dataset, batch_size):
    found = torch.empty(len(dataset), 2)
    for rows, logits in run(module, cache, RaggedLoader(dataset, batch_size)):
        found[rows] = logits
    return found


def test_frozen_layers_run_once_per_text_and_the_logits_stay(module, dataset):
    module.layers[0] = Counted(module.layers[0])
    cache = LayerCache(module, 1, dataset, torch.float32, max_bytes=BYTES)
    first = outputs(module, cache, dataset, batch_size=2)
    assert module.layers[0].n_calls == 2
    for batch_size in (1, 3, 4):
        again = outputs(module, cache, dataset, batch_size)
        torch.testing.assert_close(again, first, rtol=1e-5, atol=1e-6)
    assert module.layers[0].n_calls == 2
    module.layers[0].n_calls = 0
    torch.testing.assert_close(
        outputs(module, LayerCache(module, 0, dataset, torch.float32, BYTES), dataset, 4),
        first,
        rtol=1e-5,
        atol=1e-6,
    )
    assert module.layers[0].n_calls == 1


def test_layers_above_the_frozen_ones_run_each_time(module, dataset):
    module.layers[1] = Counted(module.layers[1])
    cache = LayerCache(module, 1, dataset, torch.float32, max_bytes=BYTES)
    for _ in range(3):
        outputs(module, cache, dataset, batch_size=4)
    assert module.layers[1].n_calls == 3


def test_half_precision_takes_half_the_bytes(module, dataset):
    cache = LayerCache(module, 2, dataset, torch.bfloat16, max_bytes=BYTES // 2)
    first = outputs(module, cache, dataset, batch_size=4)
    assert cache.is_on
    again = outputs(module, cache, dataset, batch_size=4)
    torch.testing.assert_close(again, first, rtol=0.02, atol=0.02)


def test_one_byte_too_few_disables_the_cache_with_a_warning(module, dataset):
    cache = LayerCache(module, 2, dataset, torch.float32, max_bytes=BYTES - 1)
    with pytest.warns(UserWarning, match="need 320 bytes, more than max_cache_bytes=319"):
        outputs(module, cache, dataset, batch_size=4)
    assert not cache.is_on


@pytest.mark.parametrize(("n_frozen", "max_bytes"), [(0, BYTES), (1, 0)], ids=["layers", "bytes"])
def test_without_layers_or_bytes_it_is_off(module, dataset, n_frozen, max_bytes):
    cache = LayerCache(module, n_frozen, dataset, torch.float32, max_bytes)
    assert not cache.is_on
    outputs(module, cache, dataset, batch_size=4)


def test_the_layers_are_as_before_after_a_failure(module, dataset):
    cache = LayerCache(module, 1, dataset, torch.float32, max_bytes=BYTES)
    outputs(module, cache, dataset, batch_size=4)
    shortcut = cache.shortcut(np.arange(len(dataset)))
    shortcut.__enter__()
    assert "forward" in vars(module.layers[0])
    error = RuntimeError("broken off")
    assert not shortcut.__exit__(RuntimeError, error, None)
    assert "forward" not in vars(module.layers[0])
