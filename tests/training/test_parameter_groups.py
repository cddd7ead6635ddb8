import pytest
import torch

from agnews_sk.nn import TextTransformer
from agnews_sk.training import find_layers, parameter_depths, parameter_groups


def test_vectors_do_not_decay_and_frozen_weights_are_left_out():
    module = torch.nn.Sequential(
        torch.nn.Linear(3, 4), torch.nn.LayerNorm(4), torch.nn.Linear(4, 2)
    )
    module[0].requires_grad_(False)
    decayed, kept = parameter_groups(module.named_parameters(), weight_decay=0.1)
    assert decayed["weight_decay"] == 0.1
    assert [p.shape for p in decayed["params"]] == [(2, 4)]
    assert kept["weight_decay"] == 0.0
    assert [p.shape for p in kept["params"]] == [(4,), (4,), (2,)]


def test_layer_decay_lowers_the_rate_once_per_layer_below_the_head():
    module = TextTransformer(10, 2, d_model=8, n_heads=2, n_layers=2)
    groups = parameter_groups(
        module.named_parameters(),
        weight_decay=0.0,
        learning_rate=1.0,
        layer_decay=0.5,
        depths=parameter_depths(module),
    )
    rate = {id(p): group["lr"] for group in groups for p in group["params"]}
    assert rate[id(module.classifier.weight)] == 1.0
    assert rate[id(module.layers[1].feed_forward.widen.bias)] == 0.5
    assert rate[id(module.layers[0].attention.in_proj.weight)] == 0.25
    assert rate[id(module.embedding.token.weight)] == 0.125
    assert len(rate) == len(list(module.parameters()))


HIDDEN = {"hidden_size": 8, "num_hidden_layers": 3, "num_attention_heads": 2, "vocab_size": 20}
FAMILIES = {
    "bert": HIDDEN | {"intermediate_size": 8},
    "roberta": HIDDEN | {"intermediate_size": 8},
    "electra": HIDDEN | {"intermediate_size": 8, "embedding_size": 4},
    "distilbert": {"dim": 8, "n_layers": 3, "n_heads": 2, "hidden_dim": 8, "vocab_size": 20},
    "deberta-v2": HIDDEN
    | {"intermediate_size": 8, "relative_attention": True, "pos_att_type": ["p2c", "c2p"]},
    "modernbert": HIDDEN
    | {"intermediate_size": 8, "pad_token_id": 0, "cls_token_id": 1, "sep_token_id": 2},
    "gpt2": {"n_embd": 8, "n_layer": 3, "n_head": 2, "vocab_size": 20},
}


@pytest.mark.parametrize("family", FAMILIES)
def test_depths_fit_the_families_of_transformers(family):
    from transformers import AutoConfig, AutoModelForSequenceClassification

    config = AutoConfig.for_model(family, **FAMILIES[family])
    module = AutoModelForSequenceClassification.from_config(config)
    depths = parameter_depths(module)
    assert len(find_layers(module).layers) == 3
    assert set(depths.values()) == {0, 1, 2, 3, 4}
    assert all(("embedding" in n or ".wte" in n or ".wpe" in n) for n in depths if depths[n] == 0)
    heads = ("classifier", "score", "pooler", "ln_f", "norm", "head", "LayerNorm")
    assert all(any(h in n for h in heads) for n in depths if depths[n] == 4)


def test_a_module_without_layers_is_rejected():
    with pytest.raises(ValueError, match="Linear has no list of layers"):
        find_layers(torch.nn.Linear(2, 2))
