import pytest
from torch import nn

from agnews_sk.nn import TextTransformer
from agnews_sk.training import find_layers, parameter_depths


def net(n_layers=2):
    return TextTransformer(10, 2, d_model=8, n_heads=2, n_layers=n_layers)


def test_each_parameter_has_the_depth_of_its_part():
    module = net()
    by_part = {"embedding": 0, "norm": 3, "classifier": 3}
    for name, depth in parameter_depths(module).items():
        part, *rest = name.split(".")
        assert depth == (int(rest[0]) + 1 if part == "layers" else by_part[part])
    assert parameter_depths(module).keys() == dict(module.named_parameters()).keys()


def test_the_stack_is_the_longest_list_at_any_depth():
    outer = nn.Module()
    outer.heads = nn.ModuleList([nn.Linear(1, 1)])
    outer.encoder = net(3)
    stack = find_layers(outer)
    assert (stack.path, stack.name, len(stack.layers)) == ("encoder.layers", "layers", 3)
    assert stack.parent is outer.encoder


def test_parameters_read_by_several_layers_count_as_embeddings():
    module = net()
    module.rel_embeddings = nn.Embedding(4, 8)
    depths = parameter_depths(module)
    assert depths["rel_embeddings.weight"] == 0
    assert "rel_embeddings" in find_layers(module).side_inputs


def test_a_module_without_layers_is_rejected():
    with pytest.raises(ValueError, match="Linear has no list of layers to freeze or to decay by"):
        find_layers(nn.Linear(1, 1))
