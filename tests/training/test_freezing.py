import pytest
from torch import nn

from agnews_sk.nn import TextTransformer
from agnews_sk.training._freezing import Freezing, freeze_layers

N_LAYERS = 3


@pytest.fixture
def module():
    return TextTransformer(10, 2, d_model=8, n_heads=2, n_layers=N_LAYERS, dropout=0.5)


def trained_parts(module):
    """Return "embedding", the numbers of layers and "classifier", as far as they are trained."""
    names = [name for name, p in module.named_parameters() if p.requires_grad]
    return {part[1] if (part := name.split("."))[0] == "layers" else part[0] for name in names}


@pytest.mark.parametrize(
    ("freeze", "trained"),
    [
        (None, {"embedding", "0", "1", "2", "norm", "classifier"}),
        ("embeddings", {"0", "1", "2", "norm", "classifier"}),
        (0, {"0", "1", "2", "norm", "classifier"}),
        (2, {"2", "norm", "classifier"}),
        (3, {"norm", "classifier"}),
        ("encoder", {"norm", "classifier"}),
    ],
)
def test_freezing_leaves_the_layers_above(module, freeze, trained):
    freeze_layers(module, freeze)
    assert trained_parts(module) == trained


def test_more_layers_than_there_are_are_rejected(module):
    with pytest.raises(ValueError, match="freeze must be at most the model's 3 layers, got 4"):
        freeze_layers(module, 4)


def test_a_module_without_layers_is_rejected():
    with pytest.raises(ValueError, match="Linear has no list of layers"):
        freeze_layers(nn.Linear(2, 2), "embeddings")


@pytest.mark.parametrize(("freeze", "last"), [(None, {"embedding", "0"}), (1, set())])
def test_gradual_unfreezing_adds_a_layer_per_epoch_down_to_the_frozen_ones(module, freeze, last):
    freeze_layers(module, freeze)
    freezing = Freezing(module, freeze, gradual=True)
    expected = {"norm", "classifier"}
    for epoch, more in enumerate([set(), {"2"}, {"1"}]):
        freezing.begin_epoch(epoch)
        expected |= more
        assert trained_parts(module) == expected
    for epoch in (3, 4, 5):
        freezing.begin_epoch(epoch)
    assert trained_parts(module) == expected | last


def test_parameters_frozen_by_a_callback_stay_frozen(module):
    freezing = Freezing(module, None)
    freezing.begin_epoch(0)
    module.layers[1].requires_grad_(False)
    freezing.begin_epoch(1)
    assert "1" not in trained_parts(module)


def test_only_layers_that_are_always_frozen_lose_their_dropout(module):
    freeze_layers(module, 1)
    freezing = Freezing(module, 1, gradual=True)
    module.train()
    freezing.set_frozen_to_eval()
    assert freezing.n_frozen_layers == 1
    assert not module.embedding.training
    assert [layer.training for layer in module.layers] == [False, True, True]
    assert module.dropout.training


def test_without_frozen_layers_all_dropout_stays(module):
    module.train()
    Freezing(module, "embeddings").set_frozen_to_eval()
    assert all(part.training for part in module.modules())


def test_the_head_in_evaluation_mode_leaves_dropout_in_the_layers(module):
    module.train()
    Freezing(module, None).set_head_to_eval()
    training = {name.split(".")[0] for name, part in module.named_modules() if part.training}
    assert training == {"", "embedding", "layers"}
