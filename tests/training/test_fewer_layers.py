"""A model with fewer layers computes what the kept layers of the whole model do."""

import inspect

import pytest
import torch
from torch import nn

from agnews_sk.training import find_layers, kept_layers, with_fewer_layers

transformers = pytest.importorskip("transformers")

SIZES = {"vocab_size": 40, "num_hidden_layers": 4, "num_attention_heads": 2}
SIZES |= {"hidden_size": 8, "intermediate_size": 8, "max_position_embeddings": 20}
FAMILIES = {
    "bert": SIZES,
    "roberta": SIZES | {"pad_token_id": 1},
    "mpnet": SIZES | {"pad_token_id": 1},
    "distilbert": {"dim": 8, "n_layers": 4, "n_heads": 2, "hidden_dim": 8, "vocab_size": 40},
    "deberta-v2": SIZES | {"relative_attention": True, "pos_att_type": ["p2c", "c2p"]},
    "modernbert": SIZES
    | {"pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3, "local_attention": 4}
    | {"cls_token_id": 2, "sep_token_id": 3},
    "gpt2": {"n_embd": 8, "n_layer": 4, "n_head": 2, "vocab_size": 40, "pad_token_id": 0}
    | {"use_cache": False},
}


def make(kind, **settings):
    config = transformers.AutoConfig.for_model(kind, **{**FAMILIES.get(kind, {}), **settings})
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return transformers.AutoModelForSequenceClassification.from_config(config).eval()


def ignores_layer_types():
    from transformers.models.modernbert import modeling_modernbert

    return "global_attn_every_n_layers" in inspect.getsource(modeling_modernbert)


def logits(model):
    ids = torch.randint(4, 40, (3, 12), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        return model.eval()(ids).logits


@pytest.mark.parametrize(
    ("n_before", "n_layers", "expected"),
    [
        (12, 6, [0, 2, 4, 7, 9, 11]),  # those of DistilBERT
        (6, 3, [0, 2, 5]),
        (6, 6, [0, 1, 2, 3, 4, 5]),
        (6, 2, [0, 5]),
        (6, 1, [0]),
        (1, 1, [0]),
    ],
)
def test_layers_are_evenly_spaced_from_the_first_to_the_last(n_before, n_layers, expected):
    assert kept_layers(n_before, n_layers) == expected


@pytest.mark.parametrize("kind", FAMILIES)
@pytest.mark.parametrize("n_layers", [1, 2, 3])
def test_it_computes_what_the_kept_layers_do(kind, n_layers):
    if kind == "modernbert" and ignores_layer_types():
        pytest.skip("this version of transformers gives windows by position, not by layer_types")
    model = make(kind)
    student = with_fewer_layers(model, n_layers)
    assert type(student) is type(model)
    assert student.config.num_hidden_layers == len(find_layers(student).layers) == n_layers
    whole = find_layers(model)
    setattr(
        whole.parent, whole.name, nn.ModuleList(whole.layers[i] for i in kept_layers(4, n_layers))
    )
    model.config.num_hidden_layers = n_layers
    torch.testing.assert_close(logits(student), logits(model))


def test_its_configuration_builds_the_same_model_again():
    student = with_fewer_layers(make("modernbert"), 2)
    assert student.config.layer_types == [make("modernbert").config.layer_types[i] for i in (0, 3)]
    again = type(student)(student.config)
    again.load_state_dict(student.state_dict())
    torch.testing.assert_close(logits(again), logits(student))


def test_the_model_keeps_its_own_weights_and_layers():
    model = make("bert")
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    student = with_fewer_layers(model, 2)
    with torch.no_grad():
        for weights in student.parameters():
            weights.add_(1)
    assert model.config.num_hidden_layers == 4
    for name, tensor in model.state_dict().items():
        torch.testing.assert_close(tensor, before[name], rtol=0, atol=0)


def test_more_layers_than_there_are_are_rejected():
    with pytest.raises(ValueError, match="n_layers must be at most the model's 4 layers, got 5"):
        with_fewer_layers(make("bert"), 5)


def test_layers_that_share_their_weights_are_rejected():
    model = make("albert", **SIZES, embedding_size=8)
    with pytest.raises(
        ValueError, match="n_layers=2 needs a model with one list of layers; AlbertFor"
    ):
        with_fewer_layers(model, 2)


def test_windows_of_attention_by_layer_are_those_of_the_kept_layers():
    from transformers import LongformerConfig, LongformerModel

    config = LongformerConfig(
        vocab_size=50, hidden_size=16, num_hidden_layers=4, num_attention_heads=2,
        intermediate_size=16, max_position_embeddings=40, attention_window=[2, 4, 6, 8],
    )  # fmt: skip
    assert with_fewer_layers(LongformerModel(config), 2).config.attention_window == [2, 8]
