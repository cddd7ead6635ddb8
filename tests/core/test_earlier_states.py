"""Pickles of earlier versions get the current names and the values of parameters."""

import pickle

import pytest
from sklearn.base import MetaEstimatorMixin, clone

from agnews_sk import classifiers, tokenization, vectorization
from agnews_sk._core.earlier_states import (
    ADDED_PARAMETERS,
    RENAMED_ATTRIBUTES,
    added_parameters,
)

ROOMS = {"classifiers": classifiers, "tokenization": tokenization, "vectorization": vectorization}


def class_of(name):
    _, room, last = name.split(".")
    return getattr(ROOMS[room], last)


def make(name, **params):
    """Return an estimator, around none if it is one that wraps another."""
    kind = class_of(name)
    around = {"estimator": None} if issubclass(kind, MetaEstimatorMixin) else {}
    return kind(**around, **params)


@pytest.mark.parametrize("name", ADDED_PARAMETERS)
def test_a_pickle_without_a_parameter_gets_its_value(name):
    estimator = make(name)
    for parameter in ADDED_PARAMETERS[name]:
        delattr(estimator, parameter)
    again = pickle.loads(pickle.dumps(estimator))
    assert vars(again).items() >= ADDED_PARAMETERS[name].items()
    assert clone(again).get_params() == again.get_params()


@pytest.mark.parametrize("name", ADDED_PARAMETERS)
def test_a_pickle_with_a_parameter_keeps_it(name):
    set_to_other = make(name, **dict.fromkeys(ADDED_PARAMETERS[name], "other"))
    again = pickle.loads(pickle.dumps(set_to_other))
    assert again.get_params() == set_to_other.get_params()


RENAMES = [
    (name, old, change) for name, of in RENAMED_ATTRIBUTES.items() for old, change in of.items()
]


@pytest.mark.parametrize(("name", "old", "change"), RENAMES, ids=lambda value: str(value)[:60])
def test_a_pickle_with_an_old_name_has_the_current_one(name, old, change):
    estimator, value = class_of(name)(), 0.5 if change.convert else "old"
    vars(estimator).pop(change.name, None)
    setattr(estimator, old, value)
    again = pickle.loads(pickle.dumps(estimator))
    assert getattr(again, change.name) == (change.convert(0.5) if change.convert else "old")
    assert old not in vars(again)
    assert clone(again).get_params() == again.get_params()


def test_subclasses_have_the_parameters_of_their_bases():
    of_base = added_parameters(vectorization.NgramVectorizer)
    assert added_parameters(type("Own", (vectorization.NgramVectorizer,), {})) == of_base
    assert added_parameters(dict) == {}
