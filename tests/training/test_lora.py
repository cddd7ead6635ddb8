import numpy as np
import pytest
import torch

from agnews_sk.nn import TextTransformer
from agnews_sk.training import add_lora, parameter_depths
from tests.training.nets import IDS, LABELS, changed, small, weights

pytest.importorskip("peft")


def test_lora_adds_matrices_of_low_rank_to_the_layers_alone():
    start = small(learning_rate=1e-30, weight_decay=0.0).fit(IDS, LABELS)
    adapted = small(lora=np.int64(2), max_epochs=6).fit(IDS, LABELS)
    before, after = weights(start), weights(adapted)
    assert set(before) == set(after)
    depths = parameter_depths(adapted.net_.module_)
    for name in changed(before, after):
        assert depths[name] > 0
        if depths[name] < 3:
            assert torch.linalg.matrix_rank(after[name] - before[name], atol=1e-5) <= 2
    assert any(depths[name] == 1 for name in changed(before, after))


def adapted(lora):
    torch.manual_seed(0)
    module = TextTransformer(10, 2, d_model=8, n_heads=2, n_layers=2).eval()
    return module, add_lora(module, lora)


def test_additions_change_nothing_at_first_and_nothing_when_merged():
    ids = torch.tensor([[4, 5, 6]])
    torch.manual_seed(0)
    before = TextTransformer(10, 2, d_model=8, n_heads=2, n_layers=2).eval()(ids)
    module, tuner = adapted(2)
    torch.testing.assert_close(module(ids), before)
    merged = tuner.merge_and_unload()
    torch.testing.assert_close(merged(ids), before)
    assert not any("lora" in name for name, _ in merged.named_parameters())


def test_the_additions_and_the_head_alone_are_trained():
    module, _ = adapted(2)
    trained = [name for name, p in module.named_parameters() if p.requires_grad]
    assert all("lora" in name or name.startswith(("norm.", "classifier.")) for name in trained)
    assert {"classifier.weight", "norm.bias"} < set(trained)
    assert all("layers." in name for name in trained if "lora" in name)


def test_parameters_of_peft_are_passed_on():
    module, _ = adapted({"r": 3, "target_modules": ["widen"]})
    added = {name: p for name, p in module.named_parameters() if "lora_A" in name}
    assert all("widen" in name for name in added)
    assert {len(p) for p in added.values()} == {3}
