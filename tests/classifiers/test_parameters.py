"""The parameters that the torch classifiers share, and how their docstrings describe them."""

import inspect
import re
from dataclasses import fields

import numpy as np
import pytest
from sklearn.base import clone

from agnews_sk.classifiers import FineTunedTransformerClassifier, TransformerClassifier
from agnews_sk.classifiers._parameters import NetParameters

SHARED = [field.name for field in fields(NetParameters)]
CLASSES = pytest.mark.parametrize("kind", [FineTunedTransformerClassifier, TransformerClassifier])


def descriptions(kind):
    """Return the type and the text of each parameter in a docstring."""
    section = re.split(r"-{5,}\n", inspect.getdoc(kind))[1].rpartition("\n\n")[0]
    entries = re.findall(r"^(\w+) : (.*)\n((?:    .*\n?)+)", section, flags=re.MULTILINE)
    return {name: (of_type, " ".join(text.split())) for name, of_type, text in entries}


@CLASSES
def test_the_docstring_describes_each_parameter_once(kind):
    section = re.split(r"-{5,}\n", inspect.getdoc(kind))[1]
    named = re.findall(r"^(\w+) : ", section, flags=re.MULTILINE)
    assert sorted(named) == sorted(kind().get_params())
    assert descriptions(kind).keys() == kind().get_params().keys()


@CLASSES
def test_the_docstring_states_each_default(kind):
    for name, (of_type, _) in descriptions(kind).items():
        default = of_type.rpartition("default=")[2]
        assert eval(default) == inspect.signature(kind).parameters[name].default, name


def test_shared_parameters_are_described_alike():
    """Pretrained models have additional options for `dropout` and `pooling`."""
    pretrained, scratch = map(descriptions, CLASSES.args[1])
    for name in SHARED:
        if name not in ("dropout", "pooling"):
            kinds = [entry[name][0].rpartition(", default=")[0] for entry in (pretrained, scratch)]
            assert kinds[0] == kinds[1], name
            assert pretrained[name][1] == scratch[name][1], name


@CLASSES
def test_each_parameter_has_a_range(kind):
    assert kind._parameter_constraints.keys() == kind().get_params().keys()
    kind()._validate_params()


@CLASSES
def test_parameters_are_kept_as_they_are_and_cloned(kind):
    weights, seed = {"a": 1.0}, np.random.RandomState(0)
    classifier = kind(class_weight=weights, random_state=seed, l1=0.5)
    assert classifier.class_weight is weights
    assert classifier.random_state is seed
    assert clone(classifier).get_params()["l1"] == 0.5
    assert vars(classifier).keys() == classifier.get_params().keys()


@CLASSES
def test_parameters_are_given_by_name_and_unknown_ones_rejected(kind):
    with pytest.raises(TypeError, match="takes 1 positional argument"):
        kind(3)
    with pytest.raises(TypeError, match="unexpected keyword argument 'cache_gib'"):
        kind(cache_gib=4.0)


def test_two_classifiers_are_equal_only_if_they_are_one():
    first, second = TransformerClassifier(), TransformerClassifier()
    assert first != second
    assert len({first, second}) == 2
    assert repr(TransformerClassifier(d_model=8)) == "TransformerClassifier(d_model=8)"
